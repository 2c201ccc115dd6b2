// Scalar functions: how one is written (one C++ function on plain values) and listed (one line).
//
//   StringRef upper(EvalContext& c, StringRef s);            // NULL in -> NULL out, done by the adaptor
//   std::optional<int64_t> instr(EvalContext& c, StringRef s, StringRef x);   // nullopt -> NULL
//   ...
//   scalar<upper>("UPPER", "UPPER(s STRING) -> STRING", "Gives s in upper case.", "UPPER('abc')", "ABC"),
//
// C++ types stand for SQL types: bool BOOLEAN, int32_t INT, int64_t BIGINT, double DOUBLE, StringRef
// STRING, Date DATE, Time TIME, Timestamp TIMESTAMP, Instant TIMESTAMP_LTZ, Millis INTERVAL DAY TO SECOND,
// Bytes BYTES. Overloads are several lines with the same name; the binder takes the one that needs the
// fewest implicit conversions (numeric widening, STRING literal to a time). A function that fails on a
// row calls c.row_error(c.row, "reason") through `fail_row` and returns anything.
// Functions whose types depend on the arguments (COALESCE, ARRAY_APPEND) give a bind function of their own.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "expr/expr.h"

namespace weir {

struct Date {
  int32_t days;
};
struct Time {
  int32_t millis;
};
struct Timestamp {
  int64_t us;
};
struct Instant {
  int64_t us;
};
struct Millis {
  int64_t ms;
};
struct Months {
  int64_t months;
};
struct Bytes {
  StringRef bytes;
};

// args: flat or constant columns of `rows` rows, of the types that bind asked for.
using Kernel = std::function<ColumnPtr(std::span<const ColumnPtr> args, size_t rows, EvalContext&)>;

// What bind makes of a call: the parameter types (the binder casts the arguments to them), the
// result and the kernel.
struct BoundCall {
  std::vector<Type> parameters;
  Type result;
  Kernel kernel;
  bool can_fail = false;
  bool deterministic = true;
};

struct FunctionDescriptor {
  std::string_view name;       // upper case
  std::string_view family;     // "string", "numeric", "temporal" ...
  std::string_view signature;  // for people: "LPAD(s STRING, n INT, pad STRING) -> STRING"
  std::string_view doc;        // one sentence
  std::string_view example;    // an expression; a test evaluates it ...
  std::string_view
      result;  // ... and compares CAST(... AS STRING) with this; "NULL" for NULL; "*": any

  // Fixed types: the adaptor's. `fixed` is false when bind decides.
  std::vector<Type> parameters;
  bool variadic = false;  // the last parameter may repeat (0 or more times)
  Type returns;
  Kernel kernel;
  bool can_fail = false;
  bool deterministic = true;

  // For polymorphic functions: sees the arguments (types, literals); nullptr for fixed ones.
  std::function<Result<BoundCall>(std::span<const ExprPtr> args)> bind;
  // The same for calls with clauses (JSON_VALUE ... NULL ON EMPTY): sees Ast::words too. When it is
  // set it is used for every call of this overload, with or without clauses.
  std::function<Result<BoundCall>(std::span<const ExprPtr> args,
                                  std::span<const std::string> words)>
      bind_words;

  FunctionDescriptor&& fails() && {
    can_fail = true;
    return std::move(*this);
  }
  FunctionDescriptor&& random() && {
    deterministic = false;
    return std::move(*this);
  }
};

using FunctionList = std::vector<FunctionDescriptor>;

// --- the adaptor -------------------------------------------------------------------------------

namespace detail {

template <class T>
struct SqlType;
template <>
struct SqlType<bool> {
  using Raw = uint8_t;
  static Type type() { return Type::boolean(); }
};
template <>
struct SqlType<int32_t> {
  using Raw = int32_t;
  static Type type() { return Type::integer(); }
};
template <>
struct SqlType<int64_t> {
  using Raw = int64_t;
  static Type type() { return Type::bigint(); }
};
template <>
struct SqlType<double> {
  using Raw = double;
  static Type type() { return Type::float64(); }
};
template <>
struct SqlType<StringRef> {
  using Raw = StringRef;
  static Type type() { return Type::string(); }
};
template <>
struct SqlType<Bytes> {
  using Raw = StringRef;
  static Type type() { return Type::bytes(); }
};
template <>
struct SqlType<Date> {
  using Raw = int32_t;
  static Type type() { return Type::date(); }
};
template <>
struct SqlType<Time> {
  using Raw = int32_t;
  static Type type() { return Type::time(3); }
};
template <>
struct SqlType<Timestamp> {
  using Raw = int64_t;
  static Type type() { return Type::timestamp(6); }
};
template <>
struct SqlType<Instant> {
  using Raw = int64_t;
  static Type type() { return Type::timestamp_ltz(6); }
};
template <>
struct SqlType<Millis> {
  using Raw = int64_t;
  static Type type() { return Type{TypeId::kIntervalMillis}; }
};
template <>
struct SqlType<Months> {
  using Raw = int64_t;
  static Type type() { return Type{TypeId::kIntervalMonths}; }
};

template <class T>
struct Unwrap {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};

template <class T>
T from_raw(typename SqlType<T>::Raw raw) {
  if constexpr (std::is_same_v<T, bool>)
    return raw != 0;
  else
    return T{raw};
}
template <class T>
typename SqlType<T>::Raw to_raw(T value) {
  if constexpr (std::is_class_v<T> && !std::is_same_v<T, StringRef>) {
    const auto& [raw] = value;
    return raw;
  } else {
    return static_cast<typename SqlType<T>::Raw>(value);
  }
}

template <class F>
struct Signature;
template <class R, class... A>
struct Signature<R (*)(EvalContext&, A...)> {
  using Result = R;
  using Args = std::tuple<std::decay_t<A>...>;
};

template <auto F, class R, class... A, size_t... I>
ColumnPtr run_scalar([[maybe_unused]] std::span<const ColumnPtr> args, size_t rows,
                     EvalContext& context, std::tuple<A...>*, std::index_sequence<I...>) {
  using Out = typename Unwrap<R>::type;
  using Raw = typename SqlType<Out>::Raw;
  // All arguments constant: compute once.
  const bool all_constant = (... && args[I]->is_constant());
  const size_t n = sizeof...(A) > 0 && all_constant ? (rows > 0 ? 1 : 0) : rows;
  auto out = make_column(SqlType<Out>::type(), n);
  Raw* values = out->template values<Raw>();
  std::tuple<const typename SqlType<A>::Raw*...> in{
      args[I]->template values<typename SqlType<A>::Raw>()...};
  [[maybe_unused]] const std::array<size_t, sizeof...(A) + 1> step{
      (args[I]->is_constant() ? size_t{0} : size_t{1})..., 0};
  [[maybe_unused]] const std::array<const uint8_t*, sizeof...(A) + 1> valid{args[I]->valid()...,
                                                                            nullptr};
  const bool any_nulls = (... || (args[I]->valid() != nullptr));
  [[maybe_unused]] const size_t errors_before = context.errors.size();
  for (size_t i = 0; i < n; ++i) {
    if (any_nulls) {
      const bool ok = (... && (valid[I] == nullptr || valid[I][i * step[I]] != 0));
      if (!ok) {
        values[i] = Raw{};
        out->set_null(i);
        continue;
      }
    }
    const size_t before = context.errors.size();
    if constexpr (Unwrap<R>::optional) {
      auto r = F(context, from_raw<A>(std::get<I>(in)[i * step[I]])...);
      if (r.has_value()) {
        values[i] = to_raw<Out>(*r);
      } else {
        values[i] = Raw{};
        out->set_null(i);
      }
    } else {
      values[i] = to_raw<Out>(F(context, from_raw<A>(std::get<I>(in)[i * step[I]])...));
    }
    if (context.errors.size() != before) [[unlikely]] {
      context.errors.back().row = static_cast<uint32_t>(i);
      out->set_null(i);
    }
  }
  if (n != rows) {
    if (context.errors.size() == errors_before || rows == 0)
      out->make_constant(rows);
    else {
      // A constant that fails fails on every row.
      out->make_constant(rows);
      const RowError e = context.errors.back();
      for (size_t i = 1; i < rows; ++i) context.row_error(i, e.reason);
    }
  }
  return out;
}

}  // namespace detail

// Reports that the row being computed failed; return anything afterwards.
inline void fail_row(EvalContext& context, std::string reason) {
  context.row_error(0, std::move(reason));
}

// A FunctionDescriptor around a plain C++ function.
template <auto F>
FunctionDescriptor scalar(std::string_view name, std::string_view signature, std::string_view doc,
                          std::string_view example, std::string_view result) {
  using S = detail::Signature<decltype(F)>;
  using R = typename S::Result;
  using Args = typename S::Args;
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  [&]<class... A>(std::tuple<A...>*) {
    d.parameters = {detail::SqlType<A>::type()...};
  }(static_cast<Args*>(nullptr));
  d.returns = detail::SqlType<typename detail::Unwrap<R>::type>::type();
  d.kernel = [](std::span<const ColumnPtr> args, size_t rows, EvalContext& context) {
    return detail::run_scalar<F, R>(args, rows, context, static_cast<Args*>(nullptr),
                                    std::make_index_sequence<std::tuple_size_v<Args>>{});
  };
  return d;
}

// All functions: the families' lists joined, sorted by name.
const FunctionList& scalar_functions();
// All overloads of a name (upper case).
std::span<const FunctionDescriptor> find_function(std::string_view upper_case_name);

// The families: one file each under functions/, one line each in functions/functions.cpp.
FunctionList string_functions();
FunctionList regex_functions();
FunctionList numeric_functions();
FunctionList conditional_functions();
FunctionList temporal_functions();
FunctionList json_functions();
FunctionList collection_functions();
FunctionList hash_functions();

}  // namespace weir
