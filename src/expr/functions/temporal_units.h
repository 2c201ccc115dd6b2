// Calendar units (YEAR ... NANOSECOND) and what functions do with them: take a part, round, add, count.
//
// Wall clocks are microseconds; weeks start on Sunday when rounding and follow ISO 8601 when extracted,
// as in Flink.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "data/civil.h"
#include "expr/expr.h"
#include "expr/function.h"

namespace weir {

enum class TimeUnit : uint8_t {
  kMillennium,
  kCentury,
  kDecade,
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kIsoYear,  // only to extract
};

// "YEAR", "DOW", "ISODOW" ..., upper case, as the parser writes them.
std::optional<TimeUnit> time_unit(std::string_view name);
inline bool is_date_unit(TimeUnit unit) { return unit <= TimeUnit::kDay; }
inline bool is_clock_unit(TimeUnit unit) {
  return unit >= TimeUnit::kHour && unit <= TimeUnit::kNanosecond;
}
// Microseconds of a unit of fixed length: WEEK to MICROSECOND; 0 for the others.
int64_t unit_micros(TimeUnit unit);
// Months of a unit that is a number of months; 0 for the others.
int64_t unit_months(TimeUnit unit);

// The unit of a wall clock; `nanos` are the digits below a microsecond.
int64_t extract_unit(TimeUnit unit, int64_t local_us, int nanos);
// The same of an interval.
int64_t extract_from_months(TimeUnit unit, int64_t months);
int64_t extract_from_millis(TimeUnit unit, int64_t millis);

// The start of the unit that holds the wall clock; the start of the next unless it is a start itself.
// From WEEK up the latter looks at the date alone, as Flink does: CEIL('2021-09-01 12:00' TO MONTH) is
// 2021-09-01.
int64_t floor_to_unit(TimeUnit unit, int64_t local_us);
int64_t ceil_to_unit(TimeUnit unit, int64_t local_us);

// The day of the month is cut to the month's length. nullopt: beyond the calendar (years ±300,000).
std::optional<int64_t> add_months_to_days(int64_t days, int64_t months);
std::optional<int64_t> add_months_to_micros(int64_t local_us, int64_t months);
// Whole months from `from` to `to`, toward zero.
int64_t months_between(int64_t from_us, int64_t to_us);

// --- binding -------------------------------------------------------------------------------------

// The literal unit of argument i. Error: not a unit, or none of `function`'s.
Result<TimeUnit> unit_argument(std::string_view function, std::span<const ExprPtr> args, size_t i);
// The type of argument i as a moment: DATE, TIME, TIMESTAMP(p), TIMESTAMP_LTZ(p); TIMESTAMP(6) for a text
// literal and NULL. Error: anything else.
Result<Type> moment_argument(std::string_view function, std::span<const ExprPtr> args, size_t i);

// --- reading moments -----------------------------------------------------------------------------

// Calls f(read), where read(i) is row i of the column as a wall clock in microseconds of `zone`; DATE is
// its midnight, TIME a clock of 1970-01-01. One instantiation per layout, no branch per row.
template <class F>
auto with_wall_clock(const Column& column, const TimeZone& zone, F&& f) {
  const Type& type = column.type();
  const size_t step = column.is_constant() ? 0 : 1;
  switch (type.id) {
    case TypeId::kDate: {
      const int32_t* v = column.values<int32_t>();
      return f([v, step](size_t i) { return int64_t{v[i * step]} * kMicrosPerDay; });
    }
    case TypeId::kTime: {
      const int32_t* v = column.values<int32_t>();
      return f([v, step](size_t i) { return int64_t{v[i * step]} * 1000; });
    }
    default: {
      const int64_t* v = column.values<int64_t>();
      const int64_t divide = type.in_nanos() ? 1000 : 1;
      if (type.id == TypeId::kTimestampLtz && &zone != utc()) {
        return f([v, step, divide, &zone](size_t i) {
          return zone.to_local(divide == 1 ? v[i * step] : floor_div(v[i * step], 1000));
        });
      }
      if (divide != 1) return f([v, step](size_t i) { return floor_div(v[i * step], 1000); });
      return f([v, step](size_t i) { return v[i * step]; });
    }
  }
}

// A descriptor whose bind decides the types.
using BindFunction = std::function<Result<BoundCall>(std::span<const ExprPtr> args)>;
FunctionDescriptor polymorphic(std::string_view name, std::string_view signature,
                               std::string_view doc, std::string_view example,
                               std::string_view result, BindFunction bind);
// A descriptor of fixed types with a kernel of its own.
FunctionDescriptor fixed_function(std::string_view name, std::string_view signature,
                                  std::string_view doc, std::string_view example,
                                  std::string_view result, std::vector<Type> parameters,
                                  Type returns, Kernel kernel);

// The parts of the temporal family, joined by temporal.cpp.
FunctionList temporal_now_functions();
FunctionList temporal_part_functions();
FunctionList temporal_round_functions();
FunctionList temporal_shift_functions();
FunctionList temporal_text_functions();

}  // namespace weir
