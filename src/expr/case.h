// CASE, COALESCE and IF: branches run only on the rows that take them.
#pragma once

#include <vector>

#include "expr/expr.h"

namespace weir {

// conditions[i] BOOLEAN, results of `type`, one more than conditions: the last is ELSE.
ExprPtr make_case(Type type, std::vector<ExprPtr> conditions, std::vector<ExprPtr> results);
// The first of `values` (all of `type`) that is not NULL.
ExprPtr make_coalesce(Type type, std::vector<ExprPtr> values);

}  // namespace weir
