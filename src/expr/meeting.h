// Bringing two or more expressions to one type, with messages that say what to write instead.
#pragma once

#include <string>
#include <vector>

#include "expr/compare.h"
#include "expr/expr.h"

namespace weir {

// Casts both sides of a comparison to a type they share; a text literal becomes a time when the
// other side is one. A literal is brought to the other side's type rather than the other way round.
// `op` may change: an integer < 1.5 becomes an integer <= 1. Error: message and hint, no place.
Result<void> meet_for_comparison(ExprPtr& left, ExprPtr& right, const TimeZone* zone,
                                 CompareOp* op = nullptr);
// Casts all to their common type. `what` names them in the message: "the branches of CASE".
Result<Type> meet(std::vector<ExprPtr>& expressions, std::string_view what);

}  // namespace weir
