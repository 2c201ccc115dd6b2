// temporal_join: each row of the left input with the version of the right one that was valid at its time.
//
// The right input is a table that changes: a row with a key replaces the one before from its own time on. A left row
// waits until the watermark reaches its time, because only then all versions up to it have come; rows
// come out in order of time. Behind the watermark a left row is late, and of the versions only those are
// kept that a later row may ask for.
// Source: Flink, the event-time temporal join of its SQL runtime (whose output keeps the order of arrival).

#include <algorithm>
#include <map>

#include "base/sortable.h"
#include "operators/join_rows.h"
#include "operators/keyed_states.h"
#include "operators/late_count.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

const OptionTable<JoinOptions>& temporal_options() {
  static const OptionTable<JoinOptions> table = {
      {"on", &JoinOptions::on,
       "the key: columns that both inputs have, [\"id\"], or pairs, { left = \"right\" }", true},
      {"join", &JoinOptions::join, std::vector<std::string>{"inner", "left"},
       "left keeps rows for which there was no version"},
  };
  return table;
}

class VersionedRows final : public Ordered {
 public:
  VersionedRows(const Join& join, const Schema& output, const OperatorContext& context)
      : join_(join), keys_("the temporal join", context, true), writer_(output) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    // A left row with a NULL in its key waits like the others, for a version that does not come.
    keys_.find(join_.key_columns(side, batch.columns), batch.rows, side == 0, entries_,
               [this](Entry& entry) { count(entry); });
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const int64_t watermark = batch.watermark_at(i);
      give(watermark, out);
      Entry* const entry = entries_[i];
      if (side == 0) {
        if (time <= watermark) {
          late_.note(time, watermark);
          continue;
        }
        wait(*entry, {time, arrived_++}, encode_row(batch.columns, i));
      } else if (entry != nullptr && kind_of(batch, i) != RowKind::kUpdateBefore) {
        const bool deleted = kind_of(batch, i) == RowKind::kDelete;
        put_version(*entry, time,
                    {!deleted, deleted ? std::string() : encode_row(batch.columns, i)});
        forget(entry->second.state, given_up_to_);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
    keys_.release(entries_);
    if (keys_.is_full(batch.rows)) spill();
  }

  void watermark(int64_t watermark, Emitter& out) override {
    give(watermark, out);
    writer_.flush(out);
  }
  void end(Emitter& out) override {
    give(kMaxTime, out);
    writer_.flush(out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    return stats;
  }
  uint64_t state_bytes() const override { return keys_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(arrived_);
    late_.snapshot(writer);
    writer.put_i64(given_up_to_);
    keys_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_u64();
    late_.restore(reader);
    given_up_to_ = reader.get_i64();
    keys_.restore(reader, [this](Entry& entry) { count(entry); });
  }

 private:
  struct Version {
    bool exists = false;  // false: deleted from then on
    std::string bytes;
  };
  using Place = std::pair<int64_t, uint64_t>;  // a left row's time and arrival
  struct Group {
    std::map<int64_t, Version> versions;  // of the right side's row
    std::map<Place, std::string> waiting;

    bool empty() const { return versions.empty() && waiting.empty(); }
    void snapshot(SnapshotWriter& writer) const {
      writer.put_u64(versions.size());
      for (const auto& [time, version] : versions) {
        writer.put_i64(time);
        writer.put_u8(version.exists ? 1 : 0);
        writer.put_text(version.bytes);
      }
      writer.put_u64(waiting.size());
      for (const auto& [place, bytes] : waiting) {
        writer.put_i64(place.first);
        writer.put_u64(place.second);
        writer.put_text(bytes);
      }
    }
    void restore(SnapshotReader& reader) {
      const uint64_t with_time = reader.get_u64();
      for (uint64_t i = 0; i < with_time && reader.ok(); ++i) {
        Version& version = versions[reader.get_i64()];
        version.exists = reader.get_u8() != 0;
        version.bytes = reader.get_text();
      }
      const uint64_t left = reader.get_u64();
      for (uint64_t i = 0; i < left && reader.ok(); ++i) {
        const int64_t time = reader.get_i64();
        const uint64_t arrival = reader.get_u64();
        waiting[{time, arrival}] = reader.get_text();
      }
    }
  };
  using Entry = KeyedStates<Group>::Entry;

  // Nodes of trees.
  static uint64_t cost(const Version& version) {
    return 6 * sizeof(void*) + sizeof(Version) + heap_bytes(version.bytes);
  }
  static uint64_t cost(const std::string& waiting) {
    return 2 * 6 * sizeof(void*) + sizeof(waiting) + 2 * sizeof(Place) + heap_bytes(waiting);
  }

  void wait(Entry& entry, Place place, std::string bytes) {
    keys_.add_bytes(cost(bytes));
    entry.second.state.waiting.emplace(place, std::move(bytes));
    waiting_.emplace(place, &entry);
  }
  void put_version(Entry& entry, int64_t time, Version version) {
    auto& versions = entry.second.state.versions;
    keys_.add_bytes(cost(version));
    const auto [at, fresh] = versions.try_emplace(time);
    if (!fresh) keys_.remove_bytes(cost(at->second));
    at->second = std::move(version);
    if (fresh && versions.size() == 2) changed_.push_back(&entry);
  }
  // A key that has come back, or stays.
  void count(Entry& entry) {
    for (const auto& [time, version] : entry.second.state.versions) keys_.add_bytes(cost(version));
    if (entry.second.state.versions.size() > 1) changed_.push_back(&entry);
    for (const auto& [place, bytes] : entry.second.state.waiting) {
      keys_.add_bytes(cost(bytes));
      waiting_.emplace(place, &entry);
    }
  }
  void spill() {
    waiting_.clear();
    changed_.clear();
    keys_.spill(
        [](const Group& group) {
          SpilledKeys::Due due;
          if (!group.waiting.empty()) due[0] = moment_of(group.waiting.begin()->first);
          return due;
        },
        [this](Entry& entry) { count(entry); });
  }
  static SpilledKeys::Moment moment_of(const Place& place) {
    std::string rank;
    put_big_endian(place.second, rank);
    return {place.first, std::move(rank)};
  }

  // Gives the left rows that the watermark has reached, those on the disk in parts.
  void give(int64_t watermark, Emitter& out) {
    if (watermark <= given_up_to_) return;
    given_up_to_ = watermark;
    while (keys_.is_due(watermark)) {
      const auto reached = keys_.take_due(watermark, [this](Entry& entry) { count(entry); });
      if (!reached) break;
      give_waiting(watermark, &*reached, out);
      if (keys_.is_over_limit()) spill();
    }
    give_waiting(watermark, nullptr, out);
    std::vector<Entry*> changed;
    changed.swap(changed_);
    for (Entry* entry : changed) {
      forget(entry->second.state, watermark);
      if (entry->second.state.versions.size() > 1) changed_.push_back(entry);
    }
    keys_.settle();
  }
  // Up to `last`, if there is one.
  void give_waiting(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out) {
    while (!waiting_.empty() && waiting_.begin()->first.first <= watermark) {
      const auto [place, entry] = *waiting_.begin();
      if (last != nullptr && *last < moment_of(place)) return;
      waiting_.erase(waiting_.begin());
      auto& [versions, waiting] = entry->second.state;
      const auto row = waiting.find(place);
      const std::string* right = nullptr;
      auto after = versions.upper_bound(place.first);
      if (after != versions.begin() && (--after)->second.exists) right = &after->second.bytes;
      if (right != nullptr || join_.keeps_left()) {
        put_joined(join_, &row->second, right, writer_);
        writer_.end_row_at(place.first);
        if (writer_.full()) writer_.flush(out);
      }
      keys_.remove_bytes(cost(row->second));
      waiting.erase(row);
      keys_.look_at(*entry);
    }
  }

  // Of the versions up to the watermark only the last is asked for any more.
  void forget(Group& group, int64_t watermark) {
    auto& versions = group.versions;
    auto last = versions.upper_bound(watermark);
    if (last == versions.begin()) return;
    --last;
    for (auto version = versions.begin(); version != last;) {
      keys_.remove_bytes(cost(version->second));
      version = versions.erase(version);
    }
  }

  const Join& join_;
  KeyedStates<Group> keys_;
  std::vector<Entry*> entries_;      // of the batch at hand
  std::vector<Entry*> changed_;      // keys in memory with several versions
  std::map<Place, Entry*> waiting_;  // left rows in memory -> their key
  int64_t given_up_to_ = kMinTime;
  uint64_t arrived_ = 0;
  LateCount late_;
  RowWriter writer_;
};

class TemporalJoinPlan final : public JoinStepPlan {
 public:
  explicit TemporalJoinPlan(Join join)
      : JoinStepPlan("temporal_join", join), join_(std::move(join)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::string explain() const override {
    return "temporal_join: " + join_.text + ", as of the left row's time";
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<VersionedRows>(join_, output(), context);
  }

 private:
  const Join& join() const override { return join_; }

  Join join_;
};

std::unique_ptr<OperatorPlan> bind_temporal_join(const ComponentSpec& spec, const Schema&,
                                                 const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  JoinOptions options;
  read_options(temporal_options(), spec.options, options, errors, "the temporal_join operator",
               {"op"});
  if (errors.size() != before) return nullptr;
  Join join = bind_join(spec, options, context, errors);
  if (errors.size() != before) return nullptr;
  const auto complain = [&](std::string message, std::string hint) {
    errors.push_back({ErrorKind::kConfig, std::move(message), spec.position, std::move(hint), {}});
  };
  if (join.key_types.empty()) complain("a temporal join needs a key", "on = [\"id\"]");
  for (const auto& input : context.inputs)
    if (!input.has_event_time)
      complain("`" + input.name + "` has no event time",
               "name the column that holds it: [sources." + input.name +
                   ".event_time] column = \"time\"");
  if (context.inputs[0].changelog)
    complain("rows of the left input are taken back", "a temporal join takes them as they were");
  if (errors.size() != before) return nullptr;
  return std::make_unique<TemporalJoinPlan>(std::move(join));
}

}  // namespace

const OperatorDescriptor kTemporalJoinOperator = {
    "temporal_join",
    "Joins each row with the version of the right input's row that was valid at its event time.",
    [] { return option_docs(temporal_options()); },
    bind_temporal_join,
    Arity::kMany,
    true,
};

}  // namespace weir
