// Remembers minutes: the times of a log repeat all but their seconds.
//
// Four entries, chosen by the minute's last digit, so that records a few seconds out of order around a
// full minute do not push each other out. The result is that of the full parser, always.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "data/civil.h"

namespace weir {

class MinuteCache {
 public:
  // "10/Oct/2000:13:55:36 -0700": the instant in microseconds.
  bool parse_clf(std::string_view text, int64_t& us);
  // "2021-09-27 12:34:56.123" as parse_timestamp has it.
  bool parse_timestamp(std::string_view text, int64_t& us, int& nanos);
  // "2021-09-27T12:34:56.123+02:00" as parse_instant has it; `zone` reads texts without a zone.
  bool parse_instant(std::string_view text, const TimeZone& zone, int64_t& us, int& nanos);

 private:
  // A minute's text up to its seconds and what follows them, and the instant at second 0.
  struct Entry {
    char prefix[18] = {};
    uint8_t suffix_size = 0;
    char suffix[7] = {};
    int64_t minute_us = 0;
  };
  bool lookup_iso(std::string_view text, size_t& suffix_at, int64_t& us, int& nanos) const;
  void remember_iso(std::string_view text, size_t suffix_at, int64_t minute_us);

  Entry entries_[4];
};

}  // namespace weir
