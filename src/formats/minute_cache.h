// Remembers minutes: the times of a log repeat all but their seconds.
//
// Four entries, chosen by the minute's last digit, so that records a few seconds out of order around a
// full minute do not push each other out. The result is that of the full parser, always.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "data/civil.h"

namespace weir {

class MinuteCache {
 public:
  // "10/Oct/2000:13:55:36 -0700": the instant in microseconds.
  bool parse_clf(std::string_view text, int64_t& us);
  // The same if its minute was met lately. `text` must have kFieldPadding readable bytes behind it.
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

  Entry entries_[4];
};

// Words are compared instead of calling memcmp: a log has one of these in every line.
inline bool MinuteCache::find_clf(std::string_view text, int64_t& us) const {
  constexpr size_t kSize = 26;
  constexpr size_t kZone = 20;
  const char* p = text.data();
  const auto word = [](const char* at) {
    uint64_t w;
    std::memcpy(&w, at, sizeof(w));
    return w;
  };
  if (text.size() != kSize) return false;
  const Entry& e = entries_[p[16] & 3];
  const char* prefix = reinterpret_cast<const char*>(&e) + offsetof(Entry, prefix);
  const char* suffix = reinterpret_cast<const char*>(&e) + offsetof(Entry, suffix);
  constexpr uint64_t kTwo = 0xffff;
  constexpr uint64_t kSix = 0xffffffffffff;
  const uint64_t difference = (word(p) ^ word(prefix)) | (word(p + 8) ^ word(prefix + 8)) |
                              ((word(p + 16) ^ word(prefix + 16)) & kTwo) |
                              ((word(p + kZone) ^ word(suffix)) & kSix);
  const auto tens = static_cast<unsigned char>(p[18] - '0');
  const auto ones = static_cast<unsigned char>(p[19] - '0');
  if (difference != 0 || tens > 5 || ones > 9) return false;
  us = e.minute_us + (tens * 10 + ones) * int64_t{1000000};
  return true;
}

}  // namespace weir
