#include "expr/compare.h"

#include "expr/compound.h"
#include "expr/logic.h"

namespace weir {

namespace {

// > and >= are < and <= with the sides exchanged.
template <class T, CompareOp kOp>
uint8_t compare_one(const T& x, const T& y) {
  if constexpr (kOp == CompareOp::kEq) return x == y;
  if constexpr (kOp == CompareOp::kNe) return !(x == y);
  if constexpr (std::is_same_v<T, StringRef>) {
    if constexpr (kOp == CompareOp::kLt) return compare(x, y) < 0;
    if constexpr (kOp == CompareOp::kLe) return compare(x, y) <= 0;
  } else {
    if constexpr (kOp == CompareOp::kLt) return x < y;
    if constexpr (kOp == CompareOp::kLe) return x <= y;
  }
  return 0;
}

template <class T, CompareOp kOp>
void compare_values(const Column& a, const Column& b, uint8_t* out, size_t n) {
  for_each_pair<T, T>(a, b, out, n,
                      [](const T& x, const T& y) { return compare_one<T, kOp>(x, y); });
}

template <class T>
void compare_typed(CompareOp op, const Column& a, const Column& b, uint8_t* out, size_t n) {
  switch (op) {
    case CompareOp::kEq: return compare_values<T, CompareOp::kEq>(a, b, out, n);
    case CompareOp::kNe: return compare_values<T, CompareOp::kNe>(a, b, out, n);
    case CompareOp::kLt: return compare_values<T, CompareOp::kLt>(a, b, out, n);
    case CompareOp::kLe: return compare_values<T, CompareOp::kLe>(a, b, out, n);
    case CompareOp::kGt: return compare_values<T, CompareOp::kLt>(b, a, out, n);
    case CompareOp::kGe: return compare_values<T, CompareOp::kLe>(b, a, out, n);
  }
}

// NULL values of strings may be stale pointers, so only rows that are not NULL are looked at when
// `valid` is given.
void compare_strings(CompareOp op, const Column& a, const Column& b, const uint8_t* valid,
                     uint8_t* out, size_t n) {
  if (valid == nullptr) return compare_typed<StringRef>(op, a, b, out, n);
  for (size_t i = 0; i < n; ++i) {
    if (valid[i] == 0) {
      out[i] = 0;
      continue;
    }
    const StringRef& x = a.at<StringRef>(i);
    const StringRef& y = b.at<StringRef>(i);
    if (op == CompareOp::kEq || op == CompareOp::kNe) {
      out[i] = static_cast<uint8_t>((x == y) == (op == CompareOp::kEq));
      continue;
    }
    const int c = compare(x, y);
    out[i] = static_cast<uint8_t>(op == CompareOp::kLt   ? c < 0
                                  : op == CompareOp::kLe ? c <= 0
                                  : op == CompareOp::kGt ? c > 0
                                                         : c >= 0);
  }
}

void compare_nested(CompareOp op, const Column& a, const Column& b, const uint8_t* valid,
                    uint8_t* out, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    if (valid != nullptr && valid[i] == 0) {
      out[i] = 0;
      continue;
    }
    const int c = compare_rows(a, i, b, i);
    const bool result = op == CompareOp::kEq   ? c == 0
                        : op == CompareOp::kNe ? c != 0
                        : op == CompareOp::kLt ? c < 0
                        : op == CompareOp::kLe ? c <= 0
                        : op == CompareOp::kGt ? c > 0
                                               : c >= 0;
    out[i] = static_cast<uint8_t>(result);
  }
}

class Compare : public CompoundExpr {
 public:
  Compare(CompareOp op, ExprPtr left, ExprPtr right)
      : CompoundExpr(Type::boolean(), {std::move(left), std::move(right)}, false), op_(op) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr a = part(0).eval(batch, context);
    const ColumnPtr b = part(1).eval(batch, context);
    return compare_columns(op_, *a, *b, batch.rows);
  }

 private:
  CompareOp op_;
};

class DistinctFrom : public CompoundExpr {
 public:
  DistinctFrom(bool negated, ExprPtr left, ExprPtr right)
      : CompoundExpr(Type::boolean(), {std::move(left), std::move(right)}, false),
        negated_(negated) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr a = part(0).eval(batch, context);
    const ColumnPtr b = part(1).eval(batch, context);
    return distinct_columns(negated_, *a, *b, batch.rows);
  }

 private:
  bool negated_;
};

class Between : public CompoundExpr {
 public:
  Between(ExprPtr value, ExprPtr low, ExprPtr high, bool symmetric, bool negated)
      : CompoundExpr(Type::boolean(), {std::move(value), std::move(low), std::move(high)}, false),
        symmetric_(symmetric),
        negated_(negated) {}
  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr v = part(0).eval(batch, context);
    const ColumnPtr low = part(1).eval(batch, context);
    const ColumnPtr high = part(2).eval(batch, context);
    ColumnPtr inside = within(*v, *low, *high, batch.rows);
    if (symmetric_) {
      inside = or_columns(*inside, *within(*v, *high, *low, batch.rows), batch.rows);
    }
    return negated_ ? not_column(*inside, batch.rows) : inside;
  }

 private:
  static ColumnPtr within(const Column& v, const Column& low, const Column& high, size_t rows) {
    return and_columns(*compare_columns(CompareOp::kGe, v, low, rows),
                       *compare_columns(CompareOp::kLe, v, high, rows), rows);
  }

  bool symmetric_;
  bool negated_;
};

}  // namespace

ColumnPtr compare_columns(CompareOp op, const Column& a, const Column& b, size_t rows) {
  if (is_null_constant(a) || is_null_constant(b)) return make_null_constant(Type::boolean(), rows);
  const bool constant = a.is_constant() && b.is_constant();
  const size_t n = value_count(constant, rows);
  auto out = make_column(Type::boolean(), n);
  add_nulls(*out, a, n);
  add_nulls(*out, b, n);
  uint8_t* values = out->values<uint8_t>();
  switch (a.type().id) {
    case TypeId::kNull: break;
    case TypeId::kBoolean: compare_typed<uint8_t>(op, a, b, values, n); break;
    case TypeId::kTinyInt: compare_typed<int8_t>(op, a, b, values, n); break;
    case TypeId::kSmallInt: compare_typed<int16_t>(op, a, b, values, n); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: compare_typed<int32_t>(op, a, b, values, n); break;
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: compare_typed<int64_t>(op, a, b, values, n); break;
    case TypeId::kFloat: compare_typed<float>(op, a, b, values, n); break;
    case TypeId::kDouble: compare_typed<double>(op, a, b, values, n); break;
    case TypeId::kDecimal: compare_typed<Int128>(op, a, b, values, n); break;
    case TypeId::kString:
    case TypeId::kBytes: compare_strings(op, a, b, out->valid(), values, n); break;
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: compare_nested(op, a, b, out->valid(), values, n); break;
  }
  if (constant && rows > 0) out->make_constant(rows);
  return out;
}

ColumnPtr distinct_columns(bool negated, const Column& a, const Column& b, size_t rows) {
  const bool constant = a.is_constant() && b.is_constant();
  const size_t n = value_count(constant, rows);
  auto out = make_column(Type::boolean(), n);
  uint8_t* values = out->values<uint8_t>();
  const ColumnPtr equal = compare_columns(CompareOp::kEq, a, b, rows);
  for (size_t i = 0; i < n; ++i) {
    const bool same = equal->is_null(i) ? a.is_null(i) && b.is_null(i) : equal->at<uint8_t>(i) != 0;
    values[i] = static_cast<uint8_t>(same == negated);
  }
  if (constant && rows > 0) out->make_constant(rows);
  return out;
}

ExprPtr make_compare(CompareOp op, ExprPtr left, ExprPtr right) {
  return std::make_shared<Compare>(op, std::move(left), std::move(right));
}

ExprPtr make_distinct_from(bool negated, ExprPtr left, ExprPtr right) {
  return std::make_shared<DistinctFrom>(negated, std::move(left), std::move(right));
}

ExprPtr make_between(ExprPtr value, ExprPtr low, ExprPtr high, bool symmetric, bool negated) {
  return std::make_shared<Between>(std::move(value), std::move(low), std::move(high), symmetric,
                                   negated);
}

}  // namespace weir
