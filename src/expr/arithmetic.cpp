#include "expr/arithmetic.h"

#include <limits>

#include "expr/binder.h"
#include "expr/coercion.h"
#include "expr/compound.h"
#include "expr/leaf.h"

namespace weir {

namespace {

constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "%"};

std::unexpected<Error> no_such(ArithmeticOp op, const Type& a, const Type& b) {
  std::string hint;
  if (a.is_temporal() && b.is_temporal()) {
    hint = "TIMESTAMPDIFF(SECOND, a, b) gives the time between two points";
  } else if (a.is_text() || b.is_text()) {
    hint = op == ArithmeticOp::kAdd ? "texts are joined by ||; CAST(x AS INT) makes a number of one"
                                    : "CAST(x AS INT) makes a number of a text";
  }
  return fail(ErrorKind::kConfig,
              "cannot apply `" + std::string(kSymbols[static_cast<size_t>(op)]) + "` to " +
                  a.to_string() + " and " + b.to_string(),
              std::move(hint));
}

// NULL takes the other side's type.
Result<ExprPtr> typed_null(ExprPtr e, const Type& like) {
  return e->type().id == TypeId::kNull ? cast_to(std::move(e), like)
                                       : Result<ExprPtr>(std::move(e));
}

Result<ExprPtr> interval_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right) {
  const Type a = left->type();
  const Type b = right->type();
  const bool scaling = op == ArithmeticOp::kMultiply || op == ArithmeticOp::kDivide;
  if (a.is_interval() && b.is_interval()) {
    if (a.id != b.id || (op != ArithmeticOp::kAdd && op != ArithmeticOp::kSubtract)) {
      return no_such(op, a, b);
    }
    return make_number_arithmetic(op, a, std::move(left), std::move(right));
  }
  if (a.is_interval() && b.is_integer() && scaling) {
    auto factor = cast_to(std::move(right), Type::bigint());
    if (!factor) return factor;
    return make_number_arithmetic(op, a, std::move(left), std::move(*factor));
  }
  if (b.is_interval() && a.is_integer() && op == ArithmeticOp::kMultiply) {
    auto factor = cast_to(std::move(left), Type::bigint());
    if (!factor) return factor;
    return make_number_arithmetic(op, b, std::move(*factor), std::move(right));
  }
  return no_such(op, a, b);
}

Result<ExprPtr> time_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right) {
  const bool adds = op == ArithmeticOp::kAdd;
  const Type a = left->type();
  const Type b = right->type();
  if (adds && a.is_interval()) return time_arithmetic(op, std::move(right), std::move(left));
  if ((!adds && op != ArithmeticOp::kSubtract) || !b.is_interval() ||
      (a.id == TypeId::kTime && b.id == TypeId::kIntervalMonths)) {
    return no_such(op, a, b);
  }
  return make_time_shift(std::move(left), std::move(right), adds ? 1 : -1);
}

class DecimalNegation : public CompoundExpr {
 public:
  explicit DecimalNegation(const ExprPtr& operand)
      : CompoundExpr(operand->type(), {operand}, false) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr in = part(0).eval(batch, context);
    const size_t n = value_count(in->is_constant(), batch.rows);
    auto out = make_column(type(), n);
    add_nulls(*out, *in, n);
    using U = unsigned __int128;
    for (size_t i = 0; i < n; ++i) {
      out->values<Int128>()[i] =
          static_cast<Int128>(U{0} - static_cast<U>(in->values<Int128>()[i]));
    }
    if (in->is_constant() && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }
};

template <class T>
class RealNegation : public CompoundExpr {
 public:
  explicit RealNegation(const ExprPtr& operand) : CompoundExpr(operand->type(), {operand}, false) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr in = part(0).eval(batch, context);
    const size_t n = value_count(in->is_constant(), batch.rows);
    auto out = make_column(type(), n);
    add_nulls(*out, *in, n);
    const T* from = in->template values<T>();
    T* to = out->template values<T>();
    for (size_t i = 0; i < n; ++i) to[i] = -from[i];
    if (in->is_constant() && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }
};

}  // namespace

Result<ExprPtr> make_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right) {
  const Type& a = left->type();
  const Type& b = right->type();
  if (a.id == TypeId::kNull || b.id == TypeId::kNull) {
    const Type other = a.id == TypeId::kNull ? b : a;
    if (!other.is_numeric() && !other.is_temporal() && !other.is_interval() &&
        other.id != TypeId::kNull) {
      return no_such(op, a, b);
    }
    // NULL + anything is NULL; with a time NULL stands for an interval, so the type is the time's.
    if (!other.is_numeric()) {
      return make_literal(Value::null(other.id == TypeId::kNull ? Type::integer() : other));
    }
    auto l = typed_null(std::move(left), other);
    if (!l) return l;
    auto r = typed_null(std::move(right), other);
    if (!r) return r;
    return make_arithmetic(op, std::move(*l), std::move(*r));
  }
  if (a.is_temporal() || b.is_temporal()) {
    return time_arithmetic(op, std::move(left), std::move(right));
  }
  if (a.is_interval() || b.is_interval()) {
    return interval_arithmetic(op, std::move(left), std::move(right));
  }
  if (!a.is_numeric() || !b.is_numeric()) return no_such(op, a, b);

  const Type type = *common_type(a, b);
  if (type.id == TypeId::kDecimal) {
    auto l = cast_to(left, decimal_of(left->type()));
    if (!l) return l;
    auto r = cast_to(right, decimal_of(right->type()));
    if (!r) return r;
    return make_decimal_arithmetic(op, std::move(*l), std::move(*r));
  }
  auto l = cast_to(std::move(left), type);
  if (!l) return l;
  auto r = cast_to(std::move(right), type);
  if (!r) return r;
  return make_number_arithmetic(op, type, std::move(*l), std::move(*r));
}

Result<ExprPtr> make_negation(ExprPtr operand) {
  const Type type = operand->type();
  if (type.id == TypeId::kNull) return operand;
  if (type.id == TypeId::kDecimal) return std::make_shared<DecimalNegation>(operand);
  if (type.id == TypeId::kDouble) return std::make_shared<RealNegation<double>>(operand);
  if (type.id == TypeId::kFloat) return std::make_shared<RealNegation<float>>(operand);
  if (!type.is_integer() && !type.is_interval()) {
    return fail(ErrorKind::kConfig, "cannot apply `-` to " + type.to_string());
  }
  Value zero = Value::null(type);
  zero.is_null = false;
  return make_number_arithmetic(ArithmeticOp::kSubtract, type, make_literal(std::move(zero)),
                                std::move(operand));
}

}  // namespace weir
