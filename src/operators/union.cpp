// union: the rows of several inputs as one.
//
// Bounded inputs come in an order that does not depend on timing (run/merge.h); time is that of the input
// that has come the least far.

#include <algorithm>

#include "operators/operator_list.h"

namespace weir {

namespace {

struct UnionOptions {};

// Column c of the result is column order[c] of the input.
using ColumnOrder = std::vector<size_t>;

class Union final : public Ordered {
 public:
  explicit Union(const std::vector<ColumnOrder>& orders) : orders_(orders) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t input, Batch batch, Emitter& out) override {
    std::vector<ColumnPtr> columns;
    for (const size_t c : orders_[input]) columns.push_back(std::move(batch.columns[c]));
    batch.columns = std::move(columns);
    out.emit(std::move(batch));
  }

 private:
  const std::vector<ColumnOrder>& orders_;
};

class UnionPlan final : public OperatorPlan {
 public:
  UnionPlan(const Schema& schema, std::vector<ColumnOrder> orders)
      : OperatorPlan("union", schema, schema), orders_(std::move(orders)) {}

  Placement placement() const override { return Placement::kOrdered; }
  bool takes_changelog() const override { return true; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return input_columns_needed(0, output_needed);
  }
  std::vector<bool> input_columns_needed(size_t input,
                                         const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(output_needed.size());
    for (size_t c = 0; c < needed.size(); ++c) needed[orders_[input][c]] = output_needed[c];
    return needed;
  }
  std::string explain() const override {
    return "union: " + std::to_string(orders_.size()) + " inputs";
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<Union>(orders_);
  }

 private:
  std::vector<ColumnOrder> orders_;
};

std::unique_ptr<OperatorPlan> bind_union(const ComponentSpec& spec, const Schema& input,
                                         const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  UnionOptions options;
  read_options(OptionTable<UnionOptions>{}, spec.options, options, errors, "the union operator",
               {"op"});
  const auto complain = [&](std::string message, std::string hint) {
    errors.push_back({ErrorKind::kConfig, std::move(message), spec.position, std::move(hint), {}});
  };
  if (context.inputs.size() < 2)
    complain("a union needs two inputs or more", "inputs = [\"NAME\", \"NAME\"]");
  std::vector<ColumnOrder> orders;
  for (const auto& other : context.inputs) {
    ColumnOrder order;
    for (const auto& column : input) {
      const std::optional<size_t> at = other.schema.find(column.name);
      if (!at) {
        complain("`" + other.name + "` has no column `" + column.name + "`, which `" +
                     context.inputs[0].name + "` has",
                 "give all inputs the same columns with op = \"map\"");
      } else if (!(other.schema[*at].type == column.type)) {
        complain("`" + column.name + "` is " + column.type.to_string() + " in `" +
                     context.inputs[0].name + "` and " + other.schema[*at].type.to_string() +
                     " in `" + other.name + "`",
                 "CAST one of them before the union");
      } else {
        order.push_back(*at);
      }
    }
    if (order.size() == input.size() && other.schema.size() > input.size())
      complain("`" + other.name + "` has more columns than `" + context.inputs[0].name + "`",
               "drop them before the union, or add them there");
    orders.push_back(std::move(order));
  }
  if (errors.size() != before) return nullptr;
  return std::make_unique<UnionPlan>(input, std::move(orders));
}

}  // namespace

const OperatorDescriptor kUnionOperator = {
    "union",
    "The rows of several inputs, named by `inputs = [\"A\", \"B\"]` (all sources if not given), as "
    "one.",
    [] { return option_docs(OptionTable<UnionOptions>{}); },
    bind_union,
    Arity::kMany,
};

}  // namespace weir
