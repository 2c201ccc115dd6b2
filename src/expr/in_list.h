// value IN (list).
#pragma once

#include <vector>

#include "expr/expr.h"

namespace weir {

// `items` have the value's type. Not found and a NULL among the items gives NULL. A list of
// literals is a set built once; items that may fail run only on rows that are not decided yet.
ExprPtr make_in(ExprPtr value, std::vector<ExprPtr> items, bool negated);

}  // namespace weir
