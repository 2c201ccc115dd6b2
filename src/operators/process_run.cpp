#include "operators/process_run.h"

#include <algorithm>
#include <numeric>

namespace weir {

namespace {

constexpr size_t kTimersAtOnce = 8192;

void make_unique(Vec<uint32_t>& groups) {
  std::sort(groups.begin(), groups.end());
  groups.resize(static_cast<size_t>(std::unique(groups.begin(), groups.end()) - groups.begin()));
}

}  // namespace

Process::Process(const ProcessProgram& program, const OperatorContext& context,
                 std::vector<bool> needed)
    : program_(program),
      context_(context),
      rules_(program, context, std::move(needed)),
      loop_(program),
      event_timers_(program.has_timers(true)) {
  if (context.spill && !program.key_types.empty())
    rules_.state().allow_spilling(context.spill, context.state_limit_bytes);
}

void Process::process(Batch batch, Emitter& out) {
  if (batch.rows == 0) {
    if (!batch.rejects.empty()) emit(std::move(batch), out);
    return;
  }
  rules_.begin(batch);
  rules_.state().find_groups(batch, groups_);
  run_records(batch);
  const int64_t now = batch.watermark_at(batch.rows - 1);
  if (event_timers_ && now > watermark_) {
    Timers& timers = rules_.state().event_timers();
    Vec<uint32_t> due;
    rules_.state().load_due(now, SIZE_MAX);
    timers.find_due(now, SIZE_MAX, due);
    make_unique(due);
    const Vec<int64_t> until(due.size(), now);
    fire(timers, std::move(due), {until.data(), until.size()}, &batch);
  }
  watermark_ = std::max(watermark_, now);
  const size_t rows = batch.rows;
  emit(std::move(batch), out);
  rules_.state().clean_up(watermark_, rows);
}

void Process::run_records(const Batch& batch) {
  size_t done = 0;
  if (program_.loop) {
    done = loop_.run(batch, groups_, rules_, [&](uint32_t row) { fire_before(batch, {&row, 1}); });
  }
  if (done == batch.rows) return;
  make_rounds(batch, done);
  for (size_t r = 0; r + 1 < starts_.size(); ++r)
    run_round(batch, {order_.data() + starts_[r], starts_[r + 1] - starts_[r]});
}

// Sorts the rows from `from` on by round, the n-th record of every key in round n; a round's rows increase.
void Process::make_rounds(const Batch& batch, size_t from) {
  const size_t known = rounds_of_.size();
  if (known < rules_.state().groups()) {
    rounds_of_.resize(rules_.state().groups());
    std::fill(rounds_of_.begin() + known, rounds_of_.end(), 0u);
  }
  starts_.assign(1, 0);
  Vec<uint32_t> round(batch.rows);
  for (size_t i = from; i < batch.rows; ++i) {
    round[i] = rounds_of_[groups_[i]]++;
    if (round[i] + 2 > starts_.size()) starts_.push_back(0);
    ++starts_[round[i] + 1];
  }
  for (const uint32_t g : groups_) rounds_of_[g] = 0;
  for (size_t r = 1; r < starts_.size(); ++r) starts_[r] += starts_[r - 1];
  order_.resize(batch.rows);
  std::vector<uint32_t> next = starts_;
  for (auto i = static_cast<uint32_t>(from); i < batch.rows; ++i) order_[next[round[i]]++] = i;
}

void Process::run_round(const Batch& batch, std::span<const uint32_t> rows) {
  if (event_timers_) fire_before(batch, rows);
  const bool timed = !batch.event_time.empty();
  ProcessRows records;
  records.places.append(rows.data(), rows.size());
  records.groups.resize(rows.size());
  records.times.resize(rows.size());
  records.event_now.resize(rows.size());
  for (size_t k = 0; k < rows.size(); ++k) {
    const uint32_t i = rows[k];
    records.groups[k] = groups_[i];
    records.times[k] = timed ? batch.event_time[i] : kMinTime;
    records.event_now[k] = timed ? std::max(records.times[k], batch.watermark_at(i)) : kMinTime;
  }
  rules_.run_records(std::move(records));
}

// The timers of the records' keys that fire before these records.
void Process::fire_before(const Batch& batch, std::span<const uint32_t> rows) {
  Timers& timers = rules_.state().event_timers();
  if (timers.empty()) return;
  Vec<uint32_t> due;
  Vec<int64_t> until;
  for (const uint32_t i : rows) {
    const int64_t now = batch.watermark_at(i);
    if (timers.first_due(groups_[i], now) == timers.names()) continue;
    due.push_back(groups_[i]);
    until.push_back(now);
  }
  if (!due.empty()) fire(timers, std::move(due), {until.data(), until.size()}, &batch);
}

void Process::fire(Timers& timers, Vec<uint32_t> groups, std::span<const int64_t> until,
                   const Batch* batch) {
  Vec<int64_t> limits;
  limits.append(until.data(), until.size());
  std::vector<ProcessRows> rows(timers.names());
  while (!groups.empty()) {
    // The earliest timer of each group, then the next.
    size_t left = 0;
    for (size_t k = 0; k < groups.size(); ++k) {
      const uint32_t group = groups[k];
      const size_t name = timers.first_due(group, limits[k]);
      if (name == timers.names()) continue;
      const int64_t time = timers.at(name, group);
      timers.cancel(name, group);
      const bool event_time = program_.timers[name].event_time;
      rows[name].push(place_of(time, batch), group, time, event_time ? time : watermark_);
      groups[left] = group;
      limits[left++] = limits[k];
    }
    groups.resize(left);
    limits.resize(left);
    for (size_t name = 0; name < rows.size(); ++name) {
      if (rows[name].size() == 0) continue;
      rules_.run_timers(name, std::exchange(rows[name], {}));
    }
  }
}

// The first row at which the watermark has reached the time.
uint32_t Process::place_of(int64_t time, const Batch* batch) const {
  if (batch == nullptr) return 0;
  size_t low = 0;
  size_t high = batch->rows;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (batch->watermark_at(middle) < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return static_cast<uint32_t>(low);
}

void Process::fire_all(Timers& timers, int64_t until, Emitter& out) {
  while (true) {
    Vec<uint32_t> due;
    const bool event_time = &timers == &rules_.state().event_timers();
    const int64_t loaded = event_time ? rules_.state().load_due(until, kTimersAtOnce) : until;
    const int64_t reached = timers.find_due(loaded, kTimersAtOnce, due);
    if (due.empty()) return;
    make_unique(due);
    Batch batch;
    rules_.begin(batch);
    const Vec<int64_t> limits(due.size(), reached);
    fire(timers, std::move(due), {limits.data(), limits.size()}, nullptr);
    emit(std::move(batch), out);
    if (stopped_) return;
    rules_.state().clean_up(watermark_, 0);  // keys that were read back may be too many
  }
}

void Process::watermark(int64_t watermark, Emitter& out) {
  if (watermark <= watermark_) return;
  if (watermark == kMaxTime) rules_.end_of_input();
  if (event_timers_)
    fire_all(rules_.state().event_timers(), std::min(watermark, kMaxTime - 1), out);
  watermark_ = watermark;
  if (watermark < kMaxTime) rules_.state().clean_up(watermark_, 0);
}

void Process::clock(int64_t now_us, Emitter& out) {
  ProcessState& state = rules_.state();
  state.set_clock(now_us);
  Timers& timers = state.clock_timers();
  if (timers.empty()) {
    next_clock_ = kMaxTime;
    return;
  }
  fire_all(timers, state.clock_us(), out);
  next_clock_ = timers.next();
}

// All timers fire, those by processing time after the others; what they set is not waited for.
void Process::end(Emitter& out) {
  rules_.end_of_input();
  if (event_timers_) fire_all(rules_.state().event_timers(), kMaxTime - 1, out);
  fire_all(rules_.state().clock_timers(), kMaxTime - 1, out);
}

void Process::emit(Batch batch, Emitter& out) {
  if (stopped_) return;
  if (!rules_.output().empty()) {
    rules_.output().finish(batch, program_.out_of_orderness_us + 1000, context_.fail_fast);
    stopped_ = batch.stopped;
  } else {
    batch.rows = 0;
    batch.columns.assign(program_.output.size(), nullptr);
    batch.event_time.clear();
    batch.running_max.clear();
    batch.raw.clear();
    batch.ordinals.clear();
    for (auto& reject : batch.rejects) reject.row = 0;
  }
  if (batch.rows > 0 || !batch.rejects.empty()) out.emit(std::move(batch));
  next_clock_ = rules_.state().clock_timers().next();
}

void Process::snapshot(SnapshotWriter& writer) const {
  writer.put_i64(watermark_);
  rules_.state().snapshot(watermark_, writer);
}

void Process::restore(SnapshotReader& reader) {
  watermark_ = reader.get_i64();
  rules_.state().restore(reader);
  next_clock_ = rules_.state().clock_timers().next();
}

}  // namespace weir
