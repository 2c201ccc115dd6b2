// Integer and floating point kernels.
//
// Overflow of integers is found in two steps: the loop that computes also collects, without a
// branch, whether anything overflowed, so that it vectorises; only then rows are looked at one by
// one.
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "expr/arithmetic.h"
#include "expr/compound.h"

namespace weir {

namespace {

constexpr std::string_view kOpText[] = {"+", "-", "*", "/", "%"};

// Each op: apply() wraps; overflows() decides for one pair; collect() is the branch-free form.
template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
struct Add {
  static T apply(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
  }
  static T collect(T a, T b, T r) { return static_cast<T>((a ^ r) & (b ^ r)); }
  static bool overflows(T a, T b) {
    T r;
    return __builtin_add_overflow(a, b, &r);
  }
};
template <class T>
struct Subtract {
  static T apply(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
  }
  static T collect(T a, T b, T r) { return static_cast<T>((a ^ b) & (a ^ r)); }
  static bool overflows(T a, T b) {
    T r;
    return __builtin_sub_overflow(a, b, &r);
  }
};
template <class T>
struct Multiply {
  static T apply(T a, T b) {
    if constexpr (sizeof(T) < 4) {
      return static_cast<T>(static_cast<int32_t>(a) * static_cast<int32_t>(b));
    } else {
      return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b));
    }
  }
  static T collect(T a, T b, T) {
    if constexpr (sizeof(T) <= 4) {
      const int64_t wide = static_cast<int64_t>(a) * static_cast<int64_t>(b);
      return static_cast<T>(-static_cast<int>(wide != static_cast<T>(wide)));
    } else {
      return static_cast<T>(-static_cast<int>(overflows(a, b)));
    }
  }
  static bool overflows(T a, T b) {
    T r;
    return __builtin_mul_overflow(a, b, &r);
  }
};

template <class T>
std::string overflow_reason(ArithmeticOp op, T a, T b) {
  return "integer overflow: " + std::to_string(a) + " " +
         std::string(kOpText[static_cast<size_t>(op)]) + " " + std::to_string(b);
}

// Base of the binary number nodes: evaluates both sides, sorts out NULLs and constants.
template <class T, class Derived>
class BinaryNumbers : public CompoundExpr {
 public:
  BinaryNumbers(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right, bool fails)
      : CompoundExpr(std::move(type), {std::move(left), std::move(right)}, fails), op_(op) {}

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
    static_cast<const Derived*>(this)->compute(*a, *b, *out, n, context);
    if (constant) spread_constant(*out, rows, context, errors_before);
    return out;
  }

 protected:
  // Calls found(i, a, b) for the rows that are not NULL and for which test(a, b) holds.
  template <class Test, class Found>
  static void find_rows(const Column& a, const Column& b, const Column& out, size_t n, Test test,
                        Found found) {
    for (size_t i = 0; i < n; ++i) {
      if (out.is_null(i)) continue;
      const T x = a.at<T>(i);
      const T y = b.at<T>(i);
      if (test(x, y)) found(i, x, y);
    }
  }

  ArithmeticOp op_;
};

template <class T, template <class> class Op>
class WrappingArithmetic : public BinaryNumbers<T, WrappingArithmetic<T, Op>> {
 public:
  WrappingArithmetic(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right)
      : BinaryNumbers<T, WrappingArithmetic>(op, std::move(type), std::move(left), std::move(right),
                                             true) {}

  void compute(const Column& a, const Column& b, Column& out, size_t n,
               EvalContext& context) const {
    T overflow = 0;
    for_each_pair<T, T>(a, b, out.template values<T>(), n, [&overflow](T x, T y) {
      const T r = Op<T>::apply(x, y);
      overflow = static_cast<T>(overflow | Op<T>::collect(x, y, r));
      return r;
    });
    if (overflow >= 0 || context.wrap_overflow) return;
    this->find_rows(a, b, out, n, Op<T>::overflows, [&](size_t i, T x, T y) {
      out.set_null(i);
      context.row_error(i, overflow_reason(this->op_, x, y));
    });
  }
};

template <class T, bool kModulo>
class IntegerDivision : public BinaryNumbers<T, IntegerDivision<T, kModulo>> {
 public:
  IntegerDivision(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right)
      : BinaryNumbers<T, IntegerDivision>(op, std::move(type), std::move(left), std::move(right),
                                          true) {}

  void compute(const Column& a, const Column& b, Column& out, size_t n,
               EvalContext& context) const {
    constexpr T kMin = std::numeric_limits<T>::min();
    unsigned special = 0;
    for_each_pair<T, T>(a, b, out.template values<T>(), n, [&special](T x, T y) -> T {
      // Dividing by -1 is negating, which also keeps MIN / -1 from trapping.
      if (y == 0 || y == -1) {
        special |= static_cast<unsigned>(y == 0) | static_cast<unsigned>(x == kMin);
        return kModulo || y == 0 ? T{0}
                                 : static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(x));
      }
      return static_cast<T>(kModulo ? x % y : x / y);
    });
    if (special == 0) return;
    this->find_rows(
        a, b, out, n, [&](T x, T y) { return y == 0 || (!kModulo && y == -1 && x == kMin); },
        [&](size_t i, T x, T y) {
          if (y != 0 && context.wrap_overflow) return;
          out.set_null(i);
          context.row_error(
              i, y == 0 ? std::string("division by zero") : overflow_reason(this->op_, x, y));
        });
  }
};

template <class T>
class RealArithmetic : public BinaryNumbers<T, RealArithmetic<T>> {
 public:
  RealArithmetic(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right)
      : BinaryNumbers<T, RealArithmetic>(op, std::move(type), std::move(left), std::move(right),
                                         false) {}

  void compute(const Column& a, const Column& b, Column& out, size_t n, EvalContext&) const {
    T* values = out.template values<T>();
    switch (this->op_) {
      case ArithmeticOp::kAdd:
        for_each_pair<T, T>(a, b, values, n, [](T x, T y) { return x + y; });
        break;
      case ArithmeticOp::kSubtract:
        for_each_pair<T, T>(a, b, values, n, [](T x, T y) { return x - y; });
        break;
      case ArithmeticOp::kMultiply:
        for_each_pair<T, T>(a, b, values, n, [](T x, T y) { return x * y; });
        break;
      case ArithmeticOp::kDivide:
        for_each_pair<T, T>(a, b, values, n, [](T x, T y) { return x / y; });
        break;
      case ArithmeticOp::kModulo:
        for_each_pair<T, T>(a, b, values, n, [](T x, T y) { return std::fmod(x, y); });
        break;
    }
  }
};

template <class T>
ExprPtr integer_node(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return std::make_shared<WrappingArithmetic<T, Add>>(op, type, std::move(left),
                                                          std::move(right));
    case ArithmeticOp::kSubtract:
      return std::make_shared<WrappingArithmetic<T, Subtract>>(op, type, std::move(left),
                                                               std::move(right));
    case ArithmeticOp::kMultiply:
      return std::make_shared<WrappingArithmetic<T, Multiply>>(op, type, std::move(left),
                                                               std::move(right));
    case ArithmeticOp::kDivide:
      return std::make_shared<IntegerDivision<T, false>>(op, type, std::move(left),
                                                         std::move(right));
    case ArithmeticOp::kModulo:
      return std::make_shared<IntegerDivision<T, true>>(op, type, std::move(left),
                                                        std::move(right));
  }
  return nullptr;
}

}  // namespace

ExprPtr make_number_arithmetic(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right) {
  switch (type.id) {
    case TypeId::kTinyInt:
      return integer_node<int8_t>(op, std::move(type), std::move(left), std::move(right));
    case TypeId::kSmallInt:
      return integer_node<int16_t>(op, std::move(type), std::move(left), std::move(right));
    case TypeId::kInt:
      return integer_node<int32_t>(op, std::move(type), std::move(left), std::move(right));
    case TypeId::kFloat:
      return std::make_shared<RealArithmetic<float>>(op, std::move(type), std::move(left),
                                                     std::move(right));
    case TypeId::kDouble:
      return std::make_shared<RealArithmetic<double>>(op, std::move(type), std::move(left),
                                                      std::move(right));
    default:  // BIGINT and the intervals
      return integer_node<int64_t>(op, std::move(type), std::move(left), std::move(right));
  }
}

}  // namespace weir
