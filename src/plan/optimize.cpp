#include "plan/optimize.h"

#include <algorithm>

namespace weir {

namespace {

// Which columns of each node's output are read, from the sinks back to the sources.
void prune_columns(Plan& plan) {
  std::vector<std::vector<bool>> of_sources;
  std::vector<std::vector<bool>> of_steps;
  for (const auto& source : plan.sources)
    of_sources.emplace_back(source.source->schema().size(), false);
  for (const auto& step : plan.steps) of_steps.emplace_back(step.op->output().size(), false);
  const auto need = [&](PlanNode node, const std::vector<bool>& columns) {
    auto& needed =
        node.kind == PlanNode::Kind::kSource ? of_sources[node.index] : of_steps[node.index];
    for (size_t c = 0; c < needed.size(); ++c) needed[c] = needed[c] || columns[c];
  };

  for (const auto& sink : plan.sinks)
    need(sink.input, std::vector<bool>(sink.schema.size(), sink.sink->needs_columns()));
  for (size_t i = plan.steps.size(); i-- > 0;) {
    OperatorPlan& op = *plan.steps[i].op;
    op.set_output_needed(of_steps[i]);
    for (size_t k = 0; k < plan.steps[i].inputs.size(); ++k)
      need(plan.steps[i].inputs[k], op.input_columns_needed(k, of_steps[i]));
  }
  for (size_t s = 0; s < plan.sources.size(); ++s)
    plan.sources[s].decode.needed = std::move(of_sources[s]);
}

// The first filter's conjuncts go to the decoder, which may skip records that cannot pass. Only
// steps that keep every row and cannot refuse one may stand before it, so that no bad row goes
// unseen, and only steps that nobody else reads beside.
void push_predicates(Plan& plan, size_t source_index) {
  PlannedSource& source = plan.sources[source_index];
  if (source.source->format() == nullptr) return;
  // The column of the source that is, unchanged, column c of the current step's input; -1: none.
  std::vector<int> origin(source.source->schema().size());
  for (size_t c = 0; c < origin.size(); ++c) origin[c] = static_cast<int>(c);

  PlanNode node{PlanNode::Kind::kSource, source_index};
  for (;;) {
    const auto readers = plan.readers(node);
    if (readers.size() != 1 || readers[0].is_sink) return;
    const size_t i = readers[0].index;
    const OperatorPlan& op = *plan.steps[i].op;
    if (op.placement() != Placement::kTransform || op.can_reject()) return;
    const auto predicates = op.pushable();
    if (!predicates.empty()) {
      for (PushedPredicate p : predicates) {
        if (origin[p.column] < 0) continue;
        p.column = static_cast<size_t>(origin[p.column]);
        source.decode.predicates.push_back(std::move(p));
      }
      source.pushed_from = i;
      return;
    }
    if (!op.keeps_rows()) return;
    std::vector<int> next(op.output().size(), -1);
    for (size_t c = 0; c < next.size(); ++c) {
      const int from = op.passes_column(c);
      if (from >= 0) next[c] = origin[static_cast<size_t>(from)];
    }
    origin = std::move(next);
    node = {PlanNode::Kind::kStep, i};
  }
}

}  // namespace

void optimize(Plan& plan) {
  prune_columns(plan);
  for (size_t s = 0; s < plan.sources.size(); ++s) push_predicates(plan, s);
}

}  // namespace weir
