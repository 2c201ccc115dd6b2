#include "expr/functions/arguments.h"

#include <fmt/format.h>

#include "expr/coercion.h"

namespace weir {

namespace {

bool widens(const Type& from, const Type& to) {
  if (!from.is_numeric() || !to.is_numeric()) return false;
  if (to.id == TypeId::kDouble) return true;
  if (to.id == TypeId::kFloat) return from.id != TypeId::kDouble;
  if (to.id == TypeId::kDecimal) return !from.is_approximate();
  return from.is_integer() && from.id <= to.id;
}

}  // namespace

Result<void> check_count(std::string_view function, std::span<const ExprPtr> args, int least,
                         int most) {
  const int n = static_cast<int>(args.size());
  if (n >= least && (most < 0 || n <= most)) return {};
  std::string wanted = fmt::format("{}", least);
  if (most < 0)
    wanted = fmt::format("at least {}", least);
  else if (most > least)
    wanted = fmt::format("{} to {}", least, most);
  const bool one = least == 1 && (most == 1 || most < 0);
  return fail(ErrorKind::kConfig,
              fmt::format("{} takes {} argument{}, not {}", function, wanted, one ? "" : "s", n));
}

Result<void> check_type(std::string_view function, std::span<const ExprPtr> args, size_t i,
                        const Type& wanted) {
  const Type& type = args[i]->type();
  if (type.id == wanted.id || type.id == TypeId::kNull || widens(type, wanted)) return {};
  return fail(ErrorKind::kConfig, fmt::format("argument {} of {} must be {}, not {}", i + 1,
                                              function, wanted.to_string(), type.to_string()));
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

Result<Type> common_argument_type(std::string_view function, std::span<const ExprPtr> args) {
  if (auto type = common_type(args)) return *std::move(type);
  std::string types;
  for (const ExprPtr& a : args) {
    if (!types.empty()) types += ", ";
    types += a->type().to_string();
  }
  return fail(ErrorKind::kConfig,
              fmt::format("the arguments of {} have no common type: {}", function, types));
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
