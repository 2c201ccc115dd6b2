// An outer row is given with NULLs at once, taken back when its first partner comes, and given again when its last one
// has gone. Rows with a NULL among their keys have no partners and are not kept.
// Source: Flink, the regular joins of its SQL runtime, in what they emit when.

#include "operators/join_stream.h"

#include <algorithm>

#include "operators/join_probe.h"
#include "operators/join_rows.h"
#include "operators/keyed_states.h"

namespace weir {

namespace {

class JoinStream final : public Ordered {
 public:
  JoinStream(const Join& join, const OperatorContext& context)
      : join_(join),
        output_(join.output()),
        context_(context),
        condition_(join, context),
        keys_("the join", context, !join.key_types.empty()),
        writer_(output_, true) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    keys_.find(join_.key_columns(side, batch.columns), batch.rows, false, entries_,
               [this](const Entry& entry) { count(entry); });
    std::vector<RowFault> faults;
    for (size_t i = 0; i < batch.rows; ++i) {
      Entry* const entry = entries_[i];
      const std::string row = encode_row(batch.columns, i);
      partners_.clear();
      if (entry != nullptr &&
          !find_partners(side, batch, i, entry->second.state.sides[1 - side], faults)) {
        if (context_.fail_fast) break;
        continue;
      }
      Rows* const rows = entry != nullptr ? &entry->second.state.sides[side] : nullptr;
      if (adds_row(kind_of(batch, i))) {
        add(side, row, kind_of(batch, i), rows);
      } else {
        take_back(side, row, kind_of(batch, i), rows);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
    keys_.release(entries_);
    if (keys_.is_full(batch.rows))
      keys_.spill([](const Group&) { return SpilledKeys::Due(); }, [](const Entry&) {});
    batch.reject(faults, "where", context_.fail_fast);
    emit_rejects(batch, out);
  }

  uint64_t state_bytes() const override { return keys_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { keys_.snapshot(writer); }
  void restore(SnapshotReader& reader) override {
    keys_.restore(reader, [this](const Entry& entry) { count(entry); });
  }

 private:
  struct Row {
    std::string bytes;
    uint64_t partners = 0;  // of the other side
  };
  using Rows = std::vector<Row>;
  struct Group {
    Rows sides[2];  // in order of arrival

    bool empty() const { return sides[0].empty() && sides[1].empty(); }
    void snapshot(SnapshotWriter& writer) const {
      for (const auto& rows : sides) {
        writer.put_u64(rows.size());
        for (const auto& row : rows) {
          writer.put_u64(row.partners);
          writer.put_text(row.bytes);
        }
      }
    }
    void restore(SnapshotReader& reader) {
      for (auto& rows : sides) {
        const uint64_t total = reader.get_u64();
        for (uint64_t i = 0; i < total && reader.ok(); ++i) {
          const uint64_t partners = reader.get_u64();
          rows.push_back({std::string(reader.get_text()), partners});
        }
      }
    }
  };
  using Entry = KeyedStates<Group>::Entry;

  static uint64_t cost(const Row& row) { return 2 * sizeof(Row) + heap_bytes(row.bytes); }
  void count(const Entry& entry) {
    for (const auto& rows : entry.second.state.sides)
      for (const auto& row : rows) keys_.add_bytes(cost(row));
  }

  bool keeps(size_t side) const { return side == 0 ? join_.keeps_left() : join_.keeps_right(); }
  bool gives_pairs() const { return join_.gives_pairs(); }

  // The rows of the other side that row i belongs together with. False: that cannot be told.
  bool find_partners(size_t side, const Batch& batch, size_t i, Rows& others,
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

  void add(size_t side, const std::string& row, RowKind kind, Rows* rows) {
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
    if (rows == nullptr) return;
    rows->push_back({row, partners_.size()});
    keys_.add_bytes(cost(rows->back()));
  }

  void take_back(size_t side, const std::string& row, RowKind kind, Rows* rows) {
    if (rows != nullptr) {
      const auto found = std::find_if(rows->begin(), rows->end(),
                                      [&](const Row& kept) { return kept.bytes == row; });
      if (found == rows->end()) return;  // was never there
      keys_.remove_bytes(cost(*found));
      rows->erase(found);
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
  KeyedStates<Group> keys_;      // without a key all rows stand under the empty one
  std::vector<Entry*> entries_;  // of the batch at hand
  std::vector<Row*> partners_;   // of the row at hand
  RowWriter writer_;
};

}  // namespace

std::unique_ptr<Ordered> make_join_stream(const Join& join, const OperatorContext& context) {
  return std::make_unique<JoinStream>(join, context);
}

}  // namespace weir
