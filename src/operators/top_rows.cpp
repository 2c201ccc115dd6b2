// A heap per group keeps the best rows so far, so memory is bounded by the rows that come out. Where groups are so many
// that these do not fit either, what a worker has is written to a file, in order of the groups, and it begins anew; in
// the end the files are merged, and of each group the first rows are taken.

#include "operators/top_rows.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/sortable.h"
#include "expr/aggregates/row_codec.h"
#include "operators/group_snapshot.h"
#include "operators/group_table.h"
#include "operators/row_image.h"
#include "operators/row_store.h"
#include "operators/sorted_runs.h"
#include "operators/spilling_keys.h"
#include "operators/state_limit.h"

namespace weir {

namespace {

constexpr size_t kTopRows = 8192;  // of one result batch
constexpr size_t kSpareRows =
    64 << 10;  // replaced rows that may stay in the store before it is rebuilt

struct Candidate {
  std::string place;  // in the order, encoded
  uint64_t ordinal = 0;
  RowPlace row = 0;

  bool operator<(const Candidate& o) const {
    const int c = place.compare(o.place);
    return c != 0 ? c < 0 : ordinal < o.ordinal;
  }
};

class TopCollector final : public Collector {
 public:
  TopCollector(const Top& top, const Schema& schema, const OperatorContext& context)
      : top_(top),
        schema_(schema),
        eval_(context.eval_context()),
        limit_(for_one_worker(context), !top.per.empty()),
        runs_(context.spill),
        may_spill_(context.spill != nullptr) {
    if (!top_.per.empty()) table_ = make_group_table(top_.per_types, run_hash_seed());
  }

  void consume(Batch batch) override {
    if (top_.limit == 0 || batch.rows == 0) return;
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> columns = top_.order.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());  // rows that fail have been refused by the preparation
    find_groups(batch);

    // Which rows get into a heap; what falls out again in this batch is sorted out by store().
    kept_.clear();
    const auto number = static_cast<uint32_t>(store_.batches());
    Candidate candidate;
    for (size_t i = 0; i < batch.rows; ++i) {
      auto& heap = heaps_[groups_[i]];
      candidate.place.clear();
      top_.order.encode(columns, i, candidate.place);
      candidate.ordinal = batch.ordinal(i);
      if (heap.size() == top_.limit) {
        if (!(candidate < heap.front())) continue;
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      candidate.row = RowPlace{number} << 32 | kept_.size();
      heap.push_back(candidate);
      std::push_heap(heap.begin(), heap.end());
      kept_.push_back(static_cast<uint32_t>(i));
    }
    if (kept_.empty()) return;
    batch.select({kept_.data(), kept_.size()});
    stored_rows_ += kept_.size();
    store_.add(std::move(batch), true);
    if (stored_rows_ > 2 * live_rows() + kSpareRows) rebuild();
    if (limit_.is_passed(
            groups_.size(), [this] { return heaps_.size() + live_rows(); },
            [this] { return memory_bytes(); }))
      write_run();
  }
  size_t memory_bytes() const override {
    size_t total = store_.memory_bytes() + heaps_.capacity() * sizeof(heaps_[0]);
    if (table_) total += table_->memory_bytes();
    for (const auto& heap : heaps_) {
      total += heap.capacity() * sizeof(Candidate);
      for (const auto& candidate : heap) total += bytes_of(candidate.place);
    }
    return total;
  }

  // What is in files, then the groups' keys, which columns there are, and every heap with its rows.
  void snapshot(SnapshotWriter& writer) const override {
    if (store_.batches() == 0 && !runs_.any()) return;
    for (SortedRuns::Reader reader(runs_); reader.valid(); reader.next()) {
      writer.put_u8(1);
      writer.put_text(reader.key());
      writer.put_text(reader.value());
    }
    writer.put_u8(0);
    writer.put_u8(store_.batches() == 0 ? 0 : 1);
    if (store_.batches() == 0) return;
    if (table_) snapshot_keys(*table_, writer);
    const std::vector<ColumnPtr>& columns = store_.batch(0).columns;
    for (size_t c = 0; c < schema_.size(); ++c) writer.put_u8(columns[c] != nullptr ? 1 : 0);
    writer.put_u64(heaps_.size());
    std::string row;
    for (const auto& heap : heaps_) {
      writer.put_u64(heap.size());
      for (const auto& candidate : heap) {
        const Batch& batch = store_.batch(static_cast<uint32_t>(candidate.row >> 32));
        row.clear();
        for (const auto& column : batch.columns)
          if (column) encode_value(*column, candidate.row & 0xffffffff, row);
        writer.put_text(candidate.place);
        writer.put_u64(candidate.ordinal);
        writer.put_text(row);
      }
    }
  }
  void restore(SnapshotReader& reader) override {
    restore_run(reader);
    if (reader.get_u8() == 0) return;
    if (table_ && !restore_keys(*table_, top_.per_types, reader)) return;
    Batch all;
    for (size_t c = 0; c < schema_.size(); ++c)
      all.columns.push_back(reader.get_u8() != 0 ? make_column(schema_[c].type) : nullptr);
    const uint64_t groups = reader.get_u64();
    if (groups != (table_ ? table_->size() : 1)) return reader.refuse();
    heaps_.resize(groups);
    for (auto& heap : heaps_) {
      const uint64_t n = reader.get_u64();
      if (n > top_.limit) return reader.refuse();
      for (uint64_t i = 0; i < n && reader.ok(); ++i) {
        Candidate candidate;
        candidate.place = reader.get_text();
        candidate.ordinal = reader.get_u64();
        candidate.row = all.rows++;
        std::string_view row = reader.get_text();
        for (auto& column : all.columns)
          if (column && !decode_value(row, *column, all.arena())) return reader.refuse();
        heap.push_back(std::move(candidate));
      }
    }
    if (!reader.ok()) return;
    stored_rows_ = all.rows;
    store_.add(std::move(all), true);
  }

  // Everything in memory, in order of groups and within them, becomes a file.
  void write_run() {
    if (store_.batches() == 0) return;
    Vec<uint32_t> order;
    std::vector<std::string> keys(1);
    if (table_) {
      order = table_->sorted();
      keys = encoded_keys(*table_, {order.data(), order.size()});
    } else {
      order.push_back(0);
    }
    runs_.begin_run();
    std::string key;
    std::string row;
    for (size_t g = 0; g < order.size(); ++g) {
      auto& heap = heaps_[order[g]];
      std::sort(heap.begin(), heap.end());
      for (const auto& candidate : heap) {
        key.assign(keys[g]).append(candidate.place);
        put_big_endian(candidate.ordinal, key);
        row.clear();
        put_big_endian(static_cast<uint32_t>(keys[g].size()), row);
        append_row_image(store_.batch(static_cast<uint32_t>(candidate.row >> 32)).columns,
                         candidate.row & 0xffffffff, row);
        runs_.add(key, row);
      }
    }
    runs_.end_run();
    if (table_) table_ = make_group_table(top_.per_types, run_hash_seed());
    heaps_ = {};
    store_ = RowStore();
    stored_rows_ = 0;
  }
  SortedRuns& runs() { return runs_; }

  // The groups' keys as columns of all groups, in order of their numbers; none without `per`.
  std::vector<ColumnPtr> keys(Arena& arena) const {
    if (!table_) return {};
    Vec<uint32_t> ids(table_->size());
    for (size_t g = 0; g < ids.size(); ++g) ids[g] = static_cast<uint32_t>(g);
    return table_->keys({ids.data(), ids.size()}, arena);
  }
  size_t groups() const { return heaps_.size(); }
  RowStore& store() { return store_; }
  std::vector<std::vector<Candidate>>& heaps() { return heaps_; }

 private:
  static OperatorContext for_one_worker(OperatorContext context) {
    if (!context.checkpointed) context.state_limit_bytes /= static_cast<uint64_t>(context.workers);
    return context;
  }
  void restore_run(SnapshotReader& reader) {
    for (bool first = true; reader.get_u8() != 0 && reader.ok(); first = false) {
      if (first && !may_spill_)
        throw SpillError({ErrorKind::kDiskFull,
                          "the state of top did not fit into memory when it was saved",
                          {},
                          "runtime.spill = true lets it go to the disk",
                          {}});
      if (first) runs_.begin_run();
      const std::string_view key = reader.get_text();
      runs_.add(key, reader.get_text());
    }
    if (runs_.any()) runs_.end_run();
  }
  void find_groups(const Batch& batch) {
    groups_.resize(batch.rows);
    if (table_) {
      std::vector<ColumnPtr> keys;
      for (const size_t c : top_.per) keys.push_back(batch.columns[c]);
      table_->find_or_add(keys, batch.rows, groups_.data());
      heaps_.resize(table_->size());
    } else {
      std::fill(groups_.begin(), groups_.end(), 0u);
      heaps_.resize(1);
    }
  }
  size_t live_rows() const {
    if (heaps_.size() == 1) return heaps_[0].size();
    size_t total = 0;
    for (const auto& heap : heaps_) total += heap.size();
    return total;
  }
  // Moves the rows still in a heap to a new store.
  void rebuild() {
    Vec<RowPlace> rows;
    uint64_t next = 0;
    for (auto& heap : heaps_) {
      for (auto& candidate : heap) {
        rows.push_back(candidate.row);
        candidate.row = next++;
      }
    }
    Batch all;
    all.rows = rows.size();
    for (size_t c = 0; c < schema_.size(); ++c) {
      const bool present = store_.batch(0).columns[c] != nullptr;
      all.columns.push_back(present ? store_.gather(c, schema_[c].type, {rows.data(), rows.size()})
                                    : nullptr);
    }
    RowStore fresh;
    fresh.add(std::move(all), true);
    store_ = std::move(fresh);
    stored_rows_ = rows.size();
  }

  const Top& top_;
  const Schema& schema_;  // of the input
  EvalContext eval_;
  std::unique_ptr<GroupTable> table_;
  std::vector<std::vector<Candidate>> heaps_;  // by group; the worst on top
  RowStore store_;
  size_t stored_rows_ = 0;
  StateLimit limit_;
  SortedRuns runs_;
  const bool may_spill_;
  Vec<uint32_t> groups_;
  Vec<uint32_t> kept_;
};

class TopResult final : public BatchSource {
 public:
  TopResult(const Top& top, const Schema& input, std::vector<std::unique_ptr<Collector>> collectors)
      : top_(top), input_(input), store_(std::make_shared<RowStore>()) {
    std::vector<std::vector<Candidate>> groups;
    std::unique_ptr<GroupTable> table;
    if (!top.per.empty()) table = make_group_table(top.per_types, run_hash_seed());
    for (const auto& collector : collectors) {
      auto& part = dynamic_cast<TopCollector&>(*collector);
      Vec<uint32_t> ids(part.groups());
      if (table) {
        Arena arena;
        table->find_or_add(part.keys(arena), ids.size(), ids.data());
        groups.resize(table->size());
      } else {
        groups.resize(1);
        std::fill(ids.begin(), ids.end(), 0u);
      }
      const uint64_t shift = uint64_t{store_->take(part.store())} << 32;
      for (size_t g = 0; g < ids.size(); ++g) {
        for (auto& candidate : part.heaps()[g]) {
          candidate.row += shift;
          groups[ids[g]].push_back(std::move(candidate));
        }
      }
    }
    Vec<uint32_t> order;
    if (table) {
      order = table->sorted();
    } else if (!groups.empty()) {
      order.push_back(0);
    }
    for (const uint32_t g : order) {
      auto& candidates = groups[g];
      std::sort(candidates.begin(), candidates.end());
      const size_t n = std::min<size_t>(candidates.size(), top.limit);
      for (size_t k = 0; k < n; ++k) {
        rows_.push_back(candidates[k].row);
        ranks_.push_back(static_cast<int64_t>(k + 1));
      }
    }
  }

  bool claim(Batch& batch) override {
    const uint64_t sequence = next_.fetch_add(1);
    const size_t begin = sequence * kTopRows;
    if (begin >= rows_.size()) return false;
    const std::span<const RowPlace> rows(rows_.data() + begin,
                                         std::min(kTopRows, rows_.size() - begin));
    batch = Batch();
    batch.sequence = sequence;
    batch.rows = rows.size();
    for (size_t c = 0; c < input_.size(); ++c) {
      const bool present = store_->batch(0).columns[c] != nullptr;
      batch.columns.push_back(present ? store_->gather(c, input_[c].type, rows) : nullptr);
    }
    if (top_.rank) {
      auto ranks = make_column(Type::bigint(), rows.size());
      std::copy_n(ranks_.data() + begin, rows.size(), ranks->values<int64_t>());
      batch.columns.push_back(std::move(ranks));
    }
    batch.keep(store_);
    return true;
  }

 private:
  const Top& top_;
  const Schema& input_;
  std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;
  Vec<int64_t> ranks_;
  std::atomic<uint64_t> next_{0};
};

// The same where some rows are in files: all of them are, then, group after group.
class TopOfFiles final : public BatchSource {
 public:
  TopOfFiles(const Top& top, const Schema& input,
             const std::vector<std::unique_ptr<Collector>>& collectors)
      : top_(top), input_(input), runs_(all_of(collectors)), reader_(runs_) {}

  bool claim(Batch& batch) override {
    const std::lock_guard lock(mutex_);
    batch = Batch();
    for (const auto& column : input_) batch.columns.push_back(make_column(column.type));
    auto ranks = make_column(Type::bigint());
    for (; reader_.valid() && batch.rows < kTopRows; reader_.next()) {
      std::string_view row = reader_.value();
      uint32_t length = 0;
      if (!get_big_endian(row, length)) throw unreadable_spill();
      const std::string_view group = reader_.key().substr(0, length);
      if (rank_ == 0 || group != group_) {
        group_ = group;
        rank_ = 0;
      }
      if (++rank_ > top_.limit) continue;
      if (!take_row_image(row, batch.columns, batch.arena())) throw unreadable_spill();
      ranks->push(static_cast<int64_t>(rank_));
      ++batch.rows;
    }
    if (batch.rows == 0) return false;
    batch.sequence = next_++;
    if (top_.rank) batch.columns.push_back(std::move(ranks));
    return true;
  }

 private:
  static SortedRuns all_of(const std::vector<std::unique_ptr<Collector>>& collectors) {
    SortedRuns& all = dynamic_cast<TopCollector&>(*collectors.front()).runs();
    for (const auto& collector : collectors) {
      auto& part = dynamic_cast<TopCollector&>(*collector);
      part.write_run();
      if (collector != collectors.front()) all.take(part.runs());
    }
    all.make_few();
    return std::move(all);
  }

  const Top& top_;
  const Schema& input_;
  std::mutex mutex_;
  SortedRuns runs_;
  SortedRuns::Reader reader_;
  std::string group_;
  uint64_t rank_ = 0;  // of the last row of this group; 0: there was none
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Collector> make_top_collector(const Top& top, const Schema& input,
                                              const OperatorContext& context) {
  return std::make_unique<TopCollector>(top, input, context);
}

std::unique_ptr<BatchSource> make_top_result(const Top& top, const Schema& input,
                                             std::vector<std::unique_ptr<Collector>> collectors) {
  const bool in_files = std::any_of(
      collectors.begin(), collectors.end(),
      [](const auto& collector) { return dynamic_cast<TopCollector&>(*collector).runs().any(); });
  if (in_files) return std::make_unique<TopOfFiles>(top, input, collectors);
  return std::make_unique<TopResult>(top, input, std::move(collectors));
}

}  // namespace weir
