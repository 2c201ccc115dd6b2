// Calls functions of a family without the binder: picks the overload, binds it, casts the arguments to
// its parameters, runs the kernel over constants and over columns, and gives the result as text.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/arena.h"
#include "data/text.h"
#include "expr/cast.h"
#include "expr/function.h"
#include "expr/leaf.h"

namespace weir::test {

inline Value of(Type type, Int128 number) {
  Value v;
  v.type = std::move(type);
  v.is_null = false;
  v.number = number;
  return v;
}
inline Value S(std::string text) { return Value::string(std::move(text)); }
inline Value I(int32_t v) { return Value::integer(v); }
inline Value L(int64_t v) { return Value::bigint(v); }
inline Value D(std::string_view text) { return of(Type::date(), parse_date(text).value()); }
inline Value T(std::string_view text) { return of(Type::time(0), parse_time(text).value()); }
inline Value TS(std::string_view text, uint8_t p = 0) {
  int nanos = 0;
  const int64_t us = parse_timestamp(text, &nanos).value();
  return of(Type::timestamp(p), p > 6 ? us * 1000 + nanos : us);
}
inline Value LTZ(std::string_view text, uint8_t p = 3) {
  return of(Type::timestamp_ltz(p), parse_timestamp(text).value());
}
inline Value null(Type type = {}) { return Value::null(std::move(type)); }
inline Value list(std::vector<Value> items, Type element) {
  Value v;
  v.type = Type::array(std::move(element));
  v.is_null = false;
  v.items = std::move(items);
  return v;
}
inline Value map(std::vector<Value> items, Type key, Type value) {
  Value v;
  v.type = Type::map(std::move(key), std::move(value));
  v.is_null = false;
  v.items = std::move(items);
  return v;
}

class Family {
 public:
  explicit Family(FunctionList list, std::string_view zone = "UTC")
      : functions_(std::move(list)), zone_(*find_time_zone(zone)) {}

  int64_t now_us = 0;

  // The result as text, "NULL", "error: ..." of binding or "row error: ..." of running. Arguments are
  // literals; those beyond `literals` are bound as columns.
  std::string operator()(std::string_view name, const std::vector<Value>& args,
                         const std::vector<std::string>& words = {}, size_t literals = 99) {
    std::vector<ExprPtr> exprs;
    for (size_t i = 0; i < args.size(); ++i) {
      exprs.push_back(i < literals ? make_literal(args[i]) : make_column_ref(i, args[i].type));
    }
    std::string problem = "error: no overload";
    for (const FunctionDescriptor& d : functions_) {
      if (d.name != name) continue;
      Result<BoundCall> call = bind(d, exprs, words);
      if (call) return run(*call, args);
      problem = "error: " + call.error().message;
    }
    return problem;
  }

  // The result type's name, or the error of binding.
  std::string type(std::string_view name, const std::vector<Value>& args,
                   const std::vector<std::string>& words = {}) {
    std::vector<ExprPtr> exprs;
    for (const Value& v : args) exprs.push_back(make_literal(v));
    for (const FunctionDescriptor& d : functions_) {
      if (d.name != name) continue;
      Result<BoundCall> call = bind(d, exprs, words);
      if (call) return call->result.to_string();
    }
    return "error";
  }

  const FunctionList& functions() const { return functions_; }

 private:
  static Result<BoundCall> bind(const FunctionDescriptor& d, const std::vector<ExprPtr>& args,
                                const std::vector<std::string>& words) {
    if (d.bind_words) return d.bind_words(args, words);
    if (d.bind) return d.bind(args);
    if (d.parameters.size() != args.size()) return fail(ErrorKind::kConfig, "wrong argument count");
    return BoundCall{d.parameters, d.returns, d.kernel, d.can_fail, d.deterministic};
  }

  std::string run(const BoundCall& call, const std::vector<Value>& values) {
    const std::string constant = run_with(call, values, false);
    if (!values.empty()) CHECK(run_with(call, values, true) == constant);
    return constant;
  }

  // Three rows; as columns, the middle one holds only NULLs.
  std::string run_with(const BoundCall& call, const std::vector<Value>& values, bool columns) {
    EvalContext context;
    Arena arena;
    context.arena = &arena;
    context.zone = zone_;
    context.now_us = now_us;
    std::vector<ColumnPtr> args;
    REQUIRE(call.parameters.size() == values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ColumnPtr c = constant_column(values[i], 3);
      if (columns) c = c->flatten();
      REQUIRE(
          (values[i].type == call.parameters[i] || can_cast(values[i].type, call.parameters[i])));
      args.push_back(cast_column(c, call.parameters[i], false, context, 3));
    }
    REQUIRE(context.errors.empty());
    for (const size_t rows : {size_t{0}, size_t{3}}) {
      std::vector<ColumnPtr> in = args;
      if (rows == 0) {
        for (ColumnPtr& c : in) {
          c = make_column(c->type());
          if (!columns) c = make_null_constant(c->type(), 0);
        }
      }
      const ColumnPtr out = call.kernel(in, rows, context);
      REQUIRE(out->size() == rows);
      REQUIRE(out->type() == call.result);
      if (rows == 0) continue;
      if (!context.errors.empty()) {
        CHECK(call.can_fail);
        CHECK(context.errors.size() == 3);
        return "row error: " + context.errors[0].reason;
      }
      REQUIRE(out->is_null(0) == out->is_null(2));
      if (out->is_null(0)) return "NULL";
      const std::string text = text_at(*out, 0, {.timezone = zone_->name()});
      CHECK(text_at(*out, 2, {.timezone = zone_->name()}) == text);
      return text;
    }
    return {};
  }

  FunctionList functions_;
  const TimeZone* zone_;
};

}  // namespace weir::test
