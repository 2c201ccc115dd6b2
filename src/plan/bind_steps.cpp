// Steps of a pipeline: which inputs they read, and what they give.
#include <algorithm>

#include "operators/other_names.h"
#include "plan/event_time_step.h"
#include "plan/pipeline_binder.h"
#include "plan/split_step.h"
#include "plan/sql_step.h"
#include "plan/step_list.h"
#include "windows/window.h"

namespace weir {

void PipelineBinder::bind_steps() {
  // With one source every step reads the one before; with several the first must say which.
  if (outputs_.size() == 1) current_ = 0;
  for (size_t i = 0; i < spec_.transforms.size(); ++i)
    bind_step(spec_.transforms[i], "transform", i);
  if (spec_.window) bind_window(*spec_.window);
  for (size_t i = 0; i < spec_.then.size(); ++i) bind_step(spec_.then[i], "then", i);
}

void PipelineBinder::bind_window(const ComponentSpec& spec) {
  const size_t before = current_;
  const OperatorDescriptor* window = find_window(spec.kind);
  if (window == nullptr) {
    errors_.push_back(unknown_kind(spec, "window type", windows()));
    intact_ = false;
    return;
  }
  add_step(spec, *window, "[window] (" + spec.kind + ")");
  note_step(before, false);
}

void PipelineBinder::note(QueryPart part) {
  if (context_.record != nullptr) context_.record->open_parts.push_back(std::move(part));
}

void PipelineBinder::note_step(size_t before, bool is_query) {
  StepRecord* record = context_.record;
  if (record == nullptr) return;
  record->steps.push_back(
      {is_query, std::move(record->open_parts), before, current_, record->open_result});
  record->open_parts.clear();
  record->open_result = RecordedStep::kNone;
}

void PipelineBinder::bind_step(const ComponentSpec& spec, const std::string& table, size_t i) {
  const std::string label = "[[" + table + "]] " + std::to_string(i + 1) + " (" + spec.kind + ")";
  const size_t before = current_;
  if (spec.kind == kSqlStepName) {
    bind_query(spec, label);
    return note_step(before, true);
  }
  if (spec.kind == kSplitStepName || spec.kind == kEventTimeStepName) {
    spec.kind == kSplitStepName ? bind_split(spec, label) : bind_event_time_step(spec, label);
    return note_step(before, false);
  }
  const OperatorDescriptor* descriptor = find_step(spec.kind);
  if (descriptor == nullptr) {
    Error error = unknown_kind(spec, "operator", steps());
    if (const auto here = operator_elsewhere_called(spec.kind); !here.empty()) error.hint = here;
    if (error.hint.empty()) error.hint = "`weir operators` lists them";
    errors_.push_back(std::move(error));
    intact_ = false;
    return;
  }
  add_step(spec, *descriptor, label);
  note_step(before, false);
}

// The output that a name means; nullptr after an error.
NodeOutput* PipelineBinder::find_output(const SourceText& name, const std::string& where) {
  std::vector<std::string> names;
  for (auto& output : outputs_) {
    if (output.name == name.text && !name.text.empty()) return &output;
    if (!output.name.empty()) names.push_back(output.name);
  }
  complain(name.position, "no source or step is called `" + name.text + "`",
           spelling_hint(name.text, names), where);
  return nullptr;
}

// What a step or sink reads. Empty after an error.
std::vector<NodeOutput*> PipelineBinder::find_inputs(const ComponentSpec& spec, bool many,
                                                     const std::string& where) {
  std::vector<NodeOutput*> found;
  if (!spec.inputs.empty()) {
    if (!many && spec.inputs.size() > 1) {
      complain(spec.inputs[1].position,
               "it takes one input, found " + std::to_string(spec.inputs.size()),
               "join several into one before it: op = \"union\"", where);
      return {};
    }
    for (const auto& name : spec.inputs) {
      NodeOutput* output = find_output(name, where);
      if (output == nullptr) return {};
      found.push_back(output);
    }
  } else if (many && spec_.sources.size() > 1 && current_ == kNone) {
    for (size_t s = 0; s < spec_.sources.size(); ++s) found.push_back(&outputs_[s]);
  } else if (current_ != kNone) {
    found.push_back(&outputs_[current_]);
  } else if (behind_split_) {
    complain(spec.position, "the step before is a split: which of its outputs does this read?",
             "add input = \"NAME\" with one of `into`, or give the split a `rest`", where);
  } else {
    std::string names;
    for (const auto& source : spec_.sources)
      names += (names.empty() ? "`" : ", `") + source.name + "`";
    complain(
        spec.position.line > 0 ? spec.position : spec_.sources[1].position,
        "there are several sources (" + names + "): which one does it read?",
        "add input = \"" + spec_.sources.front().name + "\", or join them first: op = \"union\"",
        where);
  }
  for (auto* output : found) output->is_read = true;
  return found;
}

// A step behind one that could not be bound has no schema to be checked against.
void PipelineBinder::add_step(const ComponentSpec& spec, const OperatorDescriptor& descriptor,
                              std::string label) {
  if (!intact_) return;
  const bool many = descriptor.arity == Arity::kMany;
  const std::vector<NodeOutput*> inputs = find_inputs(spec, many, label);
  NodeOutput* output = inputs.empty() ? nullptr : bind_node(spec, descriptor, label, inputs);
  if (output == nullptr) {
    intact_ = false;
    return;
  }
  refuse_taken_name(spec.given_name);
  output->name = spec.given_name.text;
  current_ = outputs_.size() - 1;
}

NodeOutput* PipelineBinder::bind_node(const ComponentSpec& spec,
                                      const OperatorDescriptor& descriptor,
                                      const std::string& label,
                                      const std::vector<NodeOutput*>& inputs) {
  BindContext context = bind_context();
  for (auto* input : inputs) {
    context.inputs.push_back({input->name.empty() ? input->shown_as : input->name, input->schema,
                              input->has_event_time, input->bounded, input->changelog});
    input->is_read = true;
  }
  context.has_event_time =
      std::all_of(inputs.begin(), inputs.end(), [](const auto* i) { return i->has_event_time; });
  context.one_partition = inputs.size() == 1 && inputs[0]->one_partition;
  context.out_of_orderness_us = inputs[0]->out_of_orderness_us;
  const size_t before = errors_.size();
  auto op = descriptor.bind(spec, inputs[0]->schema, context, errors_);
  for (size_t i = before; i < errors_.size(); ++i) {
    if (errors_[i].context.empty()) errors_[i].context = label;
    if (errors_[i].position.line == 0) errors_[i].position = spec.position;
  }
  if (!op) return nullptr;
  const bool changes =
      std::any_of(inputs.begin(), inputs.end(), [](const auto* i) { return i->changelog; });
  if (changes && !op->takes_changelog()) {
    complain(spec.kind_position, op->name() + " cannot take rows back, and its input does",
             "an earlier step gives updates: with mode = \"batch\" it gives final rows", label);
    return nullptr;
  }
  NodeOutput output;
  output.node = {PlanNode::Kind::kStep, plan_->steps.size()};
  output.schema = op->output();
  output.position = spec.position;
  output.has_event_time =
      op->keeps_event_time() && (op->builds() ? inputs[0]->has_event_time : context.has_event_time);
  output.bounded =
      std::all_of(inputs.begin(), inputs.end(), [](const auto* i) { return i->bounded; });
  output.changelog = op->makes_changelog(plan_->streaming) || (changes && !op->ends_changelog());
  if (output.has_event_time && output.schema.find(inputs[0]->time_column))
    output.time_column = inputs[0]->time_column;
  // Behind an ordered step or where inputs meet, only the runtime knows the watermark at a row.
  output.one_partition = context.one_partition && op->placement() == Placement::kTransform;
  output.out_of_orderness_us = context.out_of_orderness_us;
  PlannedStep step{label, std::move(op), {}, spec.given_name.text, context.out_of_orderness_us};
  for (const auto* input : inputs) step.inputs.push_back(input->node);
  plan_->steps.push_back(std::move(step));
  outputs_.push_back(std::move(output));
  return &outputs_.back();
}

void PipelineBinder::refuse_taken_name(const SourceText& name) {
  for (const auto& output : outputs_) {
    if (name.text.empty() || output.name != name.text) continue;
    complain(name.position, "there is a source or step called `" + name.text + "` already",
             "every name is given once");
  }
}

}  // namespace weir
