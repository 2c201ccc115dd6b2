// sort: all rows of bounded input in the order of some expressions, equal ones in input order.

#include <algorithm>
#include <atomic>

#include "operators/group_sort.h"
#include "operators/operator_list.h"
#include "operators/order_by.h"
#include "operators/row_store.h"

namespace weir {

namespace {

constexpr size_t kSortedRows = 8192;  // of one result batch

struct SortOptions {
  SourceText by;
};

const OptionTable<SortOptions>& sort_options() {
  static const OptionTable<SortOptions> table = {
      {"by", &SortOptions::by, "what to order by: \"a DESC, b\"; NULLS FIRST or LAST may follow",
       true},
  };
  return table;
}

// A batch's places in the order: encoded, side by side.
struct Places {
  std::string bytes;
  Vec<uint64_t> ends;
  std::string_view of(size_t row) const {
    const uint64_t begin = row == 0 ? 0 : ends[row - 1];
    return std::string_view(bytes).substr(begin, ends[row] - begin);
  }
};

class SortCollector final : public Collector {
 public:
  SortCollector(const OrderBy& order, const OperatorContext& context)
      : order_(order), eval_(context.eval_context()) {}

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> columns = order_.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());  // rows that fail have been refused by the preparation
    Places places;
    places.ends.resize(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      order_.encode(columns, i, places.bytes);
      places.ends[i] = places.bytes.size();
    }
    bytes_ += places.bytes.capacity() + places.ends.capacity() * sizeof(uint64_t);
    places_.push_back(std::move(places));
    store_.add(std::move(batch));
  }
  size_t memory_bytes() const override { return store_.memory_bytes() + bytes_; }

  RowStore& store() { return store_; }
  std::vector<Places>& places() { return places_; }

 private:
  const OrderBy& order_;
  EvalContext eval_;
  RowStore store_;
  std::vector<Places> places_;
  size_t bytes_ = 0;
};

// All rows, sorted.
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
    sort(places);
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
  void sort(const std::vector<Places>& places) {
    // Batches in input order make positions that break ties.
    std::vector<uint32_t> numbers(store_->batches());
    size_t total = 0;
    for (uint32_t b = 0; b < numbers.size(); ++b) {
      numbers[b] = b;
      total += store_->batch(b).rows;
    }
    std::stable_sort(numbers.begin(), numbers.end(), [&](uint32_t a, uint32_t b) {
      return store_->batch(a).sequence < store_->batch(b).sequence;
    });
    struct Entry {
      uint64_t prefix;
      RowPlace row;
      std::string_view place;
    };
    Vec<Entry> entries;
    entries.reserve(total);
    for (const uint32_t b : numbers) {
      for (size_t i = 0; i < store_->batch(b).rows; ++i) {
        const std::string_view place = places[b].of(i);
        entries.push_back({order_prefix(place), RowPlace{b} << 32 | i, place});
      }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : a.place < b.place;
    });
    rows_.resize(total);
    for (size_t i = 0; i < total; ++i) rows_[i] = entries[i].row;
  }

  const Schema& schema_;
  std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;
  std::atomic<uint64_t> next_{0};
};

class SortPlan final : public OperatorPlan {
 public:
  SortPlan(const Schema& schema, OrderBy order, std::string text)
      : OperatorPlan("sort", schema, schema), order_(std::move(order)), text_(std::move(text)) {}

  Placement placement() const override { return Placement::kCollector; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    order_.collect_columns(needed);
    return needed;
  }
  std::string explain() const override { return "sort: " + text_; }
  bool can_reject() const override { return order_.can_fail(); }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_order_preparation(order_, context);
  }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return std::make_unique<SortCollector>(order_, context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext&) const override {
    return std::make_unique<SortResult>(output(), std::move(collectors));
  }

 private:
  OrderBy order_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_sort(const ComponentSpec& spec, const Schema& input,
                                        const BindContext& context, Errors& errors) {
  SortOptions options;
  const size_t before = errors.size();
  read_options(sort_options(), spec.options, options, errors, "the sort operator", {"op"});
  if (context.streaming)
    errors.push_back({ErrorKind::kConfig, "sort needs bounded input", spec.kind_position, {}, {}});
  if (errors.size() != before) return nullptr;
  OrderBy order = OrderBy::bind(options.by, input, context, errors);
  if (errors.size() != before) return nullptr;
  return std::make_unique<SortPlan>(input, std::move(order), options.by.text);
}

}  // namespace

const OperatorDescriptor kSortOperator = {
    "sort",
    "Gives all rows of bounded input in order; equal rows keep their order.",
    [] { return option_docs(sort_options()); },
    bind_sort,
};

}  // namespace weir
