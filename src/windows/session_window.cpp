// Sessions: a row opens [time, time + gap) or joins the sessions of its key that this touches.
//
// The ordered stage takes the rows themselves: with many keys a block hardly holds two rows of one session, so
// that partial aggregates would only be one more table to fill and to empty. It works a block at a
// time: it finds the keys of all rows, then each row's session, in order, then adds all rows to their
// sessions' states at once. Sessions that are due fire after the block; until then a session that the
// watermark in force at a row has passed counts as closed. So the result is that of one record at a time.
// Only a row that makes a kept session fire again (allowed_lateness) breaks the block: what is due before it fires
// first.

#include "windows/session_window.h"

#include "windows/session_window_operator.h"

namespace weir {

void SessionWindow::process(Batch batch, Emitter& out) {
  emit_rejects(batch, out);
  if (batch.rows == 0) return;
  if (batch.watermark > watermark_) advance(batch.watermark, out);
  eval_.arena = &batch.arena();
  const auto known = static_cast<uint32_t>(keys_.size());
  keys_.find(batch, row_keys_);
  take_back(known);
  in_batch_ = true;
  rows_.reserve(batch.rows);
  slots_.reserve(batch.rows);
  for (uint32_t i = 0; i < batch.rows; ++i) {
    if (i + 2 * kAhead < batch.rows) __builtin_prefetch(&heads_[row_keys_[i + 2 * kAhead]]);
    if (i + kAhead < batch.rows) fetch(heads_[row_keys_[i + kAhead]]);
    place(batch, i, out);
  }
  add_placed(batch);
  in_batch_ = false;
  late_.flush(batch, out);
  if (limit_.is_passed(
          batch.rows, [this] { return sessions_.size(); }, [this] { return state_bytes(); }))
    spill();
}

void SessionWindow::place(const Batch& batch, uint32_t i, Emitter& out) {
  const int64_t time = batch.event_time[i];
  const WindowBounds own{time, saturating_add(time, gap_)};
  const int64_t watermark = batch.watermark_at(i);
  const uint32_t head = heads_[row_keys_[i]];
  if (head != kNone && sessions_[head].next == kNone) {
    Session& session = sessions_[head];
    if (session.start <= own.end && time <= session.end && !has_passed(session.end, watermark)) {
      session.start = std::min(session.start, own.start);
      session.end = std::max(session.end, own.end);
      placed(i, head);
      return;
    }
  }
  if (has_passed(own.end, watermark) || touches_passed(row_keys_[i], own, watermark)) {
    place_alone(batch, i, own, watermark, out);
  } else {
    placed(i, join(row_keys_[i], own, batch.ordinal(i), watermark));
  }
}

bool SessionWindow::touches_passed(uint32_t key, const WindowBounds& own, int64_t watermark) const {
  if (lateness_ == 0) return false;
  for (uint32_t s = heads_[key]; s != kNone; s = sessions_[s].next) {
    if (touches(sessions_[s], own, watermark) && has_passed(sessions_[s].end, watermark))
      return true;
  }
  return false;
}

uint32_t SessionWindow::join(uint32_t key, const WindowBounds& own, uint64_t arrival,
                             int64_t watermark) {
  uint32_t joined = kNone;
  for (uint32_t s = heads_[key]; s != kNone;) {
    const uint32_t next = sessions_[s].next;
    if (touches(sessions_[s], own, watermark)) {
      if (joined == kNone) {
        joined = s;
      } else {
        absorb(joined, s);
      }
    }
    s = next;
  }
  if (joined == kNone) return open(key, own, arrival);
  Session& session = sessions_[joined];
  session.start = std::min(session.start, own.start);
  session.end = std::max(session.end, own.end);
  return joined;
}

void SessionWindow::absorb(uint32_t into, uint32_t from) {
  Session& session = sessions_[into];
  const Session& other = sessions_[from];
  session.start = std::min(session.start, other.start);
  session.end = std::max(session.end, other.end);
  if (!arrivals_.empty()) arrivals_[into] = std::min(arrivals_[into], arrivals_[from]);
  session.fired = session.fired || other.fired;
  if (other.due && !session.due) {
    session.due = true;
    ++due_;
  }
  settle(from);
  unlink(from);
  sessions_[from].timer = kMaxTime;
  merges_.push_back({into, from});
}

void SessionWindow::place_alone(const Batch& batch, uint32_t i, const WindowBounds& own,
                                int64_t watermark, Emitter& out) {
  const uint32_t key = row_keys_[i];
  bool touches_any = false;
  for (uint32_t s = heads_[key]; s != kNone; s = sessions_[s].next)
    touches_any = touches_any || touches(sessions_[s], own, watermark);
  if (!touches_any && is_forgotten(own.end, watermark)) {
    late_.add(batch, i, watermark);
    return;
  }
  if (lateness_ == 0) {  // joins a session that is still open
    placed(i, join(key, own, batch.ordinal(i), watermark));
    return;
  }
  add_placed(batch);
  if (watermark > watermark_) {
    advance(watermark, out);
    out.advance(watermark);
  }
  const uint32_t s = join(key, own, batch.ordinal(i), watermark);
  Session& session = sessions_[s];
  if (!session.due) {
    session.due = true;
    ++due_;
  }
  placed(i, s);
  add_placed(batch);
  if (has_passed(session.end, watermark)) {
    give({&s, 1}, out);
  }
  set_timer(s);
}

void SessionWindow::add_placed(const Batch& batch) {
  states_.grow(sessions_.size());
  const std::span<const uint32_t> rows(rows_.data(), rows_.size());
  if (rows.size() == batch.rows) {
    states_.update(batch, slots_.data(), eval_);
  } else if (!rows.empty()) {
    states_.update_rows(batch, rows, slots_.data(), eval_);
  }
  for (const auto& [into, from] : merges_) {
    states_.merge(&into, states_, &from, 1);
    states_.reset(from);
    free_.push_back(from);
  }
  rows_.clear();
  slots_.clear();
  merges_.clear();
}

// --- the plan ---

namespace {

// Refuses in the workers the rows whose arguments cannot be computed.
class SessionPreparation final : public Transform {
 public:
  SessionPreparation(const WindowBinding& binding, const OperatorContext& context)
      : binding_(binding), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    binding_.program->compute(batch, eval_);
    if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "aggregate", context_);
  }

 private:
  const WindowBinding& binding_;
  const OperatorContext context_;
  EvalContext eval_;
};

class SessionPlan final : public WindowPlan {
 public:
  SessionPlan(std::string text, int64_t gap_us, WindowBinding binding)
      : WindowPlan("session window", std::move(binding)),
        spec_{&window(), gap_us},
        text_(std::move(text) + " in event time" + window().text) {}

  std::string explain() const override { return text_; }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return std::make_unique<SessionPreparation>(window(), context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<SessionWindow>(spec_, context);
  }

 private:
  SessionSpec spec_;
  std::string text_;
};

}  // namespace

std::unique_ptr<OperatorPlan> make_session_window(std::string text, int64_t gap_us,
                                                  WindowBinding binding) {
  return std::make_unique<SessionPlan>(std::move(text), gap_us, std::move(binding));
}

}  // namespace weir
