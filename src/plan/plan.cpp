#include "plan/plan.h"

#include <algorithm>

#include "plan/bind.h"
#include "plan/optimize.h"

namespace weir {

std::expected<std::unique_ptr<Plan>, Errors> make_plan(const PipelineSpec& spec,
                                                       const PlanContext& context) {
  Errors errors;
  auto plan = bind_pipeline(spec, context, errors);
  if (!errors.empty()) {
    std::stable_sort(errors.begin(), errors.end(), [](const Error& a, const Error& b) {
      return a.position.file == b.position.file && a.position.line < b.position.line;
    });
    return std::unexpected(std::move(errors));
  }
  if (spec.runtime.optimize) optimize(*plan);
  for (const auto& step : plan->steps) {
    if (!step.op->can_reject() && !step.op->needs_raw()) continue;
    for (auto& source : plan->sources) source.decode.want_raw = true;
  }
  return plan;
}

std::vector<bool> Plan::columns_needed(PlanNode node) const {
  const bool is_source = node.kind == PlanNode::Kind::kSource;
  const size_t columns = is_source ? sources[node.index].source->schema().size()
                                   : steps[node.index].op->output().size();
  std::vector<bool> needed(columns, !runtime.optimize);
  for (const auto& reader : readers(node)) {
    std::vector<bool> by_reader(columns, true);
    if (reader.is_sink) {
      by_reader.assign(columns, sinks[reader.index].sink->needs_columns());
    } else {
      by_reader = steps[reader.index].op->input_columns_needed(
          reader.input, columns_needed({PlanNode::Kind::kStep, reader.index}));
    }
    for (size_t c = 0; c < columns; ++c) needed[c] = needed[c] || by_reader[c];
  }
  return needed;
}

bool Plan::collects(const Reader& reader) const {
  if (reader.is_sink) return false;
  const OperatorPlan& op = *steps[reader.index].op;
  return op.placement() == Placement::kCollector || (op.builds() && reader.input == 1);
}

std::vector<Plan::Reader> Plan::readers(PlanNode node) const {
  std::vector<Reader> found;
  for (size_t s = 0; s < steps.size(); ++s) {
    for (size_t i = 0; i < steps[s].inputs.size(); ++i)
      if (steps[s].inputs[i] == node) found.push_back({false, s, i});
  }
  for (size_t s = 0; s < sinks.size(); ++s)
    if (sinks[s].input == node) found.push_back({true, s, 0});
  return found;
}

}  // namespace weir
