// What expressions with parts have in common, and how kernels treat NULLs and constants.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "expr/expr.h"

namespace weir {

// An expression made of others: reads what they read, fails when they may fail.
class CompoundExpr : public Expr {
 public:
  CompoundExpr(Type type, std::vector<ExprPtr> parts, bool fails_itself)
      : Expr(std::move(type)), parts_(std::move(parts)), can_fail_(fails_itself) {
    for (const auto& p : parts_) {
      can_fail_ = can_fail_ || p->can_fail();
      deterministic_ = deterministic_ && p->is_deterministic();
    }
  }

  void collect_columns(std::vector<bool>& used) const override {
    for (const auto& p : parts_) p->collect_columns(used);
  }
  bool can_fail() const override { return can_fail_; }
  bool is_deterministic() const override { return deterministic_; }

 protected:
  const std::vector<ExprPtr>& parts() const { return parts_; }
  const Expr& part(size_t i) const { return *parts_[i]; }
  void set_random() { deterministic_ = false; }

 private:
  std::vector<ExprPtr> parts_;
  bool can_fail_;
  bool deterministic_ = true;
};

// How many values a kernel has to compute: one when all inputs are constants.
inline size_t value_count(bool constant, size_t rows) {
  return constant ? std::min<size_t>(rows, 1) : rows;
}

// out is NULL wherever `in` is, on out's first n rows.
inline void add_nulls(Column& out, const Column& in, size_t n) {
  const uint8_t* from = in.valid();
  if (from == nullptr || n == 0) return;
  uint8_t* to = out.make_valid();
  if (in.is_constant()) {
    if (from[0] == 0) std::fill(to, to + n, uint8_t{0});
    return;
  }
  for (size_t i = 0; i < n; ++i) to[i] = static_cast<uint8_t>(to[i] & from[i]);
}

inline bool is_null_constant(const Column& c) {
  return c.is_constant() && c.valid() != nullptr && c.valid()[0] == 0;
}

// Turns a column of one computed value into the constant it stands for; an error of that one row
// (those after `errors_before`) is one of every row.
inline void spread_constant(Column& out, size_t rows, EvalContext& context, size_t errors_before) {
  if (rows == 0) return;
  out.make_constant(rows);
  const size_t end = context.errors.size();
  for (size_t e = errors_before; e < end; ++e) {
    for (size_t i = 1; i < rows; ++i) context.row_error(i, context.errors[e].reason);
  }
}

// out[i] = f(a[i], b[i]); both constant: n is 1.
template <class A, class B, class Out, class F>
void for_each_pair(const Column& a, const Column& b, Out* out, size_t n, F f) {
  const A* x = a.values<A>();
  const B* y = b.values<B>();
  if (n == 0) return;
  if (a.is_constant()) {
    const A c = x[0];
    for (size_t i = 0; i < n; ++i) out[i] = f(c, y[i]);
  } else if (b.is_constant()) {
    const B c = y[0];
    for (size_t i = 0; i < n; ++i) out[i] = f(x[i], c);
  } else {
    for (size_t i = 0; i < n; ++i) out[i] = f(x[i], y[i]);
  }
}

}  // namespace weir
