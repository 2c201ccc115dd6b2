// Truth values are bytes 0 and 1 with a validity byte; TRUE and FALSE are computed as masks, and
// what is neither is NULL. The loops have no branches, so they vectorise.
#include "expr/logic.h"

#include "expr/compound.h"
#include "expr/row_subset.h"

namespace weir {

namespace {

// Bytes of one operand, a constant seen with step 0.
struct Truth {
  explicit Truth(const Column& c)
      : values(c.values<uint8_t>()), valid(c.valid()), step(c.is_constant() ? 0 : 1) {}
  uint8_t is_true(size_t i) const {
    const size_t k = i * step;
    return static_cast<uint8_t>((values[k] & 1) & (valid == nullptr ? 1 : valid[k]));
  }
  uint8_t is_false(size_t i) const {
    const size_t k = i * step;
    return static_cast<uint8_t>(((values[k] & 1) ^ 1) & (valid == nullptr ? 1 : valid[k]));
  }
  const uint8_t* values;
  const uint8_t* valid;
  size_t step;
};

// AND: dominated by FALSE. OR: dominated by TRUE.
template <bool kAnd>
ColumnPtr combine(const Column& a, const Column& b, size_t rows) {
  const bool constant = a.is_constant() && b.is_constant();
  const size_t n = value_count(constant, rows);
  auto out = make_column(Type::boolean(), n);
  if (n == 0) return out;
  uint8_t* values = out->values<uint8_t>();
  if (a.valid() == nullptr && b.valid() == nullptr) {
    for_each_pair<uint8_t, uint8_t>(a, b, values, n, [](uint8_t x, uint8_t y) {
      return static_cast<uint8_t>(kAnd ? (x & y) : (x | y));
    });
  } else {
    const Truth x(a);
    const Truth y(b);
    uint8_t* valid = out->make_valid();
    for (size_t i = 0; i < n; ++i) {
      const uint8_t t =
          static_cast<uint8_t>(kAnd ? x.is_true(i) & y.is_true(i) : x.is_true(i) | y.is_true(i));
      const uint8_t f = static_cast<uint8_t>(kAnd ? x.is_false(i) | y.is_false(i)
                                                  : x.is_false(i) & y.is_false(i));
      values[i] = t;
      valid[i] = static_cast<uint8_t>(t | f);
    }
  }
  if (constant) out->make_constant(rows);
  return out;
}

template <bool kAnd>
class Connective : public CompoundExpr {
 public:
  Connective(ExprPtr left, ExprPtr right)
      : CompoundExpr(Type::boolean(), {std::move(left), std::move(right)}, false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr a = part(0).eval(batch, context);
    const size_t rows = batch.rows;
    const size_t open = count_open(*a, rows);
    if (open == 0) return a;
    // A quarter of the rows is where gathering them costs less than computing on all.
    if (open == rows || (!part(1).can_fail() && open * 4 > rows)) {
      return combine<kAnd>(*a, *part(1).eval(batch, context), rows);
    }
    Vec<uint32_t> open_rows;
    open_rows.reserve(open);
    const Truth truth(*a);
    for (size_t i = 0; i < rows; ++i) {
      if (is_open(truth, i)) open_rows.push_back(static_cast<uint32_t>(i));
    }
    const ColumnPtr b = eval_rows(part(1), batch, {open_rows.data(), open_rows.size()}, context);
    return scatter(*a, *b, open_rows, rows);
  }

 private:
  static bool is_open(const Truth& t, size_t i) {
    return (kAnd ? t.is_false(i) : t.is_true(i)) == 0;
  }
  static size_t count_open(const Column& a, size_t rows) {
    if (rows == 0) return 0;
    const Truth truth(a);
    if (a.is_constant()) return is_open(truth, 0) ? rows : 0;
    size_t decided = 0;
    for (size_t i = 0; i < rows; ++i) {
      decided += kAnd ? truth.is_false(i) : truth.is_true(i);
    }
    return rows - decided;
  }

  // Rows that `a` decides keep its value; the others combine.
  static ColumnPtr scatter(const Column& a, const Column& b, const Vec<uint32_t>& open_rows,
                           size_t rows) {
    auto out = make_column(Type::boolean(), rows);
    uint8_t* values = out->values<uint8_t>();
    std::fill(values, values + rows, uint8_t{kAnd ? 0 : 1});
    const Truth x(a);
    const Truth y(b);
    const bool nulls = a.may_have_nulls() || b.may_have_nulls();
    uint8_t* valid = nulls ? out->make_valid() : nullptr;
    for (size_t k = 0; k < open_rows.size(); ++k) {
      const size_t i = open_rows[k];
      const int t = kAnd ? x.is_true(i) & y.is_true(k) : x.is_true(i) | y.is_true(k);
      const int f = kAnd ? x.is_false(i) | y.is_false(k) : x.is_false(i) & y.is_false(k);
      values[i] = static_cast<uint8_t>(t);
      if (valid != nullptr) valid[i] = static_cast<uint8_t>(t | f);
    }
    return out;
  }
};

class Not : public CompoundExpr {
 public:
  explicit Not(ExprPtr operand) : CompoundExpr(Type::boolean(), {std::move(operand)}, false) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    return not_column(*part(0).eval(batch, context), batch.rows);
  }
};

class Is : public CompoundExpr {
 public:
  Is(IsTest test, bool negated, ExprPtr operand)
      : CompoundExpr(Type::boolean(), {std::move(operand)}, false),
        test_(test),
        negated_(negated) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr in = part(0).eval(batch, context);
    const size_t n = value_count(in->is_constant(), batch.rows);
    auto out = make_column(Type::boolean(), n);
    uint8_t* values = out->values<uint8_t>();
    const auto flip = static_cast<uint8_t>(negated_);
    if (in->type().id == TypeId::kNull) {
      std::fill(values, values + n, static_cast<uint8_t>((test_ == IsTest::kNull) != negated_));
    } else if (test_ == IsTest::kNull) {
      const uint8_t* valid = in->valid();
      for (size_t i = 0; i < n; ++i) {
        values[i] = static_cast<uint8_t>((valid == nullptr ? 0 : valid[i] ^ 1) ^ flip);
      }
    } else {
      const Truth truth(*in);
      for (size_t i = 0; i < n; ++i) {
        values[i] = static_cast<uint8_t>(
            (test_ == IsTest::kTrue ? truth.is_true(i) : truth.is_false(i)) ^ flip);
      }
    }
    if (in->is_constant() && batch.rows > 0) out->make_constant(batch.rows);
    return out;
  }

 private:
  IsTest test_;
  bool negated_;
};

}  // namespace

ColumnPtr and_columns(const Column& a, const Column& b, size_t rows) {
  return combine<true>(a, b, rows);
}

ColumnPtr or_columns(const Column& a, const Column& b, size_t rows) {
  return combine<false>(a, b, rows);
}

ColumnPtr not_column(const Column& a, size_t rows) {
  const size_t n = value_count(a.is_constant(), rows);
  auto out = make_column(Type::boolean(), n);
  add_nulls(*out, a, n);
  const uint8_t* from = a.values<uint8_t>();
  uint8_t* to = out->values<uint8_t>();
  for (size_t i = 0; i < n; ++i) to[i] = static_cast<uint8_t>((from[i] & 1) ^ 1);
  if (a.is_constant() && rows > 0) out->make_constant(rows);
  return out;
}

ExprPtr make_and(ExprPtr left, ExprPtr right) {
  return std::make_shared<Connective<true>>(std::move(left), std::move(right));
}

ExprPtr make_or(ExprPtr left, ExprPtr right) {
  return std::make_shared<Connective<false>>(std::move(left), std::move(right));
}

ExprPtr make_not(ExprPtr operand) { return std::make_shared<Not>(std::move(operand)); }

ExprPtr make_is(IsTest test, bool negated, ExprPtr operand) {
  return std::make_shared<Is>(test, negated, std::move(operand));
}

void eval_filter(const Expr& predicate, const Batch& batch, EvalContext& context,
                 Vec<uint32_t>& rows) {
  rows.clear();
  if (batch.rows == 0) return;
  const ColumnPtr result = predicate.eval(batch, context);
  if (result->type().id == TypeId::kNull) return;
  const Truth truth(*result);
  if (result->is_constant()) {
    if (truth.is_true(0) == 0) return;
    rows.resize(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) rows[i] = static_cast<uint32_t>(i);
    return;
  }
  // Every row is written, the place moves on only behind rows that stay: no branch to mispredict.
  rows.resize(batch.rows);
  size_t kept = 0;
  for (size_t i = 0; i < batch.rows; ++i) {
    rows[kept] = static_cast<uint32_t>(i);
    kept += truth.is_true(i);
  }
  rows.resize(kept);
}

}  // namespace weir
