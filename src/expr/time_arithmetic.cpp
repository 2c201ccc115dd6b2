// Times plus and minus intervals. Months keep the day of the month, cut to the month's length.
#include <algorithm>
#include <limits>

#include "expr/arithmetic.h"
#include "expr/compound.h"

namespace weir {

namespace {

constexpr int64_t kMillisPerDay = 86'400'000;

// nullopt: beyond what the type holds.
std::optional<int64_t> add_months(int64_t days, int64_t months) {
  const CivilDate date = civil_from_days(days);
  int64_t total = 0;
  if (__builtin_add_overflow(int64_t{date.year} * 12 + date.month - 1, months, &total)) {
    return std::nullopt;
  }
  const int64_t year = floor_div(total, 12);
  if (year < -300'000 || year > 300'000) return std::nullopt;
  const auto month = static_cast<uint32_t>(floor_mod(total, 12)) + 1;
  uint32_t day = date.day;
  while (!valid_date(static_cast<int32_t>(year), month, day)) --day;
  return days_from_civil(static_cast<int32_t>(year), month, day);
}

bool is_multiple(const Expr& interval, int64_t unit) {
  const Value* v = interval.as_literal();
  return v != nullptr && !v->is_null && v->number % unit == 0;
}

// DATE stays a DATE when whole days or months are added; a TIMESTAMP has room for milliseconds.
Type shifted_type(const Expr& moment, const Expr& interval) {
  const Type& type = moment.type();
  if (interval.type().id == TypeId::kIntervalMonths) return type;
  if (type.id == TypeId::kDate) {
    if (is_multiple(interval, kMillisPerDay)) return type;
    return Type::timestamp(is_multiple(interval, 1000) ? 0 : 3);
  }
  if (is_multiple(interval, 1000)) return type;
  return Type{type.id, std::max<uint8_t>(type.precision, 3)};
}

class TimeShift : public CompoundExpr {
 public:
  TimeShift(const ExprPtr& moment, const ExprPtr& interval, int sign)
      : CompoundExpr(shifted_type(*moment, *interval), {moment, interval}, true), sign_(sign) {}

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
    if (type().width() == 4) {
      shift<int32_t, int32_t>(*a, *b, *out, n, context);
    } else if (part(0).type().id == TypeId::kDate) {
      shift<int32_t, int64_t>(*a, *b, *out, n, context);
    } else {
      shift<int64_t, int64_t>(*a, *b, *out, n, context);
    }
    if (constant) spread_constant(*out, rows, context, errors_before);
    return out;
  }

 private:
  template <class From, class To>
  void shift(const Column& a, const Column& b, Column& out, size_t n, EvalContext& context) const {
    To* values = out.values<To>();
    for (size_t i = 0; i < n; ++i) {
      values[i] = 0;
      if (out.is_null(i)) continue;
      const int64_t step = b.at<int64_t>(i);
      const auto r = shift_one(a.at<From>(i), step);
      if (r && *r >= std::numeric_limits<To>::min() && *r <= std::numeric_limits<To>::max()) {
        values[i] = static_cast<To>(*r);
      } else {
        out.set_null(i);
        context.row_error(i, "the time is out of range");
      }
    }
  }

  std::optional<int64_t> shift_one(int64_t moment, int64_t interval) const {
    int64_t step = 0;
    if (__builtin_mul_overflow(interval, int64_t{sign_}, &step)) return std::nullopt;
    const TypeId from = part(0).type().id;
    const bool nanos = type().in_nanos();
    const int64_t per_day = kMicrosPerDay * (nanos ? 1000 : 1);
    if (part(1).type().id == TypeId::kIntervalMonths) {
      if (from == TypeId::kDate) return add_months(moment, step);
      const auto day = add_months(floor_div(moment, per_day), step);
      int64_t r = 0;
      if (!day || __builtin_mul_overflow(*day, per_day, &r) ||
          __builtin_add_overflow(r, floor_mod(moment, per_day), &r)) {
        return std::nullopt;
      }
      return r;
    }
    if (from == TypeId::kTime) return floor_mod(moment + step % kMillisPerDay, kMillisPerDay);
    int64_t r = 0;
    if (type().id == TypeId::kDate) {
      return __builtin_add_overflow(moment, step / kMillisPerDay, &r) ? std::nullopt
                                                                      : std::optional(r);
    }
    if (from == TypeId::kDate && __builtin_mul_overflow(moment, per_day, &moment)) {
      return std::nullopt;
    }
    if (__builtin_mul_overflow(step, int64_t{nanos ? 1'000'000 : 1000}, &r) ||
        __builtin_add_overflow(moment, r, &r)) {
      return std::nullopt;
    }
    return r;
  }

  int sign_;
};

}  // namespace

ExprPtr make_time_shift(ExprPtr moment, ExprPtr interval, int sign) {
  return std::make_shared<TimeShift>(moment, interval, sign);
}

}  // namespace weir
