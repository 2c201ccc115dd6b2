#include "plan/optimize.h"

#include <algorithm>

namespace weir {

namespace {

// Which columns each step must give, from the sink back to the source.
void prune_columns(Plan& plan) {
  std::vector<bool> needed(plan.output.size(), plan.sink->needs_columns());
  for (size_t i = plan.steps.size(); i-- > 0;) {
    OperatorPlan& op = *plan.steps[i].op;
    op.set_output_needed(needed);
    needed = op.columns_needed(needed);
  }
  plan.sources.front().decode.needed = std::move(needed);
}

// The first filter's conjuncts go to the decoder, which may skip records that cannot pass. Only steps
// that keep every row and cannot refuse one may stand before it, so that no bad row goes unseen.
void push_predicates(Plan& plan) {
  PlannedSource& source = plan.sources.front();
  if (source.source->format() == nullptr) return;
  // The column of the source that is, unchanged, column c of the current step's input; -1: none.
  std::vector<int> origin(source.source->schema().size());
  for (size_t c = 0; c < origin.size(); ++c) origin[c] = static_cast<int>(c);

  for (size_t i = 0; i < plan.steps.size(); ++i) {
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
  }
}

}  // namespace

void optimize(Plan& plan) {
  prune_columns(plan);
  push_predicates(plan);
}

}  // namespace weir
