#include "expr/coercion.h"

#include <algorithm>

#include "expr/cast.h"
#include "expr/decimal.h"

namespace weir {

namespace {

std::optional<Type> common_number(const Type& a, const Type& b) {
  if (a.is_approximate() || b.is_approximate()) {
    // A DECIMAL does not fit into a FLOAT; an integer does, as far as Flink is concerned.
    const bool doubles = a.id == TypeId::kDouble || b.id == TypeId::kDouble ||
                         a.id == TypeId::kDecimal || b.id == TypeId::kDecimal;
    return Type{doubles ? TypeId::kDouble : TypeId::kFloat};
  }
  if (a.id == TypeId::kDecimal || b.id == TypeId::kDecimal) {
    const Type x = decimal_of(a);
    const Type y = decimal_of(b);
    const int scale = std::max(x.scale, y.scale);
    return adjusted_decimal(std::max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
  }
  return a.id > b.id ? a : b;
}

std::optional<Type> common_time(const Type& a, const Type& b) {
  const auto precision = std::max(a.precision, b.precision);
  if (a.id == b.id) return Type{a.id, precision};
  if (a.id == TypeId::kTime || b.id == TypeId::kTime) return std::nullopt;
  if (a.id == TypeId::kTimestampLtz || b.id == TypeId::kTimestampLtz) {
    return Type::timestamp_ltz(precision);
  }
  return Type::timestamp(precision);
}

std::optional<Type> common_nested(const Type& a, const Type& b) {
  if (a.fields->size() != b.fields->size()) return std::nullopt;
  std::vector<Type::Field> fields;
  for (size_t i = 0; i < a.fields->size(); ++i) {
    auto t = common_type((*a.fields)[i].type, (*b.fields)[i].type);
    if (!t) return std::nullopt;
    fields.push_back({(*a.fields)[i].name, std::move(*t)});
  }
  if (a.id == TypeId::kArray) return Type::array(std::move(fields[0].type));
  if (a.id == TypeId::kMap) {
    return Type::map(std::move(fields[0].type), std::move(fields[1].type));
  }
  return Type::row(std::move(fields));
}

}  // namespace

Type decimal_of(const Type& integer) {
  switch (integer.id) {
    case TypeId::kTinyInt: return Type::decimal(3, 0);
    case TypeId::kSmallInt: return Type::decimal(5, 0);
    case TypeId::kInt: return Type::decimal(10, 0);
    case TypeId::kBigInt: return Type::decimal(19, 0);
    default: return integer;
  }
}

Type adjusted_decimal(int precision, int scale) {
  if (precision > kMaxDecimalDigits) {
    const int whole = precision - scale;
    scale = std::max(kMaxDecimalDigits - whole, std::min(scale, 6));
    precision = kMaxDecimalDigits;
  }
  return Type::decimal(precision, std::min(scale, precision));
}

std::optional<Type> common_type(const Type& a, const Type& b) {
  if (a == b || b.id == TypeId::kNull) return a;
  if (a.id == TypeId::kNull) return b;
  if (a.is_numeric() && b.is_numeric()) return common_number(a, b);
  if (a.is_temporal() && b.is_temporal()) return common_time(a, b);
  if (a.id == b.id && a.is_nested()) return common_nested(a, b);
  return std::nullopt;
}

std::optional<Type> common_type(std::span<const ExprPtr> expressions) {
  Type type;
  for (const auto& e : expressions) {
    auto t = common_type(type, e->type());
    if (!t) return std::nullopt;
    type = std::move(*t);
  }
  return type;
}

std::optional<int> conversion_cost(const Expr& argument, const Type& parameter) {
  const Type& from = argument.type();
  const Value* literal = argument.as_literal();
  if (from == parameter) return 0;
  if (from.id == TypeId::kNull) return 1;
  if (from.id == parameter.id && !from.is_nested()) {
    if (from.id == TypeId::kDecimal) {
      const bool widens = parameter.scale >= from.scale &&
                          parameter.precision - parameter.scale >= from.precision - from.scale;
      return widens ? 1 : 3;
    }
    return from.in_nanos() && !parameter.in_nanos() ? 2 : 1;
  }
  if (from.is_numeric() && parameter.is_numeric()) {
    // Each step of widening costs 2; DECIMAL is one more step for integers.
    const auto rank = [](TypeId id) {
      return id == TypeId::kDecimal  ? 5
             : id == TypeId::kFloat  ? 6
             : id == TypeId::kDouble ? 7
                                     : static_cast<int>(id) - static_cast<int>(TypeId::kTinyInt);
    };
    const int distance = rank(parameter.id) - rank(from.id);
    if (distance > 0) return 2 * distance;
    // Inferred integer columns are BIGINT while many functions take an INT: checked when it runs.
    if (from.is_integer() && parameter.is_integer()) return 40 - distance;
    return std::nullopt;
  }
  if (from.is_temporal() && parameter.is_temporal()) {
    if (from.id == TypeId::kTime || parameter.id == TypeId::kTime) return std::nullopt;
    if (parameter.id == TypeId::kDate) return std::nullopt;
    return from.id == TypeId::kDate ? 6 : 5;
  }
  if (from.is_text() && literal != nullptr && !literal->is_null && parameter.is_temporal()) {
    return 20;
  }
  if (from.id == parameter.id && from.is_nested() && can_cast(from, parameter) &&
      common_type(from, parameter)) {
    return 10;
  }
  return std::nullopt;
}

}  // namespace weir
