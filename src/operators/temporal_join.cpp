// temporal_join: each row of the left input with the version of the right one that was valid at its time.
//
// The right input is a table that changes: a row with a key replaces the one before from its own time on. A left row
// waits until the watermark reaches its time, because only then all versions up to it have come; rows
// come out in order of time. Behind the watermark a left row is late, and of the versions only those are
// kept that a later row may ask for.
// Source: Flink, the event-time temporal join of its SQL runtime (whose output keeps the order of arrival).

#include <algorithm>
#include <map>

#include "operators/group_snapshot.h"
#include "operators/join_rows.h"
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
  VersionedRows(const Join& join, const Schema& output)
      : join_(join), table_(make_group_table(join.key_types, run_hash_seed())), writer_(output) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    const std::vector<ColumnPtr> keys = join_.key_columns(side, batch.columns);
    Vec<uint32_t> groups(batch.rows);
    table_->find_or_add(keys, batch.rows, groups.data());
    versions_.resize(table_->size());
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t time = batch.event_time[i];
      const int64_t watermark = batch.watermark_at(i);
      give(watermark);
      const bool has_null =
          std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key->is_null(i); });
      if (side == 0) {
        if (time <= watermark) {
          late_.note(time, watermark);
          continue;
        }
        waiting_[{time, arrived_++}] = {has_null ? GroupTable::kNoGroup : groups[i],
                                        encode_row(batch.columns, i)};
      } else if (!has_null && kind_of(batch, i) != RowKind::kUpdateBefore) {
        const bool deleted = kind_of(batch, i) == RowKind::kDelete;
        put_version(groups[i], time,
                    {!deleted, deleted ? std::string() : encode_row(batch.columns, i)});
        forget(groups[i], given_up_to_);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
  }

  void watermark(int64_t watermark, Emitter& out) override {
    give(watermark);
    writer_.flush(out);
  }
  void end(Emitter& out) override {
    give(kMaxTime);
    writer_.flush(out);
  }

  OperatorStats stats() const override {
    OperatorStats stats;
    late_.add_to(stats);
    return stats;
  }
  void snapshot(SnapshotWriter& writer) const override {
    snapshot_keys(*table_, writer);
    writer.put_u64(arrived_);
    late_.snapshot(writer);
    writer.put_i64(given_up_to_);
    writer.put_u64(waiting_.size());
    for (const auto& [place, row] : waiting_) {
      writer.put_i64(place.first);
      writer.put_u64(place.second);
      writer.put_u32(row.group);
      writer.put_text(row.bytes);
    }
    for (const auto& versions : versions_) {
      writer.put_u64(versions.size());
      for (const auto& [time, version] : versions) {
        writer.put_i64(time);
        writer.put_u8(version.exists ? 1 : 0);
        writer.put_text(version.bytes);
      }
    }
  }
  void restore(SnapshotReader& reader) override {
    table_->clear();
    restore_keys(*table_, join_.key_types, reader);
    arrived_ = reader.get_u64();
    late_.restore(reader);
    given_up_to_ = reader.get_i64();
    const uint64_t waiting = reader.get_u64();
    for (uint64_t i = 0; i < waiting && reader.ok(); ++i) {
      const int64_t time = reader.get_i64();
      const uint64_t arrival = reader.get_u64();
      const uint32_t group = reader.get_u32();
      if (group != GroupTable::kNoGroup && group >= table_->size()) return reader.refuse();
      waiting_[{time, arrival}] = {group, std::string(reader.get_text())};
    }
    versions_.assign(table_->size(), {});
    for (size_t g = 0; g < versions_.size() && reader.ok(); ++g) {
      const uint64_t n = reader.get_u64();
      for (uint64_t i = 0; i < n && reader.ok(); ++i) {
        const int64_t time = reader.get_i64();
        const bool exists = reader.get_u8() != 0;
        put_version(static_cast<uint32_t>(g), time, {exists, std::string(reader.get_text())});
      }
    }
  }

 private:
  struct Version {
    bool exists = false;  // false: deleted from then on
    std::string bytes;
  };
  struct Waiting {
    uint32_t group = 0;
    std::string bytes;
  };

  void put_version(uint32_t group, int64_t time, Version version) {
    auto& versions = versions_[group];
    versions.insert_or_assign(time, std::move(version));
    if (versions.size() == 2) changed_.push_back(group);
  }

  // Gives the left rows that the watermark has reached.
  void give(int64_t watermark) {
    if (watermark <= given_up_to_) return;
    given_up_to_ = watermark;
    while (!waiting_.empty() && waiting_.begin()->first.first <= watermark) {
      const auto node = waiting_.extract(waiting_.begin());
      const int64_t time = node.key().first;
      const Waiting& row = node.mapped();
      const std::string* right = nullptr;
      if (row.group != GroupTable::kNoGroup) {
        const auto& versions = versions_[row.group];
        auto after = versions.upper_bound(time);
        if (after != versions.begin() && (--after)->second.exists) right = &after->second.bytes;
      }
      if (right == nullptr && !join_.keeps_left()) continue;
      put_joined(join_, &row.bytes, right, writer_);
      writer_.end_row_at(time);
    }
    Vec<uint32_t> changed;
    changed.swap(changed_);
    for (const uint32_t group : changed) {
      forget(group, watermark);
      if (versions_[group].size() > 1) changed_.push_back(group);
    }
  }

  // Of the versions up to the watermark only the last is asked for any more.
  void forget(uint32_t group, int64_t watermark) {
    auto& versions = versions_[group];
    auto last = versions.upper_bound(watermark);
    if (last == versions.begin()) return;
    versions.erase(versions.begin(), --last);
  }

  const Join& join_;
  std::unique_ptr<GroupTable> table_;
  std::vector<std::map<int64_t, Version>> versions_;         // by key
  Vec<uint32_t> changed_;                                    // keys with several versions
  std::map<std::pair<int64_t, uint64_t>, Waiting> waiting_;  // left rows by time and arrival
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
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<VersionedRows>(join_, output());
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
