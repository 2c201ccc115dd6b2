// Pieces that the time parsers share: digits by arithmetic, month and day names, ranges, fractions.
//
// Every function reads from [p, end) and says false when the text is not what it wants. Nothing
// here knows a locale or allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "data/civil.h"

namespace weir::civil {

// Wall clocks and instants that have a year of four digits.
inline constexpr int64_t kMinMicros = -719'528LL * kMicrosPerDay;       // 0000-01-01
inline constexpr int64_t kMaxMicros = 2'932'897LL * kMicrosPerDay - 1;  // 9999-12-31, its end
inline bool in_range(int64_t us) { return us >= kMinMicros && us <= kMaxMicros; }

inline unsigned digit(char c) { return static_cast<unsigned char>(c) - unsigned{'0'}; }
inline bool is_digit(char c) { return digit(c) <= 9; }

// Two digits; `bad` becomes non-zero when one of them is none.
inline unsigned two(const char* p, unsigned& bad) {
  const unsigned a = digit(p[0]);
  const unsigned b = digit(p[1]);
  bad |= static_cast<unsigned>(a > 9) | static_cast<unsigned>(b > 9);
  return a * 10 + b;
}
inline unsigned four(const char* p, unsigned& bad) { return two(p, bad) * 100 + two(p + 2, bad); }

// A number of at least one and at most `most` digits; p moves past it.
inline bool number(const char*& p, const char* end, int most, int64_t& out) {
  int64_t v = 0;
  int n = 0;
  while (p != end && n < most && is_digit(*p)) {
    v = v * 10 + digit(*p++);
    ++n;
  }
  out = v;
  return n > 0;
}

// The digits after a point: the first six in micros, the next three in nanos, the rest is cut.
// p stands on the first digit and moves past the last.
inline bool fraction(const char*& p, const char* end, int64_t& micros, int& nanos) {
  int64_t v = 0;
  int n = 0;
  while (p != end && is_digit(*p)) {
    if (n < 9) {
      v = v * 10 + digit(*p);
      ++n;
    }
    ++p;
  }
  if (n == 0) return false;
  static constexpr std::array<int64_t, 10> kScale = {
      1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  v *= kScale[static_cast<size_t>(n)];
  micros = v / 1000;
  nanos = static_cast<int>(v % 1000);
  return true;
}

// Three letters as one number, letter case ignored.
constexpr uint32_t letters3(const char* p) {
  return (static_cast<uint32_t>(static_cast<unsigned char>(p[0])) |
          static_cast<uint32_t>(static_cast<unsigned char>(p[1])) << 8 |
          static_cast<uint32_t>(static_cast<unsigned char>(p[2])) << 16) |
         0x202020U;
}

// Names by a perfect hash over their first three letters, found at compile time.
template <size_t N>
class NameTable {
 public:
  constexpr explicit NameTable(const std::array<std::string_view, N>& names) {
    for (multiplier_ = 0x9E3779B1U;; multiplier_ += 0x6A09E66AU) {
      keys_.fill(0);
      bool good = true;
      for (size_t i = 0; i < N && good; ++i) {
        const uint32_t key = letters3(names[i].data());
        const size_t at = (key * multiplier_) >> 28;
        good = keys_[at] == 0;
        keys_[at] = key;
        index_[at] = static_cast<uint8_t>(i + 1);
      }
      if (good) return;
    }
  }
  // 1..N for the name that starts with these three letters; 0: none does.
  constexpr unsigned find(const char* p) const {
    const uint32_t key = letters3(p);
    const size_t at = (key * multiplier_) >> 28;
    return keys_[at] == key ? index_[at] : 0;
  }

 private:
  uint32_t multiplier_ = 0;
  std::array<uint32_t, 16> keys_{};
  std::array<uint8_t, 16> index_{};
};

inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kWeekdays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
inline constexpr NameTable<12> kMonthTable{kMonths};
inline constexpr NameTable<7> kWeekdayTable{kWeekdays};

// Hour, minute and second within range. Second 60 passes where a leap second can be: at the last
// minute of a quarter of an hour, because zones differ from UTC by quarters.
inline bool valid_clock(unsigned hour, unsigned minute, unsigned second) {
  return hour <= 23 && minute <= 59 && (second <= 59 || (second == 60 && minute % 15 == 14));
}
inline int64_t clock_micros(unsigned hour, unsigned minute, unsigned second) {
  return static_cast<int64_t>(hour * 3600 + minute * 60 + second) * kMicrosPerSecond;
}

// "Z", "UTC", "GMT", "+02", "+0200", "+02:00", "+02:00:00": seconds east of UTC. p moves past it.
bool offset(const char*& p, const char* end, int64_t& seconds);

// ISO weekday of a day, Monday = 1.
inline int iso_weekday(int64_t days) { return static_cast<int>(floor_mod(days + 3, 7)) + 1; }
inline int day_of_year(const CivilDate& d) {
  return static_cast<int>(days_from_civil(d.year, d.month, d.day) - days_from_civil(d.year, 1, 1)) +
         1;
}
unsigned days_in_month(int32_t year, uint32_t month);
// ISO 8601 week: the week-year and the week 1..53.
struct IsoWeek {
  int32_t year = 0;
  int week = 0;
};
IsoWeek iso_week(int64_t days);

// Appends `value` with at least `width` digits.
void append_padded(std::string& out, int64_t value, int width);

}  // namespace weir::civil
