// over: functions of the rows around each row, as columns of their own.
//
// Bounded input is sorted by partition and order, and comes out so; whole partitions are shared out among the
// workers. A stream is computed as the watermark passes (over_stream.h).

#include <algorithm>
#include <atomic>

#include "operators/operator_list.h"
#include "operators/over_options.h"
#include "operators/over_stream.h"
#include "operators/row_bytes.h"
#include "operators/row_store.h"

namespace weir {

namespace {

constexpr size_t kOverRows = 8192;  // of a result batch, at least

// Refuses rows for which what is looked at cannot be computed.
class OverPreparation final : public Transform {
 public:
  OverPreparation(const Over& over, const OperatorContext& context)
      : over_(over), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    const size_t columns = batch.columns.size();
    over_.order.eval(batch, eval_);
    reject_failed_rows(batch, eval_, "order_by", context_);
    for (const auto& call : over_.rankings)
      if (call.value) call.value->eval(batch, eval_);
    batch.columns.resize(columns + over_.rankings.size());
    over_.program->compute(batch, eval_);
    reject_failed_rows(batch, eval_, "columns", context_);
    batch.columns.resize(columns);
  }

 private:
  const Over& over_;
  const OperatorContext context_;
  EvalContext eval_;
};

class OverCollector final : public Collector {
 public:
  OverCollector(const Over& over, const OperatorContext& context)
      : over_(over), eval_(context.eval_context()) {}

  // A row's place: its partition and its order, as bytes.
  struct Place {
    uint64_t begin;
    uint32_t partition;  // length
    uint32_t order;
  };

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    const std::vector<ColumnPtr> order = over_.order.eval(batch, eval_);
    WEIR_CHECK(eval_.errors.empty());  // refused by the preparation
    std::vector<ColumnPtr> keys;
    for (const size_t c : over_.partition) keys.push_back(batch.columns[c]);
    std::string bytes;
    Vec<Place> places(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      Place& place = places[i];
      place.begin = bytes.size();
      encode_row(keys, i, bytes);
      place.partition = static_cast<uint32_t>(bytes.size() - place.begin);
      over_.order.encode(order, i, bytes);
      place.order = static_cast<uint32_t>(bytes.size() - place.begin - place.partition);
    }
    bytes_used_ += bytes.capacity() + places.size() * sizeof(Place);
    bytes_.push_back(std::move(bytes));
    places_.push_back(std::move(places));
    store_.add(std::move(batch));
  }
  size_t memory_bytes() const override { return store_.memory_bytes() + bytes_used_; }

  RowStore& store() { return store_; }
  std::vector<std::string>& bytes() { return bytes_; }
  std::vector<Vec<Place>>& places() { return places_; }

 private:
  const Over& over_;
  EvalContext eval_;
  RowStore store_;
  std::vector<std::string> bytes_;  // by batch
  std::vector<Vec<Place>> places_;
  size_t bytes_used_ = 0;
};

class OverResult final : public BatchSource {
 public:
  OverResult(const Over& over, std::vector<std::unique_ptr<Collector>> collectors,
             const OperatorContext& context)
      : over_(over), context_(context), store_(std::make_shared<RowStore>()) {
    std::vector<std::string> bytes;
    std::vector<Vec<OverCollector::Place>> places;
    for (const auto& collector : collectors) {
      auto& part = dynamic_cast<OverCollector&>(*collector);
      store_->take(part.store());
      for (auto& b : part.bytes()) bytes.push_back(std::move(b));
      for (auto& p : part.places()) places.push_back(std::move(p));
    }
    sort(bytes, places);
  }

  bool claim(Batch& batch) override {
    const size_t chunk = next_.fetch_add(1);
    if (chunk >= chunks_.size()) return false;
    const size_t begin = partitions_[chunks_[chunk]];
    const size_t last = chunk + 1 < chunks_.size() ? chunks_[chunk + 1] : partitions_.size() - 1;
    const std::span<const RowPlace> rows(rows_.data() + begin, partitions_[last] - begin);
    Batch sorted;
    sorted.rows = rows.size();
    for (size_t c = 0; c < over_.input.size(); ++c) {
      const bool present = store_->batch(0).columns[c] != nullptr;
      sorted.columns.push_back(present ? store_->gather(c, over_.input[c].type, rows) : nullptr);
    }
    sorted.keep(store_);
    std::vector<size_t> partitions;
    for (size_t p = chunks_[chunk]; p <= last; ++p) partitions.push_back(partitions_[p] - begin);
    EvalContext eval = context_.eval_context();
    OverRows over(over_, context_);
    batch = over.compute(std::move(sorted), partitions, 0, nullptr, eval);
    batch.sequence = chunk;
    reject_failed_rows(batch, eval, "columns", context_);
    return true;
  }

 private:
  void sort(const std::vector<std::string>& bytes,
            const std::vector<Vec<OverCollector::Place>>& places) {
    struct Entry {
      uint64_t prefix;
      RowPlace row;
      std::string_view place;
      uint32_t partition;
    };
    std::vector<uint32_t> numbers(store_->batches());
    for (uint32_t b = 0; b < numbers.size(); ++b) numbers[b] = b;
    std::stable_sort(numbers.begin(), numbers.end(), [&](uint32_t a, uint32_t b) {
      return store_->batch(a).sequence < store_->batch(b).sequence;
    });
    std::vector<Entry> entries;
    for (const uint32_t b : numbers) {
      for (size_t i = 0; i < places[b].size(); ++i) {
        const auto& p = places[b][i];
        const std::string_view place =
            std::string_view(bytes[b]).substr(p.begin, p.partition + p.order);
        entries.push_back({order_prefix(place), RowPlace{b} << 32 | i, place, p.partition});
      }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : a.place < b.place;
    });
    rows_.resize(entries.size());
    std::string_view before;
    for (size_t i = 0; i < entries.size(); ++i) {
      rows_[i] = entries[i].row;
      const std::string_view partition = entries[i].place.substr(0, entries[i].partition);
      if (i == 0 || partition != before) {
        if (chunks_.empty() || i - partitions_[chunks_.back()] >= kOverRows)
          chunks_.push_back(partitions_.size());
        partitions_.push_back(i);
      }
      before = partition;
    }
    partitions_.push_back(entries.size());
  }

  const Over& over_;
  const OperatorContext context_;
  const std::shared_ptr<RowStore> store_;
  Vec<RowPlace> rows_;              // sorted
  std::vector<size_t> partitions_;  // where each begins, then the end
  std::vector<size_t> chunks_;      // the first partition of each batch
  std::atomic<size_t> next_{0};
};

class OverPlan final : public OperatorPlan {
 public:
  OverPlan(std::unique_ptr<Over> over, bool streaming)
      : OperatorPlan("over", over->input, over->output),
        over_(std::move(over)),
        streaming_(streaming) {}

  Placement placement() const override {
    return streaming_ ? Placement::kOrdered : Placement::kCollector;
  }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(over_->input.size() + over_->rankings.size() + over_->aggregates(),
                             false);
    over_->program->collect_columns(needed);
    for (const auto& output : over_->program->binding().outputs) output->collect_columns(needed);
    for (const auto& call : over_->rankings) {
      if (call.value) call.value->collect_columns(needed);
      if (call.otherwise) call.otherwise->collect_columns(needed);
    }
    over_->order.collect_columns(needed);
    needed.resize(over_->input.size());
    for (const size_t c : over_->partition) needed[c] = true;
    for (size_t c = 0; c < needed.size(); ++c) needed[c] = needed[c] || output_needed[c];
    return needed;
  }
  std::string explain() const override { return "over: " + over_->text; }
  bool can_reject() const override { return true; }
  bool keeps_event_time() const override { return streaming_; }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return std::make_unique<OverPreparation>(*over_, context);
  }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return std::make_unique<OverCollector>(*over_, context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext& context) const override {
    return std::make_unique<OverResult>(*over_, std::move(collectors), context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_over_stream(*over_, context);
  }

 private:
  std::unique_ptr<Over> over_;
  bool streaming_;
};

std::unique_ptr<OperatorPlan> bind_over_step(const ComponentSpec& spec, const Schema& input,
                                             const BindContext& context, Errors& errors) {
  std::unique_ptr<Over> over = bind_over(spec, input, context, errors);
  if (!over) return nullptr;
  if (context.streaming) {
    const size_t before = errors.size();
    check_over_stream(*over, spec, context, errors);
    if (errors.size() != before) return nullptr;
  }
  return std::make_unique<OverPlan>(std::move(over), context.streaming);
}

}  // namespace

const OperatorDescriptor kOverOperator = {
    "over",
    "Adds functions of the rows around each row: ranks, earlier values, aggregates over a frame.",
    [] { return option_docs(over_options()); },
    bind_over_step,
    Arity::kOne,
    true,
};

}  // namespace weir
