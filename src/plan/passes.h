// Which rows must wait for which: a join reads one input completely before the other one begins.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace weir {

// The joins (steps that build an input) that rows of a source, or of a step's result, meet on their way to
// sinks and collectors.
std::vector<size_t> joins_met(const Plan& plan, PlanNode origin);

// Finds the sources of PlannedSource::is_table: those that go, through the workers' steps alone, into input 1 of a
// join and nowhere else. Gives the joins whose input 1 is another one, or that keep rows until the end of input 0.
std::vector<size_t> find_tables(Plan& plan);

// Where rows would have to wait for themselves (both inputs of a join come from one source) puts a step
// before the join that holds its first input back. Before the optimiser.
void hold_back_where_needed(Plan& plan);

}  // namespace weir
