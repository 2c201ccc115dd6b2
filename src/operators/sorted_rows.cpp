// Rows are kept in batches, with their places in the order as bytes beside them. Beyond a worker's share of memory its
// rows are sorted and written to a file, in full, and it begins anew; in the end all files are merged.

#include "operators/sorted_rows.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>

#include "base/sortable.h"
#include "operators/group_sort.h"
#include "operators/row_image.h"
#include "operators/row_store.h"
#include "operators/sorted_runs.h"

namespace weir {

namespace {

constexpr size_t kSortedRows = 8192;                // of one result batch
constexpr size_t kSortedBytes = size_t{4} << 20;    // of one that comes from files
constexpr uint64_t kEndOfRows = ~uint64_t{0};       // in a snapshot
constexpr size_t kOrdinalBytes = sizeof(uint64_t);  // behind a place, in files

// A batch's places in the order: encoded, side by side.
struct Places {
  std::string bytes;
  Vec<uint64_t> ends;
  std::string_view of(size_t row) const {
    const uint64_t begin = row == 0 ? 0 : ends[row - 1];
    return std::string_view(bytes).substr(begin, ends[row] - begin);
  }
};

// The rows of a store in order. Batches in input order make positions that break ties.
struct SortedEntry {
  uint64_t prefix;
  RowPlace row;
  std::string_view place;
};

std::vector<uint32_t> batches_in_order(const RowStore& store) {
  std::vector<uint32_t> numbers(store.batches());
  std::iota(numbers.begin(), numbers.end(), 0U);
  std::stable_sort(numbers.begin(), numbers.end(), [&](uint32_t a, uint32_t b) {
    return store.batch(a).sequence < store.batch(b).sequence;
  });
  return numbers;
}

Vec<SortedEntry> sort_entries(const RowStore& store, const std::vector<Places>& places) {
  size_t total = 0;
  for (uint32_t b = 0; b < store.batches(); ++b) total += store.batch(b).rows;
  Vec<SortedEntry> entries;
  entries.reserve(total);
  for (const uint32_t b : batches_in_order(store)) {
    for (size_t i = 0; i < store.batch(b).rows; ++i) {
      const std::string_view place = places[b].of(i);
      entries.push_back({order_prefix(place), RowPlace{b} << 32 | i, place});
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const SortedEntry& a, const SortedEntry& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.place < b.place;
  });
  return entries;
}

class SortCollector final : public Collector {
 public:
  SortCollector(const OrderBy& order, const Schema& schema, const OperatorContext& context)
      : order_(order),
        schema_(schema),
        eval_(context.eval_context()),
        limit_(context.spill ? context.state_limit_bytes /
                                   static_cast<uint64_t>(context.checkpointed ? 1 : context.workers)
                             : UINT64_MAX),
        runs_(context.spill) {}

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> columns = order_.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());
    Places places;
    places.ends.resize(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      order_.encode(columns, i, places.bytes);
      places.ends[i] = places.bytes.size();
    }
    bytes_ += places.bytes.capacity() + places.ends.capacity() * sizeof(uint64_t) +
              batch.rows * sizeof(SortedEntry);
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
      writer.put_text(reader.value());
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
    for (const auto& entry : sort_entries(store_, places_)) {
      const Batch& batch = store_.batch(static_cast<uint32_t>(entry.row >> 32));
      const size_t i = entry.row & 0xffffffff;
      key.assign(entry.place);
      put_big_endian(batch.ordinal(i), key);
      row.clear();
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
  std::vector<Places>& places() { return places_; }

 private:
  const OrderBy& order_;
  const Schema& schema_;
  EvalContext eval_;
  const uint64_t limit_;
  RowStore store_;
  std::vector<Places> places_;
  size_t bytes_ = 0;
  SortedRuns runs_;
};

class SortResult final : public BatchSource {
 public:
  SortResult(const Schema& schema, std::vector<std::unique_ptr<Collector>> collectors)
      : schema_(schema), store_(std::make_shared<RowStore>()) {
    std::vector<Places> places;
    for (const auto& collector : collectors) {
      auto& sorted = dynamic_cast<SortCollector&>(*collector);
      store_->take(sorted.store());
      for (auto& p : sorted.places()) places.push_back(std::move(p));
    }
    const Vec<SortedEntry> entries = sort_entries(*store_, places);
    rows_.resize(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) rows_[i] = entries[i].row;
  }

  bool claim(Batch& batch) override {
    const uint64_t sequence = next_.fetch_add(1);
    const size_t begin = sequence * kSortedRows;
    if (begin >= rows_.size()) return false;
    const std::span<const RowPlace> rows(rows_.data() + begin,
                                         std::min(kSortedRows, rows_.size() - begin));
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
  const Schema& schema_;
  std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;
  std::atomic<uint64_t> next_{0};
};

// The same from files.
class MergedResult final : public BatchSource {
 public:
  MergedResult(const Schema& schema, const std::vector<std::unique_ptr<Collector>>& collectors)
      : schema_(schema), runs_(all_of(collectors)), reader_(runs_) {}

  bool claim(Batch& batch) override {
    const std::lock_guard lock(mutex_);
    if (!reader_.valid()) return false;
    batch = Batch();
    batch.sequence = next_++;
    for (const auto& column : schema_) batch.columns.push_back(make_column(column.type));
    for (size_t bytes = 0; reader_.valid() && batch.rows < kSortedRows && bytes < kSortedBytes;
         reader_.next(), ++batch.rows) {
      if (!take_row_image(reader_.value(), batch.columns, batch.arena())) throw unreadable_spill();
      bytes += reader_.value().size();
    }
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

  const Schema& schema_;
  std::mutex mutex_;
  SortedRuns runs_;
  SortedRuns::Reader reader_;
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Collector> make_sort_collector(const OrderBy& order, const Schema& schema,
                                               const OperatorContext& context) {
  return std::make_unique<SortCollector>(order, schema, context);
}

std::unique_ptr<BatchSource> make_sorted_rows(const Schema& schema,
                                              std::vector<std::unique_ptr<Collector>> collectors) {
  const bool in_files = std::any_of(
      collectors.begin(), collectors.end(),
      [](const auto& collector) { return dynamic_cast<SortCollector&>(*collector).runs().any(); });
  if (in_files) return std::make_unique<MergedResult>(schema, collectors);
  return std::make_unique<SortResult>(schema, std::move(collectors));
}

}  // namespace weir
