// DISTINCT around any aggregate: SUM(DISTINCT x), COUNT(DISTINCT a, b).
#pragma once

#include <vector>

#include "expr/aggregate.h"

namespace weir {

// An aggregate that passes each distinct combination of argument values (NULLs equal to each other)
// to `inner` once. `arg_types` are the types of the arguments, in order; never empty.
AggregatePtr make_distinct_aggregate(AggregatePtr inner, std::vector<Type> arg_types);

}  // namespace weir
