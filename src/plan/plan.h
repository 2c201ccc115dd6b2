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
#include "plan/checkpoint_plan.h"
#include "sinks/sink.h"
#include "sources/source.h"

namespace weir {

struct StepRecord;  // plan/step_record.h

// One source with what the optimiser decided for its decoder.
struct PlannedSource {
  std::string name;
  std::unique_ptr<SourcePlan> source;
  DecodeRequest decode;
  size_t pushed_from = 0;  // the step whose filter was pushed into the decoder

  // Its watermark: this far behind the largest event time; without event time there is none.
  bool has_event_time = false;
  int64_t out_of_orderness_us = 0;
  std::optional<int64_t> idle_timeout_us;

  // In a run with checkpoints: a table that is read anew, and completely, by every run, before other rows come.
  bool is_table = false;
};

// Where rows come from: a source, or a step.
struct PlanNode {
  enum class Kind { kSource, kStep };
  Kind kind = Kind::kSource;
  size_t index = 0;
  bool operator==(const PlanNode&) const = default;
};

// One step. Steps only read what stands before them in Plan::steps.
struct PlannedStep {
  std::string label;  // "[[transform]] 2 (filter)"
  std::unique_ptr<OperatorPlan> op;
  std::vector<PlanNode> inputs;
  std::string name{};  // given by the pipeline; empty as a rule
  // Of a collector whose result has event time: how far its watermark follows behind.
  int64_t out_of_orderness_us = 0;
};

// Where results go: the output of a source or step, the late rows of a step, or the bad records.
struct PlannedSink {
  std::string name;
  std::unique_ptr<SinkPlan> sink;
  Schema schema;
  PlanNode input;
};

// The physical plan: a graph from sources through steps to sinks. Immutable once made; the run takes its
// factories. Most pipelines are a chain.
struct Plan {
  std::string name;
  bool streaming = false;
  std::vector<PlannedSource> sources;
  std::vector<PlannedStep> steps;
  std::vector<PlannedSink> sinks;
  std::optional<PlannedSink> late;        // its input is the window step whose late rows it takes
  std::unique_ptr<SinkPlan> dead_letter;  // null: none
  std::optional<CheckpointPlan> checkpoint;
  ErrorPolicySpec errors;
  RuntimeSpec runtime;
  const TimeZone* zone = utc();
  int64_t now_us = 0;
  int workers = 1;
  std::vector<std::string> notes;  // what the planner decided and a user may want to know

  // The steps and sinks that read the output of a node, in order.
  struct Reader {
    bool is_sink = false;
    size_t index = 0;  // of the step or sink
    size_t input = 0;  // which of the step's inputs
  };
  std::vector<Reader> readers(PlanNode node) const;
  // True if rows end their way there, in collectors, until all of them have come.
  bool collects(const Reader& reader) const;
  // The columns of a node's output that its readers need, as the optimiser has found (all of them without
  // it).
  std::vector<bool> columns_needed(PlanNode node) const;
};

struct PlanContext {
  int64_t now_us = 0;  // wall clock
  int usable_cores = 1;
  bool open_inputs = true;  // sample inputs for schemas
  bool color = false;
  StepRecord* record = nullptr;  // filled with what steps have become; as a rule nobody asks
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
