#include "windows/row_window_operator.h"

#include <algorithm>

namespace weir {

std::unique_ptr<PaneContents> make_row_contents(const RowWindowRules& rules) {
  const WindowBinding& binding = *rules.binding;
  const bool reduces = binding.reduction && binding.reduction->general;
  auto contents = reduces ? make_reduced_contents(*binding.reduction)
                          : make_aggregate_contents(*binding.program);
  if (!rules.evictor) return contents;
  std::vector<bool> used(binding.input.size(), false);
  if (reduces) {
    for (const auto& column : binding.reduction->columns) used[column.input] = true;
  } else {
    binding.program->collect_columns(used);
  }
  std::vector<size_t> columns;
  for (size_t c = 0; c < used.size(); ++c) {
    if (used[c]) columns.push_back(c);
  }
  return make_evicting_contents(std::move(contents), reduces ? nullptr : binding.program.get(),
                                binding.input, std::move(columns), *rules.evictor);
}

RowWindow::RowWindow(const RowWindowRules& rules, const OperatorContext& context)
    : rules_(rules),
      binding_(*rules.binding),
      context_(context),
      eval_(context.eval_context()),
      keys_(binding_.key_columns, binding_.key_types),
      panes_(*rules.trigger, rules.assigner->merges()),
      contents_(make_row_contents(rules)),
      updates_(binding_, context),
      late_(binding_),
      spilled_("the " + rules.name, context.spill),
      limit_(context, !binding_.key_types.empty()),
      now_(*this) {}

void RowWindow::process(Batch batch, Emitter& out) {
  emit_rejects(batch, out);
  if (batch.rows == 0) return;
  begin(batch);
  for (uint32_t i = 0; i < batch.rows; ++i) {
    if (rules_.event_time) advance(batch.watermark_at(i), out);
    add_row(i, out);
  }
  flush_results(out);
  flush_rows();
  contents_->end_batch();
  late_.flush(batch, out);
  reject_failed(batch, out);
  arrivals_ += batch.rows;
  batch_ = nullptr;
  if (limit_.is_passed(
          batch.rows, [this] { return panes_.numbers(); }, [this] { return state_bytes(); }))
    spill();
}

void RowWindow::begin(Batch& batch) {
  give_up_keys();
  batch_ = &batch;
  eval_.arena = &batch.arena();
  const auto known = static_cast<uint32_t>(keys_.size());
  keys_.find(batch, row_keys_);
  if (spilled_.any()) take_back(known);
  size_t extra = batch.columns.size() - rules_.extra_columns();
  const auto next = [&](const ExprPtr& expr) {
    return expr ? batch.columns[extra++].get() : nullptr;
  };
  gaps_ = next(rules_.gap);
  trigger_values_ = next(rules_.trigger_value);
  evict_values_ = next(rules_.evict_value);
  if (batch.event_time.empty()) clock_times_.assign(batch.rows, now_.clock);
}

void RowWindow::add_row(uint32_t i, Emitter& out) {
  const int64_t time = time_of(i);
  windows_.clear();
  rules_.assigner->assign(time, gaps_ != nullptr ? gaps_->at<int64_t>(i) : rules_.gap_us, windows_);
  bool taken = false;
  for (const WindowBounds& window : windows_) {
    const uint32_t pane =
        rules_.assigner->merges() ? session_of(i, window, out) : pane_of(i, window);
    if (pane == Panes::kNone) continue;
    taken = true;
    add_to(pane, i, time, out);
  }
  if (taken || !rules_.event_time) return;
  // Times count in milliseconds where they meet a watermark.
  const int64_t ms = saturating_sub(time, floor_mod(time, kMillisecond));
  if (saturating_add(ms, binding_.allowed_lateness_us) <= now_.watermark)
    late_.add(*batch_, i, now_.watermark);
}

uint32_t RowWindow::session_of(uint32_t i, WindowBounds window, Emitter& out) {
  panes_.touching(row_keys_[i], window, touching_);
  if (touching_.empty()) return is_over(window) ? Panes::kNone : open_pane(i, window);
  if (touching_.size() > 1) {
    std::sort(touching_.begin(), touching_.end(), [&](uint32_t a, uint32_t b) {
      return panes_[a].first_arrival < panes_[b].first_arrival;
    });
    flush_results(out);
    flush_rows();
  }
  const uint32_t pane = touching_[0];
  for (const uint32_t other : touching_) {
    window.start = std::min(window.start, panes_[other].window.start);
    window.end = std::max(window.end, panes_[other].window.end);
  }
  if (window == panes_[pane].window) return pane;
  if (panes_[pane].due) flush_results(out);
  for (size_t k = 1; k < touching_.size(); ++k) {
    const uint32_t other = touching_[k];
    if (rules_.early_us > 0) retract(other, out);
    panes_.close(other);
  }
  panes_.move(pane, window);
  select(pane);
  for (size_t k = 1; k < touching_.size(); ++k) absorb(pane, touching_[k]);
  rules_.trigger->grown(panes_.state(pane), now_);
  set_window_timer(pane);
  return pane;
}

uint32_t RowWindow::open_pane(uint32_t i, const WindowBounds& window) {
  const uint32_t pane = panes_.add(row_keys_[i], window, arrivals_ + i);
  contents_->grow(panes_.numbers());
  updates_.grow(panes_.numbers());
  set_window_timer(pane);
  if (rules_.early_us > 0)
    push_clock_timer(pane, saturating_add(now_.clock, rules_.early_us), WindowTimer::Kind::kEarly);
  return pane;
}

void RowWindow::absorb(uint32_t pane, uint32_t other) {
  contents_->merge(pane, other);
  rules_.trigger->merge(panes_.state(pane), panes_.state(other), now_);
  Pane& p = panes_[pane];
  const Pane& o = panes_[other];
  p.filled = p.filled || o.filled;
  p.changed = p.changed || o.changed;
  p.fired = p.fired || o.fired;
  updates_.forget(other);
  panes_.release(other);
}

void RowWindow::add_to(uint32_t pane, uint32_t i, int64_t time, Emitter& out) {
  if (panes_[pane].due) flush_results(out);
  pending_rows_.push_back(i);
  pending_panes_.push_back(pane);
  panes_[pane].filled = true;
  panes_[pane].changed = true;
  select(pane);
  now_.has_value = trigger_values_ != nullptr && !trigger_values_->is_null(i);
  if (now_.has_value) now_.value = trigger_values_->at<double>(i);
  apply(pane, rules_.trigger->on_row(panes_.state(pane), time, now_), out);
}

void RowWindow::flush_rows() {
  if (pending_rows_.empty()) return;
  contents_->add({*batch_,
                  {pending_rows_.data(), pending_rows_.size()},
                  pending_panes_.data(),
                  batch_->event_time.empty() ? clock_times_.data() : batch_->event_time.data(),
                  evict_values_,
                  arrivals_},
                 eval_);
  pending_rows_.clear();
  pending_panes_.clear();
}

void RowWindow::reject_failed(const Batch& batch, Emitter& out) {
  if (eval_.errors.empty()) return;
  Batch faulty = batch;
  reject_failed_rows(faulty, eval_, "reduce", context_);
  emit_rejects(faulty, out);
}

void RowWindow::give_up_keys() {
  constexpr size_t kFew = 4096;
  if (keys_.size() < kFew || keys_.size() < 4 * panes_.open()) return;
  const Vec<uint32_t> users = panes_.users(keys_.size());
  Vec<uint32_t> kept;
  Vec<uint32_t> numbers(users.size(), 0);
  for (uint32_t key = 0; key < users.size(); ++key) {
    if (users[key] == 0) continue;
    numbers[key] = static_cast<uint32_t>(kept.size());
    kept.push_back(key);
  }
  keys_.keep({kept.data(), kept.size()});
  panes_.renumber({numbers.data(), numbers.size()});
}

std::unique_ptr<Ordered> make_row_operator(const RowWindowRules& rules,
                                           const OperatorContext& context) {
  return std::make_unique<RowWindow>(rules, context);
}

}  // namespace weir
