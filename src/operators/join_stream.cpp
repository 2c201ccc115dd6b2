// An outer row is given with NULLs at once, taken back when its first partner comes, and given again when its last one
// has gone. Rows with a NULL among their keys have no partners and are not kept.
// Source: Flink, the regular joins of its SQL runtime, in what they emit when.

#include "operators/join_stream.h"

#include <algorithm>

#include "operators/group_snapshot.h"
#include "operators/join_probe.h"
#include "operators/join_rows.h"

namespace weir {

namespace {

class JoinStream final : public Ordered {
 public:
  JoinStream(const Join& join, const OperatorContext& context)
      : join_(join),
        output_(join.output()),
        context_(context),
        condition_(join, context),
        writer_(output_, true) {
    if (!join.key_types.empty()) table_ = make_group_table(join.key_types, run_hash_seed());
  }

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    const std::vector<ColumnPtr> keys = join_.key_columns(side, batch.columns);
    Vec<uint32_t> groups(batch.rows, 0);
    if (table_) table_->find_or_add(keys, batch.rows, groups.data());
    const size_t count = table_ ? table_->size() : 1;
    for (auto& of_side : groups_) of_side.resize(count);
    std::vector<RowFault> faults;
    for (size_t i = 0; i < batch.rows; ++i) {
      const bool lonely =
          std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key->is_null(i); });
      const std::string row = encode_row(batch.columns, i);
      partners_.clear();
      if (!lonely && !find_partners(side, batch, i, groups_[1 - side][groups[i]], faults)) {
        if (context_.fail_fast) break;
        continue;
      }
      if (adds_row(kind_of(batch, i))) {
        add(side, row, kind_of(batch, i), lonely ? nullptr : &groups_[side][groups[i]]);
      } else {
        take_back(side, row, kind_of(batch, i), lonely ? nullptr : &groups_[side][groups[i]]);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
    batch.reject(faults, "where", context_.fail_fast);
    emit_rejects(batch, out);
  }

  void snapshot(SnapshotWriter& writer) const override {
    if (table_) snapshot_keys(*table_, writer);
    for (const auto& of_side : groups_) {
      writer.put_u64(of_side.size());
      for (const auto& group : of_side) {
        writer.put_u64(group.size());
        for (const auto& row : group) {
          writer.put_u64(row.partners);
          writer.put_text(row.bytes);
        }
      }
    }
  }
  void restore(SnapshotReader& reader) override {
    if (table_) {
      table_->clear();
      restore_keys(*table_, join_.key_types, reader);
    }
    for (auto& of_side : groups_) {
      const uint64_t groups = reader.get_u64();
      if (groups > (table_ ? table_->size() : 1)) return reader.refuse();
      of_side.assign(groups, {});
      for (auto& group : of_side) {
        const uint64_t rows = reader.get_u64();
        for (uint64_t i = 0; i < rows && reader.ok(); ++i) {
          const uint64_t partners = reader.get_u64();
          group.push_back({std::string(reader.get_text()), partners});
        }
      }
    }
  }

 private:
  struct Row {
    std::string bytes;
    uint64_t partners = 0;  // of the other side
  };
  using Group = std::vector<Row>;

  bool keeps(size_t side) const { return side == 0 ? join_.keeps_left() : join_.keeps_right(); }
  bool gives_pairs() const { return join_.gives_pairs(); }

  // The rows of the other side that row i belongs together with. False: that cannot be told.
  bool find_partners(size_t side, const Batch& batch, size_t i, Group& others,
                     std::vector<RowFault>& faults) {
    std::vector<std::string_view> rows;
    for (const auto& other : others) rows.push_back(other.bytes);
    Vec<uint32_t> picked;
    if (auto reason = pick_partners(join_, condition_, side, batch, i, rows, picked)) {
      faults.push_back({static_cast<uint32_t>(i), std::move(*reason)});
      return false;
    }
    for (const uint32_t k : picked) partners_.push_back(&others[k]);
    return true;
  }

  void add(size_t side, const std::string& row, RowKind kind, Group* group) {
    if (gives_pairs()) {
      if (partners_.empty() && keeps(side)) give(side, &row, nullptr, RowKind::kInsert);
      const bool outer = keeps(0) || keeps(1);
      for (Row* partner : partners_) {
        if (partner->partners++ == 0 && keeps(1 - side))
          give(1 - side, &partner->bytes, nullptr, RowKind::kDelete);
        give(side, &row, &partner->bytes, outer ? RowKind::kInsert : kind);
      }
    } else if (side == 0) {
      if (partners_.empty() == (join_.kind == JoinKind::kAnti)) writer_.add(row, kind);
    } else {
      for (Row* left : partners_) {
        if (left->partners++ > 0) continue;
        writer_.add(left->bytes,
                    join_.kind == JoinKind::kAnti ? RowKind::kDelete : RowKind::kInsert);
      }
    }
    if (group != nullptr) group->push_back({row, partners_.size()});
  }

  void take_back(size_t side, const std::string& row, RowKind kind, Group* group) {
    if (group != nullptr) {
      const auto found = std::find_if(group->begin(), group->end(),
                                      [&](const Row& kept) { return kept.bytes == row; });
      if (found == group->end()) return;  // was never there
      group->erase(found);
    }
    if (gives_pairs()) {
      if (partners_.empty() && keeps(side)) give(side, &row, nullptr, RowKind::kDelete);
      const bool outer = keeps(0) || keeps(1);
      for (Row* partner : partners_) {
        give(side, &row, &partner->bytes, outer ? RowKind::kDelete : kind);
        if (--partner->partners == 0 && keeps(1 - side))
          give(1 - side, &partner->bytes, nullptr, RowKind::kInsert);
      }
    } else if (side == 0) {
      if (partners_.empty() == (join_.kind == JoinKind::kAnti)) writer_.add(row, kind);
    } else {
      for (Row* left : partners_) {
        if (--left->partners > 0) continue;
        writer_.add(left->bytes,
                    join_.kind == JoinKind::kAnti ? RowKind::kInsert : RowKind::kDelete);
      }
    }
  }

  // A joined row: `row` of its side, and its partner or NULLs.
  void give(size_t side, const std::string* row, const std::string* partner, RowKind kind) {
    if (side == 0) {
      put_joined(join_, row, partner, writer_);
    } else {
      put_joined(join_, partner, row, writer_);
    }
    writer_.end_row(kind);
  }

  const Join& join_;
  const Schema output_;
  const OperatorContext context_;
  PairCondition condition_;
  std::unique_ptr<GroupTable> table_;  // null: no keys
  std::vector<Group> groups_[2];       // rows of each side by key
  std::vector<Row*> partners_;         // of the row at hand
  RowWriter writer_;
};

}  // namespace

std::unique_ptr<Ordered> make_join_stream(const Join& join, const OperatorContext& context) {
  return std::make_unique<JoinStream>(join, context);
}

}  // namespace weir
