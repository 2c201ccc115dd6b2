// The keys of components that could not be bound because an earlier one is wrong.
#pragma once

#include "base/error.h"
#include "config/spec.h"

namespace weir {

// Adds unknown and missing keys of steps, window and sinks, told from their option tables alone, so
// that `check` reports them although the planner never got so far. Places that `errors` speaks of
// already are left out.
void add_key_errors(const PipelineSpec& spec, Errors& errors);

// Sorts by line, keeps the order of errors of one line and of different files.
void sort_by_place(Errors& errors);

}  // namespace weir
