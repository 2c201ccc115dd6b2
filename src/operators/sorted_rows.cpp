// Rows are kept in batches, with their places in the order as bytes beside them. Beyond a worker's share of memory its
// rows are sorted and written to a file, in full, and it begins anew; in the end all files are merged.

#include "operators/sorted_rows.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>

#include "base/sortable.h"
#include "operators/place_sort.h"
#include "operators/row_bytes.h"
#include "operators/row_image.h"
#include "operators/row_store.h"
#include "operators/sorted_runs.h"

namespace weir {

namespace {

constexpr size_t kSortedRows = 8192;              // of one result batch
constexpr size_t kSortedBytes = size_t{4} << 20;  // of one that comes from files
constexpr size_t kSortingBytes = 32;              // for a row while rows are sorted, about
constexpr uint64_t kEndOfRows = ~uint64_t{0};     // in a snapshot
// In files: a row's ordinal behind its place, and how long its partition is before what it is.
constexpr size_t kOrdinalBytes = sizeof(uint64_t);
constexpr size_t kPartitionBytes = sizeof(uint32_t);

// A batch's places in the order, each the partition and then the order.
struct BatchPlaces : Places {
  Vec<uint32_t> partitions;  // how long these are; none if there are no partitions
  std::string_view partition_of(size_t row) const {
    return of(row).substr(0, partitions.empty() ? 0 : partitions[row]);
  }
  size_t memory_bytes() const {
    return bytes.capacity() + ends.capacity() * sizeof(uint64_t) +
           partitions.capacity() * sizeof(uint32_t);
  }
};

size_t batch_of(RowPlace row) { return row >> 32; }
size_t index_of(RowPlace row) { return row & 0xffffffff; }

std::vector<uint32_t> batches_in_order(const RowStore& store) {
  std::vector<uint32_t> numbers(store.batches());
  std::iota(numbers.begin(), numbers.end(), 0U);
  std::stable_sort(numbers.begin(), numbers.end(), [&](uint32_t a, uint32_t b) {
    return store.batch(a).sequence < store.batch(b).sequence;
  });
  return numbers;
}

// The rows of a store in order. Batches in input order make positions that break ties.
Vec<RowPlace> sort_rows(const RowStore& store, const std::vector<BatchPlaces>& places) {
  std::vector<const Places*> of_batches;
  for (const auto& p : places) of_batches.push_back(&p);
  return sort_by_place(of_batches, batches_in_order(store));
}

class SortCollector final : public Collector {
 public:
  SortCollector(const RowOrder& order, const Schema& schema, const OperatorContext& context)
      : order_(order),
        schema_(schema),
        eval_(context.eval_context()),
        limit_(context.spill ? context.state_limit_bytes /
                                   static_cast<uint64_t>(context.checkpointed ? 1 : context.workers)
                             : UINT64_MAX),
        runs_(context.spill) {}

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> columns = order_.by->eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());
    std::vector<ColumnPtr> partition;
    for (const size_t c : order_.partition) partition.push_back(batch.columns[c]);
    BatchPlaces places;
    places.ends.resize(batch.rows);
    places.partitions.resize(partition.empty() ? 0 : batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      if (!partition.empty()) {
        const size_t begin = places.bytes.size();
        encode_row(partition, i, places.bytes);
        places.partitions[i] = static_cast<uint32_t>(places.bytes.size() - begin);
      }
      order_.by->encode(columns, i, places.bytes);
      places.ends[i] = places.bytes.size();
    }
    bytes_ += places.memory_bytes() + batch.rows * kSortingBytes;
    places_.push_back(std::move(places));
    store_.add(std::move(batch));
    if (memory_bytes() > limit_) write_run();
  }
  size_t memory_bytes() const override { return store_.memory_bytes() + bytes_; }

  // Rows as they have come; those in files first, by their places.
  void snapshot(SnapshotWriter& writer) const override {
    if (!runs_.any() && store_.batches() == 0) return;
    for (SortedRuns::Reader reader(runs_); reader.valid(); reader.next()) {
      std::string_view ordinal = reader.key().substr(reader.key().size() - kOrdinalBytes);
      uint64_t number = 0;
      get_big_endian(ordinal, number);
      writer.put_u64(number);
      writer.put_text(reader.value().substr(kPartitionBytes));
    }
    std::string row;
    for (const uint32_t b : batches_in_order(store_)) {
      const Batch& batch = store_.batch(b);
      for (size_t i = 0; i < batch.rows; ++i) {
        row.clear();
        append_row_image(batch.columns, i, row);
        writer.put_u64(batch.ordinal(i));
        writer.put_text(row);
      }
    }
    writer.put_u64(kEndOfRows);
  }
  // They come before all that follows, in this order: where places are the same it is that of their ordinals.
  void restore(SnapshotReader& reader) override {
    for (bool more = true; more && reader.ok();) {
      Batch batch;
      for (const auto& column : schema_) batch.columns.push_back(make_column(column.type));
      while (batch.rows < kSortedRows) {
        const uint64_t ordinal = reader.get_u64();
        more = ordinal != kEndOfRows && reader.ok();
        if (!more) break;
        if (!take_row_image(reader.get_text(), batch.columns, batch.arena()))
          return reader.refuse();
        batch.ordinals.push_back(ordinal);
        ++batch.rows;
      }
      if (batch.rows > 0) consume(std::move(batch));
    }
  }

  void write_run() {
    if (store_.batches() == 0) return;
    runs_.begin_run();
    std::string key;
    std::string row;
    for (const RowPlace place : sort_rows(store_, places_)) {
      const size_t b = batch_of(place);
      const size_t i = index_of(place);
      const Batch& batch = store_.batch(static_cast<uint32_t>(b));
      key.assign(places_[b].of(i));
      put_big_endian(batch.ordinal(i), key);
      row.clear();
      put_big_endian(static_cast<uint32_t>(places_[b].partition_of(i).size()), row);
      append_row_image(batch.columns, i, row);
      runs_.add(key, row);
    }
    runs_.end_run();
    store_ = RowStore();
    places_ = {};
    bytes_ = 0;
  }

  SortedRuns& runs() { return runs_; }
  RowStore& store() { return store_; }
  std::vector<BatchPlaces>& places() { return places_; }

 private:
  const RowOrder& order_;
  const Schema& schema_;
  EvalContext eval_;
  const uint64_t limit_;
  RowStore store_;
  std::vector<BatchPlaces> places_;
  size_t bytes_ = 0;
  SortedRuns runs_;
};

class RowsInMemory final : public RowsInOrder {
 public:
  RowsInMemory(const RowOrder& order, const Schema& schema,
               std::vector<std::unique_ptr<Collector>> collectors)
      : whole_(order.whole), schema_(schema), store_(std::make_shared<RowStore>()) {
    std::vector<BatchPlaces> places;
    for (const auto& collector : collectors) {
      auto& sorted = dynamic_cast<SortCollector&>(*collector);
      store_->take(sorted.store());
      for (auto& p : sorted.places()) places.push_back(std::move(p));
    }
    rows_ = sort_rows(*store_, places);
    if (whole_) find_partitions(places);
  }

  bool claim(Batch& batch, std::vector<size_t>& partitions) override {
    const uint64_t sequence = next_.fetch_add(1);
    size_t begin = sequence * kSortedRows;
    size_t end = std::min(begin + kSortedRows, rows_.size());
    if (whole_) {
      if (sequence >= chunks_.size()) return false;
      const size_t first = chunks_[sequence];
      const size_t last =
          sequence + 1 < chunks_.size() ? chunks_[sequence + 1] : partitions_.size() - 1;
      begin = partitions_[first];
      end = partitions_[last];
      partitions.clear();
      for (size_t p = first; p <= last; ++p) partitions.push_back(partitions_[p] - begin);
    } else if (begin >= rows_.size()) {
      return false;
    }
    const std::span<const RowPlace> rows(rows_.data() + begin, end - begin);
    batch = Batch();
    batch.sequence = sequence;
    batch.rows = rows.size();
    for (size_t c = 0; c < schema_.size(); ++c) {
      const bool present = store_->batch(0).columns[c] != nullptr;
      batch.columns.push_back(present ? store_->gather(c, schema_[c].type, rows) : nullptr);
    }
    batch.keep(store_);
    return true;
  }

 private:
  void find_partitions(const std::vector<BatchPlaces>& places) {
    std::string_view before;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const std::string_view partition =
          places[batch_of(rows_[i])].partition_of(index_of(rows_[i]));
      if (i > 0 && partition == before) continue;
      if (chunks_.empty() || i - partitions_[chunks_.back()] >= kSortedRows)
        chunks_.push_back(partitions_.size());
      partitions_.push_back(i);
      before = partition;
    }
    partitions_.push_back(rows_.size());
  }

  const bool whole_;
  const Schema& schema_;
  std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;
  std::vector<size_t> partitions_;  // where each begins, then the end
  std::vector<size_t> chunks_;      // the first partition of each batch
  std::atomic<uint64_t> next_{0};
};

class RowsOfFiles final : public RowsInOrder {
 public:
  RowsOfFiles(const RowOrder& order, const Schema& schema,
              const std::vector<std::unique_ptr<Collector>>& collectors)
      : whole_(order.whole), schema_(schema), runs_(all_of(collectors)), reader_(runs_) {}

  bool claim(Batch& batch, std::vector<size_t>& partitions) override {
    const std::lock_guard lock(mutex_);
    if (!reader_.valid()) return false;
    batch = Batch();
    batch.sequence = next_++;
    for (const auto& column : schema_) batch.columns.push_back(make_column(column.type));
    partitions.clear();
    std::string partition;
    for (size_t bytes = 0; reader_.valid(); reader_.next(), ++batch.rows) {
      std::string_view row = reader_.value();
      uint32_t length = 0;
      if (!get_big_endian(row, length)) throw unreadable_spill();
      const std::string_view now = reader_.key().substr(0, length);
      const bool begins = batch.rows == 0 || now != partition;
      const bool full = batch.rows >= kSortedRows || bytes >= kSortedBytes;
      if (full && (begins || !whole_)) break;
      if (begins) {
        partition = now;
        partitions.push_back(batch.rows);
      }
      bytes += row.size();
      if (!take_row_image(row, batch.columns, batch.arena())) throw unreadable_spill();
    }
    partitions.push_back(batch.rows);
    return true;
  }

 private:
  static SortedRuns all_of(const std::vector<std::unique_ptr<Collector>>& collectors) {
    SortedRuns& all = dynamic_cast<SortCollector&>(*collectors.front()).runs();
    for (const auto& collector : collectors) {
      auto& sorted = dynamic_cast<SortCollector&>(*collector);
      sorted.write_run();
      if (collector != collectors.front()) all.take(sorted.runs());
    }
    all.make_few();
    return std::move(all);
  }

  const bool whole_;
  const Schema& schema_;
  std::mutex mutex_;
  SortedRuns runs_;
  SortedRuns::Reader reader_;
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Collector> make_sort_collector(const RowOrder& order, const Schema& schema,
                                               const OperatorContext& context) {
  return std::make_unique<SortCollector>(order, schema, context);
}

std::unique_ptr<RowsInOrder> rows_in_order(const RowOrder& order, const Schema& schema,
                                           std::vector<std::unique_ptr<Collector>> collectors) {
  const bool in_files = std::any_of(
      collectors.begin(), collectors.end(),
      [](const auto& collector) { return dynamic_cast<SortCollector&>(*collector).runs().any(); });
  if (in_files) return std::make_unique<RowsOfFiles>(order, schema, collectors);
  return std::make_unique<RowsInMemory>(order, schema, std::move(collectors));
}

}  // namespace weir
