// Each group is a list of rows in order: the first ones, or all of them where rows may be taken back and others move
// up. Ties keep the order of arrival.
// Source: Flink, Top-N of its SQL runtime, in what it emits when.

#include "operators/top_stream.h"

#include <algorithm>

#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

class TopStream final : public Ordered, private KeptByKey {
 public:
  TopStream(const Top& top, const Schema& input, const Schema& output,
            const OperatorContext& context)
      : top_(top),
        columns_(input.size()),
        context_(context),
        eval_(context.eval_context()),
        writer_(output, true),
        table_("top", top.per_types, context, *this) {}

  void process(Batch batch, Emitter& out) override {
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> order = top_.order.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());  // refused by the preparation
    Vec<uint32_t> numbers(batch.rows);
    std::vector<ColumnPtr> keys;
    for (const size_t c : top_.per) keys.push_back(batch.columns[c]);
    table_.find(keys, batch.rows, numbers.data());
    for (size_t i = 0; i < batch.rows; ++i) {
      Entry entry;
      top_.order.encode(order, i, entry.place);
      entry.row = encode_row(batch.columns, i);
      if (adds_row(kind_of(batch, i))) {
        add(groups_[numbers[i]], std::move(entry));
      } else {
        take_back(groups_[numbers[i]], entry);
      }
      if (writer_.full()) writer_.flush(out);
    }
    writer_.flush(out);
    table_.look_at_memory(batch.rows);
  }

  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { table_.snapshot(writer); }
  void restore(SnapshotReader& reader) override { table_.restore(reader); }

 private:
  struct Entry {
    std::string place;  // in the order, encoded
    std::string row;
  };
  using Group = std::vector<Entry>;  // best first

  void grow_kept(size_t keys) override { groups_.resize(keys); }
  bool keeps(uint32_t key) const override { return !groups_[key].empty(); }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    writer.put_u64(groups_[key].size());
    for (const auto& entry : groups_[key]) {
      writer.put_text(entry.place);
      writer.put_text(entry.row);
    }
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override {
    const uint64_t rows = reader.get_u64();
    for (uint64_t i = 0; i < rows && reader.ok(); ++i) {
      std::string place(reader.get_text());
      groups_[key].push_back({std::move(place), std::string(reader.get_text())});
    }
  }
  void clear_kept() override { groups_ = {}; }
  uint64_t kept_bytes() const override {
    uint64_t total = groups_.capacity() * sizeof(Group);
    for (const auto& group : groups_) {
      total += group.capacity() * sizeof(Entry);
      for (const auto& entry : group) total += bytes_of(entry.place) + bytes_of(entry.row);
    }
    return total;
  }
  size_t kept_items() const override {
    size_t total = 0;
    for (const auto& group : groups_) total += group.size();
    return total;
  }

  static bool comes_before(const Entry& a, const Entry& b) { return a.place < b.place; }

  void add(Group& group, Entry entry) {
    const auto at = std::upper_bound(group.begin(), group.end(), entry, comes_before);
    const auto place = static_cast<size_t>(at - group.begin());
    if (place >= top_.limit) {
      if (top_.retracts) group.insert(at, std::move(entry));
      return;
    }
    const size_t before = std::min<size_t>(group.size(), top_.limit);
    group.insert(at, std::move(entry));
    if (top_.rank) {
      for (size_t k = place; k < before; ++k) update(k, group[k + 1].row, group[k].row);
      if (before < top_.limit) give(before, group[before].row, RowKind::kInsert);
    } else {
      if (before == top_.limit) give(0, group[before].row, RowKind::kDelete);
      give(0, group[place].row, RowKind::kInsert);
    }
    if (!top_.retracts && group.size() > top_.limit) group.pop_back();
  }

  void take_back(Group& group, const Entry& entry) {
    auto [at, end] = std::equal_range(group.begin(), group.end(), entry, comes_before);
    while (at != end && at->row != entry.row) ++at;
    if (at == end) return;  // was never there
    const auto place = static_cast<size_t>(at - group.begin());
    const size_t before = std::min<size_t>(group.size(), top_.limit);
    const std::string gone = std::move(at->row);
    group.erase(at);
    if (place >= before) return;
    const size_t after = std::min<size_t>(group.size(), top_.limit);
    if (top_.rank) {
      for (size_t k = place; k < after; ++k)
        update(k, k == place ? gone : group[k - 1].row, group[k].row);
      if (after < before)
        give(after, after == place ? gone : group[after - 1].row, RowKind::kDelete);
    } else {
      give(0, gone, RowKind::kDelete);
      if (after == before) give(0, group[after - 1].row, RowKind::kInsert);
    }
  }

  void give(size_t place, const std::string& row, RowKind kind) {
    writer_.put(row, columns_);
    if (top_.rank) writer_.next_column().push(static_cast<int64_t>(place + 1));
    writer_.end_row(kind);
  }
  void update(size_t place, const std::string& before, const std::string& after) {
    if (before == after) return;
    give(place, before, RowKind::kUpdateBefore);
    give(place, after, RowKind::kUpdateAfter);
  }

  const Top& top_;
  const size_t columns_;
  const OperatorContext context_;
  EvalContext eval_;
  std::vector<Group> groups_;
  RowWriter writer_;
  SpillingKeys table_;
};

}  // namespace

std::unique_ptr<Ordered> make_top_stream(const Top& top, const Schema& input, const Schema& output,
                                         const OperatorContext& context) {
  return std::make_unique<TopStream>(top, input, output, context);
}

}  // namespace weir
