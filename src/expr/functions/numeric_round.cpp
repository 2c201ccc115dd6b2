// ABS, SIGN, CEIL, FLOOR, ROUND, TRUNCATE, MOD: their results have the type of their argument
// (Flink's rules), so each is bound for the type it meets.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "expr/coercion.h"
#include "expr/decimal.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/numeric_families.h"
#include "expr/functions/shortest_digits.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// Calls f with a value of the C++ type of a numeric type: f(int8_t{}) ... f(Int128{}).
template <class F>
auto with_raw(TypeId id, F&& f) {
  switch (id) {
    case TypeId::kTinyInt: return f(int8_t{});
    case TypeId::kSmallInt: return f(int16_t{});
    case TypeId::kInt: return f(int32_t{});
    case TypeId::kBigInt: return f(int64_t{});
    case TypeId::kFloat: return f(float{});
    case TypeId::kDecimal: return f(Int128{});
    default: return f(double{});
  }
}

// The argument's type; a bare NULL counts as DOUBLE. Error: it is no number.
Result<Type> numeric_argument(std::string_view name, const ExprPtr& arg) {
  if (arg->type().id == TypeId::kNull) return Type::float64();
  if (arg->type().is_numeric()) return arg->type();
  return fail(ErrorKind::kConfig,
              fmt::format("{} takes a number, not {}", name, arg->type().to_string()));
}

template <class T>
std::optional<T> or_overflow(EvalContext& context, Int128 value, const Type& type,
                             std::string_view name) {
  if (value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max()) {
    return static_cast<T>(value);
  }
  if (context.wrap_overflow) return static_cast<T>(value);
  fail_row(context, fmt::format("{}: {} overflow", name, type.to_string()));
  return std::nullopt;
}

// --- ABS, SIGN
// -------------------------------------------------------------------------------------------

Result<BoundCall> bind_abs(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ABS", args, 1, 1); !ok) return fail(ok.error());
  const auto type = numeric_argument("ABS", args[0]);
  if (!type) return fail(type.error());
  return with_raw(type->id, [&]<class T>(T) {
    Kernel kernel = [type = *type](Columns columns, size_t rows, EvalContext& context) {
      return map_rows<T>(type, columns, rows, context, [&](size_t i) -> std::optional<T> {
        const T x = columns[0]->at<T>(i);
        if constexpr (std::is_floating_point_v<T>)
          return std::fabs(x);
        else if constexpr (std::is_same_v<T, Int128>)
          return x < 0 ? -x : x;
        else
          return x < 0 ? or_overflow<T>(context, -Int128{x}, type, "ABS") : std::optional<T>(x);
      });
    };
    return BoundCall{{*type}, *type, std::move(kernel), type->is_integer()};
  });
}

Result<BoundCall> bind_sign(std::span<const ExprPtr> args) {
  if (auto ok = check_count("SIGN", args, 1, 1); !ok) return fail(ok.error());
  const auto type = numeric_argument("SIGN", args[0]);
  if (!type) return fail(type.error());
  return with_raw(type->id, [&]<class T>(T) {
    Kernel kernel = [type = *type](Columns columns, size_t rows, EvalContext& context) {
      const T one = std::is_same_v<T, Int128> ? static_cast<T>(power_of_ten(type.scale)) : T{1};
      return map_rows<T>(type, columns, rows, context, [&](size_t i) -> T {
        const T x = columns[0]->at<T>(i);
        if (x > 0) return one;
        if (x < 0) return static_cast<T>(-one);
        return x;  // 0, -0.0 and NaN
      });
    };
    return BoundCall{{*type}, *type, std::move(kernel)};
  });
}

// --- CEIL, FLOOR
// -----------------------------------------------------------------------------------------

// Integers stay; DECIMAL gets scale 0.
template <bool kUp>
Result<BoundCall> bind_whole(std::string_view name, std::span<const ExprPtr> args) {
  if (auto ok = check_count(name, args, 1, 1); !ok) return fail(ok.error());
  const auto type = numeric_argument(name, args[0]);
  if (!type) return fail(type.error());
  if (type->is_integer()) {
    return BoundCall{
        {*type}, *type, [](Columns columns, size_t, EvalContext&) { return columns[0]; }};
  }
  return with_raw(type->id, [&]<class T>(T) {
    const Type result = std::is_same_v<T, Int128> ? Type::decimal(type->precision, 0) : *type;
    Kernel kernel = [result, scale = type->scale](Columns columns, size_t rows,
                                                  EvalContext& context) {
      [[maybe_unused]] const Int128 power = power_of_ten(scale);
      return map_rows<T>(result, columns, rows, context, [&](size_t i) -> T {
        const T x = columns[0]->at<T>(i);
        if constexpr (std::is_floating_point_v<T>) {
          return kUp ? std::ceil(x) : std::floor(x);
        } else {
          const Int128 q = x / power;
          const bool exact = q * power == x;
          if (kUp) return static_cast<T>(!exact && x > 0 ? q + 1 : q);
          return static_cast<T>(!exact && x < 0 ? q - 1 : q);
        }
      });
    };
    return BoundCall{{*type}, result, std::move(kernel)};
  });
}

// --- ROUND, TRUNCATE
// -------------------------------------------------------------------------------------

// value / 10^n, half up by magnitude or towards zero; n >= 0.
Int128 drop_digits(Int128 value, int n, bool half_up) {
  if (n > kMaxDecimalDigits) return 0;
  const Int128 power = power_of_ten(n);
  const Int128 q = value / power;
  const Int128 rest = value % power;
  const Int128 size = rest < 0 ? -rest : rest;
  if (half_up && size >= power - size && size != 0) return value < 0 ? q - 1 : q + 1;
  return q;
}

// The type of a DECIMAL kept to `places` places, a literal.
Type rounded_type(const Type& type, int64_t places) {
  if (places >= type.scale) return type;
  const int whole = type.precision - type.scale;
  if (places < 0) return Type::decimal(std::min(kMaxDecimalDigits, 1 + whole), 0);
  const int p = static_cast<int>(places);
  return Type::decimal(std::min(kMaxDecimalDigits, 1 + whole + p), p);
}

std::optional<Int128> keep_places(Int128 x, const Type& from, const Type& to, int places,
                                  bool half_up) {
  if (places >= from.scale) return rescale_decimal(x, from.scale, to.scale, to.precision);
  const Int128 q = drop_digits(x, from.scale - places, half_up);
  if (q == 0) return q;
  // q counts units of 10^-places; the result counts units of 10^-scale.
  const int up = to.scale - places;
  if (up < 0 || up > kMaxDecimalDigits || decimal_digits(q) + up > to.precision)
    return std::nullopt;
  return q * power_of_ten(up);
}

int clamp_places(int64_t places) {
  return static_cast<int>(std::clamp<int64_t>(places, -1000, 1000));
}

template <bool kHalfUp>
Result<BoundCall> bind_places(std::string_view name, std::span<const ExprPtr> args) {
  if (auto ok = check_count(name, args, 1, 2); !ok) return fail(ok.error());
  const auto type = numeric_argument(name, args[0]);
  if (!type) return fail(type.error());
  std::vector<Type> parameters{*type};
  if (args.size() == 2) {
    if (auto ok = check_type(name, args, 1, Type::bigint()); !ok) return fail(ok.error());
    parameters.push_back(Type::bigint());
  }
  Type result = *type;
  const auto literal = args.size() == 2 ? literal_integer(args, 1) : std::optional<int64_t>(0);
  if (type->id == TypeId::kDecimal && literal) result = rounded_type(*type, *literal);
  return with_raw(type->id, [&]<class T>(T) {
    Kernel kernel = [name, from = *type, result](Columns columns, size_t rows,
                                                 EvalContext& context) {
      return map_rows<T>(result, columns, rows, context, [&](size_t i) -> std::optional<T> {
        const T x = columns[0]->at<T>(i);
        const int places = columns.size() > 1 ? clamp_places(columns[1]->at<int64_t>(i)) : 0;
        if constexpr (std::is_floating_point_v<T>) {
          const auto wide = static_cast<double>(x);
          return static_cast<T>(kHalfUp ? round_double(wide, places)
                                        : truncate_double(wide, places));
        } else if constexpr (std::is_same_v<T, Int128>) {
          return keep_places(x, from, result, places, kHalfUp);
        } else {
          if (places >= 0) return x;
          const Int128 q = drop_digits(x, -places, kHalfUp);
          if (q == 0) return T{0};
          return or_overflow<T>(context, q * power_of_ten(-places), from, name);
        }
      });
    };
    return BoundCall{parameters, result, std::move(kernel),
                     type->is_integer() && literal.value_or(-1) < 0};
  });
}

// --- MOD
// -------------------------------------------------------------------------------------------------

template <class Out>
ColumnPtr mod_integers(Columns columns, const Type& result, size_t rows, EvalContext& context) {
  return map_rows<Out>(result, columns, rows, context, [&](size_t i) -> std::optional<Out> {
    const int64_t a = columns[0]->at<int64_t>(i);
    const int64_t b = columns[1]->at<int64_t>(i);
    if (b == 0) {
      fail_row(context, "division by zero");
      return std::nullopt;
    }
    return static_cast<Out>(b == -1 ? 0 : a % b);
  });
}

// The sign is the dividend's. Integers give the divisor's type, as in Flink.
Result<BoundCall> bind_mod(std::span<const ExprPtr> args) {
  if (auto ok = check_count("MOD", args, 2, 2); !ok) return fail(ok.error());
  const auto a = numeric_argument("MOD", args[0]);
  if (!a) return fail(a.error());
  const auto b = numeric_argument("MOD", args[1]);
  if (!b) return fail(b.error());
  if (a->is_approximate() || b->is_approximate()) {
    Kernel kernel = [](Columns columns, size_t rows, EvalContext& context) {
      return map_rows<double>(Type::float64(), columns, rows, context, [&](size_t i) {
        return std::fmod(columns[0]->at<double>(i), columns[1]->at<double>(i));
      });
    };
    return BoundCall{{Type::float64(), Type::float64()}, Type::float64(), std::move(kernel)};
  }
  const Value* divisor = args[1]->as_literal();
  const bool can_fail = divisor == nullptr || divisor->is_null || divisor->number == 0;
  if (a->is_integer() && b->is_integer()) {
    Kernel kernel = [result = *b](Columns columns, size_t rows, EvalContext& context) {
      switch (result.id) {
        case TypeId::kTinyInt: return mod_integers<int8_t>(columns, result, rows, context);
        case TypeId::kSmallInt: return mod_integers<int16_t>(columns, result, rows, context);
        case TypeId::kInt: return mod_integers<int32_t>(columns, result, rows, context);
        default: return mod_integers<int64_t>(columns, result, rows, context);
      }
    };
    return BoundCall{{Type::bigint(), Type::bigint()}, *b, std::move(kernel), can_fail};
  }
  const Type x = a->is_integer() ? decimal_of(*a) : *a;
  const Type y = b->is_integer() ? decimal_of(*b) : *b;
  const int scale = std::max(x.scale, y.scale);
  const int whole = std::min(x.precision - x.scale, y.precision - y.scale);
  const Type result = adjusted_decimal(std::max(1, whole + scale), scale);
  Kernel kernel = [x, y, result](Columns columns, size_t rows, EvalContext& context) {
    return map_rows<Int128>(result, columns, rows, context, [&](size_t i) -> std::optional<Int128> {
      const Int128 d = columns[1]->at<Int128>(i);
      if (d == 0) {
        fail_row(context, "division by zero");
        return std::nullopt;
      }
      return modulo_decimals(columns[0]->at<Int128>(i), x.scale, d, y.scale, result.scale,
                             result.precision);
    });
  };
  return BoundCall{{x, y}, result, std::move(kernel), can_fail};
}

FunctionDescriptor numeric(std::string_view name, std::string_view signature, std::string_view doc,
                           std::string_view example, std::string_view result,
                           std::function<Result<BoundCall>(std::span<const ExprPtr>)> bind) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.bind = std::move(bind);
  return d;
}

}  // namespace

FunctionList numeric_round_functions() {
  using Args = std::span<const ExprPtr>;
  return {
      numeric("ABS", "ABS(x NUMERIC) -> same type", "Gives the absolute value.", "ABS(-3.50)",
              "3.50", bind_abs),
      numeric("SIGN", "SIGN(x NUMERIC) -> same type", "Gives -1, 0 or 1.", "SIGN(-7)", "-1",
              bind_sign),
      numeric("CEIL", "CEIL(x NUMERIC) -> same type, DECIMAL with scale 0",
              "Gives the smallest whole number that is not less than x.", "CEIL(1.2)", "2",
              [](Args args) { return bind_whole<true>("CEIL", args); }),
      numeric("CEILING", "CEILING(x NUMERIC) -> same type, DECIMAL with scale 0",
              "The same as CEIL.", "CEILING(-1.2)", "-1",
              [](Args args) { return bind_whole<true>("CEILING", args); }),
      numeric("FLOOR", "FLOOR(x NUMERIC) -> same type, DECIMAL with scale 0",
              "Gives the largest whole number that is not greater than x.", "FLOOR(-1.2)", "-2",
              [](Args args) { return bind_whole<false>("FLOOR", args); }),
      numeric("ROUND", "ROUND(x NUMERIC[, places INT]) -> same type, DECIMAL with the places",
              "Rounds to places digits after the point (default 0), half up by magnitude.",
              "ROUND(-125.315, 2)", "-125.32",
              [](Args args) { return bind_places<true>("ROUND", args); }),
      numeric("TRUNCATE", "TRUNCATE(x NUMERIC[, places INT]) -> same type, DECIMAL with the places",
              "Cuts after places digits after the point (default 0).", "TRUNCATE(42.328, 2)",
              "42.32", [](Args args) { return bind_places<false>("TRUNCATE", args); }),
      numeric("MOD", "MOD(a NUMERIC, b NUMERIC) -> type of b, DECIMAL or DOUBLE",
              "Gives the remainder of a divided by b, with the sign of a.", "MOD(-7, 3)", "-1",
              bind_mod),
  };
}

}  // namespace weir
