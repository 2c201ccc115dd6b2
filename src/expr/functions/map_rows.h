// The loop of a hand-written kernel: one value per row, NULL in -> NULL out, constants computed
// once.
//
// The adaptor of expr/function.h does this for functions on plain values; kernels whose types or
// arguments it cannot express (DECIMAL, any number of arguments, compiled patterns) use these.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "expr/expr.h"

namespace weir {

inline bool all_constant(std::span<const ColumnPtr> args) {
  for (const ColumnPtr& a : args) {
    if (!a->is_constant()) return false;
  }
  return !args.empty();
}

inline bool any_null(std::span<const ColumnPtr> args, size_t row) {
  for (const ColumnPtr& a : args) {
    if (a->is_null(row)) return true;
  }
  return false;
}

// How many rows to compute for `rows` rows of these arguments.
inline size_t rows_to_compute(std::span<const ColumnPtr> args, size_t rows) {
  return all_constant(args) && rows > 1 ? 1 : rows;
}

// Ends a kernel: `out` holds the computed rows. When that was one row for many, it becomes a
// constant, and a failure of that row is repeated for the others.
inline ColumnPtr finish_rows(ColumnPtr out, std::span<const ColumnPtr> args, size_t rows,
                             EvalContext& context, size_t errors_before) {
  if (!all_constant(args) || rows == 0) return out;
  out->make_constant(rows);
  if (context.errors.size() > errors_before) {
    const std::string reason = context.errors.back().reason;
    for (size_t i = 1; i < rows; ++i) context.row_error(i, reason);
  }
  return out;
}

// `f(i)` gives a Raw or std::optional<Raw> (nullopt: NULL); it reads its arguments with at<T>(i)
// and may report an error with fail_row. With kNullsToo it is called for rows with NULL arguments
// as well.
template <class Raw, bool kNullsToo = false, class F>
ColumnPtr map_rows(const Type& type, std::span<const ColumnPtr> args, size_t rows,
                   EvalContext& context, F&& f) {
  const size_t n = rows_to_compute(args, rows);
  const size_t errors_before = context.errors.size();
  ColumnPtr out = make_column(type, n);
  Raw* values = out->values<Raw>();
  bool nulls = false;
  for (const ColumnPtr& a : args) nulls = nulls || a->may_have_nulls();
  for (size_t i = 0; i < n; ++i) {
    if constexpr (!kNullsToo) {
      if (nulls && any_null(args, i)) {
        values[i] = Raw{};
        out->set_null(i);
        continue;
      }
    }
    const size_t before = context.errors.size();
    if constexpr (std::is_convertible_v<decltype(f(i)), Raw>) {
      values[i] = f(i);
    } else {
      std::optional<Raw> r = f(i);
      values[i] = r.value_or(Raw{});
      if (!r.has_value()) out->set_null(i);
    }
    if (context.errors.size() != before) [[unlikely]] {
      context.errors.back().row = static_cast<uint32_t>(i);
      out->set_null(i);
    }
  }
  return finish_rows(std::move(out), args, rows, context, errors_before);
}

}  // namespace weir
