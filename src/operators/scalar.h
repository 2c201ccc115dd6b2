// One value of a simple type, outside of any column.
#pragma once

#include <cstdint>
#include <type_traits>

#include "data/column.h"

namespace weir {

struct Scalar {
  bool null = true;
  int64_t number = 0;  // truth values, integers, dates, times, intervals
  double real = 0;     // DOUBLE

  bool is_true() const { return !null && number != 0; }
  bool is_false() const { return !null && number == 0; }
};

// True for types that a Scalar can hold.
inline bool is_scalar(const Type& type) {
  if (type.id == TypeId::kDouble) return true;
  if (type.is_timestamp()) return !type.in_nanos();
  return type.id == TypeId::kBoolean || type.is_integer() || type.is_interval() ||
         type.id == TypeId::kDate || type.id == TypeId::kTime;
}

// Calls f with a value of the C++ type that columns of such a type hold.
template <class F>
void with_scalar_type(TypeId id, F&& f) {
  switch (id) {
    case TypeId::kBoolean: f(uint8_t{}); break;
    case TypeId::kTinyInt: f(int8_t{}); break;
    case TypeId::kSmallInt: f(int16_t{}); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: f(int32_t{}); break;
    case TypeId::kDouble: f(double{}); break;
    default: f(int64_t{}); break;
  }
}

template <class T>
Scalar make_scalar(T value) {
  if constexpr (std::is_same_v<T, double>) {
    return {false, 0, value};
  } else {
    return {false, static_cast<int64_t>(value), 0};
  }
}
template <class T>
T scalar_as(const Scalar& value) {
  if constexpr (std::is_same_v<T, double>) {
    return value.real;
  } else {
    return static_cast<T>(value.number);
  }
}

// Row i of a column that is not constant.
inline Scalar scalar_at(const Column& column, size_t i) {
  Scalar value;
  if (column.is_null(i)) return value;
  with_scalar_type(column.type().id,
                   [&]<class T>(T) { value = make_scalar<T>(column.values<T>()[i]); });
  return value;
}

}  // namespace weir
