// Sinks of a pipeline, and what is left over without one.
#include "plan/pipeline_binder.h"

namespace weir {

std::unique_ptr<SinkPlan> PipelineBinder::bind_one_sink(const SinkSpec& spec, const Schema& schema,
                                                        bool changelog, bool dead_letters) {
  const SinkDescriptor* descriptor = find_sink(spec.kind);
  if (descriptor == nullptr) {
    errors_.push_back(unknown_kind(spec, "sink type", sinks()));
    return nullptr;
  }
  SinkContext context;
  context.zone = plan_->zone;
  context.timezone = spec_.timezone.text;
  context.color = context_.color;
  context.changelog = changelog;
  context.pipeline = spec_.name;
  context.keep_refused = !dead_letters && (spec_.errors.skip || spec_.dead_letter);
  for (const auto& source : plan_->sources) {
    const auto paths = source.source->paths();
    context.input_paths.insert(context.input_paths.end(), paths.begin(), paths.end());
  }
  return descriptor->bind(spec, schema, context, errors_);
}

void PipelineBinder::bind_sinks() {
  if (spec_.dead_letter)
    plan_->dead_letter = bind_one_sink(*spec_.dead_letter, dead_letter_schema(), false, true);
  if (spec_.sinks.empty()) {
    SinkSpec standard;
    standard.name = "sink";
    standard.kind = "stdout";
    bind_sink(standard);
  }
  for (const auto& sink : spec_.sinks) bind_sink(sink);
  if (spec_.late && intact_) bind_late(*spec_.late);
}

void PipelineBinder::bind_sink(const SinkSpec& spec) {
  if (!intact_) {  // no schema to bind it with
    if (find_sink(spec.kind) == nullptr)
      errors_.push_back(unknown_kind(spec, "sink type", sinks()));
    return;
  }
  const auto inputs = find_inputs(spec, false, "[" + spec.name + "]");
  if (inputs.empty()) {
    intact_ = false;
    return;
  }
  PlannedSink planned{spec.name, bind_one_sink(spec, inputs[0]->schema, inputs[0]->changelog),
                      inputs[0]->schema, inputs[0]->node};
  if (!planned.sink) return;
  if (inputs[0]->changelog && !planned.sink->takes_changelog())
    complain(spec.position,
             "the rows take others back, and " + planned.sink->explain() + " can only be added to",
             "format = \"print\" shows what each row does, op = \"to_changelog\" makes it a "
             "column, and mode = \"batch\" gives final rows of bounded input",
             "[" + spec.name + "]");
  plan_->sinks.push_back(std::move(planned));
}

// Late rows are those of the first step that knows any.
void PipelineBinder::bind_late(const SinkSpec& spec) {
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    OperatorPlan& op = *plan_->steps[i].op;
    op.want_late_rows();
    const Schema* schema = op.late_output();
    if (schema == nullptr) continue;
    auto sink = bind_one_sink(spec, *schema);
    if (sink)
      plan_->late = PlannedSink{"late", std::move(sink), *schema, {PlanNode::Kind::kStep, i}};
    return;
  }
  complain(spec.position, "no step of this pipeline has late records",
           "[late] takes those of a window in event time; leave it out");
}

// Something that nobody reads is a slip of the pen.
void PipelineBinder::refuse_loose_ends() {
  for (const auto& output : outputs_) {
    if (output.is_read || output.may_be_unread) continue;
    complain(output.position,
             "nothing reads " + (output.name.empty() ? "this step" : "`" + output.name + "`"),
             "a later step or a sink takes it with input = \"NAME\"");
  }
}

}  // namespace weir
