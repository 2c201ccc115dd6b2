#include "formats/minute_cache.h"

#include <cstring>

namespace weir {
namespace {

constexpr size_t kIsoPrefix = 17;  // 2021-09-27 12:34:
constexpr size_t kIsoMinute = 15;
constexpr int kMaxFraction = 9;

// Two digits below 60, else -1: a leap second is left to the full parser.
int seconds_at(const char* p) {
  const auto tens = static_cast<unsigned char>(p[0] - '0');
  const auto ones = static_cast<unsigned char>(p[1] - '0');
  return tens <= 5 && ones <= 9 ? tens * 10 + ones : -1;
}

}  // namespace

bool MinuteCache::parse_clf(std::string_view text, int64_t& us) {
  if (find_clf(text, us)) return true;
  const auto parsed = weir::parse_clf(text);
  if (!parsed) return false;
  us = *parsed;
  const int seconds = text.size() == kClfSize ? seconds_at(text.data() + kClfSeconds) : -1;
  if (seconds < 0) return true;
  ClfEntry& e = clf_[text[kClfMinute] & 3];
  std::memcpy(e.text, text.data(), kClfSize);
  e.minute_us = us - seconds * kMicrosPerSecond;
  return true;
}

// Reads seconds and fraction of a text in the fixed-width form. True: the minute is known and `us`,
// `nanos` are set. False: `us` holds the microseconds since the minute's start and `suffix_at` where the
// zone begins, or 0 when the text has another form.
bool MinuteCache::lookup_iso(std::string_view text, size_t& suffix_at, int64_t& us,
                             int& nanos) const {
  suffix_at = 0;
  if (text.size() < kIsoPrefix + 2 || text[16] != ':' || text[13] != ':') return false;
  const int seconds = seconds_at(text.data() + kIsoPrefix);
  if (seconds < 0) return false;
  size_t i = kIsoPrefix + 2;
  int64_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    int digits = 0;
    for (; i < text.size() && digits < kMaxFraction; ++i, ++digits) {
      const auto digit = static_cast<unsigned char>(text[i] - '0');
      if (digit > 9) break;
      fraction = fraction * 10 + digit;
    }
    if (digits == 0) return false;
    for (; digits < kMaxFraction; ++digits) fraction *= 10;
  }
  const size_t suffix_size = text.size() - i;
  if (suffix_size > sizeof(Entry::suffix)) return false;
  suffix_at = i;
  us = seconds * kMicrosPerSecond + fraction / 1000;
  const Entry& e = entries_[text[kIsoMinute] & 3];
  if (std::memcmp(e.prefix, text.data(), kIsoPrefix) != 0 || e.suffix_size != suffix_size ||
      std::memcmp(e.suffix, text.data() + i, suffix_size) != 0) {
    return false;
  }
  us += e.minute_us;
  nanos = static_cast<int>(fraction % 1000);
  return true;
}

void MinuteCache::remember_iso(std::string_view text, size_t suffix_at, int64_t minute_us) {
  Entry& e = entries_[text[kIsoMinute] & 3];
  std::memcpy(e.prefix, text.data(), kIsoPrefix);
  e.suffix_size = static_cast<uint8_t>(text.size() - suffix_at);
  if (e.suffix_size > 0) std::memcpy(e.suffix, text.data() + suffix_at, e.suffix_size);
  e.minute_us = minute_us;
}

bool MinuteCache::parse_timestamp(std::string_view text, int64_t& us, int& nanos) {
  size_t suffix_at;
  int64_t in_minute = 0;
  if (lookup_iso(text, suffix_at, in_minute, nanos)) {
    us = in_minute;
    return true;
  }
  nanos = 0;
  const auto parsed = weir::parse_timestamp(text, &nanos);
  if (!parsed) return false;
  us = *parsed;
  if (suffix_at == text.size()) remember_iso(text, suffix_at, us - in_minute);
  return true;
}

bool MinuteCache::parse_instant(std::string_view text, const TimeZone& zone, int64_t& us,
                                int& nanos) {
  size_t suffix_at;
  int64_t in_minute = 0;
  if (lookup_iso(text, suffix_at, in_minute, nanos)) {
    us = in_minute;
    return true;
  }
  nanos = 0;
  const auto parsed = weir::parse_instant(text, zone, &nanos);
  if (!parsed) return false;
  us = *parsed;
  // Without a zone in the text an old zone's offset might jump inside a minute; UTC never does.
  if (suffix_at != 0 && (suffix_at < text.size() || &zone == utc()))
    remember_iso(text, suffix_at, us - in_minute);
  return true;
}

}  // namespace weir
