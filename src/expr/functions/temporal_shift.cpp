// TIMESTAMPADD, TIMESTAMPDIFF and OVERLAPS.
#include <algorithm>
#include <limits>

#include "expr/coercion.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;
constexpr char kOutOfRange[] = "the time is out of range";

// --- TIMESTAMPADD ----------------------------------------------------------------------------------

// `moment` plus n units; both in micros, of DATE, TIME and TIMESTAMP alike.
std::optional<int64_t> add_units(TimeUnit unit, int64_t moment, int64_t n) {
  int64_t out = 0;
  if (const int64_t months = unit_months(unit); months != 0) {
    if (__builtin_mul_overflow(n, months, &out)) return std::nullopt;
    return add_months_to_micros(moment, out);
  }
  if (__builtin_mul_overflow(n, unit_micros(unit), &out) ||
      __builtin_add_overflow(moment, out, &out)) {
    return std::nullopt;
  }
  return out;
}

// Nanosecond columns: the micros move, the digits below them stay.
std::optional<int64_t> add_units_nanos(TimeUnit unit, int64_t moment, int64_t n) {
  int64_t out = 0;
  if (unit == TimeUnit::kNanosecond) {
    return __builtin_add_overflow(moment, n, &out) ? std::nullopt : std::optional(out);
  }
  const auto micros = add_units(unit, floor_div(moment, 1000), n);
  if (!micros || __builtin_mul_overflow(*micros, int64_t{1000}, &out) ||
      __builtin_add_overflow(out, floor_mod(moment, 1000), &out)) {
    return std::nullopt;
  }
  return out;
}

// The type that holds t plus a number of units: DATE becomes TIMESTAMP for hours and finer.
Type added_type(const Type& type, TimeUnit unit) {
  const uint8_t digits = unit == TimeUnit::kMillisecond   ? 3
                         : unit == TimeUnit::kMicrosecond ? 6
                         : unit == TimeUnit::kNanosecond  ? 9
                                                          : 0;
  if (type.id == TypeId::kDate) return is_date_unit(unit) ? type : Type::timestamp(digits);
  if (type.id == TypeId::kTime) return type;
  return Type{type.id, std::max(type.precision, digits)};
}

template <class Raw, class F>
ColumnPtr shift_rows(Columns args, size_t rows, EvalContext& context, const Type& type, F shift) {
  const Column& n = *args[1];
  const Column& moment = *args[2];
  return map_rows<Raw>(type, args, rows, context, [&](size_t i) -> Raw {
    const std::optional<int64_t> r = shift(int64_t{moment.at<Raw>(i)}, n.at<int64_t>(i));
    if (!r || *r < std::numeric_limits<Raw>::min() || *r > std::numeric_limits<Raw>::max()) {
      fail_row(context, kOutOfRange);
      return 0;
    }
    return static_cast<Raw>(*r);
  });
}

Result<BoundCall> bind_add(std::span<const ExprPtr> args) {
  if (auto ok = check_count("TIMESTAMPADD", args, 3, 3); !ok) return fail(ok.error());
  const auto unit_or = unit_argument("TIMESTAMPADD", args, 0);
  if (!unit_or) return fail(Error(unit_or.error()));
  if (auto ok = check_type("TIMESTAMPADD", args, 1, Type::bigint()); !ok) return fail(ok.error());
  auto moment = moment_argument("TIMESTAMPADD", args, 2);
  if (!moment) return fail(std::move(moment.error()));
  const TimeUnit unit = *unit_or;
  const Type type = added_type(*moment, unit);
  if (unit > TimeUnit::kNanosecond || (type.id == TypeId::kTime && !is_clock_unit(unit))) {
    return fail(ErrorKind::kConfig,
                "TIMESTAMPADD cannot add this unit to a value of type " + type.to_string());
  }
  BoundCall call;
  call.parameters = {Type::string(), Type::bigint(), type};
  call.result = type;
  call.can_fail = true;
  call.kernel = [unit, type](Columns in, size_t rows, EvalContext& context) {
    if (type.id == TypeId::kDate) {
      return shift_rows<int32_t>(in, rows, context, type, [unit](int64_t day, int64_t n) {
        if (const int64_t months = unit_months(unit); months != 0) {
          int64_t total = 0;
          if (__builtin_mul_overflow(n, months, &total)) return std::optional<int64_t>();
          return add_months_to_days(day, total);
        }
        int64_t out = 0;
        if (__builtin_mul_overflow(n, unit_micros(unit) / kMicrosPerDay, &out) ||
            __builtin_add_overflow(out, day, &out)) {
          return std::optional<int64_t>();
        }
        return std::optional(out);
      });
    }
    if (type.id == TypeId::kTime) {  // goes around midnight
      return shift_rows<int32_t>(in, rows, context, type, [unit](int64_t ms, int64_t n) {
        const auto us = add_units(unit, ms * 1000, n);
        return us ? std::optional(floor_mod(*us, kMicrosPerDay) / 1000) : std::nullopt;
      });
    }
    if (type.in_nanos()) {
      return shift_rows<int64_t>(in, rows, context, type, [unit](int64_t t, int64_t n) {
        return add_units_nanos(unit, t, n);
      });
    }
    return shift_rows<int64_t>(in, rows, context, type,
                               [unit](int64_t t, int64_t n) { return add_units(unit, t, n); });
  };
  return call;
}

// --- two moments -------------------------------------------------------------------------------------

// The type in which moments i and j are compared: DATE with DATE stays, TIMESTAMP_LTZ wins.
Result<Type> meeting_type(std::string_view function, std::span<const ExprPtr> args, size_t i,
                          size_t j) {
  auto a = moment_argument(function, args, i);
  if (!a) return a;
  auto b = moment_argument(function, args, j);
  if (!b) return b;
  // A bare NULL or a text takes the other's type.
  if (!args[i]->type().is_temporal()) a = args[j]->type().is_temporal() ? *b : *a;
  if (!args[j]->type().is_temporal()) b = *a;
  if (auto type = common_type(*a, *b)) return *type;
  return fail(ErrorKind::kConfig, std::string(function) + " cannot compare " + a->to_string() +
                                      " with " + b->to_string());
}

Result<BoundCall> bind_diff(std::span<const ExprPtr> args) {
  if (auto ok = check_count("TIMESTAMPDIFF", args, 3, 3); !ok) return fail(ok.error());
  const auto unit_or = unit_argument("TIMESTAMPDIFF", args, 0);
  if (!unit_or) return fail(Error(unit_or.error()));
  const TimeUnit unit = *unit_or;
  auto type = meeting_type("TIMESTAMPDIFF", args, 1, 2);
  if (!type) return fail(std::move(type.error()));
  if (unit > TimeUnit::kNanosecond) {
    return fail(ErrorKind::kConfig, "TIMESTAMPDIFF cannot count this unit");
  }
  BoundCall call;
  call.parameters = {Type::string(), *type, *type};
  call.result = Type::bigint();
  call.kernel = [unit](Columns in, size_t rows, EvalContext& context) {
    const Column& a = *in[1];
    const Column& b = *in[2];
    const int64_t months = unit_months(unit);
    // Calendar units count by the wall clock, units of fixed length by the instants.
    const TimeZone& zone = months != 0 ? *context.zone : *utc();
    if (a.type().in_nanos() && months == 0) {
      const int64_t length = unit == TimeUnit::kNanosecond ? 1 : unit_micros(unit) * 1000;
      return map_rows<int64_t>(Type::bigint(), in, rows, context, [&](size_t i) {
        return static_cast<int64_t>((Int128{b.at<int64_t>(i)} - a.at<int64_t>(i)) / length);
      });
    }
    return with_wall_clock(a, zone, [&](auto from) {
      return with_wall_clock(b, zone, [&](auto to) {
        return map_rows<int64_t>(Type::bigint(), in, rows, context, [&](size_t i) -> int64_t {
          if (months != 0) return months_between(from(i), to(i)) / months;
          const Int128 micros = Int128{to(i)} - from(i);
          if (unit == TimeUnit::kNanosecond) return static_cast<int64_t>(micros * 1000);
          return static_cast<int64_t>(micros / unit_micros(unit));
        });
      });
    });
  };
  return call;
}

// --- OVERLAPS ----------------------------------------------------------------------------------------

// The other end of a period: the moment itself or start + interval. Months go by the calendar.
struct PeriodEnd {
  const Column& end;
  int64_t at(size_t i, int64_t start) const {
    const int64_t v = end.type().width() == 4 ? end.at<int32_t>(i) : end.at<int64_t>(i);
    switch (end.type().id) {
      case TypeId::kIntervalMonths: return add_months_to_micros(start, v).value_or(start);
      case TypeId::kIntervalMillis: return start + v * 1000;
      case TypeId::kDate: return v * kMicrosPerDay;
      case TypeId::kTime: return v * 1000;
      default: return end.type().in_nanos() ? floor_div(v, 1000) : v;
    }
  }
};

Result<BoundCall> bind_overlaps(std::span<const ExprPtr> args) {
  if (auto ok = check_count("OVERLAPS", args, 4, 4); !ok) return fail(ok.error());
  std::vector<ExprPtr> moments;
  for (size_t i = 0; i < 4; ++i) {
    if (i % 2 == 0 || !args[i]->type().is_interval()) {
      if (auto ok = moment_argument("OVERLAPS", args, i); !ok) return fail(ok.error());
      if (args[i]->type().is_temporal()) moments.push_back(args[i]);
    }
  }
  const auto type = moments.empty() ? std::optional(Type::timestamp()) : common_type(moments);
  if (!type) {
    return fail(ErrorKind::kConfig,
                "OVERLAPS needs periods of one kind of time: DATE, TIME or TIMESTAMP");
  }
  BoundCall call;
  call.result = Type::boolean();
  for (size_t i = 0; i < 4; ++i) {
    call.parameters.push_back(args[i]->type().is_interval() ? args[i]->type() : *type);
  }
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    const PeriodEnd first{*in[1]};
    const PeriodEnd second{*in[3]};
    return with_wall_clock(*in[0], *utc(), [&](auto start1) {
      return with_wall_clock(*in[2], *utc(), [&](auto start2) {
        return map_rows<uint8_t>(Type::boolean(), in, rows, context, [&](size_t i) -> uint8_t {
          int64_t a = start1(i);
          int64_t b = first.at(i, a);
          int64_t c = start2(i);
          int64_t d = second.at(i, c);
          if (a > b) std::swap(a, b);
          if (c > d) std::swap(c, d);
          return b >= c && d >= a;
        });
      });
    });
  };
  return call;
}

}  // namespace

FunctionList temporal_shift_functions() {
  FunctionList list;
  list.push_back(polymorphic(
      "TIMESTAMPADD", "TIMESTAMPADD(unit, n BIGINT, t) -> same type",
      "Adds n units to a date or time; months and years keep the day, cut to the month's length.",
      "TIMESTAMPADD(MONTH, 1, DATE '2021-01-31')", "2021-02-28", bind_add));
  list.push_back(polymorphic(
      "TIMESTAMPDIFF", "TIMESTAMPDIFF(unit, from, to) -> BIGINT",
      "Counts the whole units from one date or time to another; negative when `to` is earlier.",
      "TIMESTAMPDIFF(DAY, TIMESTAMP '2003-01-02 10:00:00', TIMESTAMP '2003-01-03 10:00:00')", "1",
      bind_diff));
  list.push_back(polymorphic(
      "OVERLAPS", "(start1, end1) OVERLAPS (start2, end2) -> BOOLEAN",
      "Tells whether two periods meet, their ends included; an end may be an INTERVAL from the "
      "start.",
      "(TIME '2:55:00', INTERVAL '1' HOUR) OVERLAPS (TIME '3:30:00', INTERVAL '2' HOUR)", "TRUE",
      bind_overlaps));
  return list;
}

}  // namespace weir
