// Dates, times of day, instants and zones, to and from text. The only file family that sees date/tz.
//
// Units: TIMESTAMP and TIMESTAMP_LTZ are microseconds here; DATE days; TIME milliseconds of the day.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

struct CivilDate {
  int32_t year = 1970;
  uint32_t month = 1;  // 1..12
  uint32_t day = 1;    // 1..31
};
// Proleptic Gregorian, any year (Howard Hinnant's days_from_civil algorithm).
int64_t days_from_civil(int32_t year, uint32_t month, uint32_t day);
CivilDate civil_from_days(int64_t days);
bool valid_date(int32_t year, uint32_t month, uint32_t day);

inline int64_t floor_div(int64_t a, int64_t b) {
  return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}
inline int64_t floor_mod(int64_t a, int64_t b) {
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// A time zone of the system's tzdata, or a fixed offset ("UTC", "Europe/Berlin", "+02:00", "GMT+2").
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  // Wall clock of an instant, both in microseconds.
  virtual int64_t to_local(int64_t instant_us) const = 0;
  // Instant of a wall clock. A skipped time maps to the jump; an ambiguous one to the later instant.
  virtual int64_t to_instant(int64_t local_us) const = 0;
  virtual std::string_view name() const = 0;
};
// Error: kConfig with the nearest zone name. Cached for the process, so cheap to call again.
Result<const TimeZone*> find_time_zone(std::string_view name);
const TimeZone* utc();

// --- text -> values. nullopt: not that; never throws. Fast paths for the fixed-width forms. ---

// "2021-09-27", one-digit month and day allowed; the whole text must match.
std::optional<int32_t> parse_date(std::string_view text);
// As CAST(text AS DATE): parts may be missing from the right ("2021", "123", "2021-9"), a time after
// a blank or "T" is ignored.
std::optional<int32_t> parse_date_prefix(std::string_view text);
// "23", "23:45", "23:45:01.250"
std::optional<int32_t> parse_time(std::string_view text);
// "2021-09-27 12:34:56.123456789", "T" for the blank, a date alone; no zone. Nanoseconds are cut to
// micros; `nanos`, when given, receives the digits below a microsecond.
std::optional<int64_t> parse_timestamp(std::string_view text, int* nanos = nullptr);
// ISO 8601 / RFC 3339 with "Z", "+02:00", "+0200" or none (then `zone`): an instant.
std::optional<int64_t> parse_instant(std::string_view text, const TimeZone& zone,
                                     int* nanos = nullptr);
// "10/Oct/2000:13:55:36 -0700": an instant.
std::optional<int64_t> parse_clf(std::string_view text);

// How a text or number column becomes a time: [source.event_time] format, a schema's `format`.
//
// "iso8601" "rfc3339" "clf" "syslog" "epoch_s" "epoch_ms" "epoch_us" "epoch_ns" "auto" or a strptime
// pattern (%Y %m %d %e %H %I %M %S %f %p %b %B %a %A %y %j %z %Z %s %T %F %D %R %n %t %%).
class TimeParser {
 public:
  virtual ~TimeParser() = default;
  // The instant in microseconds; a text without a zone is a wall clock of the parser's `zone` (with
  // utc() the value is the wall clock itself). Thread-safe: parsers keep no state.
  virtual std::optional<int64_t> parse(std::string_view text) const = 0;
  // True if every text names its zone, so that the value is an instant (TIMESTAMP_LTZ): rfc3339, clf,
  // epoch_*, patterns with %z, %Z or %s. iso8601, auto and syslog: false.
  virtual bool has_zone() const = 0;
};
// `zone` reads texts without one. Syslog has no year: the last one that is not ahead of `reference_us`.
// Error: kConfig that names the wrong directive.
Result<std::unique_ptr<TimeParser>> make_time_parser(std::string_view format, const TimeZone& zone,
                                                     int64_t reference_us);
// Numbers: epoch_* formats as a factor to microseconds (epoch_ns divides); nullopt when not an epoch format.
struct EpochUnit {
  int64_t multiply = 1;
  int64_t divide = 1;
};
std::optional<EpochUnit> epoch_unit(std::string_view format);

// Guesses the format of sample texts: the first of rfc3339, iso8601, clf, syslog and some patterns that
// reads all of them; empty when none does, or there are no texts. Numbers are not guessed to be times.
std::string guess_time_format(const std::string* begin, const std::string* end);

// --- values -> text ---
void append_date(std::string& out, int64_t days);
void append_time(std::string& out, int32_t millis, int precision);
// `micros` is a wall clock; all `precision` digits are written (0..6); `nanos` supplies digits 7..9.
void append_timestamp(std::string& out, int64_t micros, int precision, int nanos = 0,
                      char separator = ' ');
// strftime-like, for output paths; the directives of TimeParser.
std::string format_strftime(std::string_view format, int64_t local_us);
// Java's DateTimeFormatter patterns (yyyy-MM-dd HH:mm:ss.SSS, EEE, 'T'), as DATE_FORMAT takes.
Result<std::string> format_java_pattern(std::string_view pattern, int64_t local_us);
std::optional<int64_t> parse_java_pattern(std::string_view pattern, std::string_view text);

}  // namespace weir
