#include "operators/process_output.h"

#include <algorithm>
#include <utility>

#include "expr/row_subset.h"

namespace weir {

void ProcessOutput::add(const ProcessRows& rows, std::span<const uint32_t> which, uint32_t timer,
                        std::vector<ColumnPtr> columns) {
  const auto part = static_cast<uint32_t>(parts_.size());
  parts_.push_back(std::move(columns));
  timers_emitted_ = timers_emitted_ || timer != kRecord;
  for (const uint32_t k : which)
    rows_.push_back({rows.places[k], part, k, rows.groups[k], timer, rows.times[k]});
}

void ProcessOutput::take_back(size_t mark, uint32_t group) {
  rows_.erase(std::remove_if(rows_.begin() + static_cast<std::ptrdiff_t>(mark), rows_.end(),
                             [&](const Row& row) { return row.group == group; }),
              rows_.end());
}

// Timers of one place: by time, then key, then name; what one of them emits stays in its order.
void ProcessOutput::sort_timers(std::vector<Row>& timers) const {
  const auto before = [](const Row& a, const Row& b) {
    return std::pair(a.place, a.time) < std::pair(b.place, b.time);
  };
  std::stable_sort(timers.begin(), timers.end(), before);
  for (size_t begin = 0; begin < timers.size();) {
    size_t end = begin + 1;
    while (end < timers.size() && !before(timers[begin], timers[end])) ++end;
    if (end - begin > 1) {
      std::vector<std::pair<std::string, Row>> keyed;
      for (size_t k = begin; k < end; ++k)
        keyed.emplace_back(state_.key_bytes(timers[k].group), timers[k]);
      std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
        return std::pair<const std::string&, uint32_t>(a.first, a.second.timer) <
               std::pair<const std::string&, uint32_t>(b.first, b.second.timer);
      });
      for (size_t k = begin; k < end; ++k) timers[k] = keyed[k - begin].second;
    }
    begin = end;
  }
}

void ProcessOutput::sort() {
  const auto by_place = [](const Row& a, const Row& b) { return a.place < b.place; };
  if (!timers_emitted_ && std::is_sorted(rows_.begin(), rows_.end(), by_place)) return;
  std::vector<Row> timers;
  std::vector<Row> records;
  for (const Row& row : rows_) (row.timer == kRecord ? records : timers).push_back(row);
  // The parts of a record's rules come in the order of the rules.
  if (!std::is_sorted(records.begin(), records.end(), by_place)) {
    uint32_t last = 0;
    for (const Row& row : records) last = std::max(last, row.place);
    std::vector<uint32_t> starts(last + 2, 0);
    for (const Row& row : records) ++starts[row.place + 1];
    for (size_t p = 1; p < starts.size(); ++p) starts[p] += starts[p - 1];
    rows_.resize(records.size());
    for (const Row& row : records) rows_[starts[row.place]++] = row;
  } else {
    rows_ = std::move(records);
  }
  if (timers.empty()) return;
  sort_timers(timers);
  std::vector<Row> merged;
  merged.reserve(rows_.size() + timers.size());
  // Of equal places the first range comes first: timers fire before the record.
  std::merge(timers.begin(), timers.end(), rows_.begin(), rows_.end(), std::back_inserter(merged),
             by_place);
  rows_ = std::move(merged);
}

// The times of the emitted rows, and the watermark in force at each: that of the record, and just before
// the time of the timer.
void ProcessOutput::fill_times(Batch& batch, const Batch& input, int64_t delay_us) const {
  batch.event_time.resize(rows_.size());
  batch.running_max.resize(rows_.size());
  for (size_t k = 0; k < rows_.size(); ++k) {
    const Row& row = rows_[k];
    const bool record = row.timer == kRecord;
    batch.event_time[k] = record ? input.event_time[row.place] : row.time;
    const int64_t watermark = record ? input.watermark_at(row.place) : row.time - 1;
    const bool over = watermark > kMaxTime - delay_us;
    batch.running_max[k] = watermark == kMinTime || over ? kMinTime : watermark + delay_us;
    if (k > 0) batch.running_max[k] = std::max(batch.running_max[k], batch.running_max[k - 1]);
  }
  batch.watermark_delay = delay_us;
  batch.watermark_cap = kMaxTime;
}

void ProcessOutput::fill_rejects(Batch& batch, const Batch& input, bool fail_fast) {
  std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
    if (a.place != b.place) return a.place < b.place;
    if (a.of_timer != b.of_timer) return a.of_timer;
    return a.time < b.time;
  });
  if (fail_fast && !faults_.empty()) {
    faults_.erase(faults_.begin() + 1, faults_.end());
    const Fault& fault = faults_.front();
    std::erase_if(rows_, [&](const Row& row) {
      if (row.place != fault.place) return row.place > fault.place;
      if (!fault.of_timer) return row.timer == kRecord;
      return row.timer == kRecord || row.time >= fault.time;
    });
  }
  for (const Fault& fault : faults_) {
    Batch one;  // the record alone
    one.rows = 1;
    if (fault.of_timer) {
      one.raw.push_back(StringRef(input.block_begin, 0));  // a place, but no text
    } else if (!input.raw.empty()) {
      one.raw.push_back(input.raw[fault.place]);
    }
    one.block_begin = input.block_begin;
    one.origin = input.origin;
    const RowFault row_fault{0, fault.reason};
    one.reject({&row_fault, 1}, fault.field, fail_fast);
    Reject reject = std::move(one.rejects.front());
    const auto at = std::partition_point(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.place < fault.place || (row.place == fault.place && row.timer != kRecord &&
                                         (!fault.of_timer || row.time < fault.time));
    });
    reject.row = static_cast<uint32_t>(at - rows_.begin());
    batch.rejects.push_back(std::move(reject));
  }
  batch.stopped = batch.stopped || (fail_fast && !faults_.empty());
}

void ProcessOutput::fill_columns(Batch& batch) const {
  if (rows_.empty()) return;
  // One part that is all there is needs no copy.
  bool whole = parts_.size() == 1;
  for (size_t k = 0; k < rows_.size() && whole; ++k) whole = rows_[k].part_row == k;
  std::vector<PartRow> from;
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    if (!parts_.front()[c]) continue;
    if (whole && parts_.front()[c]->size() == rows_.size()) {
      batch.columns[c] = parts_.front()[c];
      continue;
    }
    if (from.empty()) {
      from.reserve(rows_.size());
      for (const Row& row : rows_) from.push_back({row.part, row.part_row});
    }
    std::vector<ColumnPtr> parts;
    for (const auto& part : parts_) parts.push_back(part[c]);
    batch.columns[c] = assemble(program_.output[c].type, from, parts);
  }
}

void ProcessOutput::finish(Batch& batch, int64_t delay_us, bool fail_fast) {
  sort();
  Batch input = std::move(batch);
  batch = Batch();
  batch.sequence = input.sequence;
  batch.origin = input.origin;
  batch.records = input.records;
  batch.rejects = std::move(input.rejects);
  batch.stopped = input.stopped;
  batch.watermark = input.watermark;
  batch.block_begin = input.block_begin;
  batch.first_line = input.first_line;
  batch.max_event_time = input.max_event_time;
  batch.owners = std::move(input.owners);
  for (auto& reject : batch.rejects) {
    const auto at = std::partition_point(rows_.begin(), rows_.end(),
                                         [&](const Row& row) { return row.place < reject.row; });
    reject.row = static_cast<uint32_t>(at - rows_.begin());
  }
  if (!faults_.empty()) fill_rejects(batch, input, fail_fast);

  batch.rows = rows_.size();
  batch.columns.resize(program_.output.size());
  fill_columns(batch);
  const bool timed = !input.event_time.empty() || (input.rows == 0 && program_.has_timers(true));
  if (timed) fill_times(batch, input, delay_us);
  if (!input.raw.empty()) {
    batch.raw.resize(rows_.size());
    for (size_t k = 0; k < rows_.size(); ++k)
      batch.raw[k] =
          rows_[k].timer == kRecord ? input.raw[rows_[k].place] : StringRef(input.block_begin, 0);
  }
  rows_.clear();
  parts_.clear();
  faults_.clear();
  timers_emitted_ = false;
}

}  // namespace weir
