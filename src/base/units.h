// Durations and byte sizes as people write them: 250ms, 10s, 5m, 1h, 7d; 64KB, 1GB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

// A span of time in microseconds; may be negative (window offsets).
struct Duration {
  int64_t us = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

// A number of bytes.
struct ByteSize {
  uint64_t bytes = 0;
  friend auto operator<=>(const ByteSize&, const ByteSize&) = default;
};

// Parses "1h30m", "250ms", "-5m", "0s", also the SQL forms "5 minutes", "1 day". Units: us ms s m h d w.
// A bare number other than 0 is refused with a hint that names the units.
Result<Duration> parse_duration(std::string_view text);

// Parses "64KB", "1.5GB", "4096", "10MiB" (KB, KiB and K are all 1024).
Result<ByteSize> parse_byte_size(std::string_view text);

std::string format_duration(Duration duration);  // "1h30m", "250ms", "0s"
std::string format_byte_size(uint64_t bytes);    // "1.5 GB"
std::string format_count(uint64_t count);        // "5,000,000"

}  // namespace weir
