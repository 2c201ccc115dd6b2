#include "expr/functions/temporal_units.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/spelling.h"
#include "data/civil_scan.h"
#include "expr/functions/arguments.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 19> kUnitNames = {
    "MILLENNIUM", "CENTURY", "DECADE", "YEAR",   "QUARTER",     "MONTH",       "WEEK",
    "DAY",        "HOUR",    "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND",
    "EPOCH",      "DOW",     "ISODOW", "DOY",    "ISOYEAR"};

// The first year of the decade, century or millennium that holds the year; centuries begin with a 1.
int64_t first_year(TimeUnit unit, int64_t year) {
  switch (unit) {
    case TimeUnit::kDecade: return floor_div(year, 10) * 10;
    case TimeUnit::kCentury: return floor_div(year - 1, 100) * 100 + 1;
    case TimeUnit::kMillennium: return floor_div(year - 1, 1000) * 1000 + 1;
    default: return year;
  }
}

int64_t years_of(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillennium: return 1000;
    case TimeUnit::kCentury: return 100;
    case TimeUnit::kDecade: return 10;
    default: return 1;
  }
}

// First day of the unit, WEEK or coarser, that holds the day.
int64_t floor_days(TimeUnit unit, int64_t days) {
  if (unit == TimeUnit::kWeek) return days - civil::iso_weekday(days) % 7;  // back to Sunday
  const CivilDate d = civil_from_days(days);
  if (unit == TimeUnit::kMonth) return days_from_civil(d.year, d.month, 1);
  if (unit == TimeUnit::kQuarter) return days_from_civil(d.year, (d.month - 1) / 3 * 3 + 1, 1);
  return days_from_civil(static_cast<int32_t>(first_year(unit, d.year)), 1, 1);
}

}  // namespace

std::optional<TimeUnit> time_unit(std::string_view name) {
  const auto at = std::find(kUnitNames.begin(), kUnitNames.end(), name);
  if (at == kUnitNames.end()) return std::nullopt;
  return static_cast<TimeUnit>(at - kUnitNames.begin());
}

int64_t unit_micros(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kWeek: return 7 * kMicrosPerDay;
    case TimeUnit::kDay: return kMicrosPerDay;
    case TimeUnit::kHour: return 3600 * kMicrosPerSecond;
    case TimeUnit::kMinute: return 60 * kMicrosPerSecond;
    case TimeUnit::kSecond: return kMicrosPerSecond;
    case TimeUnit::kMillisecond: return 1000;
    case TimeUnit::kMicrosecond: return 1;
    default: return 0;
  }
}

int64_t unit_months(TimeUnit unit) {
  if (unit == TimeUnit::kMonth) return 1;
  if (unit == TimeUnit::kQuarter) return 3;
  return unit <= TimeUnit::kYear ? 12 * years_of(unit) : 0;
}

int64_t extract_unit(TimeUnit unit, int64_t local_us, int nanos) {
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const int64_t clock = local_us - days * kMicrosPerDay;
  switch (unit) {
    case TimeUnit::kHour: return clock / (3600 * kMicrosPerSecond);
    case TimeUnit::kMinute: return clock / (60 * kMicrosPerSecond) % 60;
    case TimeUnit::kSecond: return clock / kMicrosPerSecond % 60;
    case TimeUnit::kMillisecond: return clock % kMicrosPerSecond / 1000;
    case TimeUnit::kMicrosecond: return clock % kMicrosPerSecond;
    case TimeUnit::kNanosecond: return clock % kMicrosPerSecond * 1000 + nanos;
    case TimeUnit::kEpoch: return floor_div(local_us, kMicrosPerSecond);
    case TimeUnit::kDayOfWeek: return civil::iso_weekday(days) % 7 + 1;
    case TimeUnit::kIsoDayOfWeek: return civil::iso_weekday(days);
    case TimeUnit::kWeek: return civil::iso_week(days).week;
    case TimeUnit::kIsoYear: return civil::iso_week(days).year;
    default: break;
  }
  const CivilDate d = civil_from_days(days);
  switch (unit) {
    case TimeUnit::kMonth: return d.month;
    case TimeUnit::kDay: return d.day;
    case TimeUnit::kQuarter: return (d.month + 2) / 3;
    case TimeUnit::kDayOfYear: return civil::day_of_year(d);
    case TimeUnit::kDecade: return floor_div(d.year, 10);
    case TimeUnit::kCentury: return floor_div(d.year - 1, 100) + 1;
    case TimeUnit::kMillennium: return floor_div(d.year - 1, 1000) + 1;
    default: return d.year;
  }
}

int64_t extract_from_months(TimeUnit unit, int64_t months) {
  switch (unit) {
    case TimeUnit::kMonth: return months % 12;
    case TimeUnit::kQuarter: return months % 12 / 3 + 1;
    default: return months / 12 / years_of(unit);
  }
}

int64_t extract_from_millis(TimeUnit unit, int64_t millis) {
  switch (unit) {
    case TimeUnit::kDay: return millis / 86'400'000;
    case TimeUnit::kHour: return millis / 3'600'000 % 24;
    case TimeUnit::kMinute: return millis / 60'000 % 60;
    case TimeUnit::kSecond: return millis / 1000 % 60;
    case TimeUnit::kMillisecond: return millis % 1000;
    case TimeUnit::kMicrosecond: return millis % 1000 * 1000;
    case TimeUnit::kNanosecond: return millis % 1000 * 1'000'000;
    default: return millis / 1000;  // EPOCH
  }
}

int64_t floor_to_unit(TimeUnit unit, int64_t local_us) {
  const int64_t micros = unit_micros(unit);
  if (micros != 0 && unit != TimeUnit::kWeek) return floor_div(local_us, micros) * micros;
  return floor_days(unit, floor_div(local_us, kMicrosPerDay)) * kMicrosPerDay;
}

int64_t ceil_to_unit(TimeUnit unit, int64_t local_us) {
  const int64_t micros = unit_micros(unit);
  if (micros != 0 && unit != TimeUnit::kWeek) {
    const int64_t start = floor_div(local_us, micros) * micros;
    return start == local_us ? start : start + micros;
  }
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const int64_t start = floor_days(unit, days);
  if (start == days) return start * kMicrosPerDay;
  if (unit == TimeUnit::kWeek) return (start + 7) * kMicrosPerDay;
  return *add_months_to_days(start, unit_months(unit)) * kMicrosPerDay;
}

std::optional<int64_t> add_months_to_days(int64_t days, int64_t months) {
  const CivilDate d = civil_from_days(days);
  int64_t total = 0;
  if (__builtin_add_overflow(int64_t{d.year} * 12 + d.month - 1, months, &total))
    return std::nullopt;
  const int64_t year = floor_div(total, 12);
  if (year < -300'000 || year > 300'000) return std::nullopt;
  const auto month = static_cast<uint32_t>(total - year * 12) + 1;
  const auto y = static_cast<int32_t>(year);
  return days_from_civil(y, month, std::min(d.day, civil::days_in_month(y, month)));
}

std::optional<int64_t> add_months_to_micros(int64_t local_us, int64_t months) {
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const auto moved = add_months_to_days(days, months);
  int64_t out = 0;
  if (!moved || __builtin_mul_overflow(*moved, kMicrosPerDay, &out) ||
      __builtin_add_overflow(out, local_us - days * kMicrosPerDay, &out)) {
    return std::nullopt;
  }
  return out;
}

int64_t months_between(int64_t from_us, int64_t to_us) {
  if (from_us > to_us) return -months_between(to_us, from_us);
  const CivilDate a = civil_from_days(floor_div(from_us, kMicrosPerDay));
  const CivilDate b = civil_from_days(floor_div(to_us, kMicrosPerDay));
  int64_t months = (int64_t{b.year} - a.year) * 12 + (int64_t{b.month} - a.month);
  while (months > 0) {
    const auto reached = add_months_to_micros(from_us, months);
    if (reached && *reached <= to_us) break;
    --months;
  }
  return months;
}

Result<TimeUnit> unit_argument(std::string_view function, std::span<const ExprPtr> args, size_t i) {
  const auto name = literal_text(args, i);
  if (!name) {
    return fail(ErrorKind::kConfig, "argument " + std::to_string(i + 1) + " of " +
                                        std::string(function) + " must be a unit such as DAY");
  }
  std::string upper = *name;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  if (const auto unit = time_unit(upper)) return *unit;
  const std::vector<std::string> names(kUnitNames.begin(), kUnitNames.end());
  return fail(ErrorKind::kConfig, "`" + *name + "` is no unit of " + std::string(function),
              spelling_hint(upper, names));
}

Result<Type> moment_argument(std::string_view function, std::span<const ExprPtr> args, size_t i) {
  const Type& type = args[i]->type();
  if (type.is_temporal()) return type;
  if (type.id == TypeId::kNull) return Type::timestamp();
  if (type.is_text() && args[i]->as_literal() != nullptr) return Type::timestamp();
  return fail(ErrorKind::kConfig,
              "argument " + std::to_string(i + 1) + " of " + std::string(function) +
                  " must be a DATE, TIME or TIMESTAMP, not " + type.to_string(),
              type.is_text() ? "convert the text first: TO_TIMESTAMP(x) or CAST(x AS DATE)" : "");
}

FunctionDescriptor polymorphic(std::string_view name, std::string_view signature,
                               std::string_view doc, std::string_view example,
                               std::string_view result, BindFunction bind) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.bind = std::move(bind);
  return d;
}

FunctionDescriptor fixed_function(std::string_view name, std::string_view signature,
                                  std::string_view doc, std::string_view example,
                                  std::string_view result, std::vector<Type> parameters,
                                  Type returns, Kernel kernel) {
  FunctionDescriptor d = polymorphic(name, signature, doc, example, result, nullptr);
  d.parameters = std::move(parameters);
  d.returns = std::move(returns);
  d.kernel = std::move(kernel);
  return d;
}

}  // namespace weir
