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

#include <algorithm>

#include "base/check.h"
#include "operators/state_limit.h"
#include "state/spilled_keys.h"
#include "windows/session_timers.h"
#include "windows/window_keys.h"
#include "windows/window_results.h"

namespace weir {

namespace {

constexpr uint32_t kNone = (1U << 30) - 1;
constexpr size_t kAhead = 12;         // rows whose sessions are on their way to the cache
constexpr size_t kResultRows = 8192;  // of one batch of results
constexpr size_t kFewKeys = 4096;     // not worth forgetting
constexpr uint64_t kSessionsAreSpilled =
    ~uint64_t{0};  // in a snapshot, before the number of sessions in memory

struct SessionSpec {
  const WindowBinding* binding = nullptr;
  int64_t gap_us = 0;
};

struct Session {
  int64_t start = 0;
  int64_t end = 0;
  int64_t timer = kMaxTime;  // the time of its one valid timer; kMaxTime: the slot is free
  uint32_t key = 0;
  uint32_t next : 30 = kNone;  // session of the same key
  bool due : 1 = false;        // has rows that no result has shown
  bool fired : 1 = false;      // some part of it has given a result
};
static_assert(sizeof(Session) == 32);  // with many sessions every one is a cache miss

class SessionWindow final : public Ordered {
 public:
  SessionWindow(const SessionSpec& spec, const OperatorContext& context)
      : binding_(*spec.binding),
        gap_(spec.gap_us),
        lateness_(binding_.allowed_lateness_us),
        eval_(context.eval_context()),
        results_(binding_, context),
        late_(binding_),
        keys_(binding_.key_columns, binding_.key_types),
        states_(*binding_.program),
        timers_(gap_ / 32),
        spilled_("the session window", context.spill),
        limit_(context, !binding_.key_types.empty()) {}

  void process(Batch batch, Emitter& out) override {
    if (!batch.rejects.empty()) {
      Batch rejected;
      rejected.rejects = std::move(batch.rejects);
      batch.rejects.clear();
      out.emit(std::move(rejected));
    }
    if (batch.rows == 0) return;
    if (batch.watermark > watermark_) advance(batch.watermark, out);
    eval_.arena = &batch.arena();
    const auto known = static_cast<uint32_t>(keys_.size());
    keys_.find(batch, row_keys_);
    take_back(known);
    in_batch_ = true;
    for (uint32_t i = 0; i < batch.rows; ++i) {
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

  void watermark(int64_t watermark, Emitter& out) override {
    advance(watermark, out);
    forget_keys();
  }
  void end(Emitter& out) override { advance(kMaxTime, out); }

  OperatorStats stats() const override {
    return {late_.total(), due_ + spilled_due_, fired_, refired_, late_.first_late_by_us()};
  }

  uint64_t state_bytes() const override {
    return keys_.memory_bytes() + states_.memory_bytes() + timers_.memory_bytes() +
           heads_.size() * sizeof(uint32_t) + arrivals_.size() * sizeof(uint64_t) +
           sessions_.size() * sizeof(Session);
  }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_i64(watermark_);
    writer.put_u64(fired_);
    writer.put_u64(refired_);
    late_.snapshot(writer);
    keys_.snapshot(writer);
    if (spilled_.any()) {
      writer.put_u64(kSessionsAreSpilled);
      writer.put_u64(spilled_due_);
      spilled_.snapshot(writer);
    }
    writer.put_u64(sessions_.size() - free_.size());
    for (uint32_t s = 0; s < sessions_.size(); ++s) {
      if (sessions_[s].timer != kMaxTime) snapshot_session(s, writer);
    }
  }
  void restore(SnapshotReader& reader) override {
    watermark_ = reader.get_i64();
    fired_ = reader.get_u64();
    refired_ = reader.get_u64();
    late_.restore(reader);
    if (!keys_.restore(reader)) return;
    grow_heads();
    uint64_t sessions = reader.get_u64();
    if (sessions == kSessionsAreSpilled) {
      spilled_due_ = reader.get_u64();
      spilled_.restore(reader);
      sessions = reader.get_u64();
    }
    for (uint64_t i = 0; i < sessions && reader.ok(); ++i) restore_session(reader, std::nullopt);
  }

 private:
  // --- what the watermark says ---

  bool has_passed(int64_t end, int64_t watermark) const {
    return watermark != kMinTime && last_instant(end) <= watermark;
  }
  bool is_forgotten(int64_t end, int64_t watermark) const {
    return watermark != kMinTime && cleanup_time(end, lateness_) <= watermark;
  }

  // --- in snapshots and on the disk ---

  void snapshot_session(uint32_t s, SnapshotWriter& writer) const {
    const Session& session = sessions_[s];
    writer.put_i64(session.start);
    writer.put_i64(session.end);
    writer.put_u64(arrivals_.empty() ? 0 : arrivals_[s]);
    writer.put_u32(session.key);
    writer.put_u8(static_cast<uint8_t>((session.due ? 1 : 0) | (session.fired ? 2 : 0)));
    states_.snapshot(s, writer);
  }

  // `known_key`: by which number its key goes now.
  void restore_session(SnapshotReader& reader, std::optional<uint32_t> known_key) {
    WindowBounds bounds;
    bounds.start = reader.get_i64();
    bounds.end = reader.get_i64();
    const uint64_t arrival = reader.get_u64();
    const uint32_t key = known_key.value_or(reader.get_u32());
    const uint8_t flags = reader.get_u8();
    if (key >= heads_.size()) return reader.refuse();
    const uint32_t s = open(key, bounds, arrival);
    sessions_[s].fired = (flags & 2) != 0;
    if ((flags & 1) == 0) {
      settle(s);
      set_timer(s);
    }
    states_.grow(sessions_.size());
    states_.restore(s, reader);
  }

  // All keys go to the disk, each with its sessions. Between batches.
  void spill() {
    Vec<uint32_t> keys;
    for (uint32_t key = 0; key < heads_.size();) {
      keys.clear();
      for (; key < heads_.size() && keys.size() < kResultRows; ++key) {
        if (heads_[key] != kNone) keys.push_back(key);
      }
      const auto encoded = keys_.encoded({keys.data(), keys.size()});
      for (size_t i = 0; i < keys.size(); ++i) {
        SnapshotWriter value;
        SpilledKeys::Due due;
        for (uint32_t s = heads_[keys[i]]; s != kNone; s = sessions_[s].next) {
          auto moment = moment_of(s);
          if (!due[0] || moment < *due[0]) due[0] = std::move(moment);
          snapshot_session(s, value);
        }
        spilled_.put(encoded[i], due, value.bytes());
      }
    }
    spilled_due_ += due_;
    due_ = 0;
    live_keys_ = 0;
    keys_.clear();
    heads_.clear();
    sessions_.clear();
    arrivals_.clear();
    free_.clear();
    timers_ = SessionTimers(gap_ / 32);
    AggregateStates none(*binding_.program);
    states_.swap(none);
    grow_heads();
  }

  // As sort_firing() puts sessions in order: without the key, which comes behind.
  SpilledKeys::Moment moment_of(uint32_t s) const {
    const Session& session = sessions_[s];
    return {time_of(session),
            window_rank({session.start, session.end}, binding_.track_arrival() ? arrivals_[s] : 0)};
  }
  bool is_behind(uint32_t s, const SpilledKeys::Moment& moment) const {
    if (time_of(sessions_[s]) != moment.time) return time_of(sessions_[s]) > moment.time;
    return moment.rank < moment_of(s).rank + keys_.encoded({&sessions_[s].key, 1})[0];
  }

  // Of the keys from `known` on, new in memory, those that are on the disk.
  void take_back(uint32_t known) {
    grow_heads();
    if (!spilled_.any() || known >= keys_.size()) return;
    Vec<uint32_t> keys;
    for (uint32_t key = known; key < keys_.size(); ++key) keys.push_back(key);
    spilled_.take(keys_.encoded({keys.data(), keys.size()}),
                  [&](size_t i, SnapshotReader& value) { take_key(keys[i], value); });
  }
  void take_key(uint32_t key, SnapshotReader& value) {
    const uint64_t due = due_;
    while (value.ok() && !value.at_end()) restore_session(value, key);
    spilled_due_ -= due_ - due;
  }

  // --- sessions ---

  // The session, or kNone, will be looked at soon.
  void fetch(uint32_t s) const {
    if (s < sessions_.size()) __builtin_prefetch(sessions_.data() + s);
  }

  void grow_heads() {
    const size_t old = heads_.size();
    heads_.resize(std::max(old, keys_.size()));
    for (size_t k = old; k < heads_.size(); ++k) heads_[k] = kNone;
  }

  uint32_t open(uint32_t key, const WindowBounds& bounds, uint64_t arrival) {
    uint32_t s = 0;
    if (free_.empty()) {
      s = static_cast<uint32_t>(sessions_.size());
      WEIR_CHECK(s < kNone);
      sessions_.push_back({});
    } else {
      s = free_.back();
      free_.pop_back();
    }
    if (heads_[key] == kNone) ++live_keys_;
    sessions_[s] = {bounds.start, bounds.end, kMaxTime, key, heads_[key] & kNone, true, false};
    if (binding_.track_arrival()) {
      arrivals_.resize(sessions_.size());
      arrivals_[s] = arrival;
    }
    heads_[key] = s;
    ++due_;
    set_timer(s);
    return s;
  }

  // Its results are out.
  void settle(uint32_t s) {
    if (sessions_[s].due) --due_;
    sessions_[s].due = false;
  }

  void set_timer(uint32_t s) {
    Session& session = sessions_[s];
    session.timer = time_of(session);
    timers_.add(session.timer, s);
  }
  // When the session is due to fire, or else to be forgotten. Never kMaxTime.
  int64_t time_of(const Session& session) const {
    const int64_t time =
        session.due ? last_instant(session.end) : cleanup_time(session.end, lateness_);
    return std::min(time, kMaxTime - 1);
  }

  void unlink(uint32_t s) {
    uint32_t& head = heads_[sessions_[s].key];
    if (head == s) {
      head = sessions_[s].next;
      if (head == kNone) --live_keys_;
      return;
    }
    uint32_t before = head;
    while (sessions_[before].next != s) before = sessions_[before].next;
    sessions_[before].next = sessions_[s].next;
  }

  // The slot's states must be reset.
  void free(uint32_t s) {
    settle(s);
    sessions_[s].timer = kMaxTime;
    free_.push_back(s);
  }

  // --- a row's session ---

  void place(const Batch& batch, uint32_t i, Emitter& out) {
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

  void placed(uint32_t row, uint32_t session) {
    rows_.push_back(row);
    slots_.push_back(session);
  }

  bool touches(const Session& session, const WindowBounds& own, int64_t watermark) const {
    return session.start <= own.end && own.start <= session.end &&
           !is_forgotten(session.end, watermark);
  }
  // True if the row joins a session whose time to fire has come, or that has fired and is kept.
  bool touches_passed(uint32_t key, const WindowBounds& own, int64_t watermark) const {
    if (lateness_ == 0) return false;
    for (uint32_t s = heads_[key]; s != kNone; s = sessions_[s].next) {
      if (touches(sessions_[s], own, watermark) && has_passed(sessions_[s].end, watermark))
        return true;
    }
    return false;
  }

  // The session of the row: a new one, or those that it touches, made into one.
  uint32_t join(uint32_t key, const WindowBounds& own, uint64_t arrival, int64_t watermark) {
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

  // The states follow when the block's rows have been added.
  void absorb(uint32_t into, uint32_t from) {
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

  // A row that may be late, or may make a session fire at once.
  void place_alone(const Batch& batch, uint32_t i, const WindowBounds& own, int64_t watermark,
                   Emitter& out) {
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

  // Adds the rows placed so far to their sessions' states.
  void add_placed(const Batch& batch) {
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

  // --- firing ---

  void advance(int64_t watermark, Emitter& out) {
    while (spilled_.any()) {
      const auto reached = spilled_.take_due(SpilledKeys::Axis::kEventTime, watermark,
                                             [&](std::string_view bytes, SnapshotReader& value) {
                                               const uint32_t key = keys_.find_encoded(bytes);
                                               grow_heads();
                                               take_key(key, value);
                                             });
      if (!reached) break;
      fire_through(reached->time, &*reached, out);
      if (!in_batch_) forget_keys();
    }
    fire_through(watermark, nullptr, out);
  }

  // `last`: of what is due at its time only what comes up to it.
  void fire_through(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out) {
    firing_.clear();
    gone_.clear();
    later_.clear();
    timers_.take_through(
        watermark, [this](uint32_t s) { fetch(s); },
        [this](int64_t at, uint32_t s) {
          Session& session = sessions_[s];
          if (session.timer != at) return kMaxTime;
          session.timer = time_of(session);
          return session.timer;
        },
        [&](uint32_t s) {
          Session& session = sessions_[s];
          if (last != nullptr && is_behind(s, *last)) return later_.push_back(s);
          if (session.due) firing_.push_back(s);
          if (is_forgotten(session.end, watermark)) {
            session.timer = kMaxTime;
            gone_.push_back(s);
          } else {
            settle(s);
            set_timer(s);
          }
        });
    for (const uint32_t s : later_) set_timer(s);
    if (last == nullptr) watermark_ = watermark;
    if (!firing_.empty()) {
      sort_firing();
      for (size_t begin = 0; begin < firing_.size(); begin += kResultRows)
        give({firing_.data() + begin, std::min(kResultRows, firing_.size() - begin)}, out);
    }
    for (size_t i = 0; i < gone_.size(); ++i) {
      if (i + kAhead < gone_.size())
        __builtin_prefetch(heads_.data() + sessions_[gone_[i + kAhead]].key);
      const uint32_t s = gone_[i];
      unlink(s);
      states_.reset(s);
      free(s);
    }
  }

  // By end, then start, then as the rows of one window are ordered.
  void sort_firing() {
    const auto before = [&](uint32_t a, uint32_t b) {
      const Session& x = sessions_[a];
      const Session& y = sessions_[b];
      if (x.end != y.end) return x.end < y.end;
      if (x.start != y.start) return x.start < y.start;
      return !arrivals_.empty() && arrivals_[a] < arrivals_[b];
    };
    std::sort(firing_.begin(), firing_.end(), before);
    if (binding_.order != GroupOrder::kKey) return;
    for (size_t begin = 0; begin < firing_.size();) {
      size_t end = begin + 1;
      while (end < firing_.size() && !before(firing_[begin], firing_[end])) ++end;
      keys_.sort(std::span(firing_.data() + begin, end - begin),
                 [this](uint32_t s) { return sessions_[s].key; });
      begin = end;
    }
  }

  // Emits the sessions' results, in this order.
  void give(std::span<const uint32_t> slots, Emitter& out) {
    auto arena = std::make_shared<Arena>();
    row_keys_of_results_.clear();
    bounds_.clear();
    bool updates = false;
    for (const uint32_t s : slots) {
      row_keys_of_results_.push_back(sessions_[s].key);
      bounds_.push_back({sessions_[s].start, sessions_[s].end});
      updates = updates || sessions_[s].fired;
    }
    std::vector<ColumnPtr> keys =
        keys_.columns({row_keys_of_results_.data(), row_keys_of_results_.size()}, *arena);
    Batch rows = states_.result(std::move(keys), slots, results_.eval());
    rows.keep(std::move(arena));
    if (updates) {
      for (const uint32_t s : slots)
        rows.kinds.push_back(sessions_[s].fired ? RowKind::kUpdateAfter : RowKind::kInsert);
    }
    for (const uint32_t s : slots) {
      if (sessions_[s].fired) ++refired_;
      sessions_[s].fired = true;
      settle(s);
    }
    fired_ += slots.size();
    out.emit(results_.complete(std::move(rows), {bounds_.data(), bounds_.size()}, "aggregate"));
  }

  // Gives up keys without sessions when they are many. Between batches.
  void forget_keys() {
    if (keys_.size() <= kFewKeys || keys_.size() / 4 <= live_keys_) return;
    keep_keys_with_sessions(keys_, heads_, sessions_, kNone);
    grow_heads();
  }

  const WindowBinding& binding_;
  const int64_t gap_;
  const int64_t lateness_;
  EvalContext eval_;
  WindowResults results_;
  LateRows late_;
  WindowKeys keys_;
  Vec<uint32_t> heads_;  // the first session of each key
  Vec<Session> sessions_;
  Vec<uint64_t> arrivals_;  // ordinals of their first rows, if order = "arrival"
  Vec<uint32_t> free_;      // slots
  AggregateStates states_;  // by slot
  SessionTimers timers_;
  SpilledKeys spilled_;
  StateLimit limit_;
  uint64_t spilled_due_ = 0;  // as due_, of the keys on the disk
  bool in_batch_ = false;     // row_keys_ holds numbers of keys
  size_t live_keys_ = 0;
  uint64_t due_ = 0;
  int64_t watermark_ = kMinTime;
  uint64_t fired_ = 0;
  uint64_t refired_ = 0;

  struct Merge {
    uint32_t into;
    uint32_t from;
  };
  // The rows of the block that have their session but are not in its states yet.
  Vec<uint32_t> rows_;
  Vec<uint32_t> slots_;
  Vec<Merge> merges_;  // and the sessions that became one
  Vec<uint32_t> row_keys_;
  Vec<uint32_t> firing_;
  Vec<uint32_t> gone_;
  Vec<uint32_t> later_;
  Vec<uint32_t> row_keys_of_results_;
  Vec<WindowBounds> bounds_;
};

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
