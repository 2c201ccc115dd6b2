// A row meets what the other side has kept, and is kept as long as a partner may still come: until the watermark
// reaches the end of its interval. Then an outer row without one is given with NULLs. What is kept
// is judged by the watermark in force at each row, so block borders do not show.
// Source: Flink, the interval join of its SQL runtime.

#include "operators/interval_join.h"

#include <algorithm>
#include <map>

#include "base/sortable.h"
#include "operators/join_probe.h"
#include "operators/join_rows.h"
#include "operators/keyed_states.h"

namespace weir {

int64_t IntervalJoin::delay_us() const {
  if (join.kind == JoinKind::kInner || join.kind == JoinKind::kSemi) return 0;
  return std::max({int64_t{0}, upper_us, -lower_us});
}

namespace {

int64_t later(int64_t time, int64_t by) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(time, by, &sum)) return sum;
  return by < 0 ? kMinTime : kMaxTime;
}

class IntervalRows final : public Ordered {
 public:
  IntervalRows(const IntervalJoin& plan, const OperatorContext& context)
      : plan_(plan),
        join_(plan.join),
        output_(plan.join.output()),
        context_(context),
        condition_(plan.join, context),
        keys_("the interval join", context, !join_.key_types.empty()),
        writer_(output_) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    keys_.find(join_.key_columns(side, batch.columns), batch.rows, false, entries_,
               [this](Entry& entry) { count(entry); });
    std::vector<RowFault> faults;
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t watermark = batch.watermark_at(i);
      pass(watermark, true, out);
      Row row{batch.event_time[i], encode_row(batch.columns, i), false};
      Entry* const entry = entries_[i];
      if (entry != nullptr && !meet(side, batch, i, entry->second.state, row, faults)) {
        if (context_.fail_fast) break;
        continue;
      }
      const int64_t until = end_of(side, row.time);
      if (entry != nullptr && until > watermark && plan_.lower_us <= plan_.upper_us) {
        keep(side, *entry, arrived_++, until, std::move(row));
      } else {
        give_lonely(side, row);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
    keys_.release(entries_);
    if (keys_.is_full(batch.rows)) spill();
    batch.reject(faults, "where", context_.fail_fast);
    emit_rejects(batch, out);
  }

  void watermark(int64_t watermark, Emitter& out) override {
    pass(watermark, false, out);
    keys_.settle();
    writer_.flush(out);
  }
  void end(Emitter& out) override {
    pass(kMaxTime, false, out);
    writer_.flush(out);
  }

  uint64_t state_bytes() const override { return keys_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(arrived_);
    keys_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_u64();
    keys_.restore(reader, [this](Entry& entry) { count(entry); });
  }

 private:
  struct Row {
    int64_t time = 0;
    std::string bytes;
    bool matched = false;
  };
  struct Group {
    std::map<uint64_t, Row> sides[2];  // by arrival

    bool empty() const { return sides[0].empty() && sides[1].empty(); }
    void snapshot(SnapshotWriter& writer) const {
      for (const auto& rows : sides) {
        writer.put_u64(rows.size());
        for (const auto& [arrival, row] : rows) {
          writer.put_u64(arrival);
          writer.put_i64(row.time);
          writer.put_u8(row.matched ? 1 : 0);
          writer.put_text(row.bytes);
        }
      }
    }
    void restore(SnapshotReader& reader) {
      for (auto& rows : sides) {
        const uint64_t total = reader.get_u64();
        for (uint64_t i = 0; i < total && reader.ok(); ++i) {
          Row& row = rows[reader.get_u64()];
          row.time = reader.get_i64();
          row.matched = reader.get_u8() != 0;
          row.bytes = reader.get_text();
        }
      }
    }
  };
  using Entry = KeyedStates<Group>::Entry;
  // In the order in which rows are given up.
  struct Due {
    int64_t until;
    size_t side;
    uint64_t arrival;
    auto operator<=>(const Due&) const = default;
    SpilledKeys::Moment moment() const {
      std::string rank(1, static_cast<char>(side));
      put_big_endian(arrival, rank);
      return {until, std::move(rank)};
    }
  };

  // The time of the last partner that a row can have.
  int64_t end_of(size_t side, int64_t time) const {
    return side == 0 ? later(time, plan_.upper_us) : later(time, -plan_.lower_us);
  }
  bool are_near(int64_t left, int64_t right) const {
    return right >= later(left, plan_.lower_us) && right <= later(left, plan_.upper_us);
  }

  // Of a row and its place among those that are due: two nodes of trees.
  static uint64_t cost(const Row& row) {
    return 2 * 6 * sizeof(void*) + sizeof(Row) + sizeof(Due) + heap_bytes(row.bytes);
  }
  void keep(size_t side, Entry& entry, uint64_t arrival, int64_t until, Row row) {
    keys_.add_bytes(cost(row));
    due_.emplace(Due{until, side, arrival}, &entry);
    entry.second.state.sides[side].emplace(arrival, std::move(row));
  }
  // A key that has come back, or stays.
  void count(Entry& entry) {
    for (size_t side = 0; side < 2; ++side) {
      for (const auto& [arrival, row] : entry.second.state.sides[side]) {
        keys_.add_bytes(cost(row));
        due_.emplace(Due{end_of(side, row.time), side, arrival}, &entry);
      }
    }
  }
  void spill() {
    due_.clear();
    keys_.spill(
        [this](const Group& group) {
          std::optional<Due> first;
          for (size_t side = 0; side < 2; ++side) {
            for (const auto& [arrival, row] : group.sides[side]) {
              const Due due{end_of(side, row.time), side, arrival};
              if (!first || due < *first) first = due;
            }
          }
          return SpilledKeys::Due{first->moment(), std::nullopt};
        },
        [this](Entry& entry) { count(entry); });
  }

  // Finds the partners of a new row and gives the pairs. False: that cannot be told.
  bool meet(size_t side, const Batch& batch, size_t i, Group& group, Row& row,
            std::vector<RowFault>& faults) {
    std::vector<Row*> near;
    std::vector<std::string_view> bytes;
    for (auto& [arrival, other] : group.sides[1 - side]) {
      if (!are_near(side == 0 ? row.time : other.time, side == 0 ? other.time : row.time)) continue;
      near.push_back(&other);
      bytes.push_back(other.bytes);
    }
    Vec<uint32_t> picked;
    if (auto reason = pick_partners(join_, condition_, side, batch, i, bytes, picked)) {
      faults.push_back({static_cast<uint32_t>(i), std::move(*reason)});
      return false;
    }
    for (const uint32_t k : picked) {
      Row& left = side == 0 ? row : *near[k];
      Row& right = side == 0 ? *near[k] : row;
      if (join_.gives_pairs()) {
        put_joined(join_, &left.bytes, &right.bytes, writer_);
        writer_.end_row_at(std::max(left.time, right.time));
      } else if (join_.kind == JoinKind::kSemi && !left.matched) {
        give_left(left);
      }
      left.matched = true;
      right.matched = true;
    }
    return true;
  }

  void give_left(const Row& left) {
    writer_.put(left.bytes, join_.sides[0].size());
    writer_.end_row_at(left.time);
  }

  // A row that can have no partner any more.
  void give_lonely(size_t side, const Row& row) {
    if (row.matched) return;
    if (side == 0 && join_.kind == JoinKind::kAnti) return give_left(row);
    if (side == 0 ? !join_.keeps_left() : !join_.keeps_right()) return;
    put_joined(join_, side == 0 ? &row.bytes : nullptr, side == 0 ? nullptr : &row.bytes, writer_);
    writer_.end_row_at(row.time);
  }

  bool gives_lonely() const {
    return join_.keeps_left() || join_.keeps_right() || join_.kind == JoinKind::kAnti;
  }

  // What is due, that on the disk in parts. Within a batch it has time where nothing is given for it.
  void pass(int64_t watermark, bool in_batch, Emitter& out) {
    while (keys_.is_due(watermark) && (!in_batch || gives_lonely())) {
      const auto reached = keys_.take_due(watermark, [this](Entry& entry) { count(entry); });
      if (!reached) break;
      forget(watermark, &*reached, out);
      keys_.settle();
      if (keys_.is_over_limit()) spill();
    }
    forget(watermark, nullptr, out);
  }
  // Up to `last`, if there is one.
  void forget(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out) {
    while (!due_.empty() && due_.begin()->first.until <= watermark) {
      const auto [due, entry] = *due_.begin();
      if (last != nullptr && *last < due.moment()) return;
      due_.erase(due_.begin());
      auto& rows = entry->second.state.sides[due.side];
      const auto row = rows.find(due.arrival);
      give_lonely(due.side, row->second);
      if (writer_.full()) writer_.flush(out);
      keys_.remove_bytes(cost(row->second));
      rows.erase(row);
      keys_.look_at(*entry);
    }
  }

  const IntervalJoin& plan_;
  const Join& join_;
  const Schema output_;
  const OperatorContext context_;
  PairCondition condition_;
  KeyedStates<Group> keys_;      // without a key all rows stand under the empty one
  std::vector<Entry*> entries_;  // of the batch at hand
  std::map<Due, Entry*> due_;    // rows in memory -> their key
  uint64_t arrived_ = 0;
  RowWriter writer_;
};

class IntervalJoinPlan final : public JoinStepPlan {
 public:
  IntervalJoinPlan(IntervalJoin plan, std::string text)
      : JoinStepPlan("interval join", plan.join), plan_(std::move(plan)), text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::string explain() const override { return text_; }
  int64_t watermark_delay_us() const override { return plan_.delay_us(); }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<IntervalRows>(plan_, context);
  }

 private:
  const Join& join() const override { return plan_.join; }

  IntervalJoin plan_;
  std::string text_;
};

struct WithinOptions {
  Duration lower;
  Duration upper;
};

const OptionTable<WithinOptions>& within_options() {
  static const OptionTable<WithinOptions> table = {
      {"lower", &WithinOptions::lower, "the least time from the left row to the right one", true},
      {"upper", &WithinOptions::upper, "the most time from the left row to the right one", true},
  };
  return table;
}

}  // namespace

std::unique_ptr<OperatorPlan> bind_interval_join(Join join, const Node& within,
                                                 const ComponentSpec& spec,
                                                 const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  const auto complain = [&](const Position& position, std::string message, std::string hint = {}) {
    errors.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  };
  WithinOptions options;
  if (within.kind != Node::Kind::kTable) {
    complain(within.position, "`within` is a table of two durations",
             "within = { lower = \"-5m\", upper = \"0s\" }");
    return nullptr;
  }
  read_options(within_options(), within, options, errors, "`within`");
  for (const auto& input : context.inputs)
    if (!input.has_event_time)
      complain(spec.position, "`" + input.name + "` has no event time",
               "name the column that holds it: [sources." + input.name +
                   ".event_time] column = \"time\"");
  if (join.kind == JoinKind::kMark || join.null_aware)
    complain(spec.position, "a join with `within` has no mark and no null_aware");
  if (errors.size() != before) return nullptr;
  std::string text = "interval join: " + join.text + ", " + format_duration(options.lower) +
                     " to " + format_duration(options.upper) + " later";
  return std::make_unique<IntervalJoinPlan>(
      IntervalJoin{std::move(join), options.lower.us, options.upper.us}, std::move(text));
}

}  // namespace weir
