// Time patterns, strptime's and Java's, compiled once to a list of steps that reads and writes texts.
//
//   %Y-%m-%d %H:%M:%S     and     yyyy-MM-dd HH:mm:ss
//
// become the same list. A step is a few digits, a name or a literal; there is no locale (names are
// English) and no state, so one pattern serves all threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/civil.h"

namespace weir {

// What a text said. Parts it did not name are those of 1970-01-01 00:00:00. 29 February without a year
// passes: a caller that knows the year takes month, day and the time of day in local_us.
struct ParsedTime {
  int64_t local_us = 0;     // wall clock, or the instant when `is_instant`
  int nanos = 0;            // below a microsecond
  bool is_instant = false;  // the text named its zone or was an epoch
  bool has_year = false;
  bool has_date = false;  // month or day were named
  uint32_t month = 1;
  uint32_t day = 1;
  int64_t offset_s = 0;  // of the zone named, when is_instant
};

class TimePattern {
 public:
  // %Y %m %d %e %H %k %I %l %M %S %f %p %b %h %B %a %A %y %j %z %:z %Z %s %T %F %D %R %n %t %%.
  // Error: kConfig that names the wrong directive.
  static Result<TimePattern> strptime(std::string_view pattern);
  // java.time.format.DateTimeFormatter's letters y u M L d D E a H h K k m s S n Q q G X x Z z V, quotes
  // and [optional] sections. Error: kConfig that names the wrong letter.
  static Result<TimePattern> java(std::string_view pattern);

  // The whole text must match; numbers may lack leading zeros where no digit follows them.
  std::optional<ParsedTime> parse(std::string_view text) const;
  // `offset_s` is what zone steps write.
  void format(std::string& out, int64_t local_us, int nanos = 0, int64_t offset_s = 0) const;
  // True if every text that matches names its zone.
  bool has_zone() const { return has_zone_; }

 private:
  enum class Op : uint8_t {
    kLiteral,
    kBlanks,
    kYear,
    kYear2,
    kMonth,
    kMonthName,
    kDay,
    kDayOfYear,
    kWeekdayName,
    kQuarter,
    kHour24,
    kHour12,
    kHourFrom1,
    kHour11,
    kMinute,
    kSecond,
    kFraction,
    kNano,
    kAmPm,
    kEra,
    kOffset,
    kZoneName,
    kEpoch,
    kOptional,
  };
  struct Step {
    Op op = Op::kLiteral;
    uint8_t min = 1;    // digits read at least ...
    uint8_t max = 2;    // ... and at most
    uint8_t width = 2;  // digits written at least; of kFraction: exactly
    bool full = false;  // names in full; years of two digits are 20xx; offsets with a colon
    char pad = '0';
    uint32_t inner = 0;  // kOptional: how many of the next steps are optional
    std::string text;    // kLiteral
  };
  struct Fields;

  bool parse_steps(size_t begin, size_t end, const char*& p, const char* last, Fields& f) const;
  bool parse_step(const Step& step, const char*& p, const char* last, Fields& f) const;
  void add_literal(char c);
  void add(Op op, int min, int max, int width, bool full = false, char pad = '0');
  Result<void> add_strptime(std::string_view pattern);
  bool add_java_letter(char letter, int count);
  void finish();

  std::vector<Step> steps_;
  bool has_zone_ = false;
};

}  // namespace weir
