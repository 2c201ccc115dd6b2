// Joins in windows of fixed length. Rows are kept once for each slice, so overlapping windows share them.
// When the watermark passes a window's end, the keys of both sides are numbered in one table and the rows of
// each key are combined, in key order, then in the order in which the left and the right rows came.

#include <algorithm>
#include <map>
#include <set>

#include "operators/group_table.h"
#include "operators/state_limit.h"
#include "windows/spilled_rows.h"
#include "windows/window_join.h"

namespace weir {

namespace {

class FixedWindowJoin final : public Ordered {
 public:
  FixedWindowJoin(const WindowJoin& join, const OperatorContext& context)
      : join_(join), pairs_(join), spilled_(join, context.spill), limit_(context, true) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }

  void process_input(size_t side, Batch batch, Emitter& out) override {
    (void)out;
    // The rows of each slice, with the end of the first window that takes them.
    std::map<int64_t, std::pair<Vec<uint32_t>, Vec<int64_t>>> by_slice;
    for (uint32_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const auto slice = join_.layout.slice_of(time);
      if (!slice) continue;  // between windows that leave gaps
      const int64_t watermark = batch.watermark_at(i);
      const auto first =
          watermark == kMinTime
              ? join_.layout.first_end(slice->start)
              : join_.layout.next_end(slice->start, saturating_add(watermark, kMillisecond));
      if (!first) {
        late_.note(time, watermark);
        continue;
      }
      auto& [rows, ends] = by_slice[slice->start];
      rows.push_back(i);
      ends.push_back(*first);
    }
    for (const auto& [start, list] : by_slice) {
      auto [it, fresh] = slices_.try_emplace(start, join_);
      it->second.rows[side].append(batch.columns, {list.first.data(), list.first.size()});
      int64_t earliest = kMaxTime;
      for (const int64_t end : list.second) {
        it->second.first_end[side].push_back(end);
        earliest = std::min(earliest, end);
      }
      for (std::optional<int64_t> end = earliest; end; end = join_.layout.next_end(start, *end))
        due_.insert(*end);
    }
    if (limit_.is_passed(
            batch.rows, [this] { return slices_.size(); }, [this] { return state_bytes(); }))
      spill(slices_.begin(), slices_.end());
  }

  void watermark(int64_t watermark, Emitter& out) override {
    while (!due_.empty() && last_instant(*due_.begin()) <= watermark) fire_first(out);
  }
  void end(Emitter& out) override {
    while (!due_.empty()) fire_first(out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    stats.open = due_.size();
    stats.fired = fired_;
    return stats;
  }

  uint64_t state_bytes() const override {
    uint64_t total = due_.size() * kNodeBytes;
    for (const auto& [start, slice] : slices_) {
      total += kNodeBytes + sizeof(slice);
      for (size_t side = 0; side < 2; ++side)
        total +=
            slice.rows[side].memory_bytes() + slice.first_end[side].capacity() * sizeof(int64_t);
    }
    return total;
  }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(due_.size());
    for (const int64_t end : due_) writer.put_i64(end);
    writer.put_u64(slices_.size());
    for (const auto& [start, slice] : slices_) {
      writer.put_i64(start);
      for (size_t side = 0; side < 2; ++side) {
        slice.rows[side].snapshot(writer);
        for (const int64_t end : slice.first_end[side]) writer.put_i64(end);
      }
    }
    spilled_.snapshot(writer);
    late_.snapshot(writer);
    writer.put_u64(fired_);
  }
  void restore(SnapshotReader& reader) override {
    const uint64_t windows = reader.get_u64();
    for (uint64_t i = 0; i < windows && reader.ok(); ++i) due_.insert(reader.get_i64());
    const uint64_t slices = reader.get_u64();
    for (uint64_t i = 0; i < slices && reader.ok(); ++i) {
      Slice& slice = slices_.try_emplace(reader.get_i64(), join_).first->second;
      for (size_t side = 0; side < 2; ++side) {
        slice.rows[side].restore(reader);
        for (size_t r = 0; r < slice.rows[side].size() && reader.ok(); ++r)
          slice.first_end[side].push_back(reader.get_i64());
      }
    }
    spilled_.restore(reader);
    late_.restore(reader);
    fired_ = reader.get_u64();
  }

 private:
  struct Slice {
    explicit Slice(const WindowJoin& join)
        : rows{WaitingRows(join.sides[0].schema), WaitingRows(join.sides[1].schema)} {}
    WaitingRows rows[2];
    Vec<int64_t> first_end[2];  // of each row: it came too late for windows that end before
  };

  static constexpr uint64_t kNodeBytes = 48;  // of a tree, about
  using Slices = std::map<int64_t, Slice>;

  void spill(Slices::iterator begin, Slices::iterator end) {
    for (auto at = begin; at != end; ++at) {
      auto& [start, slice] = *at;
      for (size_t side = 0; side < 2; ++side) {
        const auto& ends = slice.first_end[side];
        spilled_.add(start, side, slice.rows[side], {ends.data(), ends.size()});
      }
    }
    slices_.erase(begin, end);
  }

  void fire_first(Emitter& out) {
    const int64_t end = *due_.begin();
    due_.erase(due_.begin());
    const WindowBounds window = join_.layout.window_of_end(end);
    ++fired_;
    if (spilled_.has_any(window.start, end)) {
      join_spilled(window, out);
    } else {
      join_slices(window, out);
    }
    while (!slices_.empty() && join_.layout.last_end(slices_.begin()->first) <= end)
      slices_.erase(slices_.begin());
    spilled_.drop_while([&](int64_t slice) { return join_.layout.last_end(slice) <= end; });
  }

  // All rows of the window on the disk, so that they come back key by key.
  void join_spilled(const WindowBounds& window, Emitter& out) {
    spill(slices_.lower_bound(window.start), slices_.lower_bound(window.end));
    spilled_.read(window,
                  [&](const WaitingRows(&sides)[2], std::span<const SpilledRows::Group> groups) {
                    for (const auto& [matches, rows] : groups)
                      pairs_.add(window, matches, {rows[0].data(), rows[0].size()},
                                 {rows[1].data(), rows[1].size()}, sides[0], sides[1], out);
                    pairs_.flush(sides[0], sides[1], out);
                  });
  }

  void join_slices(const WindowBounds& window, Emitter& out) {
    WaitingRows sides[2] = {WaitingRows(join_.sides[0].schema), WaitingRows(join_.sides[1].schema)};
    Vec<uint32_t> taken;
    for (auto it = slices_.lower_bound(window.start); it != slices_.end() && it->first < window.end;
         ++it) {
      for (size_t side = 0; side < 2; ++side) {
        taken.clear();
        const auto& ends = it->second.first_end[side];
        for (uint32_t r = 0; r < ends.size(); ++r)
          if (ends[r] <= window.end) taken.push_back(r);
        if (!taken.empty())
          sides[side].append(it->second.rows[side].columns(), {taken.data(), taken.size()});
      }
    }
    join(window, sides[0], sides[1], out);
  }

  // The rows of each key on a side, in order: rows[first[g] .. first[g + 1]).
  struct ByKey {
    Vec<uint32_t> first;
    Vec<uint32_t> rows;
    Vec<uint32_t> without;  // those whose key has a NULL: they match nothing
    std::span<const uint32_t> of(size_t group) const {
      if (group + 1 >= first.size()) return {};
      return {rows.data() + first[group], first[group + 1] - first[group]};
    }
  };

  ByKey number(size_t side, const WaitingRows& rows, GroupTable& table) const {
    ByKey by_key;
    const size_t n = rows.size();
    if (n == 0) return by_key;
    std::vector<ColumnPtr> keys;
    for (const size_t c : join_.sides[side].key_columns) keys.push_back(rows.columns()[c]);
    Vec<uint32_t> groups(n);
    table.find_or_add(keys, n, groups.data());
    by_key.first.assign(table.size() + 1, 0);
    const auto has_null = [&](size_t i) {
      return std::any_of(keys.begin(), keys.end(), [&](const auto& k) { return k->is_null(i); });
    };
    for (uint32_t i = 0; i < n; ++i) {
      if (has_null(i)) {
        by_key.without.push_back(i);
        groups[i] = GroupTable::kNoGroup;
      } else {
        ++by_key.first[groups[i] + 1];
      }
    }
    for (size_t g = 1; g < by_key.first.size(); ++g) by_key.first[g] += by_key.first[g - 1];
    Vec<uint32_t> at = by_key.first;
    by_key.rows.resize(n);
    for (uint32_t i = 0; i < n; ++i)
      if (groups[i] != GroupTable::kNoGroup) by_key.rows[at[groups[i]]++] = i;
    return by_key;
  }

  void join(const WindowBounds& window, const WaitingRows& left, const WaitingRows& right,
            Emitter& out) {
    const auto table = make_group_table(join_.key_types, run_hash_seed());
    const ByKey keys[2] = {number(0, left, *table), number(1, right, *table)};
    const auto add = [&](bool matches, std::span<const uint32_t> l, std::span<const uint32_t> r) {
      pairs_.add(window, matches, l, r, left, right, out);
    };
    const auto& without = keys[0].without;
    add(false, {without.data(), without.size()}, {keys[1].without.data(), keys[1].without.size()});
    for (const uint32_t group : table->sorted()) add(true, keys[0].of(group), keys[1].of(group));
    pairs_.flush(left, right, out);
  }

  const WindowJoin& join_;
  WindowPairs pairs_;
  Slices slices_;          // by start
  std::set<int64_t> due_;  // ends of windows with rows
  SpilledRows spilled_;
  StateLimit limit_;
  LateCount late_;
  uint64_t fired_ = 0;
};

}  // namespace

std::unique_ptr<Ordered> make_fixed_window_join(const WindowJoin& join,
                                                const OperatorContext& context) {
  return std::make_unique<FixedWindowJoin>(join, context);
}

}  // namespace weir
