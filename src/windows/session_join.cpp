// Joins in sessions: the rows of both inputs open and extend the sessions of their key together; when the
// watermark passes a session's end its rows are combined.
//
// Keys that do not fit into memory are on the disk, each with its sessions and their rows.
//
// Rows wait in one store a side, sessions hold their numbers. Sessions are given in order of end, start and
// key. A row joins only sessions that the watermark in force at the row has not passed, so the result does not
// depend on when the fired ones are taken away.
// Source: Flink, join of the DataStream API with EventTimeSessionWindows.

#include <algorithm>
#include <numeric>
#include <queue>

#include "operators/state_limit.h"
#include "state/spilled_keys.h"
#include "windows/window_join.h"
#include "windows/window_keys.h"

namespace weir {

namespace {

constexpr uint32_t kNoSession = UINT32_MAX;
constexpr size_t kFewRows = 1024;      // not worth moving together
constexpr size_t kFewJoinKeys = 4096;  // not worth forgetting
constexpr size_t kSpilledSessionKeysAtOnce = 8192;

std::vector<size_t> all_columns(size_t n) {
  std::vector<size_t> columns(n);
  std::iota(columns.begin(), columns.end(), size_t{0});
  return columns;
}

class SessionJoin final : public Ordered {
 public:
  SessionJoin(const WindowJoin& join, const OperatorContext& context)
      : join_(join),
        pairs_(join),
        keys_(all_columns(join.key_types.size()), join.key_types),
        rows_{WaitingRows(join.sides[0].schema), WaitingRows(join.sides[1].schema)},
        spilled_("the window join", context.spill),
        limit_(context, true) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }

  void process_input(size_t side, Batch batch, Emitter& out) override {
    (void)out;
    if (batch.rows == 0) return;
    Batch keys;
    keys.rows = batch.rows;
    for (const size_t c : join_.sides[side].key_columns) keys.columns.push_back(batch.columns[c]);
    const auto known = static_cast<uint32_t>(keys_.size());
    keys_.find(keys, row_keys_);
    grow_heads();
    take_back(known);
    kept_.clear();
    for (uint32_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const int64_t watermark = batch.watermark_at(i);
      const WindowBounds own{time, saturating_add(time, join_.gap_us)};
      uint32_t s = join_sessions(row_keys_[i], own, watermark);
      if (s == kNoSession) {
        if (has_passed(own.end, watermark)) {
          late_.note(time, watermark);
          continue;
        }
        const bool matches = std::none_of(keys.columns.begin(), keys.columns.end(),
                                          [&](const auto& c) { return c->is_null(i); });
        s = open(row_keys_[i], own, matches);
      }
      sessions_[s].rows[side].push_back(static_cast<uint32_t>(rows_[side].size() + kept_.size()));
      kept_.push_back(i);
    }
    rows_[side].append(batch.columns, {kept_.data(), kept_.size()});
    live_rows_[side] += kept_.size();
    if (limit_.is_passed(
            batch.rows, [this] { return sessions_.size(); }, [this] { return state_bytes(); }))
      spill();
  }

  void watermark(int64_t watermark, Emitter& out) override {
    while (spilled_.any()) {
      const auto reached = spilled_.take_due(SpilledKeys::Axis::kEventTime, watermark,
                                             [&](std::string_view bytes, SnapshotReader& value) {
                                               const uint32_t key = keys_.find_encoded(bytes);
                                               grow_heads();
                                               take_key(key, value);
                                             });
      if (!reached) break;
      fire_through(watermark, &*reached, out);
    }
    fire_through(watermark, nullptr, out);
  }
  void end(Emitter& out) override { watermark(kMaxTime, out); }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    stats.open = open_ + spilled_open_;
    stats.fired = fired_;
    return stats;
  }

  uint64_t state_bytes() const override {
    return keys_.memory_bytes() + heads_.capacity() * sizeof(uint32_t) +
           sessions_.capacity() * sizeof(Session) + sessions_.size() * sizeof(Due) +
           rows_[0].memory_bytes() + rows_[1].memory_bytes() +
           (live_rows_[0] + live_rows_[1]) * 2 * sizeof(uint32_t);
  }

  void snapshot(SnapshotWriter& writer) const override {
    keys_.snapshot(writer);
    for (const auto& rows : rows_) rows.snapshot(writer);
    writer.put_u64(open_);
    for (const Session& session : sessions_) {
      if (!session.is_open) continue;
      writer.put_i64(session.bounds.start);
      writer.put_i64(session.bounds.end);
      writer.put_u32(session.key);
      writer.put_u8(session.matches ? 1 : 0);
      for (const auto& rows : session.rows) {
        writer.put_u64(rows.size());
        for (const uint32_t r : rows) writer.put_u32(r);
      }
    }
    writer.put_u64(spilled_open_);
    spilled_.snapshot(writer);
    late_.snapshot(writer);
    writer.put_u64(fired_);
  }
  void restore(SnapshotReader& reader) override {
    if (!keys_.restore(reader)) return;
    heads_.assign(keys_.size(), kNoSession);
    for (auto& rows : rows_) rows.restore(reader);
    const uint64_t sessions = reader.get_u64();
    for (uint64_t i = 0; i < sessions && reader.ok(); ++i) {
      WindowBounds bounds;
      bounds.start = reader.get_i64();
      bounds.end = reader.get_i64();
      const uint32_t key = reader.get_u32();
      if (key >= heads_.size()) return;
      const uint32_t s = open(key, bounds, reader.get_u8() != 0);
      for (size_t side = 0; side < 2; ++side) {
        const uint64_t rows = reader.get_u64();
        for (uint64_t r = 0; r < rows && reader.ok(); ++r)
          sessions_[s].rows[side].push_back(reader.get_u32());
        live_rows_[side] += rows;
      }
    }
    spilled_open_ = reader.get_u64();
    spilled_.restore(reader);
    late_.restore(reader);
    fired_ = reader.get_u64();
  }

 private:
  struct Session {
    WindowBounds bounds;
    uint32_t key = 0;
    uint32_t next = kNoSession;  // of the same key
    bool is_open = false;
    bool matches = true;  // the key has no NULL
    Vec<uint32_t> rows[2];
  };

  static bool has_passed(int64_t end, int64_t watermark) {
    return watermark != kMinTime && last_instant(end) <= watermark;
  }

  uint32_t open(uint32_t key, const WindowBounds& bounds, bool matches) {
    uint32_t s = static_cast<uint32_t>(sessions_.size());
    if (free_.empty()) {
      sessions_.emplace_back();
    } else {
      s = free_.back();
      free_.pop_back();
    }
    Session& session = sessions_[s];
    session.bounds = bounds;
    session.key = key;
    session.next = heads_[key];
    session.is_open = true;
    session.matches = matches;
    if (heads_[key] == kNoSession) ++live_keys_;
    heads_[key] = s;
    ++open_;
    due_.push({bounds.end, s});
    return s;
  }

  void close(uint32_t s) {
    Session& session = sessions_[s];
    uint32_t* link = &heads_[session.key];
    while (*link != s) link = &sessions_[*link].next;
    *link = session.next;
    if (heads_[session.key] == kNoSession) --live_keys_;
    session.is_open = false;
    for (auto& rows : session.rows) rows = {};
    free_.push_back(s);
    --open_;
  }

  // The session that the row touches, all of them made into one; kNoSession: there is none.
  uint32_t join_sessions(uint32_t key, const WindowBounds& own, int64_t watermark) {
    uint32_t joined = kNoSession;
    for (uint32_t s = heads_[key]; s != kNoSession;) {
      const WindowBounds& bounds = sessions_[s].bounds;
      const uint32_t next = sessions_[s].next;
      if (bounds.start <= own.end && own.start <= bounds.end &&
          !has_passed(bounds.end, watermark)) {
        if (joined == kNoSession) {
          joined = s;
        } else {
          absorb(joined, s);
        }
      }
      s = next;
    }
    if (joined != kNoSession) extend(joined, own);
    return joined;
  }

  // Its place among those that are due is put right when its former end comes.
  void extend(uint32_t s, const WindowBounds& by) {
    WindowBounds& bounds = sessions_[s].bounds;
    bounds.start = std::min(bounds.start, by.start);
    bounds.end = std::max(bounds.end, by.end);
  }

  void absorb(uint32_t into, uint32_t from) {
    extend(into, sessions_[from].bounds);
    for (size_t side = 0; side < 2; ++side) {
      auto& rows = sessions_[into].rows[side];
      for (const uint32_t r : sessions_[from].rows[side]) rows.push_back(r);
      std::sort(rows.begin(), rows.end());
    }
    close(from);
  }

  // --- on the disk ---

  void grow_heads() {
    while (heads_.size() < keys_.size()) heads_.push_back(kNoSession);
  }

  // All keys go to the disk, each with its sessions. Between batches.
  void spill() {
    Vec<uint32_t> keys;
    for (uint32_t key = 0; key < heads_.size();) {
      keys.clear();
      for (; key < heads_.size() && keys.size() < kSpilledSessionKeysAtOnce; ++key)
        if (heads_[key] != kNoSession) keys.push_back(key);
      const auto encoded = keys_.encoded({keys.data(), keys.size()});
      for (size_t i = 0; i < keys.size(); ++i) {
        SnapshotWriter value;
        snapshot_key(keys[i], value);
        SpilledKeys::Due due;
        for (uint32_t s = heads_[keys[i]]; s != kNoSession; s = sessions_[s].next) {
          auto moment = moment_of(s);
          if (!due[0] || moment < *due[0]) due[0] = std::move(moment);
        }
        spilled_.put(encoded[i], due, value.bytes());
      }
    }
    spilled_open_ += open_;
    open_ = 0;
    live_keys_ = 0;
    keys_.clear();
    heads_ = {};
    sessions_ = {};
    free_ = {};
    due_ = {};
    for (size_t side = 0; side < 2; ++side) {
      rows_[side] = WaitingRows(join_.sides[side].schema);
      live_rows_[side] = 0;
    }
    grow_heads();
  }

  // The sessions, and on each side all their rows in order of arrival, each with its session's number.
  void snapshot_key(uint32_t key, SnapshotWriter& writer) const {
    uint32_t sessions = 0;
    std::vector<std::pair<uint32_t, uint32_t>> rows[2];
    for (uint32_t s = heads_[key]; s != kNoSession; s = sessions_[s].next, ++sessions)
      for (size_t side = 0; side < 2; ++side)
        for (const uint32_t r : sessions_[s].rows[side]) rows[side].emplace_back(r, sessions);
    writer.put_u32(sessions);
    for (uint32_t s = heads_[key]; s != kNoSession; s = sessions_[s].next) {
      writer.put_i64(sessions_[s].bounds.start);
      writer.put_i64(sessions_[s].bounds.end);
      writer.put_u8(sessions_[s].matches ? 1 : 0);
    }
    std::string bytes;
    for (size_t side = 0; side < 2; ++side) {
      std::sort(rows[side].begin(), rows[side].end());
      writer.put_u64(rows[side].size());
      for (const auto& [r, session] : rows[side]) {
        bytes.clear();
        rows_[side].encode(r, bytes);
        writer.put_u32(session);
        writer.put_text(bytes);
      }
    }
  }

  // Of the keys from `known` on, new in memory, those that are on the disk. Their rows come behind those in memory.
  void take_back(uint32_t known) {
    if (!spilled_.any() || known >= keys_.size()) return;
    Vec<uint32_t> keys;
    for (uint32_t key = known; key < keys_.size(); ++key) keys.push_back(key);
    spilled_.take(keys_.encoded({keys.data(), keys.size()}),
                  [&](size_t i, SnapshotReader& value) { take_key(keys[i], value); });
  }
  void take_key(uint32_t key, SnapshotReader& value) {
    std::vector<uint32_t> opened;
    const uint32_t sessions = value.get_u32();
    for (uint32_t i = 0; i < sessions && value.ok(); ++i) {
      WindowBounds bounds;
      bounds.start = value.get_i64();
      bounds.end = value.get_i64();
      opened.push_back(open(key, bounds, value.get_u8() != 0));
    }
    spilled_open_ -= opened.size();
    for (size_t side = 0; side < 2; ++side) {
      const uint64_t rows = value.get_u64();
      for (uint64_t r = 0; r < rows && value.ok(); ++r) {
        const uint32_t session = value.get_u32();
        const std::string_view row = value.get_text();
        if (session >= opened.size()) return value.refuse();
        sessions_[opened[session]].rows[side].push_back(static_cast<uint32_t>(rows_[side].size()));
        if (!rows_[side].append_encoded(row)) return value.refuse();
        ++live_rows_[side];
      }
    }
  }

  SpilledKeys::Moment moment_of(uint32_t s) const {
    const WindowBounds& bounds = sessions_[s].bounds;
    return {last_instant(bounds.end), window_rank(bounds, 0)};
  }
  bool is_behind(uint32_t s, const SpilledKeys::Moment& moment) const {
    auto own = moment_of(s);
    own.rank += keys_.encoded({&sessions_[s].key, 1})[0];
    return moment < own;
  }

  // --- results ---

  // Up to `last`, if there is one.
  void fire_through(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out) {
    firing_.clear();
    later_.clear();
    while (!due_.empty() && last_instant(due_.top().first) <= watermark) {
      const auto [end, s] = due_.top();
      due_.pop();
      Session& session = sessions_[s];
      if (!session.is_open || session.bounds.end < end) continue;  // another one has the slot
      if (session.bounds.end > end) {
        due_.push({session.bounds.end, s});
      } else if (last != nullptr && is_behind(s, *last)) {
        later_.push_back(s);
      } else if (firing_.empty() || firing_.back() != s) {
        firing_.push_back(s);
      }
    }
    for (const uint32_t s : later_) due_.push({sessions_[s].bounds.end, s});
    if (firing_.empty()) return;
    sort_firing();
    for (const uint32_t s : firing_) {
      const Session& session = sessions_[s];
      const auto rows = [&](size_t side) {
        return std::span<const uint32_t>(session.rows[side].data(), session.rows[side].size());
      };
      pairs_.add(session.bounds, session.matches, rows(0), rows(1), rows_[0], rows_[1], out);
    }
    pairs_.flush(rows_[0], rows_[1], out);
    fired_ += firing_.size();
    for (const uint32_t s : firing_) {
      for (size_t side = 0; side < 2; ++side) live_rows_[side] -= sessions_[s].rows[side].size();
      close(s);
    }
    for (size_t side = 0; side < 2; ++side)
      if (rows_[side].size() > kFewRows && rows_[side].size() / 2 > live_rows_[side]) compact(side);
    if (keys_.size() > kFewJoinKeys && keys_.size() / 4 > live_keys_)
      keep_keys_with_sessions(keys_, heads_, sessions_, kNoSession);
  }

  void sort_firing() {
    const auto before = [this](uint32_t a, uint32_t b) {
      const WindowBounds& x = sessions_[a].bounds;
      const WindowBounds& y = sessions_[b].bounds;
      return x.end != y.end ? x.end < y.end : x.start < y.start;
    };
    std::sort(firing_.begin(), firing_.end());
    firing_.resize(
        static_cast<size_t>(std::unique(firing_.begin(), firing_.end()) - firing_.begin()));
    std::sort(firing_.begin(), firing_.end(), before);
    for (size_t begin = 0; begin < firing_.size();) {
      size_t end = begin + 1;
      while (end < firing_.size() && !before(firing_[begin], firing_[end])) ++end;
      keys_.sort(std::span(firing_.data() + begin, end - begin),
                 [this](uint32_t s) { return sessions_[s].key; });
      begin = end;
    }
  }

  // Moves the rows that still wait together.
  void compact(size_t side) {
    Vec<uint32_t> live;
    for (const Session& session : sessions_)
      if (session.is_open)
        for (const uint32_t r : session.rows[side]) live.push_back(r);
    std::sort(live.begin(), live.end());
    Vec<uint32_t> place(rows_[side].size());
    for (uint32_t i = 0; i < live.size(); ++i) place[live[i]] = i;
    for (Session& session : sessions_)
      for (uint32_t& r : session.rows[side]) r = place[r];
    rows_[side].keep({live.data(), live.size()});
  }

  using Due = std::pair<int64_t, uint32_t>;  // an end, perhaps a former one, and its session

  const WindowJoin& join_;
  WindowPairs pairs_;
  WindowKeys keys_;
  WaitingRows rows_[2];
  size_t live_rows_[2] = {0, 0};
  std::vector<Session> sessions_;
  Vec<uint32_t> free_;
  Vec<uint32_t> heads_;  // the first session of each key
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  SpilledKeys spilled_;
  StateLimit limit_;
  LateCount late_;
  size_t live_keys_ = 0;
  uint64_t spilled_open_ = 0;  // sessions on the disk
  uint64_t open_ = 0;
  uint64_t fired_ = 0;
  Vec<uint32_t> row_keys_;
  Vec<uint32_t> kept_;
  Vec<uint32_t> firing_;
  Vec<uint32_t> later_;
};

}  // namespace

std::unique_ptr<Ordered> make_session_join(const WindowJoin& join, const OperatorContext& context) {
  return std::make_unique<SessionJoin>(join, context);
}

}  // namespace weir
