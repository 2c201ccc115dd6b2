// The flags that name and change a pipeline, shared by run, check and explain.
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "config/spec.h"
#include "plan/plan.h"

namespace weir {

// -e, --set
std::vector<Flag> text_flags();
// FILE arguments' companions: -i -t -o -p --mode --on-error ...
std::vector<Flag> change_flags();
// -q -v --color
std::vector<Flag> output_flags();

// The pipeline that the arguments and flags make. The first argument is the pipeline file, the
// others its inputs; with -e all are inputs, unless the first ends in .toml: then the fragments are
// laid over it.
Result<PipelineText> pipeline_text(const Invocation& invocation);

// What the change flags say of everything but the input.
void add_change_flags(const Invocation& invocation, PipelineText& text);

// Reads and plans. What is wrong with the text and what the planner says come together.
// `may_open` says whether inputs may be sampled for this spec. `record`: see PlanContext.
std::expected<std::unique_ptr<Plan>, Errors> prepare_plan(const PipelineText& text, bool color,
                                                          bool (*may_open)(const PipelineSpec&),
                                                          StepRecord* record = nullptr);
// 2 if any error is of the pipeline or the command, else the code of the first.
int exit_code_of(const Errors& errors);

// The clock, the cores and the colours of this process. The only place that asks the wall clock.
PlanContext plan_context(bool open_inputs, bool color);

}  // namespace weir
