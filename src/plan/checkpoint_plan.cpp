#include "plan/checkpoint_plan.h"

#include "plan/passes.h"
#include "plan/plan.h"

namespace weir {

namespace {

struct CheckpointOptions {
  std::string dir;
  Duration interval{10'000'000};
  std::string delivery = "exactly_once";
  ByteSize stop_after{0};
};

const OptionTable<CheckpointOptions>& checkpoint_options() {
  static const OptionTable<CheckpointOptions> table = {
      {"dir", &CheckpointOptions::dir,
       "the folder that keeps positions and state between runs; it is made if it is not there",
       true},
      {"interval", &CheckpointOptions::interval,
       "how often a checkpoint is made while the run goes on; one is made at its end in any case"},
      {"delivery",
       &CheckpointOptions::delivery,
       {"exactly_once", "at_least_once"},
       "exactly_once is refused where a sink cannot do it"},
      {"stop_after", &CheckpointOptions::stop_after,
       "a run that has read so many bytes ends in good order, and the next one goes on there; 0: "
       "reads all there is"},
  };
  return table;
}

void refuse_parts(const ComponentSpec& spec, Plan& plan, bool exactly_once, Errors& errors) {
  const auto refuse = [&](std::string message, std::string hint) {
    errors.push_back(
        {ErrorKind::kConfig, std::move(message), spec.position, std::move(hint), "[checkpoint]"});
  };
  const std::vector<size_t> joins = find_tables(plan);
  for (const auto& source : plan.sources)
    if (!source.is_table && !source.source->resumable())
      refuse("the source `" + source.name + "` cannot be read on by a later run",
             "checkpoints need sources of type \"file\" or \"kafka\"");
  for (const auto& step : plan.steps)
    if (step.op->placement() == Placement::kCollector && !step.op->keeps_collected())
      refuse(step.label + " keeps all of its input, which does not go into checkpoints",
             "let another run do it, over what this one writes, without [checkpoint]");
  for (const size_t join : joins) {
    const PlannedStep& step = plan.steps[join];
    if (step.op->has_rest())
      refuse(step.label +
                 " gives rows of one input at the end of the other, and with checkpoints "
                 "it has no end",
             "an inner or left join with a table on its right side; or mode = \"streaming\" joins "
             "both inputs as they come");
    else
      refuse(step.label + " reads one input completely first, and with checkpoints it has no end",
             "its right side can be a source of its own that every run reads anew, with no more "
             "than filters and columns in between; or mode = \"streaming\" joins both inputs as "
             "they come");
  }
  const auto check = [&](const SinkPlan& sink, const std::string& name) {
    if (sink.delivery() == Delivery::kNone)
      refuse("the sink `" + name + "` has no checkpoints", "use a sink of type \"file\"");
    if (exactly_once && sink.delivery() == Delivery::kAtLeastOnce)
      refuse("the sink `" + name + "` can only deliver at least once",
             "write to a file, or say delivery = \"at_least_once\"");
  };
  for (const auto& sink : plan.sinks) check(*sink.sink, sink.name);
  if (plan.late) check(*plan.late->sink, "late");
  if (plan.dead_letter) check(*plan.dead_letter, "dead_letter");
}

}  // namespace

std::optional<CheckpointPlan> bind_checkpoint(const ComponentSpec& spec, Plan& plan,
                                              Errors& errors) {
  const size_t before = errors.size();
  CheckpointOptions options;
  read_options(checkpoint_options(), spec.options, options, errors, "[checkpoint]");
  if (errors.size() == before && options.dir.empty())
    errors.push_back({ErrorKind::kConfig,
                      "`dir` is empty",
                      spec.options.find("dir")->position,
                      {},
                      "[checkpoint]"});
  if (errors.size() == before) refuse_parts(spec, plan, options.delivery == "exactly_once", errors);
  if (errors.size() != before) return std::nullopt;
  return CheckpointPlan{options.dir, options.interval.us, options.stop_after.bytes};
}

std::vector<OptionDoc> checkpoint_docs() { return option_docs(checkpoint_options()); }

std::string step_id(const Plan& plan, size_t step) {
  const std::string& kind = plan.steps[step].op->name();
  if (!plan.steps[step].name.empty()) return kind + " " + plan.steps[step].name;
  size_t number = 1;
  for (size_t i = 0; i < step; ++i) number += plan.steps[i].op->name() == kind ? 1 : 0;
  return kind + " " + std::to_string(number);
}

std::string step_signature(const Plan& plan, size_t step) {
  const PlannedStep& planned = plan.steps[step];
  std::string text = planned.op->explain() + "\n" + planned.op->output().to_string() + "\n";
  for (size_t k = 0; k < planned.inputs.size(); ++k) {
    // Columns that nothing needs are no part of the state.
    const std::vector<bool> needed =
        planned.op->input_columns_needed(k, plan.columns_needed({PlanNode::Kind::kStep, step}));
    for (size_t c = 0; c < needed.size(); ++c) text += needed[c] ? '1' : '0';
    text += "\n";
  }
  return text;
}

}  // namespace weir
