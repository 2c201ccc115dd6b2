#include "plan/passes.h"

#include <algorithm>

#include "operators/hold.h"

namespace weir {

namespace {

using Kind = PlanNode::Kind;

// Where the rows of a node come to: the joins that they meet, and the collectors that take them in.
struct Reached {
  std::vector<size_t> joins;
  std::vector<Plan::Reader> collectors;
};

void follow(const Plan& plan, PlanNode node, Reached& reached) {
  for (const Plan::Reader& reader : plan.readers(node)) {
    if (reader.is_sink) continue;
    if (plan.collects(reader)) {
      reached.collectors.push_back(reader);
      continue;
    }
    if (plan.steps[reader.index].op->builds()) reached.joins.push_back(reader.index);
    follow(plan, {Kind::kStep, reader.index}, reached);
  }
}

Reached follow(const Plan& plan, PlanNode node) {
  Reached reached;
  follow(plan, node, reached);
  return reached;
}

bool contains(const std::vector<size_t>& list, size_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Plays through the order in which the lanes of a run can go.
class Rehearsal {
 public:
  explicit Rehearsal(const Plan& plan) : plan_(plan) {
    for (size_t s = 0; s < plan.sources.size(); ++s) add({Kind::kSource, s});
    for (size_t s = 0; s < plan.steps.size(); ++s) {
      const OperatorPlan& op = *plan.steps[s].op;
      if (op.placement() == Placement::kCollector || op.has_rest()) add({Kind::kStep, s});
    }
  }

  // A join whose input 0 has to be held back; steps.size(): none.
  size_t stuck_at() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& lane : lanes_) {
        if (lane.done || !begun(lane) || first_unbuilt(lane) != plan_.steps.size()) continue;
        lane.done = true;
        moved = true;
      }
    }
    for (const auto& lane : lanes_)
      if (!lane.done && begun(lane)) return first_unbuilt(lane);
    return plan_.steps.size();
  }

 private:
  struct Lane {
    PlanNode origin;
    Reached reached;
    bool done = false;
  };
  void add(PlanNode origin) { lanes_.push_back({origin, follow(plan_, origin), false}); }

  // All lanes that lead into the step's collectors have ended.
  bool collected(size_t step) const {
    return std::all_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
      const auto& into = lane.reached.collectors;
      return lane.done ||
             std::none_of(into.begin(), into.end(), [&](const auto& r) { return r.index == step; });
    });
  }
  bool begun(const Lane& lane) const {
    if (lane.origin.kind == Kind::kSource) return true;
    const size_t step = lane.origin.index;
    if (!plan_.steps[step].op->has_rest()) return collected(step);
    return std::all_of(lanes_.begin(), lanes_.end(), [&](const Lane& other) {
      return other.done || !contains(other.reached.joins, step);
    });
  }
  size_t first_unbuilt(const Lane& lane) const {
    size_t first = plan_.steps.size();
    for (const size_t join : lane.reached.joins)
      if (!collected(join)) first = std::min(first, join);
    return first;
  }

  const Plan& plan_;
  std::vector<Lane> lanes_;
};

// Puts a step between a join and its input 0.
void hold_back(Plan& plan, size_t join) {
  const auto shift = [&](PlanNode& node) {
    if (node.kind == Kind::kStep && node.index >= join) ++node.index;
  };
  for (auto& step : plan.steps)
    for (auto& input : step.inputs) shift(input);
  for (auto& sink : plan.sinks) shift(sink.input);
  if (plan.late) shift(plan.late->input);

  PlannedStep& reader = plan.steps[join];
  PlannedStep held{reader.label,
                   make_hold(reader.op->input()),
                   {reader.inputs[0]},
                   {},
                   reader.out_of_orderness_us};
  reader.inputs[0] = {Kind::kStep, join};
  plan.steps.insert(plan.steps.begin() + static_cast<ptrdiff_t>(join), std::move(held));
}

// The source that gives the join's input 1, if nothing else reads it; null: it is not as plain.
PlannedSource* table_of(Plan& plan, const PlannedStep& join) {
  PlanNode node = join.inputs[1];
  for (;;) {
    if (plan.readers(node).size() != 1) return nullptr;
    if (node.kind == Kind::kSource) break;
    const PlannedStep& step = plan.steps[node.index];
    if (step.op->placement() != Placement::kTransform || step.inputs.size() != 1) return nullptr;
    node = step.inputs[0];
  }
  PlannedSource& source = plan.sources[node.index];
  return source.source->bounded() ? &source : nullptr;
}

}  // namespace

std::vector<size_t> find_tables(Plan& plan) {
  std::vector<size_t> others;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const PlannedStep& step = plan.steps[s];
    if (!step.op->builds()) continue;
    PlannedSource* const table = step.op->has_rest() ? nullptr : table_of(plan, step);
    if (table != nullptr) {
      table->is_table = true;
    } else {
      others.push_back(s);
    }
  }
  return others;
}

std::vector<size_t> joins_met(const Plan& plan, PlanNode origin) {
  return follow(plan, origin).joins;
}

void hold_back_where_needed(Plan& plan) {
  for (;;) {
    const size_t join = Rehearsal(plan).stuck_at();
    if (join == plan.steps.size()) return;
    hold_back(plan, join);
  }
}

}  // namespace weir
