#include "expr/functions/arguments.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

// TINYINT 3, SMALLINT 5, INT 10, BIGINT 19 digits.
int integer_digits(TypeId id) {
  switch (id) {
    case TypeId::kTinyInt: return 3;
    case TypeId::kSmallInt: return 5;
    case TypeId::kInt: return 10;
    default: return 19;
  }
}

Type common_numeric(const Type& a, const Type& b) {
  if (a.is_approximate() || b.is_approximate()) {
    if (a.id == TypeId::kDouble || b.id == TypeId::kDouble) return Type::float64();
    const bool decimal = a.id == TypeId::kDecimal || b.id == TypeId::kDecimal;
    return decimal ? Type::float64() : Type{TypeId::kFloat};
  }
  if (a.is_integer() && b.is_integer()) return a.id >= b.id ? a : b;
  const Type x = as_decimal(a);
  const Type y = as_decimal(b);
  const int scale = std::max(x.scale, y.scale);
  const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
  if (whole + scale <= 38) return Type::decimal(whole + scale, scale);
  return Type::decimal(38, std::max(38 - whole, std::min(scale, 6)));
}

// nullopt: there is none.
std::optional<Type> common_of_two(const Type& a, const Type& b) {
  if (a == b || b.id == TypeId::kNull) return a;
  if (a.id == TypeId::kNull) return b;
  if (a.is_numeric() && b.is_numeric()) return common_numeric(a, b);
  if (a.is_timestamp() && b.is_timestamp()) {
    const bool instant = a.id == TypeId::kTimestampLtz || b.id == TypeId::kTimestampLtz;
    const uint8_t p = std::max(a.precision, b.precision);
    return instant ? Type::timestamp_ltz(p) : Type::timestamp(p);
  }
  if (a.is_timestamp() && b.id == TypeId::kDate) return a;
  if (b.is_timestamp() && a.id == TypeId::kDate) return b;
  if (a.id != b.id) return std::nullopt;
  if (a.id == TypeId::kTime) return Type::time(std::max(a.precision, b.precision));
  if (a.id == TypeId::kArray) {
    auto element = common_of_two(a.element(), b.element());
    if (element) return Type::array(*element);
    return std::nullopt;
  }
  if (a.id == TypeId::kMap) {
    auto key = common_of_two(a.map_key(), b.map_key());
    auto value = common_of_two(a.map_value(), b.map_value());
    if (key && value) return Type::map(*key, *value);
    return std::nullopt;
  }
  if (a.id == TypeId::kRow && a.fields->size() == b.fields->size()) {
    std::vector<Type::Field> fields;
    for (size_t i = 0; i < a.fields->size(); ++i) {
      auto type = common_of_two((*a.fields)[i].type, (*b.fields)[i].type);
      if (!type) return std::nullopt;
      fields.push_back({(*a.fields)[i].name, *type});
    }
    return Type::row(std::move(fields));
  }
  return std::nullopt;
}

bool widens(const Type& from, const Type& to) {
  if (!from.is_numeric() || !to.is_numeric()) return false;
  if (to.id == TypeId::kDouble) return true;
  if (to.id == TypeId::kFloat) return from.id != TypeId::kDouble;
  if (to.id == TypeId::kDecimal) return !from.is_approximate();
  return from.is_integer() && from.id <= to.id;
}

}  // namespace

Result<void> check_count(std::string_view function, std::span<const ExprPtr> args, int least, int most) {
  const int n = static_cast<int>(args.size());
  if (n >= least && (most < 0 || n <= most)) return {};
  std::string wanted = fmt::format("{}", least);
  if (most < 0) wanted = fmt::format("at least {}", least);
  else if (most > least) wanted = fmt::format("{} to {}", least, most);
  const bool one = least == 1 && (most == 1 || most < 0);
  return fail(ErrorKind::kConfig, fmt::format("{} takes {} argument{}, not {}", function, wanted,
                                              one ? "" : "s", n));
}

Result<void> check_type(std::string_view function, std::span<const ExprPtr> args, size_t i,
                        const Type& wanted) {
  const Type& type = args[i]->type();
  if (type.id == wanted.id || type.id == TypeId::kNull || widens(type, wanted)) return {};
  return fail(ErrorKind::kConfig, fmt::format("argument {} of {} must be {}, not {}", i + 1, function,
                                              wanted.to_string(), type.to_string()));
}

Result<void> check_types(std::string_view function, std::span<const ExprPtr> args,
                         std::span<const Type> wanted) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (auto ok = check_type(function, args, i, wanted[i]); !ok) return ok;
  }
  return {};
}

std::optional<std::string> literal_text(std::span<const ExprPtr> args, size_t i) {
  if (i >= args.size()) return std::nullopt;
  const Value* v = args[i]->as_literal();
  if (v == nullptr || v->is_null || !v->type.is_string_like()) return std::nullopt;
  return v->text;
}

std::optional<int64_t> literal_integer(std::span<const ExprPtr> args, size_t i) {
  if (i >= args.size()) return std::nullopt;
  const Value* v = args[i]->as_literal();
  if (v == nullptr || v->is_null || !v->type.is_integer()) return std::nullopt;
  return static_cast<int64_t>(v->number);
}

Result<Type> common_type(std::string_view function, std::span<const Type> types) {
  Type result;
  for (const Type& type : types) {
    auto next = common_of_two(result, type);
    if (!next) {
      return fail(ErrorKind::kConfig, fmt::format("{} has arguments of {} and {}, which have no common type",
                                                  function, result.to_string(), type.to_string()));
    }
    result = *std::move(next);
  }
  return result;
}

Result<Type> common_type(std::string_view function, std::span<const ExprPtr> args) {
  std::vector<Type> types;
  for (const ExprPtr& a : args) types.push_back(a->type());
  return common_type(function, types);
}

Type as_decimal(const Type& type) {
  return type.is_integer() ? Type::decimal(integer_digits(type.id), 0) : type;
}

FunctionDescriptor checked(FunctionDescriptor descriptor,
                           Result<void> (*check)(std::span<const ExprPtr> args)) {
  descriptor.bind = [name = descriptor.name, parameters = descriptor.parameters,
                     returns = descriptor.returns, kernel = descriptor.kernel,
                     can_fail = descriptor.can_fail, deterministic = descriptor.deterministic,
                     check](std::span<const ExprPtr> args) -> Result<BoundCall> {
    const int n = static_cast<int>(parameters.size());
    if (auto ok = check_count(name, args, n, n); !ok) return fail(ok.error());
    if (auto ok = check_types(name, args, parameters); !ok) return fail(ok.error());
    if (auto ok = check(args); !ok) return fail(ok.error());
    return BoundCall{parameters, returns, kernel, can_fail, deterministic};
  };
  return descriptor;
}

}  // namespace weir
