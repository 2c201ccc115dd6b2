// filter: keeps the rows for which a condition is TRUE.

#include <algorithm>

#include "expr/binder.h"
#include "expr/parser.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

struct FilterOptions {
  SourceText where;
};

const OptionTable<FilterOptions>& filter_options() {
  static const OptionTable<FilterOptions> table = {
      {"where", &FilterOptions::where, "the condition; rows where it is FALSE or NULL are left out",
       true},
  };
  return table;
}

class FilterPlan final : public OperatorPlan {
 public:
  FilterPlan(const Schema& schema, ExprPtr predicate, std::vector<PushedPredicate> pushed,
             std::string text)
      : OperatorPlan("filter", schema, schema),
        predicate_(std::move(predicate)),
        pushed_(std::move(pushed)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    predicate_->collect_columns(needed);
    return needed;
  }
  std::string explain() const override { return "filter: " + text_; }
  bool can_reject() const override { return predicate_->can_fail(); }
  std::vector<PushedPredicate> pushable() const override { return pushed_; }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override;

  const Expr& predicate() const { return *predicate_; }
  bool is_output(size_t column) const { return output_needed(column); }

 private:
  ExprPtr predicate_;
  std::vector<PushedPredicate> pushed_;
  std::string text_;
};

class Filter final : public Transform {
 public:
  Filter(const FilterPlan& plan, const OperatorContext& context)
      : plan_(plan), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    eval_filter(plan_.predicate(), batch, eval_, rows_);
    while (!eval_.errors.empty()) {
      reject_failed_rows(batch, eval_, "where", context_);
      eval_filter(plan_.predicate(), batch, eval_, rows_);
    }
    if (!batch.kinds.empty()) settle_updates(batch);
    // What only the condition needed is not worth compacting.
    for (size_t c = 0; c < plan_.output().size(); ++c) {
      if (!plan_.is_output(c)) batch.columns[c].reset();
    }
    if (rows_.size() < batch.rows) batch.select({rows_.data(), rows_.size()});
  }

 private:
  // An update of which one side passes is an insertion or a deletion to those behind.
  void settle_updates(Batch& batch) const {
    const auto passes = [&](size_t row) {
      return std::binary_search(rows_.begin(), rows_.end(), static_cast<uint32_t>(row));
    };
    for (size_t i = 0; i + 1 < batch.rows; ++i) {
      if (batch.kinds[i] != RowKind::kUpdateBefore || batch.kinds[i + 1] != RowKind::kUpdateAfter)
        continue;
      const bool before = passes(i);
      const bool after = passes(i + 1);
      if (before && !after) batch.kinds[i] = RowKind::kDelete;
      if (!before && after) batch.kinds[i + 1] = RowKind::kInsert;
    }
  }

  const FilterPlan& plan_;
  const OperatorContext context_;
  EvalContext eval_;
  Vec<uint32_t> rows_;
};

std::unique_ptr<Transform> FilterPlan::make_transform(const OperatorContext& context) const {
  return std::make_unique<Filter>(*this, context);
}

std::unique_ptr<OperatorPlan> bind_filter(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  FilterOptions options;
  const size_t before = errors.size();
  read_options(filter_options(), spec.options, options, errors, "the filter operator", {"op"});
  if (errors.size() != before) return nullptr;
  auto predicate = bind_predicate(options.where, input, context.zone);
  if (!predicate) {
    errors.push_back(predicate.error());
    return nullptr;
  }
  const auto ast = parse_expression(options.where);
  return std::make_unique<FilterPlan>(
      input, *predicate, ast ? pushable_predicates(**ast, input) : std::vector<PushedPredicate>(),
      options.where.text);
}

}  // namespace

const OperatorDescriptor kFilterOperator = {
    "filter",
    "Keeps the rows for which a condition is true.",
    [] { return option_docs(filter_options()); },
    bind_filter,
};

}  // namespace weir
