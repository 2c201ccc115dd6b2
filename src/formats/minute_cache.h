// Remembers minutes: the times of a log repeat all but their seconds.
//
// Four entries, chosen by the minute's last digit, so that records a few seconds out of order around a
// full minute do not push each other out. The result is that of the full parser, always.
// Threads: one at a time.
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/civil.h"

namespace weir {

class MinuteCache {
 public:
  MinuteCache() {
    for (char i = 0; i < 4; ++i) clf_[static_cast<size_t>(i)].text[kClfMinute] = i ^ 1;
  }
  // "10/Oct/2000:13:55:36 -0700": the instant in microseconds.
  bool parse_clf(std::string_view text, int64_t& us);
  // The same if its minute was met lately.
  bool find_clf(std::string_view text, int64_t& us) const;
  // "2021-09-27 12:34:56.123" as parse_timestamp has it.
  bool parse_timestamp(std::string_view text, int64_t& us, int& nanos);
  // "2021-09-27T12:34:56.123+02:00" as parse_instant has it; `zone` reads texts without a zone.
  bool parse_instant(std::string_view text, const TimeZone& zone, int64_t& us, int& nanos);

 private:
  // A minute's text up to its seconds and what follows them, and the instant at second 0.
  struct Entry {
    char prefix[18] = {};
    char suffix[7] = {};
    uint8_t suffix_size = 0;
    int64_t minute_us = 0;
  };
  bool lookup_iso(std::string_view text, size_t& suffix_at, int64_t& us, int& nanos) const;
  void remember_iso(std::string_view text, size_t suffix_at, int64_t minute_us);

  static constexpr size_t kClfSize = 26;    // 10/Oct/2000:13:55:36 -0700
  static constexpr size_t kClfMinute = 16;  // the minute's last digit
  static constexpr size_t kClfSeconds = 18;
  // A text, of which the seconds do not count, and the instant at second 0. One that is empty has a minute that does
  // not belong into its place.
  struct ClfEntry {
    char text[kClfSize] = {};
    int64_t minute_us = 0;
  };

  Entry entries_[4];
  ClfEntry clf_[4];
};

// Two halves that overlap are compared instead of calling memcmp: a log has one of these in every line.
inline bool MinuteCache::find_clf(std::string_view text, int64_t& us) const {
  if (text.size() != kClfSize) return false;
  const char* p = text.data();
  const ClfEntry& e = clf_[p[kClfMinute] & 3];
  constexpr size_t kHalf = kClfSize - 16;
  const auto differs = [](const char* a, const char* b) {
    return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
  };
  // All but the seconds, which stand in the middle of the second half.
  static_assert(kClfSeconds - kHalf == 8);
  const __m128i counts = _mm_set_epi32(-1, ~0xFFFF, -1, -1);
  const __m128i difference =
      _mm_or_si128(differs(p, e.text), _mm_and_si128(differs(p + kHalf, e.text + kHalf), counts));
  const auto tens = static_cast<unsigned char>(p[kClfSeconds] - '0');
  const auto ones = static_cast<unsigned char>(p[kClfSeconds + 1] - '0');
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(difference, _mm_setzero_si128())) != 0xFFFF || tens > 5 ||
      ones > 9)
    return false;
  us = e.minute_us + (tens * 10 + ones) * int64_t{1000000};
  return true;
}

}  // namespace weir
