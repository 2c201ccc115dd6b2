#include "windows/pane_updates.h"

#include <algorithm>
#include <cstring>

#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr std::string_view kResultField = "aggregate";

// `having` may have taken one half of an update away: what is left is the end or the start of a row.
void mend_pairs(Batch& rows) {
  for (size_t i = 0; i < rows.rows; ++i) {
    RowKind& kind = rows.kinds[i];
    if (kind == RowKind::kUpdateBefore) {
      if (i + 1 < rows.rows && rows.kinds[i + 1] == RowKind::kUpdateAfter) {
        ++i;
      } else {
        kind = RowKind::kDelete;
      }
    } else if (kind == RowKind::kUpdateAfter) {
      kind = RowKind::kInsert;
    }
  }
}

}  // namespace

Batch PaneUpdates::results(Batch rows, std::span<const WindowBounds> windows,
                           std::span<const uint8_t> updates) {
  const bool any = std::any_of(updates.begin(), updates.end(), [](uint8_t u) { return u != 0; });
  if (any && binding_.allowed_lateness_us > 0) {
    for (const uint8_t u : updates)
      rows.kinds.push_back(u != 0 ? RowKind::kUpdateAfter : RowKind::kInsert);
  }
  return results_.complete(std::move(rows), windows, kResultField);
}

Batch PaneUpdates::changes(Batch rows, std::span<const uint32_t> panes,
                           std::span<const WindowBounds> windows) {
  Batch made = rows;  // its strings stay where they are
  made.rows = 0;
  for (auto& column : made.columns) column = column ? make_column(column->type()) : nullptr;
  Vec<WindowBounds> bounds;
  const auto push = [&](RowKind kind, const WindowBounds& window) {
    made.kinds.push_back(kind);
    bounds.push_back(window);
    ++made.rows;
  };
  const auto push_columns = [&](size_t row, size_t end) {
    for (size_t c = 0; c < end; ++c) {
      if (made.columns[c]) made.columns[c]->push_from(*rows.columns[c], row);
    }
  };

  std::vector<RowError> errors = std::move(eval().errors);
  eval().errors.clear();
  std::string encoded;
  for (size_t row = 0; row < panes.size(); ++row) {
    bool failed = false;
    for (const auto& error : errors) {
      if (error.row != row) continue;
      eval().row_error(made.rows, error.reason);
      failed = true;
    }
    std::string& given = given_[panes[row]];
    encoded.clear();
    encode(rows, row, windows[row], encoded);
    if (!failed && given == encoded) continue;
    if (!failed && !given.empty()) {
      push_columns(row, first_result());
      push(RowKind::kUpdateBefore, decode(given, made.columns, made.arena()));
    }
    push_columns(row, rows.columns.size());
    push(given.empty() ? RowKind::kInsert : RowKind::kUpdateAfter, windows[row]);
    if (!failed) given = encoded;
  }
  made = results_.complete(std::move(made), {bounds.data(), bounds.size()}, kResultField);
  mend_pairs(made);
  return made;
}

Batch PaneUpdates::deletion(uint32_t pane, std::vector<ColumnPtr> keys) {
  Batch made;
  if (given_[pane].empty()) return made;
  made.columns = std::move(keys);
  for (size_t c = binding_.columns.size() + first_result(); c < binding_.output.size(); ++c)
    made.columns.push_back(binding_.is_needed(c) ? make_column(binding_.output[c].type) : nullptr);
  const WindowBounds window = decode(given_[pane], made.columns, made.arena());
  made.rows = 1;
  made.kinds.push_back(RowKind::kDelete);
  return results_.complete(std::move(made), {&window, 1}, kResultField);
}

void PaneUpdates::encode(const Batch& rows, size_t row, const WindowBounds& window,
                         std::string& out) const {
  out.append(reinterpret_cast<const char*>(&window), sizeof(window));
  for (size_t c = first_result(); c < rows.columns.size(); ++c) {
    if (rows.columns[c]) encode_value(*rows.columns[c], row, out);
  }
}

WindowBounds PaneUpdates::decode(std::string_view bytes, std::vector<ColumnPtr>& columns,
                                 Arena& arena) const {
  WindowBounds window;
  std::memcpy(&window, bytes.data(), sizeof(window));
  bytes.remove_prefix(sizeof(window));
  for (size_t c = first_result(); c < columns.size(); ++c) {
    if (columns[c]) decode_value(bytes, *columns[c], arena);
  }
  return window;
}

}  // namespace weir
