// A single value of any type: constants of expressions, rows written in TOML, group keys on display.
#pragma once

#include <string>
#include <vector>

#include "base/arena.h"
#include "data/column.h"
#include "data/type.h"

namespace weir {

struct Value {
  Type type;
  bool is_null = true;
  Int128 number = 0;  // booleans, integers, decimals (scaled), dates, times, timestamps, intervals
  double real = 0;    // FLOAT, DOUBLE
  std::string text;   // STRING, BYTES
  std::vector<Value> items;  // ARRAY elements; ROW fields; MAP: key, value, key, value ...

  static Value null(Type t = {}) { return Value{std::move(t), true, 0, 0, {}, {}}; }
  static Value boolean(bool b) { return Value{Type::boolean(), false, b, 0, {}, {}}; }
  static Value bigint(int64_t v) { return Value{Type::bigint(), false, v, 0, {}, {}}; }
  static Value integer(int32_t v) { return Value{Type::integer(), false, v, 0, {}, {}}; }
  static Value float64(double v) { return Value{Type::float64(), false, 0, v, {}, {}}; }
  static Value string(std::string v) {
    return Value{Type::string(), false, 0, 0, std::move(v), {}};
  }

  bool operator==(const Value&) const = default;
};

// Appends a value to a column of the same type; strings are copied into `arena`.
void append_value(Column& column, const Value& value, Arena& arena);
// A constant column of `rows` rows; strings point into `value`, which must outlive it.
ColumnPtr constant_column(const Value& value, size_t rows);
// Row i of a column as a value (deep).
Value value_at(const Column& column, size_t i);

// Three-way comparison of two rows of columns of the same type, NULL first; strings by bytes, NaN last.
int compare_rows(const Column& a, size_t i, const Column& b, size_t j);

}  // namespace weir
