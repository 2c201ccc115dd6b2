// Time zones: fixed offsets by arithmetic, named ones from the system's tzdata through date/tz.
//
// The database is opened when a named zone is first asked for and never for UTC or an offset. A
// named zone becomes a sorted table of its transitions, so that a conversion is one binary search
// without locks. The library reads no rule beyond the table's end (2037): later years borrow the
// offsets of the nearest earlier year with the same calendar (the calendar repeats every 28 years
// inside the table), which is exact for zones whose rule does not change.
#define USE_OS_TZDB 1
#include <date/tz.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/spelling.h"
#include "data/civil.h"
#include "data/civil_scan.h"

namespace weir {
namespace {

class FixedZone final : public TimeZone {
 public:
  FixedZone(std::string name, int64_t offset_us) : name_(std::move(name)), offset_us_(offset_us) {}
  int64_t to_local(int64_t instant_us) const override { return instant_us + offset_us_; }
  int64_t to_instant(int64_t local_us) const override { return local_us - offset_us_; }
  std::string_view name() const override { return name_; }

 private:
  std::string name_;
  int64_t offset_us_;
};

constexpr int32_t kLastTableYear = 2037;

class NamedZone final : public TimeZone {
 public:
  NamedZone(std::string name, const date::time_zone& zone) : name_(std::move(name)) {
    const date::sys_seconds stop{
        std::chrono::seconds{days_from_civil(kLastTableYear + 1, 1, 1) * 86'400}};
    date::sys_seconds at{std::chrono::seconds{days_from_civil(1, 1, 1) * 86'400}};
    while (at < stop) {
      const date::sys_info info = zone.get_info(at);
      const int64_t begin = spans_.empty() ? INT64_MIN : at.time_since_epoch().count() * 1'000'000;
      const int64_t offset = info.offset.count() * 1'000'000;
      if (spans_.empty() || spans_.back().offset_us != offset) {
        const int64_t local = spans_.empty() ? INT64_MIN : begin + offset;
        spans_.push_back({begin, local, offset});
      }
      if (info.end <= at) break;
      at = info.end;
    }
    table_end_us_ = days_from_civil(kLastTableYear, 12, 31) * kMicrosPerDay;
    // Zones whose last change lies back have no rule to go on.
    repeats_ = spans_.back().begin_us >= days_from_civil(kLastTableYear, 1, 1) * kMicrosPerDay;
  }

  int64_t to_local(int64_t instant_us) const override {
    const int64_t shift = later_years(instant_us);
    const auto next =
        std::upper_bound(spans_.begin() + 1, spans_.end(), instant_us - shift,
                         [](int64_t t, const Span& span) { return t < span.begin_us; });
    return instant_us + (next - 1)->offset_us;
  }

  int64_t to_instant(int64_t local_us) const override {
    const int64_t shift = later_years(local_us);
    const int64_t local = local_us - shift;
    // The last span that has begun by the wall clock: of two readings of an ambiguous time the later.
    const auto next =
        std::upper_bound(spans_.begin() + 1, spans_.end(), local,
                         [](int64_t t, const Span& span) { return t < span.begin_local_us; });
    const int64_t instant = local - (next - 1)->offset_us;
    // Past the span's end but before the next one's first wall clock: a skipped time.
    if (next != spans_.end() && instant > next->begin_us) return next->begin_us + shift;
    return instant + shift;
  }

  std::string_view name() const override { return name_; }

 private:
  struct Span {
    int64_t begin_us;        // instant
    int64_t begin_local_us;  // the wall clock then, by the span's own offset
    int64_t offset_us;
  };

  // How far a time beyond the table is from the same day of its stand-in year; 0 inside the table.
  int64_t later_years(int64_t us) const {
    if (us < table_end_us_ || !repeats_) [[likely]]
      return 0;
    const int32_t year = civil_from_days(floor_div(us, kMicrosPerDay)).year;
    const int64_t first = days_from_civil(year, 1, 1);
    const bool leap = valid_date(year, 2, 29);
    for (int32_t y = kLastTableYear - 1;; --y) {
      const int64_t days = days_from_civil(y, 1, 1);
      if (floor_mod(first - days, 7) == 0 && valid_date(y, 2, 29) == leap) {
        return (first - days) * kMicrosPerDay;
      }
    }
  }

  std::string name_;
  std::vector<Span> spans_;
  int64_t table_end_us_ = 0;
  bool repeats_ = false;
};

std::string offset_name(int64_t seconds) {
  std::string name(1, seconds < 0 ? '-' : '+');
  const int64_t s = seconds < 0 ? -seconds : seconds;
  civil::append_padded(name, s / 3600, 2);
  name += ':';
  civil::append_padded(name, s / 60 % 60, 2);
  return name;
}

// "+02:00", "-7", "UTC+2", "GMT-05:30": seconds east.
std::optional<int64_t> fixed_offset(std::string_view name) {
  if (name.starts_with("UTC") || name.starts_with("GMT")) name.remove_prefix(3);
  if (name.empty() || (name[0] != '+' && name[0] != '-')) return std::nullopt;
  std::string text(1, name[0]);
  if (name.size() == 2 || (name.size() > 2 && name[2] == ':')) text += '0';  // one digit of hours
  text += name.substr(1);
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t seconds = 0;
  if (!civil::offset(p, end, seconds) || p != end) return std::nullopt;
  return seconds;
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names = {"UTC"};
  for (const date::time_zone& zone : date::get_tzdb().zones) names.emplace_back(zone.name());
  return names;
}

Result<std::unique_ptr<TimeZone>> load_zone(std::string_view name) {
  if (const auto seconds = fixed_offset(name)) {
    return std::make_unique<FixedZone>(offset_name(*seconds), *seconds * kMicrosPerSecond);
  }
  const std::string text(name);
  try {
    return std::make_unique<NamedZone>(text, *date::locate_zone(text));
  } catch (const std::exception&) {
    // Unknown, or no database at all: told apart below.
  }
  try {
    std::string hint = spelling_hint(text, zone_names());
    if (hint.empty()) hint = "write a zone such as `Europe/Berlin`, `UTC` or `+02:00`";
    return fail(ErrorKind::kConfig, "no time zone `" + text + "`", std::move(hint));
  } catch (const std::exception&) {
    return fail(ErrorKind::kConfig, "cannot read the system's time zones for `" + text + "`",
                "install the package tzdata, or write an offset such as `+02:00`");
  }
}

struct ZoneCache {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<TimeZone>, std::less<>> zones;
};

}  // namespace

const TimeZone* utc() {
  static const FixedZone zone("UTC", 0);
  return &zone;
}

Result<const TimeZone*> find_time_zone(std::string_view name) {
  if (name == "UTC" || name == "Z" || name == "GMT" || name == "Etc/UTC") return utc();
  // Never destroyed: zones are used until the process ends.
  static ZoneCache& cache = *new ZoneCache;
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.zones.find(name);
  if (found != cache.zones.end()) return found->second.get();
  auto zone = load_zone(name);
  if (!zone) return fail(std::move(zone.error()));
  return cache.zones.emplace(std::string(name), std::move(*zone)).first->second.get();
}

}  // namespace weir
