#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace weir {
namespace {

constexpr int64_t kSecond = 1'000'000;

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Short units are case-sensitive: M and m must not be confused.
constexpr std::array kShortDurations = {
    Unit{"us", 1},
    Unit{"ms", 1'000},
    Unit{"s", kSecond},
    Unit{"m", 60 * kSecond},
    Unit{"h", 3600 * kSecond},
    Unit{"d", 86'400 * kSecond},
    Unit{"w", 604'800 * kSecond},
};
constexpr std::array kLongDurations = {
    Unit{"microsecond", 1},        Unit{"micro", 1},
    Unit{"millisecond", 1'000},    Unit{"milli", 1'000},
    Unit{"second", kSecond},       Unit{"sec", kSecond},
    Unit{"minute", 60 * kSecond},  Unit{"min", 60 * kSecond},
    Unit{"hour", 3600 * kSecond},  Unit{"hr", 3600 * kSecond},
    Unit{"day", 86'400 * kSecond}, Unit{"week", 604'800 * kSecond},
};

constexpr std::string_view kDurationHint =
    "write a number and a unit (us ms s m h d w), for example \"250ms\", \"10s\" or \"1h30m\"";
constexpr std::string_view kSizeHint =
    "write a number of bytes with an optional unit (KB MB GB TB), for example \"64KB\" or "
    "\"1.5GB\"";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string to_lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += to_lower(c);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> duration_unit(std::string_view name) {
  for (const auto& unit : kShortDurations)
    if (unit.name == name) return unit.factor;
  std::string word = to_lower(name);
  if (word.size() > 2 && word.back() == 's') word.pop_back();
  for (const auto& unit : kLongDurations)
    if (unit.name == word) return unit.factor;
  return std::nullopt;
}

std::optional<uint64_t> size_unit(std::string_view name) {
  std::string word = to_lower(name);
  if (word.empty() || word == "b" || word == "byte" || word == "bytes") return 1;
  if (word.ends_with("ib"))
    word.resize(word.size() - 2);
  else if (word.ends_with('b'))
    word.pop_back();
  constexpr std::string_view kPrefixes = "kmgtp";
  const size_t at = word.size() == 1 ? kPrefixes.find(word[0]) : std::string_view::npos;
  if (at == std::string_view::npos) return std::nullopt;
  return uint64_t{1} << (10 * (at + 1));
}

// digits[.digits] at the head of `text`, taken off it. A fraction is kept as numerator / 10^k, so
// that whole results are exact.
struct Number {
  uint64_t whole = 0;
  uint64_t fraction = 0;  // of `scale`
  uint64_t scale = 1;
};
enum class Taken { kNumber, kNothing, kTooLarge };
Taken take_number(std::string_view& text, Number& out) {
  if (text.empty() || !is_digit(text.front())) return Taken::kNothing;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    const auto digit = static_cast<uint64_t>(text.front() - '0');
    if (out.whole > (std::numeric_limits<uint64_t>::max() - digit) / 10) return Taken::kTooLarge;
    out.whole = out.whole * 10 + digit;
  }
  if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) return Taken::kNumber;
  text.remove_prefix(1);
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (out.scale >= 1'000'000'000'000) continue;
    out.fraction = out.fraction * 10 + static_cast<uint64_t>(text.front() - '0');
    out.scale *= 10;
  }
  return Taken::kNumber;
}

// whole * factor + fraction, or nothing when it exceeds `limit`.
std::optional<uint64_t> scaled(const Number& number, uint64_t factor, uint64_t limit) {
  using Wide = unsigned __int128;
  const Wide value = static_cast<Wide>(number.whole) * factor +
                     static_cast<Wide>(number.fraction) * factor / number.scale;
  if (value > limit) return std::nullopt;
  return static_cast<uint64_t>(value);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto refuse = [&](std::string_view why, std::string hint = std::string(kDurationHint)) {
    return fail(ErrorKind::kConfig, fmt::format("`{}` {}", text, why), std::move(hint));
  };
  std::string_view rest = trimmed(text);
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  rest = trimmed(rest);
  if (rest.empty()) return refuse("is not a duration");

  constexpr auto kLimit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  uint64_t total = 0;
  while (!rest.empty()) {
    Number number;
    const Taken taken = take_number(rest, number);
    if (taken == Taken::kNothing) return refuse("is not a duration");
    if (taken == Taken::kTooLarge) return refuse("is too long a duration", "");
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    size_t end = 0;
    while (end < rest.size() && !is_digit(rest[end]) && !is_blank(rest[end])) ++end;
    const std::string_view name = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    if (name.empty()) {
      if (number.whole == 0 && number.fraction == 0 && rest.empty() && total == 0)
        return Duration{0};
      return refuse("is a duration without a unit");
    }
    const auto factor = duration_unit(name);
    if (!factor) {
      const std::string word = to_lower(name);
      if (word.starts_with("month") || word.starts_with("year") || word == "y")
        return refuse("is not a duration: months and years differ in length",
                      "write days: \"30d\"");
      return refuse(fmt::format("has an unknown unit `{}`", name));
    }
    const auto part = scaled(number, static_cast<uint64_t>(*factor), kLimit);
    if (!part || *part > kLimit - total) return refuse("is too long a duration", "");
    total += *part;
  }
  const auto us = static_cast<int64_t>(total);
  return Duration{negative ? -us : us};
}

Result<ByteSize> parse_byte_size(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::kConfig, fmt::format("`{}` {}", text, why), std::string(kSizeHint));
  };
  std::string_view rest = trimmed(text);
  Number number;
  const Taken taken = take_number(rest, number);
  if (taken == Taken::kNothing) return refuse("is not a size");
  const auto factor = size_unit(trimmed(rest));
  if (!factor) return refuse("is not a size");
  constexpr auto kLimit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const auto bytes = taken == Taken::kTooLarge ? std::nullopt : scaled(number, *factor, kLimit);
  if (!bytes) return refuse("is too large a size");
  return ByteSize{*bytes};
}

std::string format_duration(Duration duration) {
  if (duration.us == 0) return "0s";
  std::string out = duration.us < 0 ? "-" : "";
  uint64_t rest = duration.us < 0 ? uint64_t{0} - static_cast<uint64_t>(duration.us)
                                  : static_cast<uint64_t>(duration.us);
  for (const std::string_view name : {"d", "h", "m", "s", "ms", "us"}) {
    const auto factor = static_cast<uint64_t>(*duration_unit(name));
    if (rest >= factor) out += fmt::format("{}{}", rest / factor, name);
    rest %= factor;
  }
  return out;
}

std::string format_byte_size(uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kNames = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  const double tenths = std::round(value * 10) / 10;
  if (tenths < 10 && tenths != std::floor(tenths))
    return fmt::format("{:.1f} {}", tenths, kNames[unit]);
  return fmt::format("{:.0f} {}", value, kNames[unit]);
}

std::string format_count(uint64_t count) {
  const std::string digits = fmt::format("{}", count);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace weir
