// DECIMAL kernels. When the result type has room for every possible result (its precision was not
// cut to 38 digits), + - and * are plain 128-bit loops; otherwise each row is checked and becomes
// NULL when it does not fit.
#include "expr/arithmetic.h"
#include "expr/coercion.h"
#include "expr/compound.h"
#include "expr/decimal.h"

namespace weir {

namespace {

using PerRow = std::optional<Int128> (*)(Int128, int, Int128, int, int, int);

std::optional<Int128> subtract_decimals(Int128 a, int sa, Int128 b, int sb, int scale,
                                        int precision) {
  return add_decimals(a, sa, -b, sb, scale, precision);
}

class DecimalArithmetic : public CompoundExpr {
 public:
  DecimalArithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right)
      : CompoundExpr(decimal_result(op, left->type(), right->type()), {left, right},
                     op == ArithmeticOp::kDivide || op == ArithmeticOp::kModulo),
        op_(op),
        left_scale_(left->type().scale),
        right_scale_(right->type().scale) {
    const int left_whole = left->type().precision - left_scale_;
    const int right_whole = right->type().precision - right_scale_;
    const int scale = std::max(left_scale_, right_scale_);
    if (op == ArithmeticOp::kMultiply) {
      exact_ = left->type().precision + right->type().precision + 1 <= kMaxDecimalDigits;
    } else {
      exact_ = std::max(left_whole, right_whole) + scale + 1 <= kMaxDecimalDigits;
    }
  }

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr a = part(0).eval(batch, context);
    const ColumnPtr b = part(1).eval(batch, context);
    const size_t rows = batch.rows;
    if (is_null_constant(*a) || is_null_constant(*b)) return make_null_constant(type(), rows);
    const bool constant = a->is_constant() && b->is_constant();
    const size_t n = value_count(constant, rows);
    auto out = make_column(type(), n);
    add_nulls(*out, *a, n);
    add_nulls(*out, *b, n);
    const size_t errors_before = context.errors.size();
    if (!exact_ || !compute_exact(*a, *b, *out, n)) compute_checked(*a, *b, *out, n, context);
    if (constant) spread_constant(*out, rows, context, errors_before);
    return out;
  }

 private:
  bool compute_exact(const Column& a, const Column& b, Column& out, size_t n) const {
    const int scale = std::max(left_scale_, right_scale_);
    const Int128 left_factor = power_of_ten(scale - left_scale_);
    const Int128 right_factor = power_of_ten(scale - right_scale_);
    Int128* values = out.values<Int128>();
    // NULL rows may hold anything, so the loops use unsigned numbers, whose overflow is defined.
    using U = unsigned __int128;
    const auto lf = static_cast<U>(left_factor);
    const auto rf = static_cast<U>(right_factor);
    switch (op_) {
      case ArithmeticOp::kAdd:
        for_each_pair<Int128, Int128>(a, b, values, n, [lf, rf](Int128 x, Int128 y) {
          return static_cast<Int128>(static_cast<U>(x) * lf + static_cast<U>(y) * rf);
        });
        return true;
      case ArithmeticOp::kSubtract:
        for_each_pair<Int128, Int128>(a, b, values, n, [lf, rf](Int128 x, Int128 y) {
          return static_cast<Int128>(static_cast<U>(x) * lf - static_cast<U>(y) * rf);
        });
        return true;
      case ArithmeticOp::kMultiply:
        for_each_pair<Int128, Int128>(a, b, values, n, [](Int128 x, Int128 y) {
          return static_cast<Int128>(static_cast<U>(x) * static_cast<U>(y));
        });
        return true;
      default: return false;
    }
  }

  void compute_checked(const Column& a, const Column& b, Column& out, size_t n,
                       EvalContext& context) const {
    constexpr PerRow kPerRow[] = {add_decimals, subtract_decimals, multiply_decimals,
                                  divide_decimals, modulo_decimals};
    const PerRow apply = kPerRow[static_cast<size_t>(op_)];
    const bool divides = op_ == ArithmeticOp::kDivide || op_ == ArithmeticOp::kModulo;
    Int128* values = out.values<Int128>();
    for (size_t i = 0; i < n; ++i) {
      values[i] = 0;
      if (out.is_null(i)) continue;
      const Int128 x = a.at<Int128>(i);
      const Int128 y = b.at<Int128>(i);
      if (divides && y == 0) {
        out.set_null(i);
        context.row_error(i, "division by zero");
        continue;
      }
      const auto r = apply(x, left_scale_, y, right_scale_, type().scale, type().precision);
      if (r) {
        values[i] = *r;
      } else {
        out.set_null(i);
      }
    }
  }

  ArithmeticOp op_;
  int left_scale_;
  int right_scale_;
  bool exact_ = false;
};

}  // namespace

Type decimal_result(ArithmeticOp op, const Type& a, const Type& b) {
  const int p1 = a.precision;
  const int s1 = a.scale;
  const int p2 = b.precision;
  const int s2 = b.scale;
  switch (op) {
    case ArithmeticOp::kAdd:
    case ArithmeticOp::kSubtract: {
      const int s = std::max(s1, s2);
      return adjusted_decimal(std::max(p1 - s1, p2 - s2) + s + 1, s);
    }
    case ArithmeticOp::kMultiply: return adjusted_decimal(p1 + p2 + 1, s1 + s2);
    case ArithmeticOp::kDivide: {
      const int s = std::max(6, s1 + p2 + 1);
      return adjusted_decimal(p1 - s1 + s2 + s, s);
    }
    case ArithmeticOp::kModulo: {
      const int s = std::max(s1, s2);
      return adjusted_decimal(std::max(1, std::min(p1 - s1, p2 - s2) + s), s);
    }
  }
  return Type::decimal(kMaxDecimalDigits, 0);
}

ExprPtr make_decimal_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right) {
  return std::make_shared<DecimalArithmetic>(op, std::move(left), std::move(right));
}

}  // namespace weir
