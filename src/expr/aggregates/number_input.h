// Numbers of any type as doubles, for the functions that rank them; and the fractions they are asked for.
#pragma once

#include <span>
#include <vector>

#include "expr/aggregates/typed_aggregate.h"

namespace weir {

// Calls f(i, value) for every row that is not NULL.
template <class F>
void for_numbers(const Column& column, size_t n, F&& f) {
  double unit = 1;
  if (column.type().id == TypeId::kDecimal) {
    for (int k = 0; k < column.type().scale; ++k) unit *= 10;
  }
  with_number_type(column.type(), [&]<class T>(T) {
    for (size_t i = 0; i < n; ++i) {
      if (!column.is_null(i)) f(i, static_cast<double>(column.at<T>(i)) / unit);
    }
  });
}

// A fraction, or several as an array literal.
struct Fractions {
  std::vector<double> values;
  bool is_array = false;
};
// Error: not a literal, or outside of 0 to 1.
Result<Fractions> read_fractions(const Expr& expr, std::string_view function);

}  // namespace weir
