// FLOOR(t TO unit) and CEIL(t TO unit). The overloads for numbers are in numeric.cpp.
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;
using Round = int64_t (*)(TimeUnit, int64_t);

// Of DATE and TIME, whose values are not microseconds. 23:30 rounds up to 00:00.
ColumnPtr round_small(Round round, TimeUnit unit, int64_t micros, Columns args, size_t rows,
                      EvalContext& context) {
  const Column& in = *args[0];
  const bool time = in.type().id == TypeId::kTime;
  return map_rows<int32_t>(in.type(), args, rows, context, [&](size_t i) {
    const int64_t rounded = round(unit, int64_t{in.at<int32_t>(i)} * micros);
    return static_cast<int32_t>((time ? floor_mod(rounded, kMicrosPerDay) : rounded) / micros);
  });
}

ColumnPtr round_timestamps(Round round, TimeUnit unit, Columns args, size_t rows,
                           EvalContext& context) {
  const Column& in = *args[0];
  const TimeZone& zone = in.type().id == TypeId::kTimestampLtz ? *context.zone : *utc();
  const bool nanos = in.type().in_nanos();
  const bool zoned = &zone != utc();
  return with_wall_clock(in, zone, [&](auto read) {
    return map_rows<int64_t>(in.type(), args, rows, context, [&](size_t i) {
      int64_t local = read(i);
      // A ceiling looks below the microsecond too.
      if (nanos && round == ceil_to_unit && floor_mod(in.at<int64_t>(i), 1000) != 0) ++local;
      int64_t out = round(unit, local);
      if (zoned) out = zone.to_instant(out);
      return nanos ? out * 1000 : out;
    });
  });
}

BindFunction bind_round(std::string_view name, Round round) {
  return [name, round](std::span<const ExprPtr> args) -> Result<BoundCall> {
    if (auto ok = check_count(name, args, 2, 2); !ok) return fail(ok.error());
    auto moment = moment_argument(name, args, 0);
    if (!moment) return fail(std::move(moment.error()));
    const auto unit = unit_argument(name, args, 1);
    if (!unit) return fail(Error(unit.error()));
    const Type type = *moment;
    const bool time = type.id == TypeId::kTime;
    if (!(is_clock_unit(*unit) || (is_date_unit(*unit) && !time)) ||
        *unit == TimeUnit::kNanosecond) {
      return fail(ErrorKind::kConfig, std::string(name) + " cannot round a value of type " +
                                          type.to_string() + " to this unit");
    }
    BoundCall call;
    call.parameters = {type, Type::string()};
    call.result = type;
    call.kernel = [round, unit = *unit, type](Columns columns, size_t rows, EvalContext& context) {
      const Columns in = columns.first(1);
      if (type.id == TypeId::kDate)
        return round_small(round, unit, kMicrosPerDay, in, rows, context);
      if (type.id == TypeId::kTime) return round_small(round, unit, 1000, in, rows, context);
      return round_timestamps(round, unit, in, rows, context);
    };
    return call;
  };
}

}  // namespace

FunctionList temporal_round_functions() {
  FunctionList list;
  list.push_back(polymorphic("FLOOR", "FLOOR(t TO unit) -> same type",
                             "Rounds a date or time down to YEAR, QUARTER, MONTH, WEEK (from "
                             "Sunday), DAY, HOUR, MINUTE, SECOND "
                             "or MILLISECOND.",
                             "FLOOR(TIMESTAMP '2021-09-27 12:44:31' TO HOUR)",
                             "2021-09-27 12:00:00", bind_round("FLOOR", floor_to_unit)));
  for (const std::string_view name : {std::string_view("CEIL"), std::string_view("CEILING")}) {
    list.push_back(polymorphic(
        name, name == "CEIL" ? "CEIL(t TO unit) -> same type" : "CEILING(t TO unit) -> same type",
        "Rounds a date or time up to the next start of a unit; from WEEK up the time of day of a "
        "day that "
        "is a start is ignored.",
        name == "CEIL" ? "CEIL(DATE '2021-09-27' TO MONTH)" : "CEILING(TIME '12:44:31' TO MINUTE)",
        name == "CEIL" ? "2021-10-01" : "12:45:00", bind_round(name, ceil_to_unit)));
  }
  return list;
}

}  // namespace weir
