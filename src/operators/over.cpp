// over: functions of the rows around each row, as columns of their own.
//
// Bounded input is sorted by partition and order, and comes out so; whole partitions are shared out among the
// workers. A stream is computed as the watermark passes (over_stream.h).

#include "operators/operator_list.h"
#include "operators/over_options.h"
#include "operators/over_stream.h"
#include "operators/sorted_rows.h"

namespace weir {

namespace {

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

class OverResult final : public BatchSource {
 public:
  OverResult(const Over& over, std::unique_ptr<RowsInOrder> rows, const OperatorContext& context)
      : over_(over), context_(context), rows_(std::move(rows)) {}

  bool claim(Batch& batch) override {
    Batch sorted;
    std::vector<size_t> partitions;
    if (!rows_->claim(sorted, partitions)) return false;
    const uint64_t sequence = sorted.sequence;
    EvalContext eval = context_.eval_context();
    OverRows over(over_, context_);
    batch = over.compute(std::move(sorted), partitions, 0, nullptr, eval);
    batch.sequence = sequence;
    reject_failed_rows(batch, eval, "columns", context_);
    return true;
  }

 private:
  const Over& over_;
  const OperatorContext context_;
  const std::unique_ptr<RowsInOrder> rows_;
};

class OverPlan final : public OperatorPlan {
 public:
  OverPlan(std::unique_ptr<Over> over, bool streaming)
      : OperatorPlan("over", over->input, over->output),
        over_(std::move(over)),
        row_order_{over_->partition, &over_->order, true},
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
    return make_sort_collector(row_order_, input(), context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext& context) const override {
    return std::make_unique<OverResult>(
        *over_, rows_in_order(row_order_, input(), std::move(collectors)), context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_over_stream(*over_, context);
  }

 private:
  std::unique_ptr<Over> over_;
  const RowOrder row_order_;
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
