// CONCAT, CONCAT_WS, ELT: any number of arguments.
#include <fmt/format.h>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/string_families.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

ColumnPtr concat(Columns args, size_t rows, EvalContext& context) {
  return map_rows<StringRef>(Type::string(), args, rows, context, [&](size_t i) {
    size_t total = 0;
    for (const ColumnPtr& a : args) total += a->at<StringRef>(i).len;
    char* const out = context.arena->allocate(total);
    char* to = out;
    for (const ColumnPtr& a : args) to = copy_bytes(to, a->at<StringRef>(i));
    return StringRef(out, total);
  });
}

// NULL texts are left out with their separator.
ColumnPtr concat_ws(Columns args, size_t rows, EvalContext& context) {
  const Column& separator = *args[0];
  const Columns texts = args.subspan(1);
  return map_rows<StringRef, true>(Type::string(), args, rows, context,
                                   [&](size_t i) -> std::optional<StringRef> {
                                     if (separator.is_null(i)) return std::nullopt;
                                     const StringRef between = separator.at<StringRef>(i);
                                     size_t total = 0;
                                     for (const ColumnPtr& t : texts) {
                                       if (!t->is_null(i))
                                         total += size_t{t->at<StringRef>(i).len} + between.len;
                                     }
                                     char* const out = context.arena->allocate(total);
                                     char* to = out;
                                     bool first = true;
                                     for (const ColumnPtr& t : texts) {
                                       if (t->is_null(i)) continue;
                                       if (!first) to = copy_bytes(to, between);
                                       to = copy_bytes(to, t->at<StringRef>(i));
                                       first = false;
                                     }
                                     return StringRef(out, static_cast<size_t>(to - out));
                                   });
}

ColumnPtr elt(Columns args, size_t rows, EvalContext& context, const Type& type) {
  const Column& index = *args[0];
  return map_rows<StringRef, true>(type, args, rows, context,
                                   [&](size_t i) -> std::optional<StringRef> {
                                     if (index.is_null(i)) return std::nullopt;
                                     const int64_t k = index.at<int64_t>(i);
                                     if (k < 1 || k >= static_cast<int64_t>(args.size()))
                                       return std::nullopt;
                                     const Column& chosen = *args[static_cast<size_t>(k)];
                                     if (chosen.is_null(i)) return std::nullopt;
                                     return chosen.at<StringRef>(i);
                                   });
}

Result<BoundCall> bind_elt(std::span<const ExprPtr> args) {
  if (auto ok = check_count("ELT", args, 2, -1); !ok) return fail(ok.error());
  if (auto ok = check_type("ELT", args, 0, Type::bigint()); !ok) return fail(ok.error());
  auto type = common_argument_type("ELT", args.subspan(1));
  if (!type) return fail(type.error());
  if (type->id == TypeId::kNull) *type = Type::string();
  if (!type->is_string_like()) {
    return fail(ErrorKind::kConfig,
                fmt::format("ELT chooses among STRING or BYTES, not {}", type->to_string()));
  }
  std::vector<Type> parameters(args.size(), *type);
  parameters[0] = Type::bigint();
  Kernel kernel = [type = *type](Columns columns, size_t rows, EvalContext& context) {
    return elt(columns, rows, context, type);
  };
  return BoundCall{std::move(parameters), *type, std::move(kernel)};
}

// A function of at least `least` STRING arguments.
template <int kLeast>
FunctionDescriptor joining(std::string_view name, std::string_view signature, std::string_view doc,
                           std::string_view example, std::string_view result, Kernel kernel) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.bind = [name, kernel = std::move(kernel)](std::span<const ExprPtr> args) -> Result<BoundCall> {
    const std::vector<Type> types(args.size(), Type::string());
    if (auto ok = check_count(name, args, kLeast, -1); !ok) return fail(ok.error());
    if (auto ok = check_types(name, args, types); !ok) return fail(ok.error());
    return BoundCall{types, Type::string(), kernel};
  };
  return d;
}

}  // namespace

FunctionList string_join_functions() {
  FunctionDescriptor choose;
  choose.name = "ELT";
  choose.signature = "ELT(index INT, x1, x2, ... STRING or BYTES) -> type of x1";
  choose.doc = "Gives the argument number index, from 1; NULL when there is none.";
  choose.example = "ELT(2, 'a', 'b', 'c')";
  choose.result = "b";
  choose.bind = bind_elt;
  return {
      joining<1>("CONCAT", "CONCAT(s1 STRING, s2 STRING, ...) -> STRING",
                 "Joins its arguments; NULL when one of them is NULL.", "CONCAT('AA', 'BB', 'CC')",
                 "AABBCC", concat),
      joining<1>("CONCAT_WS", "CONCAT_WS(separator STRING, s1 STRING, s2 STRING, ...) -> STRING",
                 "Joins its arguments with separator between them, NULLs left out.",
                 "CONCAT_WS('~', 'AA', CAST(NULL AS STRING), 'BB', '', 'CC')", "AA~BB~~CC",
                 concat_ws),
      std::move(choose),
  };
}

}  // namespace weir
