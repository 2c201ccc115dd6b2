// Calls a function's kernel on hand-made columns, without parser and binder.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "data/text.h"
#include "data/value.h"
#include "expr/function.h"

namespace weir::test {

// An argument as the binder passes it: a type, perhaps a literal.
class Argument : public Expr {
 public:
  explicit Argument(Type type) : Expr(std::move(type)) {}
  explicit Argument(Value value) : Expr(value.type), value_(std::move(value)) {}
  ColumnPtr eval(const Batch&, EvalContext&) const override { return nullptr; }
  void collect_columns(std::vector<bool>&) const override {}
  bool can_fail() const override { return false; }
  bool is_deterministic() const override { return true; }
  const Value* as_literal() const override { return value_ ? &*value_ : nullptr; }

 private:
  std::optional<Value> value_;
};

inline Value text(std::string s) { return Value::string(std::move(s)); }
inline Value bytes(std::string s) {
  Value v = Value::string(std::move(s));
  v.type = Type::bytes();
  return v;
}
inline Value number(int32_t n) { return Value::integer(n); }
inline Value big(int64_t n) { return Value::bigint(n); }
inline Value real(double x) { return Value::float64(x); }
inline Value boolean(bool b) { return Value::boolean(b); }
inline Value none(Type type = Type::string()) { return Value::null(std::move(type)); }
// decimal(12345, 7, 2) is 123.45
inline Value decimal(int64_t digits, int precision, int scale) {
  return Value{Type::decimal(precision, scale), false, digits, 0, {}, {}};
}
inline Value typed(TypeId id, int64_t n) { return Value{Type{id}, false, n, 0, {}, {}}; }

// A value of one type as another, as the binder's casts would give it (numbers that widen, NULL).
inline Value convert(Value v, const Type& to) {
  if (v.type == to) return v;
  if (to.id == TypeId::kDouble && !v.type.is_approximate()) {
    v.real = static_cast<double>(v.number);
    for (int i = 0; i < v.type.scale; ++i) v.real /= 10;
  }
  if (to.id == TypeId::kDecimal) {
    for (int i = v.type.scale; i < to.scale; ++i) v.number *= 10;
  }
  v.type = to;
  return v;
}

struct Outcome {
  Result<BoundCall> call = fail(ErrorKind::kInternal, "not bound");
  ColumnPtr column;
  std::vector<RowError> errors;
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();
};

// The overloads of a name in a family.
inline std::vector<FunctionDescriptor> overloads(const FunctionList& family,
                                                 std::string_view name) {
  std::vector<FunctionDescriptor> found;
  for (const FunctionDescriptor& d : family) {
    if (d.name == name) found.push_back(d);
  }
  return found;
}

// Binds the first overload that takes arguments of these types; `literals` says whether binding
// sees them.
inline Result<BoundCall> bind_call(const FunctionList& family, std::string_view name,
                                   const std::vector<Value>& args, bool literals) {
  std::vector<ExprPtr> exprs;
  for (const Value& v : args) {
    exprs.push_back(literals ? std::make_shared<Argument>(v) : std::make_shared<Argument>(v.type));
  }
  Result<BoundCall> best = fail(ErrorKind::kConfig, "no such function");
  for (const FunctionDescriptor& d : overloads(family, name)) {
    if (d.bind) {
      best = d.bind(exprs);
      if (best) return best;
      continue;
    }
    bool fits = d.parameters.size() == args.size();
    for (size_t i = 0; fits && i < args.size(); ++i) {
      const Type& from = args[i].type;
      const Type& to = d.parameters[i];
      fits =
          from.id == to.id || from.id == TypeId::kNull ||
          (from.is_numeric() && to.is_numeric() && (from.id <= to.id || to.id == TypeId::kDouble));
    }
    if (fits) return BoundCall{d.parameters, d.returns, d.kernel, d.can_fail, d.deterministic};
  }
  return best;
}

// One column per argument; every value in rows[r][k] is row r of argument k.
inline Outcome run(const FunctionList& family, std::string_view name,
                   const std::vector<std::vector<Value>>& rows, bool literals = false,
                   bool constants = false) {
  Outcome out;
  out.call = bind_call(family, name, rows.front(), literals);
  if (!out.call) return out;
  std::vector<ColumnPtr> columns;
  for (size_t k = 0; k < rows.front().size(); ++k) {
    ColumnPtr column = make_column(out.call->parameters[k]);
    for (const auto& row : rows) append_value(*column, convert(row[k], column->type()), *out.arena);
    if (constants) column->make_constant(3);
    columns.push_back(std::move(column));
  }
  EvalContext context;
  context.arena = out.arena.get();
  context.seed = 7;
  out.column = out.call->kernel(columns, constants ? 3 : rows.size(), context);
  out.errors = context.errors;
  REQUIRE(out.column->type() == out.call->result);
  REQUIRE(out.column->size() == (constants ? 3 : rows.size()));
  return out;
}

inline std::string shown(const Outcome& out, size_t row) {
  for (const RowError& e : out.errors) {
    if (e.row == row) return "error: " + e.reason;
  }
  if (out.column->is_null(row)) return "NULL";
  return text_at(*out.column, row);
}

// The result of one call as text; "NULL", "error: ..." for a row error, "bind: ..." for a binding
// error. The call is made three ways, which must agree: among other rows, over constants, over
// literals.
inline std::string eval(const FunctionList& family, std::string_view name,
                        const std::vector<Value>& args) {
  const Outcome literal = run(family, name, {args}, true);
  if (!literal.call) return "bind: " + literal.call.error().message;
  const std::string result = shown(literal, 0);
  std::vector<Value> nulls;
  for (const Value& v : args) nulls.push_back(Value::null(v.type));
  const Outcome among = run(family, name, {args, nulls, args}, true);
  REQUIRE(shown(among, 0) == result);
  REQUIRE(shown(among, 2) == result);
  if (!args.empty()) {
    const Outcome constant = run(family, name, {args}, true, true);
    REQUIRE(shown(constant, 0) == result);
    REQUIRE(shown(constant, 2) == result);
  }
  return result;
}

}  // namespace weir::test
