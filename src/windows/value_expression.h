// A number computed from each record, for triggers, evictors and session gaps.
#pragma once

#include "config/node.h"
#include "data/schema.h"
#include "expr/expr.h"

namespace weir {

// Binds a numeric expression and casts it to DOUBLE. Problems go to `errors`; null then.
ExprPtr bind_value(const SourceText& text, const Schema& input, const TimeZone* zone,
                   Errors& errors);

}  // namespace weir
