// Expressions without parts: a column of the batch, a literal.
#pragma once

#include "expr/expr.h"

namespace weir {

ExprPtr make_column_ref(size_t index, Type type);
ExprPtr make_literal(Value value);

}  // namespace weir
