#include "plan/delivery.h"

#include "plan/plan.h"

namespace weir {

namespace {

std::string promise(const Plan& plan, const SinkPlan& sink) {
  if (!plan.checkpoint)
    return "all rows when the exit code is 0; without [checkpoint] a run that failed starts over";
  std::string read_again;
  for (const auto& source : plan.sources)
    if (!source.is_table && !source.source->resumable()) read_again = source.name;
  if (!read_again.empty())
    return "at most once: what `" + read_again + "` had sent before a crash cannot be read again";
  switch (sink.delivery()) {
    case Delivery::kExactlyOnce:
      return "exactly once: after a crash it is taken back to the last checkpoint, and the input "
             "is "
             "read on from there";
    case Delivery::kAtLeastOnce:
      return "at least once: after a crash rows come again that were written behind the last "
             "checkpoint, because it cannot be taken back";
    case Delivery::kNone: break;
  }
  return "none: it has no checkpoints";
}

}  // namespace

std::vector<std::string> delivery_lines(const Plan& plan) {
  std::vector<std::string> lines;
  const auto add = [&](const SinkPlan& sink) {
    lines.push_back(sink.explain() + ": " + promise(plan, sink));
  };
  for (const auto& sink : plan.sinks) add(*sink.sink);
  if (plan.late) add(*plan.late->sink);
  if (plan.dead_letter) add(*plan.dead_letter);
  return lines;
}

}  // namespace weir
