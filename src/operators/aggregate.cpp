// aggregate: one row per key with aggregates over all input.
//
// Every worker aggregates the batches that it meets; at the end of the input the workers' tables are
// merged. How rows were split over workers cannot be seen in the result.

#include <algorithm>
#include <atomic>

#include "expr/binder.h"
#include "operators/aggregation.h"
#include "operators/column_list.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

constexpr size_t kResultRows = 8192;  // of one result batch

struct AggregateOptions {
  std::vector<SourceText> key_by;
  NamedTexts aggregate;
  std::optional<SourceText> having;
  std::string order = "key";
};

const OptionTable<AggregateOptions>& aggregate_options() {
  static const OptionTable<AggregateOptions> table = {
      {"key_by", &AggregateOptions::key_by, "columns to group by; none: one result over all rows"},
      {"aggregate", &AggregateOptions::aggregate, "the result's columns: name = \"expression\"",
       true},
      {"having", &AggregateOptions::having, "keeps the result rows for which this is true"},
      {"order", &AggregateOptions::order, std::vector<std::string>{"key", "arrival", "none"},
       "of the result: by key, by first appearance, or as it comes (fastest)"},
  };
  return table;
}

// What is bound, shared by the plan and all that runs.
struct Aggregation {
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  AggregateBinding binding;
  ExprPtr having;  // over [keys..., outputs...]; may be null
  GroupOrder order = GroupOrder::kKey;
};

class AggregateCollector final : public Collector {
 public:
  AggregateCollector(const Aggregation& aggregation, const AggregateProgram& program,
                     const OperatorContext& context)
      : aggregation_(aggregation),
        eval_(context.eval_context()),
        groups_(program, aggregation.key_types, run_hash_seed(),
                aggregation.order == GroupOrder::kArrival) {}

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    keys_.clear();
    for (const size_t c : aggregation_.key_columns) keys_.push_back(batch.columns[c]);
    groups_.update(batch, keys_, eval_);
    keys_.clear();
    WEIR_CHECK(eval_.errors.empty());  // rows that fail have been refused by the preparation
  }
  size_t memory_bytes() const override { return groups_.memory_bytes(); }
  GroupedAggregation& groups() { return groups_; }

 private:
  const Aggregation& aggregation_;
  EvalContext eval_;
  GroupedAggregation groups_;
  std::vector<ColumnPtr> keys_;
};

// Runs in the workers before the collector when an argument may fail: such rows are refused there.
class AggregatePreparation final : public Transform {
 public:
  AggregatePreparation(const AggregateProgram& program, const OperatorContext& context)
      : program_(program), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    program_.compute(batch, eval_);
    reject_failed_rows(batch, eval_, "aggregate", context_);
  }

 private:
  const AggregateProgram& program_;
  const OperatorContext context_;
  EvalContext eval_;
};

// The groups of all workers, handed out as result rows.
class AggregateResult final : public BatchSource {
 public:
  using Collectors = std::vector<std::unique_ptr<Collector>>;

  AggregateResult(const Aggregation& aggregation,
                  std::vector<std::unique_ptr<Collector>> collectors,
                  const OperatorContext& context)
      : aggregation_(aggregation),
        context_(context),
        collectors_(std::make_shared<Collectors>(std::move(collectors))) {
    for (const auto& collector : *collectors_) {
      auto& groups = dynamic_cast<AggregateCollector&>(*collector).groups();
      // The largest table takes in the others.
      if (merged_ == nullptr || groups.groups() > merged_->groups()) merged_ = &groups;
    }
    for (const auto& collector : *collectors_) {
      auto& groups = dynamic_cast<AggregateCollector&>(*collector).groups();
      if (&groups != merged_) merged_->merge_from(groups);
    }
    merged_->add_empty_group();
    order_ = merged_->order(aggregation.order);
  }

  bool claim(Batch& batch) override {
    const uint64_t sequence = next_.fetch_add(1);
    const size_t begin = sequence * kResultRows;
    if (begin >= order_.size()) return false;
    const size_t n = std::min(kResultRows, order_.size() - begin);
    EvalContext eval = context_.eval_context();
    batch = merged_->result({order_.data() + begin, n}, eval);
    batch.keep(collectors_);  // the keys' strings are in there
    batch.sequence = sequence;
    reject_failed_rows(batch, eval, "aggregate", context_);
    if (aggregation_.having) filter(batch, eval);
    return true;
  }

 private:
  void filter(Batch& batch, EvalContext& eval) const {
    Vec<uint32_t> rows;
    eval.arena = &batch.arena();
    eval_filter(*aggregation_.having, batch, eval, rows);
    while (!eval.errors.empty()) {
      reject_failed_rows(batch, eval, "having", context_);
      eval_filter(*aggregation_.having, batch, eval, rows);
    }
    batch.select({rows.data(), rows.size()});
  }

  const Aggregation& aggregation_;
  const OperatorContext context_;
  const std::shared_ptr<Collectors> collectors_;
  GroupedAggregation* merged_ = nullptr;
  Vec<uint32_t> order_;
  std::atomic<uint64_t> next_{0};
};

class AggregatePlan final : public OperatorPlan {
 public:
  AggregatePlan(const Schema& input, Schema output, Aggregation aggregation, std::string text)
      : OperatorPlan("aggregate", input, std::move(output)),
        aggregation_(std::move(aggregation)),
        text_(std::move(text)),
        program_(make_program({})) {}

  Placement placement() const override { return Placement::kCollector; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (const size_t c : aggregation_.key_columns) needed[c] = true;
    make_program(output_needed)->collect_columns(needed);
    return needed;
  }
  void set_output_needed(const std::vector<bool>& needed) override {
    OperatorPlan::set_output_needed(needed);
    program_ = make_program(needed);
  }
  std::string explain() const override { return "aggregate: " + text_; }
  bool can_reject() const override { return program_->can_fail(); }

  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    if (!program_->can_fail()) return nullptr;
    return std::make_unique<AggregatePreparation>(*program_, context);
  }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return std::make_unique<AggregateCollector>(aggregation_, *program_, context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext& context) const override {
    return std::make_unique<AggregateResult>(aggregation_, std::move(collectors), context);
  }

 private:
  // For the output columns needed (empty: all) and those that HAVING reads.
  std::unique_ptr<AggregateProgram> make_program(std::vector<bool> needed) const {
    needed.resize(output().size(), needed.empty());
    if (aggregation_.having) aggregation_.having->collect_columns(needed);
    const auto keys = static_cast<ptrdiff_t>(aggregation_.key_columns.size());
    return std::make_unique<AggregateProgram>(
        aggregation_.binding, aggregation_.key_columns.size(), input().size(),
        std::vector<bool>(needed.begin() + keys, needed.end()));
  }

  Aggregation aggregation_;
  std::string text_;
  std::unique_ptr<AggregateProgram> program_;
};

std::unique_ptr<OperatorPlan> bind_aggregate(const ComponentSpec& spec, const Schema& input,
                                             const BindContext& context, Errors& errors) {
  AggregateOptions options;
  const size_t before = errors.size();
  read_options(aggregate_options(), spec.options, options, errors, "the aggregate operator",
               {"op"});
  if (context.streaming) {
    errors.push_back({ErrorKind::kConfig,
                      "aggregate needs bounded input",
                      spec.kind_position,
                      "use a [window], or op = \"reduce\" for running results",
                      {}});
  }
  Aggregation aggregation;
  aggregation.key_columns = resolve_columns(options.key_by, input, errors);
  if (errors.size() != before) return nullptr;

  Schema output;
  std::vector<std::string> keys;
  for (const size_t c : aggregation.key_columns) {
    aggregation.key_types.push_back(input[c].type);
    keys.push_back(input[c].name);
    output.add(input[c].name, input[c].type);
  }
  auto binding = bind_aggregates(options.aggregate, input, keys, context.zone);
  if (!binding) {
    errors.push_back(binding.error());
    return nullptr;
  }
  aggregation.binding = std::move(*binding);
  for (size_t k = 0; k < aggregation.binding.output.size(); ++k) {
    const ColumnSpec& column = aggregation.binding.output[k];
    if (output.find(column.name)) {
      errors.push_back({ErrorKind::kConfig,
                        "`" + column.name + "` is a key and an aggregate",
                        options.aggregate[k].name_position,
                        "give the aggregate another name",
                        {}});
      return nullptr;
    }
    output.add(column.name, column.type);
  }
  if (options.having) {
    auto having = bind_predicate(*options.having, output, context.zone);
    if (!having) {
      errors.push_back(having.error());
      return nullptr;
    }
    aggregation.having = std::move(*having);
  }
  aggregation.order = options.order == "key"       ? GroupOrder::kKey
                      : options.order == "arrival" ? GroupOrder::kArrival
                                                   : GroupOrder::kNone;
  std::string text = join_texts(options.aggregate);
  if (!keys.empty()) text = join_names(aggregation.key_columns, input) + ": " + text;
  if (options.having) text += ", having " + options.having->text;
  return std::make_unique<AggregatePlan>(input, std::move(output), std::move(aggregation),
                                         std::move(text));
}

}  // namespace

const OperatorDescriptor kAggregateOperator = {
    "aggregate",
    "Gives one row per key with aggregates over the whole bounded input.",
    [] { return option_docs(aggregate_options()); },
    bind_aggregate,
};

}  // namespace weir
