#include "operators/process_rules.h"

#include <algorithm>
#include <numeric>

namespace weir {

namespace {

constexpr int64_t kMillisecond = 1000;

// Timers have the resolution of a millisecond, as in Flink: never early.
int64_t up_to_millisecond(int64_t us) {
  const int64_t rest = ((us % kMillisecond) + kMillisecond) % kMillisecond;
  if (rest == 0) return us;
  return us > kNoTimer - 2 * kMillisecond ? kNoTimer - 1 : us + (kMillisecond - rest);
}

Vec<uint32_t> all_rows(size_t n) {
  Vec<uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::span<const uint32_t> span_of(const Vec<uint32_t>& rows) { return {rows.data(), rows.size()}; }

}  // namespace

ProcessRules::ProcessRules(const ProcessProgram& program, const OperatorContext& context,
                           std::vector<bool> needed)
    : program_(program),
      context_(context),
      needed_(std::move(needed)),
      state_(program),
      output_(program, state_) {
  static_cast<EvalContext&>(eval_) = context.eval_context();
  eval_.state = &state_;
  state_.set_clock(context.now_us);
}

void ProcessRules::begin(Batch& batch) {
  batch_ = &batch;
  eval_.arena = &batch.arena();
  conditions_.assign(program_.rules.size(), nullptr);
  if (batch.rows == 0) return;
  for (size_t r = 0; r < program_.rules.size(); ++r) {
    if (program_.rules[r].when_of_record)
      conditions_[r] = flat(program_.rules[r].when.expr->eval(batch, eval_));
  }
}

void ProcessRules::run_records(ProcessRows rows) {
  run(program_.rules, ProcessOutput::kRecord, std::move(rows));
}

void ProcessRules::run_timers(size_t timer, ProcessRows rows) {
  run(program_.on_timer[timer], static_cast<uint32_t>(timer), std::move(rows));
}

void ProcessRules::run(const std::vector<ProcessRule>& rules, uint32_t timer, ProcessRows rows) {
  const size_t mark = output_.mark();
  bool journaling = false;
  failed_groups_.clear();
  RowView view(program_, eval_, timer == ProcessOutput::kRecord ? batch_ : nullptr,
               std::move(rows));
  for (size_t r = 0; r < rules.size() && view.size() > 0; ++r) {
    const ProcessRule& rule = rules[r];
    Vec<uint8_t> failed(view.size(), 0);
    const size_t failures = failed_groups_.size();
    const Vec<uint32_t> rows_matched = matching(rule, r, timer, view, failed);
    Vec<uint8_t> leave = std::move(failed);
    if (!rows_matched.empty()) {
      const bool all = rows_matched.size() == view.size();
      Matched matched{all ? std::move(view) : view.subset(span_of(rows_matched)), {}};
      matched.failed.assign(matched.view.size(), 0);
      if (rule.may_fail_later && !journaling) {
        state_.start_journal();
        journaling = true;
      }
      write(rule, timer, matched);
      set_timers(rule, timer, matched);
      emit(rule, timer, matched);
      clear(rule, matched);
      for (size_t k = 0; k < rows_matched.size(); ++k)
        if (rule.stop || matched.failed[k] != 0) leave[rows_matched[k]] = 1;
      if (all) view = std::move(matched.view);
      if (!rule.writes.empty() || !rule.clears.empty()) view.forget_states();
    }
    const bool stops = rule.stop && !rows_matched.empty();
    if (!stops && failed_groups_.size() == failures) continue;
    Vec<uint32_t> stay;
    for (uint32_t k = 0; k < leave.size(); ++k)
      if (leave[k] == 0) stay.push_back(k);
    view = view.subset(span_of(stay));
  }
  for (const uint32_t group : failed_groups_) {
    state_.undo(group);
    output_.take_back(mark, group);
  }
  if (journaling) state_.end_journal();
}

// The rows of the view for which the rule's condition is true.
Vec<uint32_t> ProcessRules::matching(const ProcessRule& rule, size_t number, uint32_t timer,
                                     RowView& view, Vec<uint8_t>& failed) {
  if (!rule.when) return all_rows(view.size());
  Vec<uint32_t> rows;
  if (timer == ProcessOutput::kRecord && conditions_[number]) {
    const Column& truth = *conditions_[number];
    for (uint32_t k = 0; k < view.size(); ++k) {
      const uint32_t i = view.rows().places[k];
      if (truth.values<uint8_t>()[i] != 0 && !truth.is_null(i)) rows.push_back(k);
    }
    return rows;
  }
  const ColumnPtr truth = view.eval(rule.when);
  take_errors(view, failed, timer, "when");
  for (uint32_t k = 0; k < view.size(); ++k)
    if (failed[k] == 0 && truth->values<uint8_t>()[k] != 0 && !truth->is_null(k)) rows.push_back(k);
  return rows;
}

ColumnPtr ProcessRules::eval(Matched& matched, const Formula& formula, uint32_t timer,
                             const char* field) {
  ColumnPtr column = matched.view.eval(formula);
  take_errors(matched.view, matched.failed, timer, field);
  return column;
}

void ProcessRules::take_errors(const RowView& view, Vec<uint8_t>& failed, uint32_t timer,
                               const char* field) {
  if (eval_.errors.empty()) return;
  for (auto& error : eval_.errors) {
    if (failed[error.row] != 0) continue;
    failed[error.row] = 1;
    failed_groups_.push_back(view.rows().groups[error.row]);
    ProcessOutput::Fault fault;
    fault.place = view.rows().places[error.row];
    fault.field = field;
    fault.reason = std::move(error.reason);
    if (timer != ProcessOutput::kRecord) {
      fault.of_timer = true;
      fault.time = view.rows().times[error.row];
      fault.field = "on_timer." + program_.timers[timer].name + "." + fault.field;
      const std::string key = state_.key_text(view.rows().groups[error.row]);
      if (!key.empty()) fault.reason += " (key " + key + ")";
    }
    output_.add_fault(std::move(fault));
  }
  eval_.errors.clear();
}

void ProcessRules::write(const ProcessRule& rule, uint32_t timer, Matched& matched) {
  if (rule.writes.empty()) return;
  // All expressions first: none of them sees this rule's writes.
  std::vector<ColumnPtr> keys(rule.writes.size());
  std::vector<ColumnPtr> values(rule.writes.size());
  for (size_t w = 0; w < rule.writes.size(); ++w) {
    const char* field = rule.writes[w].kind == StateWrite::Kind::kSet      ? "set"
                        : rule.writes[w].kind == StateWrite::Kind::kAppend ? "append"
                        : rule.writes[w].kind == StateWrite::Kind::kPut    ? "put"
                                                                           : "remove";
    if (rule.writes[w].key) keys[w] = eval(matched, rule.writes[w].key, timer, field);
    if (rule.writes[w].value) values[w] = eval(matched, rule.writes[w].value, timer, field);
  }
  const ProcessRows& rows = matched.view.rows();
  for (size_t w = 0; w < rule.writes.size(); ++w) {
    const size_t s = rule.writes[w].state;
    for (size_t k = 0; k < rows.size(); ++k) {
      if (matched.failed[k] != 0) continue;
      const uint32_t g = rows.groups[k];
      switch (rule.writes[w].kind) {
        case StateWrite::Kind::kRemove: state_.remove(s, g, *keys[w], k); break;
        case StateWrite::Kind::kSet: state_.set(s, g, rows.event_now[k], *values[w], k); break;
        case StateWrite::Kind::kAppend:
          state_.append(s, g, rows.event_now[k], *values[w], k);
          break;
        case StateWrite::Kind::kPut:
          state_.put(s, g, rows.event_now[k], *keys[w], *values[w], k);
          break;
      }
    }
  }
  matched.view.forget_states();
}

// The time at which a timer set for `time` by row k fires: not before the next millisecond, so that time
// goes on.
int64_t ProcessRules::firing_time(const TimerSetting& setting, int64_t time, uint32_t by,
                                  const ProcessRows& rows, size_t k) const {
  int64_t now = state_.clock_us();
  if (by != ProcessOutput::kRecord &&
      program_.timers[by].event_time == program_.timers[setting.timer].event_time) {
    now = rows.times[k];
  } else if (program_.timers[setting.timer].event_time) {
    now = by == ProcessOutput::kRecord ? batch_->watermark_at(rows.places[k]) : rows.event_now[k];
  }
  if (now > kNoTimer - 2 * kMillisecond) return kNoTimer - 1;
  if (now != kMinTime) time = std::max(time, now + 1);
  return std::min(up_to_millisecond(time), kNoTimer - 1);
}

void ProcessRules::clear(const ProcessRule& rule, const Matched& matched) {
  for (const size_t s : rule.clears) {
    for (size_t k = 0; k < matched.view.size(); ++k)
      if (matched.failed[k] == 0) state_.clear(s, matched.view.rows().groups[k]);
  }
}

// What `after` counts from: the record's time, the time of the timer that fires, or the time there is.
int64_t ProcessRules::base_time(const TimerSetting& setting, uint32_t by, const ProcessRows& rows,
                                size_t k) const {
  const bool event_time = program_.timers[setting.timer].event_time;
  const bool by_event = by == ProcessOutput::kRecord || program_.timers[by].event_time;
  if (event_time == by_event) return rows.times[k];
  return event_time ? rows.event_now[k] : state_.clock_us();
}

void ProcessRules::set_timers(const ProcessRule& rule, uint32_t timer, Matched& matched) {
  const ProcessRows& rows = matched.view.rows();
  for (const size_t t : rule.cancels) {
    for (size_t k = 0; k < rows.size(); ++k)
      if (matched.failed[k] == 0) state_.cancel_timer(t, rows.groups[k]);
  }
  for (const TimerSetting& setting : rule.timers) {
    if (ended_) return;
    ColumnPtr at;
    if (setting.at) at = eval(matched, setting.at, timer, "timer");
    for (size_t k = 0; k < rows.size(); ++k) {
      if (matched.failed[k] != 0 || (at && at->is_null(k))) continue;
      int64_t time = 0;
      if (at) {
        time = at->values<int64_t>()[k];
      } else if (__builtin_add_overflow(base_time(setting, timer, rows, k), setting.after_us,
                                        &time)) {
        time = kNoTimer - 1;
      }
      state_.set_timer(setting.timer, rows.groups[k], firing_time(setting, time, timer, rows, k));
    }
  }
}

void ProcessRules::emit_rows(size_t rule, const Batch& batch, const Vec<uint32_t>& rows,
                             const Vec<uint32_t>& groups, std::vector<ColumnPtr> columns) {
  ProcessRows records;
  records.places = rows;
  records.groups.resize(rows.size());
  for (size_t k = 0; k < rows.size(); ++k) records.groups[k] = groups[rows[k]];
  records.times.assign(rows.size(), kMinTime);  // nothing reads them
  records.event_now = records.times;
  RowView view(program_, eval_, &batch, std::move(records));
  for (size_t c = 0; c < columns.size(); ++c) {
    const bool wanted = needed_.empty() || needed_[c];
    if (!wanted) columns[c].reset();
    if (wanted && !columns[c]) columns[c] = view.eval(program_.rules[rule].emit[c]);
  }
  output_.add(view.rows(), span_of(all_rows(rows.size())), ProcessOutput::kRecord,
              std::move(columns));
}

void ProcessRules::set_record_timer(const TimerSetting& setting, const Scalar& at,
                                    const Batch& batch, uint32_t row, uint32_t group) {
  const bool timed = !batch.event_time.empty();
  ProcessRows one;
  one.push(row, group, timed ? batch.event_time[row] : kMinTime, kMinTime);
  int64_t time = at.number;
  if (!setting.at && __builtin_add_overflow(base_time(setting, ProcessOutput::kRecord, one, 0),
                                            setting.after_us, &time))
    time = kNoTimer - 1;
  state_.set_timer(setting.timer, group,
                   firing_time(setting, time, ProcessOutput::kRecord, one, 0));
}

void ProcessRules::emit(const ProcessRule& rule, uint32_t timer, Matched& matched) {
  if (rule.emit.empty()) return;
  std::vector<ColumnPtr> columns(rule.emit.size());
  for (size_t c = 0; c < rule.emit.size(); ++c) {
    if (needed_.empty() || needed_[c]) columns[c] = eval(matched, rule.emit[c], timer, "emit");
  }
  Vec<uint32_t> which;
  for (uint32_t k = 0; k < matched.view.size(); ++k)
    if (matched.failed[k] == 0) which.push_back(k);
  output_.add(matched.view.rows(), span_of(which), timer, std::move(columns));
}

}  // namespace weir
