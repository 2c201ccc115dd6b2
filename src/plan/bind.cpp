#include "plan/bind.h"

#include <algorithm>

#include "plan/passes.h"
#include "plan/pipeline_binder.h"
#include "plan/sql_step.h"
#include "plan/step_list.h"
#include "windows/event_time.h"
#include "windows/window.h"

namespace weir {

std::unique_ptr<Plan> PipelineBinder::bind() {
  plan_->name = spec_.name;
  plan_->errors = spec_.errors;
  plan_->runtime = spec_.runtime;
  plan_->now_us = context_.now_us;
  plan_->workers =
      spec_.runtime.parallelism > 0 ? spec_.runtime.parallelism : context_.usable_cores;
  bind_zone();
  refuse_what_is_missing();
  for (const auto& source : spec_.sources)
    if (!is_idle(source)) bind_source(source);
  const size_t own_sources = outputs_.size();
  if (intact_) bind_event_times();
  bind_steps();
  bind_sinks();
  if (StepRecord* record = context_.record) {
    record->sources = own_sources;
    record->asks_for_time = time_is_asked_for();
    for (const auto& output : outputs_) record->names.push_back(output.name);
  }
  if (intact_) refuse_loose_ends();
  if (intact_) hold_back_where_needed(*plan_);
  if (intact_ && spec_.checkpoint && errors_.empty())
    plan_->checkpoint = bind_checkpoint(*spec_.checkpoint, *plan_, errors_);
  return std::move(plan_);
}

void PipelineBinder::complain(const Position& position, std::string message, std::string hint,
                              std::string where) {
  errors_.push_back(
      {ErrorKind::kConfig, std::move(message), position, std::move(hint), std::move(where)});
}

void PipelineBinder::bind_zone() {
  auto zone = find_time_zone(spec_.timezone.text);
  if (zone) {
    plan_->zone = *zone;
  } else {
    Error e = zone.error();
    e.position = spec_.timezone.position;
    errors_.push_back(std::move(e));
  }
}

// Parts of the pipeline language that a later version brings: refused by name, never ignored.
void PipelineBinder::refuse_what_is_missing() {
  if (spec_.sources.empty())
    complain({spec_.file, 0, 0, {}, 1}, "the pipeline has no [source]",
             "add [source] with a path, or name files on the command line");
}

// The standard input that a pipeline without sources reads: a query may do without it.
bool PipelineBinder::is_idle(const SourceSpec& source) const {
  if (!source.implied || spec_.window || spec_.transforms.empty()) return false;
  const ComponentSpec& first = spec_.transforms.front();
  if (first.kind != kSqlStepName) return false;
  return std::none_of(spec_.transforms.begin(), spec_.transforms.end(), [](const auto& step) {
    if (step.kind == kSqlStepName && step.inputs.empty()) return query_names(step, "input");
    // A step behind a query names it.
    return step.inputs.empty() ||
           std::any_of(step.inputs.begin(), step.inputs.end(),
                       [](const auto& name) { return name.text == "input"; });
  });
}

bool PipelineBinder::bind_source(const SourceSpec& source) {
  const SourceDescriptor* descriptor = find_source(source.kind);
  if (descriptor == nullptr) {
    errors_.push_back(unknown_kind(source, "source type", sources()));
    intact_ = false;
    return false;
  }
  const SourceContext context{plan_->zone, context_.now_us, context_.open_inputs};
  auto bound = descriptor->bind(source, context, errors_);
  if (!bound) {
    intact_ = false;
    return false;
  }
  if (spec_.mode == "batch" && !bound->bounded())
    complain(source.position, "mode = \"batch\" needs bounded sources");
  plan_->streaming =
      plan_->streaming || spec_.mode == "streaming" || (spec_.mode == "auto" && !bound->bounded());
  NodeOutput output;
  output.name = source.name;
  output.node = {PlanNode::Kind::kSource, plan_->sources.size()};
  output.schema = bound->schema();
  output.bounded = bound->bounded();
  output.one_partition = !bound->partitioned();
  output.position = source.position;
  PlannedSource planned;
  planned.name = source.name;
  planned.source = std::move(bound);
  planned.decode.needed.assign(output.schema.size(), true);
  planned.decode.fail_fast = !spec_.errors.skip && !spec_.dead_letter;
  plan_->sources.push_back(std::move(planned));
  outputs_.push_back(std::move(output));
  return true;
}

// Without a step that asks for it nobody needs the time; binding it has checked it all the same.
bool PipelineBinder::time_is_asked_for() const {
  if (spec_.window || spec_.sources.size() > 1) return true;
  const auto asks = [this](const ComponentSpec& step) {
    if (step.kind == kSqlStepName) return query_asks_for_time(step, plan_->streaming);
    const OperatorDescriptor* d = find_step(step.kind);
    return d != nullptr && d->uses_event_time;
  };
  return std::any_of(spec_.transforms.begin(), spec_.transforms.end(), asks) ||
         std::any_of(spec_.then.begin(), spec_.then.end(), asks);
}

void PipelineBinder::bind_event_times() {
  for (size_t s = 0; s < spec_.sources.size(); ++s) {
    const auto& spec = spec_.sources[s].event_time;
    if (!spec) continue;
    const std::string label = spec_.sources.size() == 1
                                  ? "[source.event_time]"
                                  : "[sources." + plan_->sources[s].name + ".event_time]";
    if (!time_is_asked_for()) {
      BindContext context = bind_context();
      context.has_event_time = true;
      bind_event_time(*spec, outputs_[s].schema, context, errors_);
    } else if (!add_event_time(*spec, s, label)) {
      outputs_[s].has_event_time = true;  // steps behind need not complain as well
    }
  }
}

// The rows of an output get an event time. The output is a source's, or that of steps in its workers.
bool PipelineBinder::add_event_time(const EventTimeSpec& spec, size_t number,
                                    const std::string& label) {
  NodeOutput& output = outputs_[number];
  PlanNode root = output.node;
  while (root.kind == PlanNode::Kind::kStep) {
    const PlannedStep& step = plan_->steps[root.index];
    if (step.inputs.size() != 1 || step.op->placement() != Placement::kTransform) return false;
    root = step.inputs[0];
    if (plan_->readers(root).size() > 1) return false;
  }
  if (plan_->sources[root.index].has_event_time || !plan_->readers(output.node).empty())
    return false;
  BindContext context = bind_context();
  context.has_event_time = true;
  auto op = bind_event_time(spec, output.schema, context, errors_);
  if (!op) return false;
  PlannedSource& source = plan_->sources[root.index];
  // With max_jump the step itself, in input order, says how far time has come.
  const bool in_workers = op->placement() == Placement::kTransform;
  source.has_event_time = in_workers;
  source.out_of_orderness_us = spec.max_out_of_orderness.us;
  if (spec.idle_timeout) source.idle_timeout_us = spec.idle_timeout->us;
  output.has_event_time = true;
  output.one_partition = in_workers && !source.source->partitioned();
  output.out_of_orderness_us = source.out_of_orderness_us;
  if (output.schema.find(spec.column.text)) output.time_column = spec.column.text;
  plan_->steps.push_back({label, std::move(op), {output.node}, {}, 0});
  output.node = {PlanNode::Kind::kStep, plan_->steps.size() - 1};
  return true;
}

BindContext PipelineBinder::bind_context() const {
  BindContext c;
  c.zone = plan_->zone;
  c.streaming = plan_->streaming;
  c.now_us = context_.now_us;
  return c;
}

std::unique_ptr<Plan> bind_pipeline(const PipelineSpec& spec, const PlanContext& context,
                                    Errors& errors) {
  return PipelineBinder(spec, context, errors).bind();
}

Schema dead_letter_schema() {
  Schema s;
  s.add("source", Type::string());
  s.add("line", Type::bigint());
  s.add("offset", Type::bigint());
  s.add("field", Type::string());
  s.add("reason", Type::string());
  s.add("record", Type::string());
  return s;
}

}  // namespace weir
