#include "windows/window_results.h"

#include <algorithm>

namespace weir {

namespace {

int64_t to_millisecond(int64_t time) { return saturating_sub(time, floor_mod(time, kMillisecond)); }

}  // namespace

Batch WindowResults::of_groups(const GroupedAggregation& groups, std::span<const uint32_t> order,
                               WindowBounds bounds) {
  return complete(groups.result(order, eval_, true), {&bounds, 1}, "aggregate");
}

Batch WindowResults::complete(Batch rows, std::span<const WindowBounds> bounds,
                              std::string_view field) {
  std::vector<ColumnPtr> columns;
  for (size_t c = 0; c < binding_.columns.size(); ++c)
    columns.push_back(binding_.is_needed(c) ? time_column(binding_.columns[c], bounds, rows.rows)
                                            : nullptr);
  for (auto& c : rows.columns) columns.push_back(std::move(c));
  rows.columns = std::move(columns);
  rows.event_time.resize(rows.rows);
  for (size_t i = 0; i < rows.rows; ++i)
    rows.event_time[i] = last_instant(bounds[bounds.size() == 1 ? 0 : i].end);
  if (!eval_.errors.empty()) reject_failed_rows(rows, eval_, field, context_);
  if (binding_.having) apply_having(rows);
  return rows;
}

ColumnPtr WindowResults::time_column(WindowColumn column, std::span<const WindowBounds> bounds,
                                     size_t rows) const {
  const auto value = [&](const WindowBounds& b) {
    switch (column) {
      case WindowColumn::kStart: return b.start;
      case WindowColumn::kEnd: return b.end;
      case WindowColumn::kTime: break;
    }
    return last_instant(b.end);
  };
  auto made = make_column(Type::timestamp(3), rows);
  int64_t* out = made->values<int64_t>();
  if (bounds.size() == 1) {
    std::fill_n(out, rows, value(bounds[0]));
  } else {
    for (size_t i = 0; i < rows; ++i) out[i] = value(bounds[i]);
  }
  return made;
}

void WindowResults::apply_having(Batch& rows) {
  Arena* const outer_arena = eval_.arena;
  eval_.arena = &rows.arena();
  eval_filter(*binding_.having, rows, eval_, keep_);
  while (!eval_.errors.empty()) {
    reject_failed_rows(rows, eval_, "having", context_);
    eval_filter(*binding_.having, rows, eval_, keep_);
  }
  rows.select({keep_.data(), keep_.size()});
  eval_.arena = outer_arena;
}

void LateRows::add(const Batch& batch, uint32_t row, int64_t watermark) {
  count(1, saturating_sub(watermark, batch.event_time[row]), batch.ordinal(row));
  if (!binding_.want_late) return;
  rows_.push_back(row);
  watermarks_.push_back(watermark);
}

void LateRows::count(uint64_t rows, int64_t late_by_us, uint64_t ordinal) {
  total_ += rows;
  if (rows == 0 || ordinal >= first_ordinal_) return;
  first_ordinal_ = ordinal;
  first_late_by_us_ = std::max<int64_t>(late_by_us, 0);
}

void LateRows::flush(const Batch& batch, Emitter& out) {
  if (rows_.empty()) return;
  const std::span<const uint32_t> rows(rows_.data(), rows_.size());
  Batch late;
  late.rows = rows.size();
  late.origin = batch.origin;
  late.owners = batch.owners;
  for (size_t c = 0; c < binding_.input.size(); ++c) {
    const auto& column = c < batch.columns.size() ? batch.columns[c] : nullptr;
    late.columns.push_back(column ? column->gather(rows) : nullptr);
  }
  auto times = make_column(Type::timestamp(3), rows.size());
  auto watermarks = make_column(Type::timestamp(3), rows.size());
  auto late_by = make_column(Type::bigint(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t time = batch.event_time[rows[i]];
    times->values<int64_t>()[i] = to_millisecond(time);
    watermarks->values<int64_t>()[i] = to_millisecond(watermarks_[i]);
    late_by->values<int64_t>()[i] = saturating_sub(watermarks_[i], time) / kMillisecond;
    late.event_time.push_back(time);
  }
  late.columns.push_back(std::move(times));
  late.columns.push_back(std::move(watermarks));
  late.columns.push_back(std::move(late_by));
  rows_.clear();
  watermarks_.clear();
  out.emit_late(std::move(late));
}

void LateRows::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(total_);
  writer.put_i64(first_late_by_us_);
  writer.put_u64(first_ordinal_);
}

void LateRows::restore(SnapshotReader& reader) {
  total_ = reader.get_u64();
  first_late_by_us_ = reader.get_i64();
  first_ordinal_ = reader.get_u64();
}

}  // namespace weir
