#include "expr/meeting.h"

#include <algorithm>

#include "data/civil.h"
#include "expr/binder.h"
#include "expr/coercion.h"
#include "expr/decimal.h"
#include "expr/fold.h"
#include "expr/leaf.h"

namespace weir {

namespace {

const Value* text_literal(const Expr& e) {
  const Value* v = e.as_literal();
  return v != nullptr && !v->is_null && e.type().is_text() ? v : nullptr;
}

bool is_number(std::string_view text) {
  bool fits = false;
  return parse_decimal(text, 6, kMaxDecimalDigits, fits).has_value();
}

std::unexpected<Error> cannot_compare(const ExprPtr& a, const ExprPtr& b) {
  std::string hint;
  for (const auto& [text, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!(*text)->type().is_text()) continue;
    const Type& type = (*other)->type();
    const Value* literal = text_literal(**text);
    if (literal != nullptr && type.is_numeric() && is_number(literal->text)) {
      hint = "a number is written without quotes: " + literal->text;
    } else if (literal != nullptr && type.id == TypeId::kBoolean) {
      hint = "TRUE and FALSE are written without quotes";
    } else if (literal == nullptr &&
               (type.is_numeric() || type.is_temporal() || type.id == TypeId::kBoolean)) {
      hint = "convert the text first: CAST(... AS " + type.to_string() + ")";
    }
  }
  return fail(ErrorKind::kConfig,
              "cannot compare " + a->type().to_string() + " with " + b->type().to_string(),
              std::move(hint));
}

bool holds(const Type& integer, Int128 value) {
  switch (integer.id) {
    case TypeId::kTinyInt: return value >= INT8_MIN && value <= INT8_MAX;
    case TypeId::kSmallInt: return value >= INT16_MIN && value <= INT16_MAX;
    case TypeId::kInt: return value >= INT32_MIN && value <= INT32_MAX;
    default: return value >= INT64_MIN && value <= INT64_MAX;
  }
}

ExprPtr integer_literal_of(const Type& type, Int128 value) {
  Value v = Value::null(type);
  v.is_null = false;
  v.number = value;
  return make_literal(std::move(v));
}

// An integer against an exact literal: the literal takes the integer's type, so that the column is
// compared as it is. With a fraction: x < 1.5 is x <= 1, and x > 1.5 is x > 1.
bool narrow_literal(const ExprPtr& integer, ExprPtr& literal, CompareOp* op, bool literal_left) {
  const Value* v = literal->as_literal();
  const Type& type = integer->type();
  if (v == nullptr || v->is_null || integer->as_literal() != nullptr || !type.is_integer() ||
      (!literal->type().is_integer() && literal->type().id != TypeId::kDecimal)) {
    return false;
  }
  const Int128 unit = power_of_ten(literal->type().scale);
  Int128 whole = v->number / unit;
  if (whole * unit != v->number) {
    if (op == nullptr || *op == CompareOp::kEq || *op == CompareOp::kNe) return false;
    if (v->number < 0) --whole;
    const bool less = *op == CompareOp::kLt || *op == CompareOp::kLe;
    // floor(c) < c: x < c is x <= floor(c), and c < x is floor(c) < x.
    if (literal_left) {
      *op = less ? CompareOp::kLt : CompareOp::kGe;
    } else {
      *op = less ? CompareOp::kLe : CompareOp::kGt;
    }
  }
  if (!holds(type, whole)) return false;
  literal = integer_literal_of(type, whole);
  return true;
}

Result<void> text_to_time(ExprPtr& text, const Type& time, const TimeZone* zone) {
  Type type = time;
  if (type.is_timestamp()) type.precision = type.in_nanos() ? 9 : 6;
  if (type.id == TypeId::kTime) type.precision = 3;
  const std::string shown = text->as_literal()->text;
  auto cast = cast_to(text, type);
  if (!cast) return std::unexpected(std::move(cast.error()));
  ExprPtr folded = fold(std::move(*cast), zone);
  if (folded->as_literal() == nullptr) {
    return fail(ErrorKind::kConfig, "'" + shown + "' is no " + time.to_string());
  }
  text = std::move(folded);
  return {};
}

bool same_layout(const Type& a, const Type& b) {
  if (a == b) return true;
  return a.id == b.id && (a.is_timestamp() || a.id == TypeId::kTime) &&
         a.in_nanos() == b.in_nanos();
}

Result<void> cast_in_place(ExprPtr& e, const Type& type, const TimeZone* zone) {
  auto cast = cast_to(e, type);
  if (!cast) return std::unexpected(std::move(cast.error()));
  e = fold(std::move(*cast), zone);
  return {};
}

}  // namespace

Result<void> meet_for_comparison(ExprPtr& left, ExprPtr& right, const TimeZone* zone,
                                 CompareOp* op) {
  if (narrow_literal(left, right, op, false) || narrow_literal(right, left, op, true)) return {};
  if (text_literal(*left) != nullptr && right->type().is_temporal()) {
    if (auto r = text_to_time(left, right->type(), zone); !r) return r;
  } else if (text_literal(*right) != nullptr && left->type().is_temporal()) {
    if (auto r = text_to_time(right, left->type(), zone); !r) return r;
  }
  if (same_layout(left->type(), right->type())) return {};
  const auto type = common_type(left->type(), right->type());
  if (!type) return cannot_compare(left, right);
  if (!same_layout(left->type(), *type)) {
    if (auto r = cast_in_place(left, *type, zone); !r) return r;
  }
  if (!same_layout(right->type(), *type)) {
    if (auto r = cast_in_place(right, *type, zone); !r) return r;
  }
  return {};
}

Result<Type> meet(std::vector<ExprPtr>& expressions, std::string_view what) {
  const auto type = common_type(expressions);
  if (!type) {
    std::vector<std::string> seen;
    std::string types;
    for (const auto& e : expressions) {
      std::string t = e->type().to_string();
      if (std::find(seen.begin(), seen.end(), t) != seen.end()) continue;
      types += (seen.empty() ? "" : ", ") + t;
      seen.push_back(std::move(t));
    }
    return fail(ErrorKind::kConfig, std::string(what) + " have types that do not meet: " + types,
                "CAST(... AS STRING) brings all of them to one");
  }
  for (auto& e : expressions) {
    auto cast = cast_to(std::move(e), *type);
    if (!cast) return std::unexpected(std::move(cast.error()));
    e = std::move(*cast);
  }
  return *type;
}

}  // namespace weir
