#include <algorithm>

#include "expr/aggregates/row_codec.h"
#include "windows/window_join.h"

namespace weir {

namespace {

constexpr size_t kPairsOfBatch = 8192;

}  // namespace

void WaitingRows::append(const std::vector<ColumnPtr>& columns, std::span<const uint32_t> rows) {
  if (columns_.empty()) {
    arena_ = std::make_shared<Arena>();
    for (size_t c = 0; c < columns.size(); ++c)
      columns_.push_back(columns[c] ? make_column((*schema_)[c].type) : nullptr);
  }
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (!columns_[c]) continue;
    if (!columns[c]) {  // a row that came as bytes has it, as NULL
      for (size_t i = 0; i < rows.size(); ++i) columns_[c]->push_null();
      continue;
    }
    const ColumnPtr own = columns[c]->gather(rows);
    own->own_strings(*arena_);
    columns_[c]->append(*own);
  }
  rows_ += rows.size();
}

bool WaitingRows::append_encoded(std::string_view row) {
  if (columns_.empty()) {
    arena_ = std::make_shared<Arena>();
    for (const auto& column : *schema_) columns_.push_back(make_column(column.type));
  }
  for (size_t c = 0; c < columns_.size(); ++c) {
    const ColumnPtr to = columns_[c] ? columns_[c] : make_column((*schema_)[c].type);
    if (!decode_value(row, *to, *arena_)) return false;
  }
  ++rows_;
  return row.empty();
}

size_t WaitingRows::memory_bytes() const {
  size_t total = arena_ ? arena_->used_bytes() : 0;
  for (const auto& column : columns_)
    if (column) total += column->memory_bytes();
  return total;
}

void WaitingRows::keep(std::span<const uint32_t> rows) {
  auto arena = std::make_shared<Arena>();
  for (auto& column : columns_) {
    if (!column) continue;
    column = column->gather(rows);
    column->own_strings(*arena);
  }
  arena_ = std::move(arena);
  rows_ = rows.size();
}

void WaitingRows::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(rows_);
  if (rows_ == 0) return;
  for (const auto& column : columns_) writer.put_u8(column ? 1 : 0);
  std::string bytes;
  for (size_t i = 0; i < rows_; ++i) {
    bytes.clear();
    encode(i, bytes);
    writer.put_text(bytes);
  }
}

void WaitingRows::restore(SnapshotReader& reader) {
  columns_.clear();
  rows_ = 0;
  const uint64_t rows = reader.get_u64();
  if (rows == 0) return;
  arena_ = std::make_shared<Arena>();
  for (const auto& c : *schema_)
    columns_.push_back(reader.get_u8() != 0 ? make_column(c.type) : nullptr);
  for (uint64_t i = 0; i < rows && reader.ok(); ++i)
    if (!append_encoded(reader.get_text())) return reader.refuse();
}

void WindowPairs::add(const WindowBounds& window, bool matches, std::span<const uint32_t> left,
                      std::span<const uint32_t> right, const WaitingRows& left_rows,
                      const WaitingRows& right_rows, Emitter& out) {
  const auto give = [&](uint32_t l, uint32_t r) {
    pairs_[0].push_back(l);
    pairs_[1].push_back(r);
    windows_.push_back(window);
    if (windows_.size() >= kPairsOfBatch) flush(left_rows, right_rows, out);
  };
  const bool left_lonely = !matches || right.empty();
  const bool right_lonely = !matches || left.empty();
  if (left_lonely ? join_.keeps_lonely(0) : join_.kind == JoinKind::kSemi) {
    for (const uint32_t l : left) give(l, kNoRow);
  } else if (!left_lonely && join_.gives_right()) {
    for (const uint32_t l : left)
      for (const uint32_t r : right) give(l, r);
  }
  if (right_lonely && join_.keeps_lonely(1))
    for (const uint32_t r : right) give(kNoRow, r);
}

void WindowPairs::flush(const WaitingRows& left, const WaitingRows& right, Emitter& out) {
  const size_t n = windows_.size();
  if (n == 0) return;
  Batch batch;
  batch.rows = n;
  for (const auto bound : {&WindowBounds::start, &WindowBounds::end}) {
    auto column = make_column(Type::timestamp(3), n);
    std::transform(windows_.begin(), windows_.end(), column->values<int64_t>(),
                   [&](const WindowBounds& w) { return w.*bound; });
    batch.columns.push_back(std::move(column));
  }
  add_side(0, left, batch);
  if (join_.gives_right()) add_side(1, right, batch);
  for (const auto& window : windows_) batch.event_time.push_back(last_instant(window.end));
  for (auto& list : pairs_) list.clear();
  windows_.clear();
  out.emit(std::move(batch));
}

void WindowPairs::add_side(size_t side, const WaitingRows& rows, Batch& batch) const {
  for (size_t c = 0; c < join_.sides[side].schema.size(); ++c) {
    if (rows.size() > 0 && !rows.columns()[c]) {
      batch.columns.push_back(nullptr);
      continue;
    }
    const std::span<const uint32_t> places(pairs_[side].data(), pairs_[side].size());
    if (rows.size() > 0) {
      batch.columns.push_back(gather_or_null(*rows.columns()[c], places));
    } else {
      const auto none = make_column(join_.sides[side].schema[c].type);
      batch.columns.push_back(gather_or_null(*none, places));
    }
  }
  if (rows.arena()) batch.keep(rows.arena());
}

}  // namespace weir
