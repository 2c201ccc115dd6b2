#include "plan/event_time_step.h"

#include "config/event_time_options.h"
#include "plan/pipeline_binder.h"

namespace weir {

namespace {

std::unique_ptr<OperatorPlan> bind_no_event_time(const ComponentSpec& spec, const Schema&,
                                                 const BindContext&, Errors& errors) {
  errors.push_back(
      {ErrorKind::kInternal, "an event time is bound by the planner", spec.position, {}, {}});
  return nullptr;
}

}  // namespace

const OperatorDescriptor kEventTimeStep = {
    "event_time",
    "Gives rows their event time, as [source.event_time] does, where steps compute it.",
    [] { return option_docs(event_time_options()); },
    bind_no_event_time,
};

void PipelineBinder::bind_event_time_step(const ComponentSpec& spec, const std::string& label) {
  if (!intact_) return;
  intact_ = false;  // until it stands
  const size_t before = errors_.size();
  const EventTimeSpec time =
      read_event_time(spec.options, "the event_time operator", errors_, {"op"});
  if (errors_.size() > before) return;
  const auto inputs = find_inputs(spec, false, label);
  if (inputs.empty()) return;
  outputs_.push_back(*inputs[0]);
  outputs_.back().name.clear();
  if (!add_event_time(time, outputs_.size() - 1, label)) {
    outputs_.pop_back();
    if (errors_.size() == before)
      complain(spec.position, "its input cannot get an event time here",
               "it stands behind one source and steps that workers run (filter, map, extend, "
               "flat_map ...), once, and nothing else reads those",
               label);
    return;
  }
  refuse_taken_name(spec.given_name);
  outputs_.back().name = spec.given_name.text;
  outputs_.back().position = spec.position;
  outputs_.back().is_read = false;
  current_ = outputs_.size() - 1;
  intact_ = errors_.size() == before;
}

}  // namespace weir
