// Calendar arithmetic, and the fixed text forms of dates and times.
#include "data/civil.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "data/civil_scan.h"

namespace weir {

using civil::digit;
using civil::four;
using civil::is_digit;
using civil::two;

int64_t days_from_civil(int32_t year, uint32_t month, uint32_t day) {
  // Years start in March, so that the leap day is the last of its year.
  const int64_t y = static_cast<int64_t>(year) - (month <= 2 ? 1 : 0);
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<uint32_t>(y - era * 400);
  const uint32_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<int64_t>(doe) - 719468;
}

CivilDate civil_from_days(int64_t days) {
  const int64_t z = days + 719468;
  const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<uint32_t>(z - era * 146097);
  const uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t y = static_cast<int64_t>(yoe) + era * 400;
  const uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const uint32_t mp = (5 * doy + 2) / 153;
  const uint32_t d = doy - (153 * mp + 2) / 5 + 1;
  const uint32_t m = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<int32_t>(y + (m <= 2 ? 1 : 0)), m, d};
}

bool valid_date(int32_t year, uint32_t month, uint32_t day) {
  return month >= 1 && month <= 12 && day >= 1 &&
         (day <= 28 || day <= civil::days_in_month(year, month));
}

namespace civil {

unsigned days_in_month(int32_t year, uint32_t month) {
  static constexpr std::array<uint8_t, 13> kDays = {0,  31, 28, 31, 30, 31, 30,
                                                    31, 31, 30, 31, 30, 31};
  if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) return 29;
  return kDays[month];
}

IsoWeek iso_week(int64_t days) {
  // A week belongs to the year that holds its Thursday.
  const int64_t thursday = days - (iso_weekday(days) - 4);
  const int32_t year = civil_from_days(thursday).year;
  return {year, static_cast<int>((thursday - days_from_civil(year, 1, 1)) / 7) + 1};
}

bool offset(const char*& p, const char* end, int64_t& seconds) {
  if (p == end) return false;
  if (*p == 'Z' || *p == 'z') {
    ++p;
    seconds = 0;
    return true;
  }
  if (end - p >= 3 && (std::string_view(p, 3) == "UTC" || std::string_view(p, 3) == "GMT")) {
    p += 3;
    seconds = 0;
    return true;
  }
  if ((*p != '+' && *p != '-') || end - p < 3) return false;
  const bool negative = *p == '-';
  unsigned bad = 0;
  const unsigned hours = two(p + 1, bad);
  unsigned minutes = 0;
  unsigned secs = 0;
  const char* q = p + 3;
  if (end - q >= 3 && *q == ':') {
    minutes = two(q + 1, bad);
    q += 3;
    if (end - q >= 3 && *q == ':') {
      secs = two(q + 1, bad);
      q += 3;
    }
  } else if (end - q >= 2 && is_digit(*q)) {
    minutes = two(q, bad);
    q += 2;
  }
  if (bad != 0 || hours > 18 || minutes > 59 || secs > 59) return false;
  seconds = static_cast<int64_t>(hours * 3600 + minutes * 60 + secs);
  if (negative) seconds = -seconds;
  p = q;
  return true;
}

void append_padded(std::string& out, int64_t value, int width) {
  std::array<char, 24> buffer;
  size_t at = buffer.size();
  const bool negative = value < 0;
  uint64_t v = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  do {
    buffer[--at] = static_cast<char>('0' + v % 10);
    v /= 10;
  } while (v != 0);
  while (buffer.size() - at < static_cast<size_t>(width) && at > 1) buffer[--at] = '0';
  if (negative) buffer[--at] = '-';
  out.append(buffer.data() + at, buffer.size() - at);
}

}  // namespace civil

namespace {

// Year of four digits, month and day of one or two, between hyphens. p moves past the day.
bool scan_date(const char*& p, const char* end, int64_t& days) {
  if (end - p < 8) return false;  // 2021-9-7
  unsigned bad = 0;
  const unsigned year = four(p, bad);
  if (bad != 0 || p[4] != '-') return false;
  const char* q = p + 5;
  int64_t month = 0;
  int64_t day = 0;
  if (!civil::number(q, end, 2, month) || q == end || *q != '-') return false;
  ++q;
  if (!civil::number(q, end, 2, day)) return false;
  if (!valid_date(static_cast<int32_t>(year), static_cast<uint32_t>(month),
                  static_cast<uint32_t>(day))) {
    return false;
  }
  days = days_from_civil(static_cast<int32_t>(year), static_cast<uint32_t>(month),
                         static_cast<uint32_t>(day));
  p = q;
  return true;
}

// "23", "23:45", "23:45:01.25": micros of the day; hours, minutes and seconds of one or two digits.
bool scan_clock(const char*& p, const char* end, int64_t& micros, int& nanos) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t part = 0;
  nanos = 0;
  if (!civil::number(p, end, 2, hour)) return false;
  if (p != end && *p == ':') {
    ++p;
    if (!civil::number(p, end, 2, minute)) return false;
    if (p != end && *p == ':') {
      ++p;
      if (!civil::number(p, end, 2, second)) return false;
      if (p != end && (*p == '.' || *p == ',')) {
        ++p;
        if (!civil::fraction(p, end, part, nanos)) return false;
      }
    }
  }
  const auto h = static_cast<unsigned>(hour);
  const auto m = static_cast<unsigned>(minute);
  const auto s = static_cast<unsigned>(second);
  if (!civil::valid_clock(h, m, s)) return false;
  micros = civil::clock_micros(h, m, s) + part;
  return true;
}

// The forms that are not fixed: one-digit parts, a date alone, minutes only, 20210927T123456Z.
bool scan_loose(const char*& p, const char* end, int64_t& local_us, int& nanos) {
  int64_t days = 0;
  int64_t clock = 0;
  nanos = 0;
  unsigned bad = 0;
  if (end - p >= 11 && (p[8] == 'T' || p[8] == 't')) {  // basic format
    const auto year = static_cast<int32_t>(four(p, bad));
    const unsigned month = two(p + 4, bad);
    const unsigned day = two(p + 6, bad);
    if (bad != 0 || !valid_date(year, month, day)) return false;
    p += 9;
    const unsigned hour = two(p, bad);
    p += 2;
    unsigned minute = 0;
    unsigned second = 0;
    int64_t part = 0;
    if (end - p >= 2 && is_digit(*p)) {
      minute = two(p, bad);
      p += 2;
      if (end - p >= 2 && is_digit(*p)) {
        second = two(p, bad);
        p += 2;
        if (p != end && (*p == '.' || *p == ',')) {
          ++p;
          if (!civil::fraction(p, end, part, nanos)) return false;
        }
      }
    }
    if (bad != 0 || !civil::valid_clock(hour, minute, second)) return false;
    local_us = days_from_civil(year, month, day) * kMicrosPerDay +
               civil::clock_micros(hour, minute, second) + part;
    return true;
  }
  if (!scan_date(p, end, days)) return false;
  if (p != end && (*p == ' ' || *p == 'T' || *p == 't')) {
    ++p;
    const char* hour = p;
    if (!scan_clock(p, end, clock, nanos)) return false;
    if (p - hour < 3) return false;  // an hour alone says too little
  }
  local_us = days * kMicrosPerDay + clock;
  return true;
}

// A wall clock at the start of the text; p moves past it.
inline bool scan_timestamp(const char*& p, const char* end, int64_t& local_us, int& nanos) {
  if (end - p < 19 || p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':' ||
      (p[10] != ' ' && p[10] != 'T' && p[10] != 't')) [[unlikely]] {
    return scan_loose(p, end, local_us, nanos);
  }
  unsigned bad = 0;
  const auto year = static_cast<int32_t>(four(p, bad));
  const unsigned month = two(p + 5, bad);
  const unsigned day = two(p + 8, bad);
  const unsigned hour = two(p + 11, bad);
  const unsigned minute = two(p + 14, bad);
  const unsigned second = two(p + 17, bad);
  if (bad != 0 || !valid_date(year, month, day) || !civil::valid_clock(hour, minute, second)) {
    return false;
  }
  local_us =
      days_from_civil(year, month, day) * kMicrosPerDay + civil::clock_micros(hour, minute, second);
  nanos = 0;
  p += 19;
  if (p != end && (*p == '.' || *p == ',')) {
    ++p;
    int64_t part = 0;
    if (!civil::fraction(p, end, part, nanos)) return false;
    local_us += part;
  }
  return true;
}

}  // namespace

std::optional<int32_t> parse_date(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t days = 0;
  if (!scan_date(p, end, days) || p != end) return std::nullopt;
  return static_cast<int32_t>(days);
}

std::optional<int32_t> parse_date_prefix(std::string_view text) {
  const size_t blank = text.find_first_of(" T", 1);
  if (blank != std::string_view::npos) text = text.substr(0, blank);
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t year = 0;
  int64_t month = 1;
  int64_t day = 1;
  if (!civil::number(p, end, 4, year)) return std::nullopt;
  if (p != end && *p == '-' && !civil::number(++p, end, 2, month)) return std::nullopt;
  if (p != end && *p == '-' && !civil::number(++p, end, 2, day)) return std::nullopt;
  if (p != end || !valid_date(static_cast<int32_t>(year), static_cast<uint32_t>(month),
                              static_cast<uint32_t>(day))) {
    return std::nullopt;
  }
  return static_cast<int32_t>(days_from_civil(
      static_cast<int32_t>(year), static_cast<uint32_t>(month), static_cast<uint32_t>(day)));
}

std::optional<int32_t> parse_time(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t micros = 0;
  int nanos = 0;
  if (!scan_clock(p, end, micros, nanos) || p != end || micros >= kMicrosPerDay) {
    return std::nullopt;
  }
  return static_cast<int32_t>(micros / 1000);
}

std::optional<int64_t> parse_timestamp(std::string_view text, int* nanos) {
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t local = 0;
  int below = 0;
  if (!scan_timestamp(p, end, local, below) || p != end || !civil::in_range(local)) {
    return std::nullopt;
  }
  if (nanos != nullptr) *nanos = below;
  return local;
}

std::optional<int64_t> parse_instant(std::string_view text, const TimeZone& zone, int* nanos) {
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t local = 0;
  int below = 0;
  if (!scan_timestamp(p, end, local, below)) return std::nullopt;
  if (nanos != nullptr) *nanos = below;
  if (p == end) {
    const int64_t instant = zone.to_instant(local);
    return civil::in_range(instant) ? std::optional(instant) : std::nullopt;
  }
  if (*p == ' ') ++p;  // "2021-09-27 12:34:56 +0200", as git and Ruby write it
  int64_t seconds = 0;
  if (!civil::offset(p, end, seconds) || p != end) return std::nullopt;
  const int64_t instant = local - seconds * kMicrosPerSecond;
  return civil::in_range(instant) ? std::optional(instant) : std::nullopt;
}

std::optional<int64_t> parse_clf(std::string_view text) {
  // 10/Oct/2000:13:55:36 -0700
  if (text.size() != 26) return std::nullopt;
  const char* p = text.data();
  if (p[2] != '/' || p[6] != '/' || p[11] != ':' || p[14] != ':' || p[17] != ':' || p[20] != ' ' ||
      (p[21] != '+' && p[21] != '-')) {
    return std::nullopt;
  }
  unsigned bad = 0;
  const unsigned day = two(p, bad);
  const unsigned month = civil::kMonthTable.find(p + 3);
  const auto year = static_cast<int32_t>(four(p + 7, bad));
  const unsigned hour = two(p + 12, bad);
  const unsigned minute = two(p + 15, bad);
  const unsigned second = two(p + 18, bad);
  const unsigned zone_hour = two(p + 22, bad);
  const unsigned zone_minute = two(p + 24, bad);
  if (bad != 0 || !valid_date(year, month, day) || !civil::valid_clock(hour, minute, second) ||
      zone_hour > 18 || zone_minute > 59) {
    return std::nullopt;
  }
  const int64_t offset = civil::clock_micros(zone_hour, zone_minute, 0);
  const int64_t local =
      days_from_civil(year, month, day) * kMicrosPerDay + civil::clock_micros(hour, minute, second);
  const int64_t instant = p[21] == '-' ? local + offset : local - offset;
  if (!civil::in_range(instant)) return std::nullopt;
  return instant;
}

// --- values -> text ------------------------------------------------------------------------------

namespace {

char* write_two(char* p, uint32_t v) {
  p[0] = static_cast<char>('0' + v / 10);
  p[1] = static_cast<char>('0' + v % 10);
  return p + 2;
}

// At most 13 characters: a year outside 0000..9999 takes more than four digits or a sign.
char* write_date(char* p, int64_t days) {
  const CivilDate d = civil_from_days(days);
  uint32_t year = static_cast<uint32_t>(d.year);
  if (d.year < 0) {
    *p++ = '-';
    year = 0 - year;
  }
  if (year > 9999) {
    std::array<char, 12> digits;
    size_t n = 0;
    for (; year != 0; year /= 10) digits[n++] = static_cast<char>('0' + year % 10);
    while (n > 0) *p++ = digits[--n];
  } else {
    p = write_two(p, year / 100);
    p = write_two(p, year % 100);
  }
  *p++ = '-';
  p = write_two(p, d.month);
  *p++ = '-';
  return write_two(p, d.day);
}

char* write_clock(char* p, uint32_t seconds) {
  p = write_two(p, seconds / 3600);
  *p++ = ':';
  p = write_two(p, seconds / 60 % 60);
  *p++ = ':';
  return write_two(p, seconds % 60);
}

// A point and the first `precision` of nine digits.
char* write_fraction(char* p, uint32_t nanos, int precision) {
  if (precision <= 0) return p;
  *p++ = '.';
  std::array<char, 9> digits;
  for (size_t i = 9; i-- > 0; nanos /= 10) digits[i] = static_cast<char>('0' + nanos % 10);
  return std::copy_n(digits.data(), std::min(precision, 9), p);
}

}  // namespace

void append_date(std::string& out, int64_t days) {
  std::array<char, 24> buffer;
  out.append(buffer.data(), static_cast<size_t>(write_date(buffer.data(), days) - buffer.data()));
}

void append_time(std::string& out, int32_t millis, int precision) {
  std::array<char, 24> buffer;
  const auto ms = static_cast<uint32_t>(millis);
  char* p = write_clock(buffer.data(), ms / 1000);
  p = write_fraction(p, ms % 1000 * 1'000'000, precision);
  out.append(buffer.data(), static_cast<size_t>(p - buffer.data()));
}

void append_timestamp(std::string& out, int64_t micros, int precision, int nanos, char separator) {
  // The times of an output hardly leave an hour; the begin and end of a window may lie in two.
  struct HourText {
    int64_t hours = INT64_MIN;
    size_t date_size = 0;
    std::array<char, 24> text{};  // a date, a place for the separator, an hour and a colon
  };
  constexpr int64_t kMicrosPerHour = kMicrosPerDay / 24;
  static thread_local std::array<HourText, 4> known;
  std::array<char, 48> buffer;
  const int64_t hours = floor_div(micros, kMicrosPerHour);
  const auto rest = static_cast<uint64_t>(micros - hours * kMicrosPerHour);
  HourText& hour = known[static_cast<uint64_t>(hours) % known.size()];
  if (hour.hours != hours) {
    const int64_t days = floor_div(hours, 24);
    char* const date_end = write_date(hour.text.data(), days);
    hour.date_size = static_cast<size_t>(date_end - hour.text.data());
    *write_two(date_end + 1, static_cast<uint32_t>(hours - days * 24)) = ':';
    hour.hours = hours;
  }
  std::memcpy(buffer.data(), hour.text.data(), hour.text.size());
  buffer[hour.date_size] = separator;
  char* p = buffer.data() + hour.date_size + 4;
  const auto seconds = static_cast<uint32_t>(rest / kMicrosPerSecond);
  p = write_two(p, seconds / 60);
  *p++ = ':';
  p = write_two(p, seconds % 60);
  const auto below = static_cast<uint32_t>(rest % kMicrosPerSecond);
  if (precision == 3) {
    *p++ = '.';
    *p++ = static_cast<char>('0' + below / 100'000);
    p = write_two(p, below / 1000 % 100);
  } else {
    p = write_fraction(p, below * 1000 + static_cast<uint32_t>(nanos), precision);
  }
  out.append(buffer.data(), static_cast<size_t>(p - buffer.data()));
}

}  // namespace weir
