#include "data/batch.h"

#include <algorithm>

namespace weir {

std::string_view row_kind_text(RowKind kind) {
  switch (kind) {
    case RowKind::kInsert: return "+I";
    case RowKind::kUpdateBefore: return "-U";
    case RowKind::kUpdateAfter: return "+U";
    case RowKind::kDelete: return "-D";
  }
  return "+I";
}

Arena& Batch::arena() {
  if (!arena_) {
    arena_ = std::make_shared<Arena>();
    owners.push_back(arena_);
  }
  return *arena_;
}

namespace {

template <class T>
void select_values(Vec<T>& values, std::span<const uint32_t> keep) {
  if (values.empty()) return;
  // `keep` increases, so every value moves towards the front.
  for (size_t i = 0; i < keep.size(); ++i) values[i] = values[keep[i]];
  values.resize(keep.size());
}

template <class T>
void truncate_values(Vec<T>& values, size_t n) {
  if (values.size() > n) values.resize(n);
}

}  // namespace

void Batch::select(std::span<const uint32_t> keep) {
  if (keep.size() == rows) return;
  // From here on a row's number no longer is its number in the block.
  if (ordinals.empty()) {
    ordinals.resize(keep.size());
    for (size_t i = 0; i < keep.size(); ++i) ordinals[i] = sequence << 32 | keep[i];
  } else {
    select_values(ordinals, keep);
  }
  for (auto& column : columns) {
    if (column) column = column->gather(keep);
  }
  select_values(event_time, keep);
  select_values(running_max, keep);
  select_values(kinds, keep);
  select_values(raw, keep);
  for (auto& reject : rejects) {
    reject.row = static_cast<uint32_t>(std::lower_bound(keep.begin(), keep.end(), reject.row) -
                                       keep.begin());
  }
  rows = keep.size();
}

Batch Batch::slice(size_t begin, size_t end) const {
  const auto cut = [&](const auto& values) {
    std::remove_cvref_t<decltype(values)> part;
    if (!values.empty()) part.append(values.data() + begin, end - begin);
    return part;
  };
  Batch b;
  b.rows = end - begin;
  b.sequence = sequence;
  b.origin = origin;
  for (const auto& column : columns)
    b.columns.push_back(column ? column->slice(begin, end) : nullptr);
  b.event_time = cut(event_time);
  b.running_max = cut(running_max);
  b.max_event_time = max_event_time;
  b.watermark = watermark;
  b.watermark_cap = watermark_cap;
  b.watermark_delay = watermark_delay;
  b.kinds = cut(kinds);
  b.raw = cut(raw);
  b.block_begin = block_begin;
  b.first_line = first_line;
  b.ordinals.resize(b.rows);
  for (size_t i = 0; i < b.rows; ++i) b.ordinals[i] = ordinal(begin + i);
  b.owners = owners;
  b.arena_ = arena_;
  return b;
}

void Batch::truncate(size_t n) {
  if (n >= rows) return;
  for (auto& column : columns) {
    if (column) column = column->slice(0, n);
  }
  truncate_values(event_time, n);
  truncate_values(running_max, n);
  truncate_values(kinds, n);
  truncate_values(raw, n);
  truncate_values(ordinals, n);
  rows = n;
}

Reject Batch::refusal(const RowFault& fault, std::string_view field) const {
  Reject r;
  r.row = fault.row;
  r.field = std::string(field);
  r.reason = fault.reason;
  if (!raw.empty()) {
    const StringRef text = raw[fault.row];
    r.offset = block_begin == nullptr
                   ? origin.begin
                   : origin.begin + static_cast<uint64_t>(text.ptr - block_begin);
    r.raw = std::string(text.view().substr(0, size_t{64} << 10));
  }
  return r;
}

void Batch::reject(std::span<const RowFault> faults, std::string_view field, bool fail_fast) {
  if (faults.empty()) return;
  std::vector<RowFault> sorted(faults.begin(), faults.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const RowFault& a, const RowFault& b) { return a.row < b.row; });
  sorted.erase(std::unique(sorted.begin(), sorted.end(),
                           [](const RowFault& a, const RowFault& b) { return a.row == b.row; }),
               sorted.end());
  if (fail_fast) sorted.resize(1);

  std::vector<Reject> added;
  for (const auto& fault : sorted) added.push_back(refusal(fault, field));

  if (fail_fast) {
    const uint32_t first = sorted[0].row;
    // A reject of an earlier step at or before this row comes first anyway.
    std::erase_if(rejects, [&](const Reject& r) { return r.row > first; });
    if (rejects.empty() || !stopped) rejects.push_back(std::move(added[0]));
    truncate(first);
    stopped = true;
    return;
  }

  std::vector<uint32_t> keep;
  keep.reserve(rows);
  size_t next = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    if (next < sorted.size() && sorted[next].row == i) {
      ++next;
    } else {
      keep.push_back(i);
    }
  }
  // Merge by place; within one row number earlier rejects stand before the row itself.
  rejects.insert(rejects.end(), std::make_move_iterator(added.begin()),
                 std::make_move_iterator(added.end()));
  std::stable_sort(rejects.begin(), rejects.end(),
                   [](const Reject& a, const Reject& b) { return a.row < b.row; });
  select(keep);
}

Batch Batch::shell() const {
  Batch b;
  b.rows = rows;
  b.sequence = sequence;
  b.origin = origin;
  b.records = records;
  b.rejects = rejects;
  b.stopped = stopped;
  b.event_time = event_time;
  b.running_max = running_max;
  b.max_event_time = max_event_time;
  b.watermark = watermark;
  b.watermark_cap = watermark_cap;
  b.watermark_delay = watermark_delay;
  b.kinds = kinds;
  b.raw = raw;
  b.block_begin = block_begin;
  b.first_line = first_line;
  b.ordinals = ordinals;
  b.owners = owners;
  b.arena_ = arena_;
  return b;
}

}  // namespace weir
