// COALESCE, IFNULL, IF, NULLIF, GREATEST, LEAST, TYPEOF and the tests IS_ALPHA, IS_DIGIT,
// IS_DECIMAL.
//
// These kernels see evaluated arguments. Where an argument can fail on a row the binder writes
// COALESCE, IF, IFNULL and NULLIF as CASE, which evaluates only what a row needs.
#include <fmt/format.h>

#include <cmath>

#include "expr/compare.h"
#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;
using Args = std::span<const ExprPtr>;

// --- choosing a value per row
// --------------------------------------------------------------------------

constexpr uint8_t kNoSource = 255;  // NULL

template <class Raw>
void copy_chosen(Column& out, Columns sources, const uint8_t* which, size_t n) {
  Raw* to = out.values<Raw>();
  for (size_t i = 0; i < n; ++i) {
    if (which[i] != kNoSource && !sources[which[i]]->is_null(i)) {
      to[i] = sources[which[i]]->template at<Raw>(i);
    } else {
      to[i] = Raw{};
      out.set_null(i);
    }
  }
}

// Row i of the result is row i of sources[which[i]]. All sources have the type `type`.
ColumnPtr choose(const Type& type, Columns sources, const Vec<uint8_t>& which) {
  const size_t n = which.size();
  const size_t width = type.width();
  if (!type.is_nested() && width > 0) {
    ColumnPtr out = make_column(type, n);
    switch (width) {
      case 1: copy_chosen<uint8_t>(*out, sources, which.data(), n); break;
      case 2: copy_chosen<uint16_t>(*out, sources, which.data(), n); break;
      case 4: copy_chosen<uint32_t>(*out, sources, which.data(), n); break;
      case 8: copy_chosen<uint64_t>(*out, sources, which.data(), n); break;
      default:
        copy_chosen<StringRef>(*out, sources, which.data(), n);
        break;  // 16 bytes, DECIMAL too
    }
    return out;
  }
  ColumnPtr out = make_column(type);
  for (size_t i = 0; i < n; ++i) {
    if (which[i] == kNoSource)
      out->push_null();
    else
      out->push_from(*sources[which[i]], i);
  }
  return out;
}

ColumnPtr coalesce(Columns args, const Type& type, size_t rows, EvalContext& context) {
  // Often the first argument has no NULL, or the arguments before it are NULL throughout.
  if (!args[0]->may_have_nulls()) return args[0];
  const size_t n = rows_to_compute(args, rows);
  Vec<uint8_t> which(n);
  for (size_t i = 0; i < n; ++i) {
    uint8_t k = 0;
    while (k < args.size() && args[k]->is_null(i)) ++k;
    which[i] = k < args.size() ? k : kNoSource;
  }
  return finish_rows(choose(type, args, which), args, rows, context, context.errors.size());
}

// At most 254 arguments, so that a byte can name one.
Result<BoundCall> bind_coalesce(std::string_view name, int least, int most, Args args) {
  if (auto ok = check_count(name, args, least, most); !ok) return fail(ok.error());
  const auto type = common_argument_type(name, args);
  if (!type) return fail(type.error());
  if (type->id == TypeId::kNull) {
    Kernel null = [](Columns, size_t rows, EvalContext&) {
      return make_null_constant(Type::null(), rows);
    };
    return BoundCall{std::vector<Type>(args.size(), *type), *type, std::move(null)};
  }
  Kernel kernel = [type = *type](Columns columns, size_t rows, EvalContext& context) {
    return coalesce(columns, type, rows, context);
  };
  return BoundCall{std::vector<Type>(args.size(), *type), *type, std::move(kernel)};
}

Result<BoundCall> bind_if(Args args) {
  if (auto ok = check_count("IF", args, 3, 3); !ok) return fail(ok.error());
  if (auto ok = check_type("IF", args, 0, Type::boolean()); !ok) return fail(ok.error());
  const auto type = common_argument_type("IF", args.subspan(1));
  if (!type) return fail(type.error());
  Kernel kernel = [type = *type](Columns columns, size_t rows, EvalContext& context) {
    const Column& condition = *columns[0];
    if (type.id == TypeId::kNull) return make_null_constant(type, rows);
    if (condition.is_constant() && rows > 0) {
      return columns[!condition.is_null(0) && condition.at<uint8_t>(0) != 0 ? 1 : 2];
    }
    const size_t n = rows_to_compute(columns, rows);
    Vec<uint8_t> which(n);
    for (size_t i = 0; i < n; ++i)
      which[i] = !condition.is_null(i) && condition.at<uint8_t>(i) != 0 ? 0 : 1;
    return finish_rows(choose(type, columns.subspan(1), which), columns, rows, context,
                       context.errors.size());
  };
  return BoundCall{{Type::boolean(), *type, *type}, *type, std::move(kernel)};
}

// --- NULLIF
// ----------------------------------------------------------------------------------------------

// An integer that the binder has widened for the comparison, in its own type again.
template <class Raw>
Raw narrow(const Column& wide, size_t i) {
  switch (wide.type().id) {
    case TypeId::kTinyInt: return static_cast<Raw>(wide.at<int8_t>(i));
    case TypeId::kSmallInt: return static_cast<Raw>(wide.at<int16_t>(i));
    case TypeId::kInt: return static_cast<Raw>(wide.at<int32_t>(i));
    default: return static_cast<Raw>(wide.at<int64_t>(i));
  }
}

// NULL where a = b, else a. The result has a's type when both are integers, else the common type.
Result<BoundCall> bind_nullif(Args args) {
  if (auto ok = check_count("NULLIF", args, 2, 2); !ok) return fail(ok.error());
  const auto common = common_argument_type("NULLIF", args);
  if (!common) return fail(common.error());
  const Type own = args[0]->type();
  const bool integers = own.is_integer() && common->is_integer();
  const Type result = integers ? own : *common;
  Kernel kernel = [result, integers](Columns columns, size_t rows, EvalContext& context) {
    const Column& a = *columns[0];
    if (result.id == TypeId::kNull) return make_null_constant(result, rows);
    const size_t n = rows_to_compute(columns, rows);
    const ColumnPtr equal = compare_columns(CompareOp::kEq, a, *columns[1], rows);
    Vec<uint8_t> which(n);
    for (size_t i = 0; i < n; ++i) {
      const bool same = !equal->is_null(i) && equal->at<uint8_t>(i) != 0;
      which[i] = same || a.is_null(i) ? kNoSource : 0;
    }
    ColumnPtr out;
    if (integers && a.type() != result) {
      out = make_column(result, n);
      for (size_t i = 0; i < n; ++i) {
        const size_t at = a.is_constant() ? 0 : i;
        switch (result.id) {
          case TypeId::kTinyInt: out->values<int8_t>()[i] = narrow<int8_t>(a, at); break;
          case TypeId::kSmallInt: out->values<int16_t>()[i] = narrow<int16_t>(a, at); break;
          case TypeId::kInt: out->values<int32_t>()[i] = narrow<int32_t>(a, at); break;
          default: out->values<int64_t>()[i] = narrow<int64_t>(a, at); break;
        }
        if (which[i] == kNoSource) out->set_null(i);
      }
    } else {
      out = choose(result, columns.first(1), which);
    }
    return finish_rows(std::move(out), columns, rows, context, context.errors.size());
  };
  return BoundCall{{*common, *common}, result, std::move(kernel)};
}

// --- GREATEST, LEAST
// -------------------------------------------------------------------------------------

template <class T>
bool less(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    return a < b || (std::isnan(b) && !std::isnan(a));  // NaN last
  else
    return a < b;
}

template <class Raw, bool kGreatest>
ColumnPtr extreme(Columns args, const Type& type, size_t rows, EvalContext& context) {
  return map_rows<Raw>(type, args, rows, context, [&](size_t i) -> Raw {
    Raw best = args[0]->at<Raw>(i);
    for (size_t k = 1; k < args.size(); ++k) {
      const Raw& x = args[k]->at<Raw>(i);
      if (kGreatest ? less(best, x) : less(x, best)) best = x;
    }
    return best;
  });
}

template <bool kGreatest>
Kernel extreme_kernel(const Type& type) {
  const auto with = [&]<class Raw>(Raw) -> Kernel {
    return [type](Columns columns, size_t rows, EvalContext& context) {
      return extreme<Raw, kGreatest>(columns, type, rows, context);
    };
  };
  switch (type.id) {
    case TypeId::kBoolean: return with(uint8_t{});
    case TypeId::kTinyInt: return with(int8_t{});
    case TypeId::kSmallInt: return with(int16_t{});
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: return with(int32_t{});
    case TypeId::kFloat: return with(float{});
    case TypeId::kDouble: return with(double{});
    case TypeId::kDecimal: return with(Int128{});
    case TypeId::kString:
    case TypeId::kBytes: return with(StringRef{});
    default: return with(int64_t{});
  }
}

// NULL when any argument is NULL, as in Flink.
template <bool kGreatest>
Result<BoundCall> bind_greatest(Args args) {
  const std::string_view name = kGreatest ? "GREATEST" : "LEAST";
  if (auto ok = check_count(name, args, 1, -1); !ok) return fail(ok.error());
  auto type = common_argument_type(name, args);
  if (!type) return fail(type.error());
  if (type->is_nested()) {
    return fail(ErrorKind::kConfig, fmt::format("{} has no order for {}", name, type->to_string()));
  }
  if (type->id == TypeId::kNull) *type = Type::string();
  return BoundCall{std::vector<Type>(args.size(), *type), *type, extreme_kernel<kGreatest>(*type)};
}

// --- TYPEOF
// ----------------------------------------------------------------------------------------------

// The second argument, Flink's `force_serializable`, changes nothing here.
Result<BoundCall> bind_typeof(Args args) {
  if (auto ok = check_count("TYPEOF", args, 1, 2); !ok) return fail(ok.error());
  if (args.size() == 2) {
    if (auto ok = check_type("TYPEOF", args, 1, Type::boolean()); !ok) return fail(ok.error());
  }
  std::vector<Type> types;
  for (const ExprPtr& a : args) types.push_back(a->type());
  Kernel kernel = [text = types[0].to_string()](Columns, size_t rows, EvalContext& context) {
    ColumnPtr out = make_column(Type::string(), 1);
    out->values<StringRef>()[0] = copy_text(context, text);
    out->make_constant(rows);
    return out;
  };
  return BoundCall{std::move(types), Type::string(), std::move(kernel)};
}

// --- IS_ALPHA, IS_DIGIT, IS_DECIMAL
// ----------------------------------------------------------------------

template <bool (*kTest)(char32_t)>
bool all_characters(StringRef s) {
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) {
    const char32_t c = utf8_decode(p, end);
    if (c == kInvalid || !kTest(c)) return false;
  }
  return s.len > 0;
}

void skip_digits(std::string_view& s) {
  while (!s.empty() && s[0] >= '0' && s[0] <= '9') s.remove_prefix(1);
}

// What Java's Double.parseDouble reads: blanks around, a sign, digits, exponent, suffix; NaN,
// Infinity.
bool is_decimal(StringRef text) {
  std::string_view s = text.view();
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  if (!s.empty() && (s[0] == '+' || s[0] == '-')) s.remove_prefix(1);
  if (s == "NaN" || s == "Infinity") return true;
  const size_t before = s.size();
  skip_digits(s);
  size_t digits = before - s.size();
  if (!s.empty() && s[0] == '.') {
    s.remove_prefix(1);
    const size_t fraction = s.size();
    skip_digits(s);
    digits += fraction - s.size();
  }
  if (digits == 0) return false;
  if (!s.empty() && (s[0] == 'e' || s[0] == 'E')) {
    s.remove_prefix(1);
    if (!s.empty() && (s[0] == '+' || s[0] == '-')) s.remove_prefix(1);
    const size_t exponent = s.size();
    skip_digits(s);
    if (s.size() == exponent) return false;
  }
  if (!s.empty() && std::string_view("fFdD").find(s[0]) != std::string_view::npos)
    s.remove_prefix(1);
  return s.empty();
}

// A test of texts. For arguments of other types the result is known: `integers` for integers,
// `others` for other numbers, else FALSE. NULL is FALSE, as in Flink.
using TextTest = bool (*)(StringRef);
Result<BoundCall> bind_test(std::string_view name, TextTest test, bool integers, bool others,
                            Args args) {
  if (auto ok = check_count(name, args, 1, 1); !ok) return fail(ok.error());
  Type type = args[0]->type();
  if (type.id == TypeId::kNull) type = Type::string();
  const bool constant = type.is_integer() ? integers : type.is_numeric() && others;
  Kernel kernel = [test, constant, text = type.is_text()](Columns columns, size_t rows,
                                                          EvalContext& context) {
    return map_rows<uint8_t, true>(
        Type::boolean(), columns, rows, context, [&](size_t i) -> uint8_t {
          if (columns[0]->is_null(i)) return 0;
          return (text ? test(columns[0]->at<StringRef>(i)) : constant) ? 1 : 0;
        });
  };
  return BoundCall{{type}, Type::boolean(), std::move(kernel)};
}

FunctionDescriptor bound(std::string_view name, std::string_view signature, std::string_view doc,
                         std::string_view example, std::string_view result,
                         std::function<Result<BoundCall>(Args)> bind) {
  FunctionDescriptor d;
  d.name = name;
  d.family = name == "TYPEOF" ? "conversion" : "conditional";
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.bind = std::move(bind);
  return d;
}

}  // namespace

FunctionList conditional_functions() {
  return {
      bound("COALESCE", "COALESCE(x1 ANY, x2 ANY, ...) -> common type",
            "Gives the first argument that is not NULL.", "COALESCE(NULL, 'b', 'c')", "b",
            [](Args args) { return bind_coalesce("COALESCE", 1, 254, args); }),
      bound("IFNULL", "IFNULL(x ANY, otherwise ANY) -> common type",
            "Gives x, or otherwise when x is NULL.", "IFNULL(CAST(NULL AS INT), 5)", "5",
            [](Args args) { return bind_coalesce("IFNULL", 2, 2, args); }),
      bound("IF", "IF(condition BOOLEAN, then ANY, otherwise ANY) -> common type",
            "Gives then when the condition is TRUE, else otherwise.", "IF(1 > 2, 'yes', 'no')",
            "no", bind_if),
      bound("NULLIF", "NULLIF(x ANY, y ANY) -> type of x", "Gives NULL when x equals y, else x.",
            "NULLIF(5, 0)", "5", bind_nullif),
      bound("GREATEST", "GREATEST(x1 ANY, x2 ANY, ...) -> common type",
            "Gives the largest argument; NULL when one is NULL.", "GREATEST(3, 7, 5)", "7",
            bind_greatest<true>),
      bound("LEAST", "LEAST(x1 ANY, x2 ANY, ...) -> common type",
            "Gives the smallest argument; NULL when one is NULL.", "LEAST(3, 7, 5)", "3",
            bind_greatest<false>),
      bound("TYPEOF", "TYPEOF(x ANY) -> STRING", "Gives the type of x as text.", "TYPEOF(1.50)",
            "DECIMAL(3, 2)", bind_typeof),
      bound("IS_ALPHA", "IS_ALPHA(s ANY) -> BOOLEAN",
            "Says whether s has letters only, and at least one.", "IS_ALPHA('Größe')", "TRUE",
            [](Args args) {
              return bind_test("IS_ALPHA", all_characters<is_letter>, false, false, args);
            }),
      bound("IS_DIGIT", "IS_DIGIT(s ANY) -> BOOLEAN",
            "Says whether s has digits only, and at least one; TRUE for integers.",
            "IS_DIGIT('12a')", "FALSE",
            [](Args args) {
              return bind_test("IS_DIGIT", all_characters<is_digit>, true, false, args);
            }),
      bound("IS_DECIMAL", "IS_DECIMAL(s ANY) -> BOOLEAN",
            "Says whether s reads as a number; TRUE for numbers.", "IS_DECIMAL('-1.5e3')", "TRUE",
            [](Args args) { return bind_test("IS_DECIMAL", is_decimal, true, true, args); }),
  };
}

}  // namespace weir
