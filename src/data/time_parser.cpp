// The named time formats, strptime patterns as TimeParsers, and guessing a format from samples.
#include <algorithm>
#include <array>

#include "base/spelling.h"
#include "data/civil.h"
#include "data/civil_scan.h"
#include "data/time_pattern.h"

namespace weir {
namespace {

// How far ahead of the reference (a file's last change, now) a time without a year may lie: clocks and zones
// differ. What lies further ahead is of the year before.
constexpr int64_t kAhead = 7 * kMicrosPerDay;

// The instant of a wall clock whose year is not said: of the years around the reference the one that
// brings it nearest without lying ahead of it. 29 February may have to look further.
std::optional<int64_t> nearest_year(uint32_t month, uint32_t day, int64_t clock_us,
                                    const TimeZone& zone, int64_t reference_us) {
  const int32_t middle = civil_from_days(floor_div(reference_us, kMicrosPerDay)).year;
  const int32_t reach = month == 2 && day == 29 ? 8 : 1;
  std::optional<int64_t> best;
  uint64_t best_distance = 0;
  for (int32_t year = middle - reach; year <= middle + reach; ++year) {
    if (!valid_date(year, month, day)) continue;
    const int64_t instant =
        zone.to_instant(days_from_civil(year, month, day) * kMicrosPerDay + clock_us);
    if (best && instant > reference_us + kAhead) continue;
    const auto distance = static_cast<uint64_t>(std::max(instant, reference_us)) -
                          static_cast<uint64_t>(std::min(instant, reference_us));
    if (!best || distance < best_distance) {
      best = instant;
      best_distance = distance;
    }
  }
  return best;
}

bool names_zone(std::string_view text) {
  if (text.size() < 12) return false;
  const char last = text.back();
  if (last == 'Z' || last == 'z' || last == 'C' || last == 'T') return true;
  const size_t sign = text.find_last_of("+-");
  return sign != std::string_view::npos && sign >= 10;
}

std::string_view without_brackets(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

class IsoParser final : public TimeParser {
 public:
  IsoParser(const TimeZone& zone, bool zone_required)
      : zone_(zone), zone_required_(zone_required) {}
  std::optional<int64_t> parse(std::string_view text) const override {
    if (zone_required_ && !names_zone(text)) return std::nullopt;
    return parse_instant(text, zone_);
  }
  bool has_zone() const override { return zone_required_; }

 private:
  const TimeZone& zone_;
  bool zone_required_;
};

class ClfParser final : public TimeParser {
 public:
  std::optional<int64_t> parse(std::string_view text) const override {
    return parse_clf(without_brackets(text));
  }
  bool has_zone() const override { return true; }
};

// "Oct  1 22:14:15" (RFC 3164), a fraction allowed; the ISO times of RFC 5424 too.
class SyslogParser final : public TimeParser {
 public:
  SyslogParser(const TimeZone& zone, int64_t reference_us)
      : zone_(zone), reference_us_(reference_us) {}

  std::optional<int64_t> parse(std::string_view text) const override {
    if (text.size() < 14) return std::nullopt;
    const char* p = text.data();
    const char* end = p + text.size();
    if (civil::is_digit(*p)) return parse_instant(text, zone_);
    const unsigned month = civil::kMonthTable.find(p);
    p += 3;
    if (month == 0 || *p != ' ') return std::nullopt;
    while (p != end && *p == ' ') ++p;
    int64_t day = 0;
    if (!civil::number(p, end, 2, day) || end - p < 9 || *p != ' ' || p[3] != ':' || p[6] != ':') {
      return std::nullopt;
    }
    unsigned bad = 0;
    const unsigned hour = civil::two(p + 1, bad);
    const unsigned minute = civil::two(p + 4, bad);
    const unsigned second = civil::two(p + 7, bad);
    if (bad != 0 || day < 1 || day > 31 || !civil::valid_clock(hour, minute, second)) {
      return std::nullopt;
    }
    p += 9;
    int64_t micros = 0;
    int nanos = 0;
    if (p != end && (*p == '.' || *p == ',')) {
      ++p;
      if (!civil::fraction(p, end, micros, nanos)) return std::nullopt;
    }
    if (p != end) return std::nullopt;
    return nearest_year(month, static_cast<uint32_t>(day),
                        civil::clock_micros(hour, minute, second) + micros, zone_, reference_us_);
  }
  bool has_zone() const override { return false; }

 private:
  const TimeZone& zone_;
  int64_t reference_us_;
};

// A number of `unit`s, a fraction allowed: "1632745800.123".
std::optional<int64_t> parse_epoch(std::string_view text, EpochUnit unit) {
  const char* p = text.data();
  const char* end = p + text.size();
  const bool negative = p != end && *p == '-';
  if (negative) ++p;
  int64_t whole = 0;
  if (!civil::number(p, end, 18, whole)) return std::nullopt;
  if (p != end && civil::is_digit(*p)) {  // a 19th digit: epoch_ns reaches there
    const int64_t more = civil::digit(*p++);
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, more, &whole)) {
      return std::nullopt;
    }
  }
  int64_t micros = 0;
  int nanos = 0;
  if (p != end && *p == '.') {
    ++p;
    if (!civil::fraction(p, end, micros, nanos)) return std::nullopt;
  }
  if (p != end) return std::nullopt;
  int64_t us = 0;
  if (__builtin_mul_overflow(whole, unit.multiply, &us)) return std::nullopt;
  // micros are millionths of a unit.
  if (__builtin_add_overflow(us, micros * unit.multiply / 1'000'000, &us)) return std::nullopt;
  if (negative) us = -us;
  us = floor_div(us, unit.divide);
  if (!civil::in_range(us)) return std::nullopt;
  return us;
}

class EpochParser final : public TimeParser {
 public:
  explicit EpochParser(EpochUnit unit) : unit_(unit) {}
  std::optional<int64_t> parse(std::string_view text) const override {
    return parse_epoch(text, unit_);
  }
  bool has_zone() const override { return true; }

 private:
  EpochUnit unit_;
};

class AutoParser final : public TimeParser {
 public:
  AutoParser(const TimeZone& zone, int64_t reference_us)
      : zone_(zone), syslog_(zone, reference_us) {}

  std::optional<int64_t> parse(std::string_view text) const override {
    if (auto t = parse_instant(text, zone_)) return t;
    if (auto t = parse_clf(without_brackets(text))) return t;
    if (const EpochUnit* unit = unit_by_digits(text)) return parse_epoch(text, *unit);
    return syslog_.parse(text);
  }
  bool has_zone() const override { return false; }

 private:
  // Seconds from 1973 to 5138, and so on: the number's digits tell the unit.
  static const EpochUnit* unit_by_digits(std::string_view text) {
    static constexpr EpochUnit kSeconds{1'000'000, 1};
    static constexpr EpochUnit kMillis{1'000, 1};
    static constexpr EpochUnit kMicros{1, 1};
    static constexpr EpochUnit kNanos{1, 1'000};
    size_t digits = 0;
    for (size_t i = text.starts_with('-') ? 1 : 0; i < text.size() && civil::is_digit(text[i]);
         ++i) {
      ++digits;
    }
    if (digits < 9 || digits > 19) return nullptr;
    return digits <= 11 ? &kSeconds : digits <= 14 ? &kMillis : digits <= 17 ? &kMicros : &kNanos;
  }

  const TimeZone& zone_;
  SyslogParser syslog_;
};

class PatternParser final : public TimeParser {
 public:
  PatternParser(TimePattern pattern, bool clf, const TimeZone& zone, int64_t reference_us)
      : pattern_(std::move(pattern)), clf_(clf), zone_(zone), reference_us_(reference_us) {}

  std::optional<int64_t> parse(std::string_view text) const override {
    if (clf_) {
      if (const auto t = parse_clf(text)) return t;
    }
    const auto parsed = pattern_.parse(text);
    if (!parsed) return std::nullopt;
    if (parsed->has_date && !parsed->has_year) {
      if (!parsed->is_instant) {
        return nearest_year(parsed->month, parsed->day, floor_mod(parsed->local_us, kMicrosPerDay),
                            zone_, reference_us_);
      }
      const int64_t offset_us = parsed->offset_s * kMicrosPerSecond;
      const auto wall = nearest_year(parsed->month, parsed->day,
                                     floor_mod(parsed->local_us + offset_us, kMicrosPerDay), *utc(),
                                     reference_us_ + offset_us);
      return wall ? std::optional(*wall - offset_us) : std::nullopt;
    }
    if (parsed->is_instant) return parsed->local_us;
    const int64_t instant = zone_.to_instant(parsed->local_us);
    return civil::in_range(instant) ? std::optional(instant) : std::nullopt;
  }
  bool has_zone() const override { return pattern_.has_zone(); }

 private:
  TimePattern pattern_;
  bool clf_;
  const TimeZone& zone_;
  int64_t reference_us_;
};

constexpr std::array<std::string_view, 9> kNames = {
    "iso8601", "rfc3339", "clf", "syslog", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "auto"};
constexpr std::string_view kClfPattern = "%d/%b/%Y:%H:%M:%S %z";

// The last pattern a thread used, compiled.
template <Result<TimePattern> (*Compile)(std::string_view)>
const Result<TimePattern>& compiled(std::string_view pattern) {
  thread_local std::string last;
  thread_local Result<TimePattern> made = Compile("");
  if (last != pattern) {
    made = Compile(pattern);
    last = pattern;
  }
  return made;
}

}  // namespace

std::optional<EpochUnit> epoch_unit(std::string_view format) {
  if (format == "epoch_s") return EpochUnit{1'000'000, 1};
  if (format == "epoch_ms") return EpochUnit{1'000, 1};
  if (format == "epoch_us") return EpochUnit{1, 1};
  if (format == "epoch_ns") return EpochUnit{1, 1'000};
  return std::nullopt;
}

Result<std::unique_ptr<TimeParser>> make_time_parser(std::string_view format, const TimeZone& zone,
                                                     int64_t reference_us) {
  if (format == "iso8601") return std::make_unique<IsoParser>(zone, false);
  if (format == "rfc3339") return std::make_unique<IsoParser>(zone, true);
  if (format == "clf") return std::make_unique<ClfParser>();
  if (format == "syslog") return std::make_unique<SyslogParser>(zone, reference_us);
  if (format == "auto") return std::make_unique<AutoParser>(zone, reference_us);
  if (const auto unit = epoch_unit(format)) return std::make_unique<EpochParser>(*unit);
  if (format.find('%') == std::string_view::npos) {
    std::string hint = nearest_name(format, std::span<const std::string_view>(kNames));
    if (!hint.empty()) {
      hint = "did you mean `" + hint + "`?";
    } else {
      hint =
          "known: iso8601, rfc3339, clf, syslog, epoch_s, epoch_ms, epoch_us, epoch_ns, auto, "
          "or a pattern such as %Y-%m-%d %H:%M:%S";
    }
    return fail(ErrorKind::kConfig, "unknown time format `" + std::string(format) + "`",
                std::move(hint));
  }
  auto pattern = TimePattern::strptime(format);
  if (!pattern) return fail(std::move(pattern.error()));
  return std::make_unique<PatternParser>(std::move(*pattern), format == kClfPattern, zone,
                                         reference_us);
}

std::string guess_time_format(const std::string* begin, const std::string* end) {
  static constexpr std::string_view kCandidates[] = {
      "rfc3339",
      "iso8601",
      "clf",
      "syslog",
      "%Y/%m/%d %H:%M:%S",
      "%Y/%m/%d %H:%M:%S.%f",
      "%a, %d %b %Y %H:%M:%S %z",  // RFC 2822
      "%a, %d %b %Y %H:%M:%S %Z",  // HTTP
      "%a %b %e %H:%M:%S %Y",      // ctime
      "%a %b %e %H:%M:%S.%f %Y",   // Apache's error log
      "%a %b %e %H:%M:%S %Z %Y",   // date(1)
      "%d/%b/%Y:%H:%M:%S",
      "%d/%b/%Y %H:%M:%S",
      "%d %b %Y %H:%M:%S",
      "%d.%m.%Y %H:%M:%S",
      "%b %e, %Y %I:%M:%S %p",  // java.util.logging
  };
  if (begin == end) return {};
  for (const std::string_view candidate : kCandidates) {
    const auto parser = make_time_parser(candidate, *utc(), 0);
    if (parser && std::all_of(begin, end, [&](const std::string& text) {
          return (*parser)->parse(text).has_value();
        })) {
      return std::string(candidate);
    }
  }
  return {};
}

std::string format_strftime(std::string_view format, int64_t local_us) {
  const Result<TimePattern>& pattern = compiled<&TimePattern::strptime>(format);
  if (!pattern) return std::string(format);
  std::string out;
  pattern->format(out, local_us);
  return out;
}

Result<std::string> format_java_pattern(std::string_view pattern, int64_t local_us) {
  const Result<TimePattern>& made = compiled<&TimePattern::java>(pattern);
  if (!made) return fail(Error(made.error()));
  std::string out;
  made->format(out, local_us);
  return out;
}

std::optional<int64_t> parse_java_pattern(std::string_view pattern, std::string_view text) {
  const Result<TimePattern>& made = compiled<&TimePattern::java>(pattern);
  if (!made) return std::nullopt;
  const auto parsed = made->parse(text);
  if (!parsed) return std::nullopt;
  return parsed->local_us;
}

}  // namespace weir
