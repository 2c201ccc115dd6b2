// Kept for each partition: an unbounded frame as a state; of a bounded one, and of what LAG reaches back to, the rows.
// Source: Flink, the row-time OVER aggregations of the SQL runtime, in what they drop and when they give.

#include "operators/over_stream.h"

#include <algorithm>
#include <map>

#include "operators/late_count.h"
#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"
#include "operators/spilling_rows.h"

namespace weir {

namespace {

class OverStream final : public Ordered, private KeptByKey {
 public:
  OverStream(const Over& over, const OperatorContext& context)
      : over_(over),
        context_(context),
        eval_(context.eval_context()),
        table_("over", types_of(over), context, *this),
        states_(*over.program),
        rows_(over, context),
        keeps_state_(over.frame.from.unbounded),
        waiting_("over", context.spill),
        limit_(context, true) {
    for (const auto& call : over.rankings)
      if (call.function == RankCall::kLag)
        rows_back_ = std::max(rows_back_, static_cast<size_t>(call.number));
    if (!keeps_state_ && over.frame.rows && !over.frame.from.current)
      rows_back_ = std::max(rows_back_, static_cast<size_t>(over.frame.from.distance));
    range_back_ = !keeps_state_ && !over.frame.rows && !over.frame.from.current;
    reach_us_ = range_back_ ? static_cast<int64_t>(over.frame.from.distance) : 0;
  }

  void process(Batch batch, Emitter& out) override {
    std::vector<ColumnPtr> keys;
    for (const size_t c : over_.partition) keys.push_back(batch.columns[c]);
    Vec<uint32_t> groups(batch.rows, 0);
    if (!keeps_state_) table_.find(keys, batch.rows, groups.data());
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const int64_t watermark = batch.watermark_at(i);
      if (time <= watermark && !takes_late(groups[i], time, watermark, out)) {
        late_.note(time, watermark);
        continue;
      }
      waiting_.put({time, {}, arrived_++},
                   with_key(encode_row(keys, i), encode_row(batch.columns, i)));
    }
    emit_rejects(batch, out);
    look_at_memory(batch.rows);
  }

  void watermark(int64_t watermark, Emitter& out) override {
    give_up_to(watermark, out, [this](size_t rows) { look_at_memory(rows); });
  }
  void end(Emitter& out) override {
    given_up_to_ = kMinTime;
    watermark(kMaxTime, out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    return stats;
  }
  uint64_t state_bytes() const override { return table_.memory_bytes() + waiting_.memory_bytes(); }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_i64(given_up_to_);
    writer.put_u64(arrived_);
    late_.snapshot(writer);
    table_.snapshot(writer);
    waiting_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    given_up_to_ = reader.get_i64();
    arrived_ = reader.get_u64();
    late_.restore(reader);
    table_.restore(reader);
    waiting_.restore(reader);
  }

 private:
  struct Ready {
    size_t number = 0;  // among all rows that are given now
    int64_t time = kMinTime;
    std::string bytes;
  };
  struct Partition {
    int64_t rows = 0;  // given so far
    int64_t peers = 0;
    int64_t last_time = kMinTime;
    std::vector<Ready> kept;  // the last of them, which later rows look back at
  };

  // --- what is kept for a partition ---

  void grow_kept(size_t keys) override {
    partitions_.resize(keys);
    if (keeps_state_) states_.grow(keys);
  }
  bool keeps(uint32_t key) const override { return partitions_[key].rows > 0; }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    const Partition& p = partitions_[key];
    writer.put_i64(p.rows);
    writer.put_i64(p.peers);
    writer.put_i64(p.last_time);
    writer.put_u64(p.kept.size());
    for (const auto& row : p.kept) {
      writer.put_i64(row.time);
      writer.put_text(row.bytes);
    }
    if (keeps_state_) states_.snapshot(key, writer);
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override {
    Partition& p = partitions_[key];
    p.rows = reader.get_i64();
    p.peers = reader.get_i64();
    p.last_time = reader.get_i64();
    const uint64_t kept = reader.get_u64();
    for (uint64_t i = 0; i < kept && reader.ok(); ++i) {
      const int64_t time = reader.get_i64();
      p.kept.push_back({0, time, std::string(reader.get_text())});
    }
    if (keeps_state_) states_.restore(key, reader);
  }
  void clear_kept() override {
    partitions_ = {};
    AggregateStates none(*over_.program);
    states_.swap(none);
  }
  uint64_t kept_bytes() const override {
    uint64_t total = partitions_.capacity() * sizeof(Partition) + states_.memory_bytes();
    for (const auto& p : partitions_) {
      total += p.kept.capacity() * sizeof(Ready);
      for (const auto& row : p.kept) total += bytes_of(row.bytes);
    }
    return total;
  }
  size_t kept_items() const override {
    size_t total = 0;
    for (const auto& p : partitions_) total += p.kept.size();
    return total;
  }
  void look_at_memory(uint64_t rows) {
    if (!limit_.is_passed(
            rows, [this] { return table_.size() + kept_items(); },
            [this] { return state_bytes(); }))
      return;
    waiting_.spill();
    table_.spill();
  }

  // A bounded frame can take a row that is behind the watermark while no later one of its partition has been
  // given. All that the watermark has reached counts as given, wherever blocks end.
  bool takes_late(uint32_t group, int64_t time, int64_t watermark, Emitter& out) {
    if (keeps_state_) return false;
    give_up_to(watermark, out, [](size_t) {});  // numbers of partitions are in use
    return time > partitions_[group].last_time;
  }

  static std::vector<Type> types_of(const Over& over) {
    std::vector<Type> types;
    for (const size_t c : over.partition) types.push_back(over.input[c].type);
    return types;
  }

  // `after`: is called with the number of rows behind every part that is given.
  template <class After>
  void give_up_to(int64_t watermark, Emitter& out, After after) {
    if (watermark <= given_up_to_) return;
    given_up_to_ = watermark;
    for (bool more = true; more;) {
      std::map<std::string, std::vector<Ready>> ready;  // by partition
      size_t rows = 0;
      more = waiting_.take(watermark, [&](const SpillingRows::Place& place, std::string row) {
        const auto [key, bytes] = split_key(row);
        ready[std::string(key)].push_back({rows++, place.time, std::string(bytes)});
      });
      if (rows == 0) continue;
      give_ready(ready, rows, out);
      after(rows);
    }
  }

  void give_ready(std::map<std::string, std::vector<Ready>>& ready, size_t total, Emitter& out) {
    std::vector<std::string_view> keys;
    for (const auto& [key, rows] : ready) keys.push_back(key);
    Vec<uint32_t> numbers(keys.size());
    table_.find_encoded(keys, numbers.data());
    results_.assign(total, {});
    size_t next = 0;
    for (auto& [key, rows] : ready) {
      const uint32_t number = numbers[next++];
      give(partitions_[number], number, rows, out);
    }
    RowWriter writer(over_.output);
    for (const auto& result : results_) {
      if (result.bytes.empty()) continue;  // refused
      writer.put(result.bytes, over_.output.size());
      writer.end_row_at(result.time);
      if (writer.full()) writer.flush(out);
    }
    writer.flush(out);
    results_.clear();
  }

  void give(Partition& partition, uint32_t group, std::vector<Ready>& ready, Emitter& out) {
    std::vector<std::string_view> views;
    for (const auto& row : partition.kept) views.push_back(row.bytes);
    const size_t begin = views.size();
    for (const auto& row : ready) views.push_back(row.bytes);
    OverRows::Past past{partition.rows, partition.peers, group, &states_};
    const size_t bounds[2] = {0, views.size()};
    Batch batch = rows_.compute(rows_to_batch(over_.input, views), bounds, begin, &past, eval_);
    Vec<uint32_t> numbers(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) numbers[i] = static_cast<uint32_t>(i);
    if (!eval_.errors.empty()) {
      for (const auto& error : eval_.errors) numbers[error.row] = UINT32_MAX;
      numbers.resize(static_cast<size_t>(std::remove(numbers.begin(), numbers.end(), UINT32_MAX) -
                                         numbers.begin()));
      reject_failed_rows(batch, eval_, "columns", context_);
      emit_rejects(batch, out);
    }
    for (size_t i = 0; i < batch.rows; ++i) {
      const Ready& row = ready[numbers[i]];
      results_[row.number] = {0, row.time, encode_row(batch.columns, i)};
    }
    for (const auto& row : ready) {
      ++partition.rows;
      if (row.time != partition.last_time) ++partition.peers;
      partition.last_time = row.time;
    }
    keep(partition, ready);
  }

  void keep(Partition& partition, std::vector<Ready>& ready) {
    if (rows_back_ == 0 && !range_back_) return;
    auto& kept = partition.kept;
    for (auto& row : ready) kept.push_back(std::move(row));
    size_t first = kept.size() > rows_back_ ? kept.size() - rows_back_ : 0;
    if (range_back_) {
      size_t in_reach = 0;
      while (in_reach < kept.size() && kept[in_reach].time < partition.last_time - reach_us_)
        ++in_reach;
      first = std::min(first, in_reach);
    }
    kept.erase(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(first));
  }

  const Over& over_;
  const OperatorContext context_;
  EvalContext eval_;
  SpillingKeys table_;      // of partitions
  AggregateStates states_;  // of unbounded frames, by partition
  OverRows rows_;
  const bool keeps_state_;
  size_t rows_back_ = 0;
  bool range_back_ = false;
  int64_t reach_us_ = 0;

  std::vector<Partition> partitions_;
  SpillingRows waiting_;
  StateLimit limit_;
  std::vector<Ready> results_;
  int64_t given_up_to_ = kMinTime;
  uint64_t arrived_ = 0;
  LateCount late_;
};

}  // namespace

void check_over_stream(const Over& over, const ComponentSpec& spec, const BindContext& context,
                       Errors& errors) {
  const auto complain = [&](const char* key, std::string message, std::string hint = {}) {
    const Node* node = spec.options.find(key);
    errors.push_back({ErrorKind::kConfig,
                      std::move(message),
                      node != nullptr ? node->position : spec.position,
                      std::move(hint),
                      {}});
  };
  if (!context.has_event_time)
    complain("order_by", "over a stream needs event time",
             "name the column that holds it: [source.event_time] column = \"time\"");
  if (over.order.size() > 1 || (over.order.size() == 1 && over.order.descending(0)) ||
      (over.order.size() == 1 && !over.order.type(0).is_timestamp()))
    complain("order_by", "a stream comes in order of time only", "order_by = \"time\"");
  if (over.whole || over.frame.to.unbounded || over.frame.to.following || over.frame.from.following)
    complain("frame", "a stream cannot look ahead: the frame must end at CURRENT ROW",
             over.order.empty() ? "give an order: order_by = \"time\"" : "");
  else if (!over.frame.to.current)
    complain("frame", "over a stream the frame must end at CURRENT ROW");
  for (const auto& call : over.rankings) {
    const bool known = call.function == RankCall::kRowNumber || call.function == RankCall::kRank ||
                       call.function == RankCall::kDenseRank || call.function == RankCall::kLag;
    if (!known)
      complain("columns",
               "a stream cannot look ahead: it has no NTILE, LEAD, CUME_DIST and PERCENT_RANK");
  }
}

std::unique_ptr<Ordered> make_over_stream(const Over& over, const OperatorContext& context) {
  return std::make_unique<OverStream>(over, context);
}

}  // namespace weir
