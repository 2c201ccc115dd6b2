// PipelineSpec -> bound components in a row: the logical plan. All problems are collected.
#pragma once

#include "plan/plan.h"

namespace weir {

// Binds sources, steps and sinks of a pipeline, in order; each step sees the schema the one before gives.
// Gives what could be bound; the plan is of use only if `errors` stayed empty.
std::unique_ptr<Plan> bind_pipeline(const PipelineSpec& spec, const PlanContext& context,
                                    Errors& errors);

}  // namespace weir
