// The operator of session windows, for session_window_*.cpp alone.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "base/check.h"
#include "operators/state_limit.h"
#include "state/spilled_keys.h"
#include "windows/session_timers.h"
#include "windows/window_keys.h"
#include "windows/window_results.h"

namespace weir {

struct SessionSpec {
  const WindowBinding* binding = nullptr;
  int64_t gap_us = 0;
};

struct Session {
  static constexpr uint32_t kNone = (1U << 30) - 1;

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
        timers_(gap_),
        spilled_("the session window", context.spill),
        limit_(context, !binding_.key_types.empty()) {}

  void process(Batch batch, Emitter& out) override;

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

  void snapshot(SnapshotWriter& writer) const override;
  void restore(SnapshotReader& reader) override;

 private:
  static constexpr uint32_t kNone = Session::kNone;
  static constexpr size_t kAhead = 12;  // rows whose sessions are on their way to the cache
  // Of one batch of results, and keys on their way to the disk.
  static constexpr size_t kResultRows = 8192;

  // --- what the watermark says ---

  bool has_passed(int64_t end, int64_t watermark) const {
    return watermark != kMinTime && last_instant(end) <= watermark;
  }
  bool is_forgotten(int64_t end, int64_t watermark) const {
    return watermark != kMinTime && cleanup_time(end, lateness_) <= watermark;
  }

  // --- in snapshots and on the disk ---

  void snapshot_session(uint32_t s, SnapshotWriter& writer) const;

  // `known_key`: by which number its key goes now.
  void restore_session(SnapshotReader& reader, std::optional<uint32_t> known_key);

  // All keys go to the disk, each with its sessions. Between batches.
  void spill();

  // As sort_firing() puts sessions in order: without the key, which comes behind.
  SpilledKeys::Moment moment_of(uint32_t s) const;
  bool is_behind(uint32_t s, const SpilledKeys::Moment& moment) const;

  // Of the keys from `known` on, new in memory, those that are on the disk.
  void take_back(uint32_t known);
  void take_key(uint32_t key, SnapshotReader& value);

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

  void place(const Batch& batch, uint32_t i, Emitter& out);

  void placed(uint32_t row, uint32_t session) {
    rows_.push_back(row);
    slots_.push_back(session);
  }

  bool touches(const Session& session, const WindowBounds& own, int64_t watermark) const {
    return session.start <= own.end && own.start <= session.end &&
           !is_forgotten(session.end, watermark);
  }
  // True if the row joins a session whose time to fire has come, or that has fired and is kept.
  bool touches_passed(uint32_t key, const WindowBounds& own, int64_t watermark) const;

  // The session of the row: a new one, or those that it touches, made into one.
  uint32_t join(uint32_t key, const WindowBounds& own, uint64_t arrival, int64_t watermark);

  // The states follow when the block's rows have been added.
  void absorb(uint32_t into, uint32_t from);

  // A row that may be late, or may make a session fire at once.
  void place_alone(const Batch& batch, uint32_t i, const WindowBounds& own, int64_t watermark,
                   Emitter& out);

  // Adds the rows placed so far to their sessions' states.
  void add_placed(const Batch& batch);

  // --- firing ---

  // A session that fires, by what comes first.
  struct Sortable {
    int64_t end;
    int64_t start;
    uint64_t rank;  // its arrival, or the prefix of its key
    uint32_t slot;
    uint32_t key;
  };

  void advance(int64_t watermark, Emitter& out);

  // `last`: of what is due at its time only what comes up to it.
  void fire_through(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out);

  // By end, then start, then as the rows of one window are ordered.
  void sort_firing();
  void sort_part(std::span<Sortable> part) const;

  // Emits the sessions' results, in this order.
  void give(std::span<const uint32_t> slots, Emitter& out);

  // Gives up keys without sessions when they are many. Between batches.
  void forget_keys();

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
  Vec<Sortable> to_sort_;
  Vec<size_t> parts_;  // of firing_: where the next one begins, due later
  Vec<uint32_t> gone_;
  Vec<uint32_t> later_;
  Vec<uint32_t> row_keys_of_results_;
  Vec<WindowBounds> bounds_;
};

}  // namespace weir
