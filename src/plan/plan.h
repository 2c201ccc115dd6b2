// Pipeline -> plan: binds every component, checks kinds and types, optimises, and says what will run.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/spec.h"
#include "operators/operator.h"
#include "sinks/sink.h"
#include "sources/source.h"

namespace weir {

// One source with what the optimiser decided for its decoder.
struct PlannedSource {
  std::string name;
  std::unique_ptr<SourcePlan> source;
  DecodeRequest decode;
  size_t pushed_from = 0;  // the step whose filter was pushed into the decoder
};

// One step after the source, in order.
struct PlannedStep {
  std::string label;  // "[[transform]] 2 (filter)"
  std::unique_ptr<OperatorPlan> op;
};

// The physical plan: sources -> steps -> sink. Immutable once made; the run takes its factories.
struct Plan {
  std::string name;
  bool streaming = false;
  int64_t out_of_orderness_us = 0;  // of the event time's watermark
  std::vector<PlannedSource> sources;
  std::vector<PlannedStep> steps;
  std::unique_ptr<SinkPlan> sink;
  std::unique_ptr<SinkPlan> dead_letter;  // null: none
  Schema output;
  ErrorPolicySpec errors;
  RuntimeSpec runtime;
  const TimeZone* zone = utc();
  int64_t now_us = 0;
  int workers = 1;
  std::vector<std::string> notes;  // what the planner decided and a user may want to know
};

struct PlanContext {
  int64_t now_us = 0;  // wall clock
  int usable_cores = 1;
  bool open_inputs = true;  // sample inputs for schemas
  bool color = false;
};

// The columns of the dead-letter output.
Schema dead_letter_schema();

// All problems of the pipeline are returned together.
std::expected<std::unique_ptr<Plan>, Errors> make_plan(const PipelineSpec& spec,
                                                       const PlanContext& context);

// The plan for people: operators, columns, what was pruned and pushed, threads.
// format: "text", "dot", "mermaid" or "json".
std::string explain_plan(const Plan& plan, std::string_view format);

}  // namespace weir
