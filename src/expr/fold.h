// Constant folding.
#pragma once

#include "expr/expr.h"

namespace weir {

// The literal that `expr` always gives, or `expr` itself when it reads columns, is not
// deterministic, or fails (so that it fails when, and only if, it is run).
ExprPtr fold(ExprPtr expr, const TimeZone* zone);

}  // namespace weir
