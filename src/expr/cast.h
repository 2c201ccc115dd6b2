// Casts between types, for the binder, the kernels and other rooms.
//
// Rules: Flink's, except that whatever cannot be represented is a row error (never a wrapped or cut
// number): text that is no number, an integer out of range, a decimal with too many digits.
// EvalContext::wrap_overflow restores Flink's wrapping of integers.
#pragma once

#include "expr/expr.h"

namespace weir {

// True if a value of type `from` can be cast to `to` (it may still fail on single rows).
bool can_cast(const Type& from, const Type& to);
// True if a cast from `from` to `to` may fail on a row.
bool cast_can_fail(const Type& from, const Type& to);

// The column with its values converted; a constant stays a constant. A row that fails is NULL and a
// row error, or just NULL when `try_cast`. Strings are made in context.arena or shared with
// `column`. `can_cast` must hold. `rows` is column.size().
ColumnPtr cast_column(const Column& column, const Type& to, bool try_cast, EvalContext& context,
                      size_t rows);
// The same; gives back the column itself when nothing has to be done.
ColumnPtr cast_column(const ColumnPtr& column, const Type& to, bool try_cast, EvalContext& context,
                      size_t rows);

}  // namespace weir
