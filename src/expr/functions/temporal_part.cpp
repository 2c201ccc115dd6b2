// Parts of dates, times and intervals: EXTRACT(unit FROM t), YEAR(t) ... SECOND(t), EPOCH_MS(t).
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// Reads argument `at`, which is a moment.
Kernel moment_kernel(TimeUnit unit, size_t at) {
  return [unit, at](Columns args, size_t rows, EvalContext& context) {
    const Column& in = *args[at];
    const std::span<const ColumnPtr> read_args(&args[at], 1);
    // Seconds since 1970 belong to the instant, everything else to the wall clock.
    const TimeZone& zone = unit == TimeUnit::kEpoch ? *utc() : *context.zone;
    if (unit == TimeUnit::kNanosecond && in.type().in_nanos()) {
      return map_rows<int64_t>(Type::bigint(), read_args, rows, context, [&in](size_t i) {
        return floor_mod(in.at<int64_t>(i), 1'000'000'000);
      });
    }
    return with_wall_clock(in, zone, [&](auto read) {
      return map_rows<int64_t>(Type::bigint(), read_args, rows, context,
                               [&](size_t i) { return extract_unit(unit, read(i), 0); });
    });
  };
}

Kernel interval_kernel(TimeUnit unit, size_t at, bool months) {
  return [unit, at, months](Columns args, size_t rows, EvalContext& context) {
    const Column& in = *args[at];
    return map_rows<int64_t>(Type::bigint(), {&args[at], 1}, rows, context, [&](size_t i) {
      const int64_t v = in.at<int64_t>(i);
      return months ? extract_from_months(unit, v) : extract_from_millis(unit, v);
    });
  };
}

bool unit_of_type(TimeUnit unit, const Type& type) {
  switch (type.id) {
    case TypeId::kTime: return is_clock_unit(unit) || unit == TimeUnit::kEpoch;
    case TypeId::kIntervalMonths: return unit <= TimeUnit::kMonth;
    case TypeId::kIntervalMillis:
      return unit == TimeUnit::kDay || is_clock_unit(unit) || unit == TimeUnit::kEpoch;
    default: return true;
  }
}

Result<BoundCall> bind_part(std::string_view function, TimeUnit unit, std::span<const ExprPtr> args,
                            size_t at) {
  BoundCall call;
  call.result = Type::bigint();
  for (size_t i = 0; i < at; ++i) call.parameters.push_back(args[i]->type());
  Type type = args[at]->type();
  if (!type.is_interval()) {
    auto moment = moment_argument(function, args, at);
    if (!moment) return fail(std::move(moment.error()));
    type = *moment;
  }
  if (!unit_of_type(unit, type)) {
    return fail(
        ErrorKind::kConfig,
        std::string(function) + " finds no such unit in a value of type " + type.to_string());
  }
  call.kernel = type.is_interval() ? interval_kernel(unit, at, type.id == TypeId::kIntervalMonths)
                                   : moment_kernel(unit, at);
  call.parameters.push_back(std::move(type));
  return call;
}

Result<BoundCall> bind_extract(std::span<const ExprPtr> args) {
  if (auto ok = check_count("EXTRACT", args, 2, 2); !ok) return fail(std::move(ok.error()));
  const auto unit = unit_argument("EXTRACT", args, 0);
  if (!unit) return fail(Error(unit.error()));
  return bind_part("EXTRACT", *unit, args, 1);
}

FunctionDescriptor part(std::string_view name, std::string_view signature, std::string_view doc,
                        std::string_view example, std::string_view result, TimeUnit unit) {
  return polymorphic(name, signature, doc, example, result,
                     [name, unit](std::span<const ExprPtr> args) -> Result<BoundCall> {
                       if (auto ok = check_count(name, args, 1, 1); !ok) return fail(ok.error());
                       return bind_part(name, unit, args, 0);
                     });
}

// Not in Flink: there EXTRACT(EPOCH ...) loses the milliseconds.
Result<BoundCall> bind_epoch_ms(std::span<const ExprPtr> args) {
  if (auto ok = check_count("EPOCH_MS", args, 1, 1); !ok) return fail(ok.error());
  auto moment = moment_argument("EPOCH_MS", args, 0);
  if (!moment) return fail(std::move(moment.error()));
  BoundCall call;
  call.parameters = {*moment};
  call.result = Type::bigint();
  call.kernel = [](Columns in, size_t rows, EvalContext& context) {
    return with_wall_clock(*in[0], *utc(), [&](auto read) {
      return map_rows<int64_t>(Type::bigint(), in, rows, context,
                               [&](size_t i) { return floor_div(read(i), 1000); });
    });
  };
  return call;
}

}  // namespace

FunctionList temporal_part_functions() {
  FunctionList list;
  list.push_back(polymorphic("EXTRACT", "EXTRACT(unit FROM t) -> BIGINT",
                             "Gives a part of a date, time, timestamp or interval: MILLENNIUM, "
                             "CENTURY, DECADE, YEAR, ISOYEAR, "
                             "QUARTER, MONTH, WEEK (ISO), DAY, DOY, DOW (Sunday is 1), ISODOW "
                             "(Monday is 1), HOUR, MINUTE, "
                             "SECOND, MILLISECOND, MICROSECOND, NANOSECOND, EPOCH.",
                             "EXTRACT(DOY FROM DATE '2021-09-27')", "270", bind_extract));
  list.push_back(part("YEAR", "YEAR(t) -> BIGINT", "Gives the year.", "YEAR(DATE '1994-09-27')",
                      "1994", TimeUnit::kYear));
  list.push_back(part("QUARTER", "QUARTER(t) -> BIGINT", "Gives the quarter of the year, 1 to 4.",
                      "QUARTER(DATE '1994-09-27')", "3", TimeUnit::kQuarter));
  list.push_back(part("MONTH", "MONTH(t) -> BIGINT", "Gives the month, 1 to 12.",
                      "MONTH(DATE '1994-09-27')", "9", TimeUnit::kMonth));
  list.push_back(part("WEEK", "WEEK(t) -> BIGINT", "Gives the ISO 8601 week of the year, 1 to 53.",
                      "WEEK(DATE '1994-09-27')", "39", TimeUnit::kWeek));
  list.push_back(part("DAYOFYEAR", "DAYOFYEAR(t) -> BIGINT", "Gives the day of the year, 1 to 366.",
                      "DAYOFYEAR(DATE '1994-09-27')", "270", TimeUnit::kDayOfYear));
  list.push_back(part("DAYOFMONTH", "DAYOFMONTH(t) -> BIGINT",
                      "Gives the day of the month, 1 to 31.", "DAYOFMONTH(DATE '1994-09-27')", "27",
                      TimeUnit::kDay));
  list.push_back(part("DAYOFWEEK", "DAYOFWEEK(t) -> BIGINT",
                      "Gives the day of the week, Sunday is 1.", "DAYOFWEEK(DATE '1994-09-27')",
                      "3", TimeUnit::kDayOfWeek));
  list.push_back(part("HOUR", "HOUR(t) -> BIGINT", "Gives the hour, 0 to 23.",
                      "HOUR(TIMESTAMP '1994-09-27 13:14:15')", "13", TimeUnit::kHour));
  list.push_back(part("MINUTE", "MINUTE(t) -> BIGINT", "Gives the minute, 0 to 59.",
                      "MINUTE(TIMESTAMP '1994-09-27 13:14:15')", "14", TimeUnit::kMinute));
  list.push_back(part("SECOND", "SECOND(t) -> BIGINT", "Gives the second, 0 to 59.",
                      "SECOND(TIMESTAMP '1994-09-27 13:14:15')", "15", TimeUnit::kSecond));
  list.push_back(polymorphic("EPOCH_MS", "EPOCH_MS(t) -> BIGINT",
                             "Gives the milliseconds since 1970-01-01 00:00:00 (not in Flink).",
                             "EPOCH_MS(TIMESTAMP '1970-01-01 00:00:01.250')", "1250",
                             bind_epoch_ms));
  return list;
}

}  // namespace weir
