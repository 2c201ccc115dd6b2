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
    if (step.op->can_reject() || step.op->needs_raw()) plan->sources.front().decode.want_raw = true;
  }
  return plan;
}

}  // namespace weir
