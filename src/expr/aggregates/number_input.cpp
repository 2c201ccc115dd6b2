#include "expr/aggregates/number_input.h"

namespace weir {

namespace {

bool to_fraction(const Value& value, double& out) {
  if (value.is_null) return false;
  if (value.type.is_approximate()) {
    out = value.real;
  } else if (value.type.is_numeric()) {
    out = static_cast<double>(value.number);
    for (int k = 0; k < value.type.scale; ++k) out /= 10;
  } else {
    return false;
  }
  return out >= 0 && out <= 1;
}

}  // namespace

Result<Fractions> read_fractions(const Expr& expr, std::string_view function) {
  const Value* literal = expr.as_literal();
  const std::string wanted =
      std::string(function) + " takes a fraction from 0 to 1, or an array of such, as a constant";
  if (literal == nullptr) return fail(ErrorKind::kConfig, wanted, "the 95th percentile is 0.95");
  Fractions fractions;
  fractions.is_array = literal->type.id == TypeId::kArray;
  const std::vector<Value> single = {*literal};
  for (const auto& item : fractions.is_array ? literal->items : single) {
    double fraction = 0;
    if (!to_fraction(item, fraction))
      return fail(ErrorKind::kConfig, wanted, "the 95th percentile is 0.95");
    fractions.values.push_back(fraction);
  }
  return fractions;
}

}  // namespace weir
