#include "data/time_pattern.h"

#include <algorithm>

#include "data/civil_scan.h"

namespace weir {

// What the steps have read so far.
struct TimePattern::Fields {
  int64_t year = 1970;
  int64_t month = 1;
  int64_t day = 1;
  int64_t day_of_year = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t micros = 0;
  int64_t offset = 0;
  int64_t epoch = 0;
  const TimeZone* zone = nullptr;
  int nanos = 0;
  bool has_year = false;
  bool has_date = false;
  bool half_day = false;  // the hour counts from 1 to 12 (or 0 to 11)
  int pm = -1;            // 0 AM, 1 PM, -1 not said
  bool has_offset = false;
  bool has_epoch = false;
};

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

bool same_letters(const char* p, std::string_view name) {
  return std::equal(name.begin(), name.end(), p,
                    [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

// A name in full or its first three letters: 1..N, 0 when there is none. p moves past it.
template <size_t N>
unsigned read_name(const char*& p, const char* last, const civil::NameTable<N>& table,
                   const std::array<std::string_view, N>& names) {
  if (last - p < 3) return 0;
  const unsigned index = table.find(p);
  if (index == 0) return 0;
  const std::string_view name = names[index - 1];
  if (static_cast<size_t>(last - p) >= name.size() && same_letters(p, name)) {
    p += name.size();
  } else {
    p += 3;
    if (index == 9 && N == 12 && p != last && (*p | 0x20) == 't') ++p;  // "Sept"
    if (p != last && *p == '.') ++p;
  }
  return index;
}

// Zones that texts name by letters (RFC 2822), else a name of the time zone database.
bool read_zone(const char*& p, const char* last, int64_t& offset, const TimeZone*& zone) {
  const char* begin = p;
  if (civil::offset(p, last, offset) && (p == last || !is_letter(*p))) return true;
  p = begin;
  while (p != last && (is_letter(*p) || civil::is_digit(*p) || *p == '/' || *p == '_' ||
                       ((*p == '-' || *p == '+') && p != begin))) {
    ++p;
  }
  const std::string_view name(begin, static_cast<size_t>(p - begin));
  struct Abbreviation {
    std::string_view name;
    int hours;
  };
  static constexpr Abbreviation kAbbreviations[] = {
      {"UT", 0},   {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7},
      {"MDT", -6}, {"PST", -8}, {"PDT", -7}, {"CET", 1},  {"CEST", 2}, {"BST", 1}};
  for (const Abbreviation& a : kAbbreviations) {
    if (a.name == name) {
      offset = a.hours * 3600;
      return true;
    }
  }
  if (name.size() < 3) return false;
  const auto found = find_time_zone(name);
  if (!found) return false;
  zone = *found;
  return true;
}

}  // namespace

void TimePattern::add(Op op, int min, int max, int width, bool full, char pad) {
  Step step;
  step.op = op;
  step.min = static_cast<uint8_t>(min);
  step.max = static_cast<uint8_t>(max);
  step.width = static_cast<uint8_t>(width);
  step.full = full;
  step.pad = pad;
  steps_.push_back(std::move(step));
}

void TimePattern::add_literal(char c) {
  if (steps_.empty() || steps_.back().op != Op::kLiteral) add(Op::kLiteral, 0, 0, 0);
  steps_.back().text.push_back(c);
}

// Where digits follow digits without anything between, widths must be exact: %Y%m%d.
void TimePattern::finish() {
  const auto numeric = [](const Step& s) {
    return (s.op >= Op::kYear && s.op <= Op::kNano && s.op != Op::kMonthName &&
            s.op != Op::kWeekdayName) ||
           s.op == Op::kEpoch || (s.op == Op::kLiteral && civil::is_digit(s.text.front()));
  };
  size_t optional_until = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.op == Op::kOptional) optional_until = std::max(optional_until, i + 1 + step.inner);
    if (numeric(step) && i + 1 < steps_.size() && numeric(steps_[i + 1])) {
      step.min = step.max = std::max<uint8_t>(step.width, step.min);
    }
    const bool zone = step.op == Op::kOffset || step.op == Op::kZoneName || step.op == Op::kEpoch;
    if (zone && i >= optional_until) has_zone_ = true;
  }
}

Result<void> TimePattern::add_strptime(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (is_blank(c)) {
      if (steps_.empty() || steps_.back().op != Op::kBlanks) add(Op::kBlanks, 0, 0, 0, false, c);
      continue;
    }
    if (c != '%') {
      add_literal(c);
      continue;
    }
    if (++i == pattern.size()) {
      return fail(ErrorKind::kConfig,
                  "time format `" + std::string(pattern) + "` ends with a lone `%`",
                  "write `%%` for a percent sign");
    }
    if (pattern[i] == ':' && i + 1 < pattern.size() && pattern[i + 1] == 'z') {
      ++i;
      add(Op::kOffset, 0, 0, 0, true);
      continue;
    }
    Result<void> nested;
    switch (pattern[i]) {
      case 'Y': add(Op::kYear, 4, 4, 4); break;
      case 'y': add(Op::kYear2, 2, 2, 2); break;
      case 'm': add(Op::kMonth, 1, 2, 2); break;
      case 'b':
      case 'h': add(Op::kMonthName, 0, 0, 0); break;
      case 'B': add(Op::kMonthName, 0, 0, 0, true); break;
      case 'd': add(Op::kDay, 1, 2, 2); break;
      case 'e': add(Op::kDay, 1, 2, 2, false, ' '); break;
      case 'j': add(Op::kDayOfYear, 1, 3, 3); break;
      case 'a': add(Op::kWeekdayName, 0, 0, 0); break;
      case 'A': add(Op::kWeekdayName, 0, 0, 0, true); break;
      case 'H': add(Op::kHour24, 1, 2, 2); break;
      case 'k': add(Op::kHour24, 1, 2, 2, false, ' '); break;
      case 'I': add(Op::kHour12, 1, 2, 2); break;
      case 'l': add(Op::kHour12, 1, 2, 2, false, ' '); break;
      case 'M': add(Op::kMinute, 1, 2, 2); break;
      case 'S': add(Op::kSecond, 1, 2, 2); break;
      case 'f': add(Op::kFraction, 1, 9, 6); break;
      case 'p': add(Op::kAmPm, 0, 0, 0); break;
      case 'z': add(Op::kOffset, 0, 0, 0); break;
      case 'Z': add(Op::kZoneName, 0, 0, 0); break;
      case 's': add(Op::kEpoch, 1, 18, 1); break;
      case 'T': nested = add_strptime("%H:%M:%S"); break;
      case 'F': nested = add_strptime("%Y-%m-%d"); break;
      case 'D': nested = add_strptime("%m/%d/%y"); break;
      case 'R': nested = add_strptime("%H:%M"); break;
      case 'n':
      case 't': nested = add_strptime(pattern[i] == 'n' ? "\n" : "\t"); break;
      case '%': add_literal('%'); break;
      default: {
        std::string hint =
            "known: %Y %m %d %e %H %I %M %S %f %p %b %B %a %A %y %j %z %Z %s %T %F %D %R %n %t %%";
        if (pattern[i] == 'c' || pattern[i] == 'x' || pattern[i] == 'X') {
          hint = "its meaning depends on a locale; spell the parts out, such as %Y-%m-%d %H:%M:%S";
        }
        return fail(ErrorKind::kConfig,
                    "unknown directive `%" + std::string(1, pattern[i]) + "` in time format `" +
                        std::string(pattern) + "`",
                    std::move(hint));
      }
    }
    if (!nested) return nested;
  }
  return {};
}

Result<TimePattern> TimePattern::strptime(std::string_view pattern) {
  TimePattern made;
  if (auto ok = made.add_strptime(pattern); !ok) return fail(std::move(ok.error()));
  made.finish();
  return made;
}

bool TimePattern::add_java_letter(char letter, int count) {
  const auto number = [&](Op op) { add(op, 1, 2, count); };
  switch (letter) {
    case 'y':
    case 'u':
      if (count == 2)
        add(Op::kYear2, 2, 2, 2, true);
      else
        add(Op::kYear, count >= 4 ? 4 : 1, 4, count);
      return true;
    case 'M':
    case 'L':
      if (count >= 3)
        add(Op::kMonthName, 0, 0, 0, count == 4);
      else
        number(Op::kMonth);
      return count <= 4;
    case 'd': number(Op::kDay); return count <= 2;
    case 'D': add(Op::kDayOfYear, 1, 3, count); return count <= 3;
    case 'E': add(Op::kWeekdayName, 0, 0, 0, count == 4); return count <= 4;
    case 'Q':
    case 'q': add(Op::kQuarter, 1, 1, count); return count <= 2;
    case 'a': add(Op::kAmPm, 0, 0, 0); return count == 1;
    case 'G': add(Op::kEra, 0, 0, 0); return count <= 3;
    case 'H': number(Op::kHour24); return count <= 2;
    case 'k': number(Op::kHourFrom1); return count <= 2;
    case 'h': number(Op::kHour12); return count <= 2;
    case 'K': number(Op::kHour11); return count <= 2;
    case 'm': number(Op::kMinute); return count <= 2;
    case 's': number(Op::kSecond); return count <= 2;
    case 'S': add(Op::kFraction, 1, 9, count); return count <= 9;
    case 'n': add(Op::kNano, 1, 9, count); return count <= 9;
    case 'X': add(Op::kOffset, 0, 0, 0, count == 3); return count <= 3;
    case 'x': add(Op::kOffset, 0, 0, 0, count == 3); return count <= 3;
    case 'Z': add(Op::kOffset, 0, 0, 0, count > 3); return count <= 5;
    case 'z':
    case 'V':
    case 'O': add(Op::kZoneName, 0, 0, 0); return count <= 4;
    default: return false;
  }
}

Result<TimePattern> TimePattern::java(std::string_view pattern) {
  TimePattern made;
  std::vector<size_t> open;  // places of kOptional steps not yet closed
  const auto wrong = [&](std::string message, std::string hint = {}) {
    return fail(ErrorKind::kConfig, message + " in date pattern `" + std::string(pattern) + "`",
                std::move(hint));
  };
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      size_t j = i + 1;
      if (j < pattern.size() && pattern[j] == '\'') {  // '' is a quote
        made.add_literal('\'');
        i += 2;
        continue;
      }
      for (;; ++j) {
        if (j >= pattern.size()) return wrong("unfinished quote");
        if (pattern[j] != '\'') {
          made.add_literal(pattern[j]);
        } else if (j + 1 < pattern.size() && pattern[j + 1] == '\'') {
          made.add_literal('\'');
          ++j;
        } else {
          break;
        }
      }
      i = j + 1;
    } else if (is_letter(c)) {
      size_t j = i;
      while (j < pattern.size() && pattern[j] == c) ++j;
      if (!made.add_java_letter(c, static_cast<int>(j - i))) {
        std::string hint =
            "known letters: y M d D E a H h K k m s S n Q G X x Z z V; text goes in quotes";
        if (c == 'Y') hint = "the year is `yyyy`; `Y` is the year of a week";
        return wrong("unknown letters `" + std::string(pattern.substr(i, j - i)) + "`",
                     std::move(hint));
      }
      i = j;
    } else if (c == '[') {
      open.push_back(made.steps_.size());
      made.add(Op::kOptional, 0, 0, 0);
      ++i;
    } else if (c == ']') {
      if (open.empty()) return wrong("`]` without `[`");
      const size_t at = open.back();
      open.pop_back();
      made.steps_[at].inner = static_cast<uint32_t>(made.steps_.size() - at - 1);
      // A literal after the section must not join the one inside it.
      made.add(Op::kOptional, 0, 0, 0);
      ++i;
    } else {
      made.add_literal(c);
      ++i;
    }
  }
  if (!open.empty()) return wrong("`[` without `]`");
  made.finish();
  return made;
}

bool TimePattern::parse_step(const Step& step, const char*& p, const char* last, Fields& f) const {
  const auto digits = [&](int64_t& out) {
    if (step.pad == ' ') {
      while (p != last && *p == ' ') ++p;
    }
    const char* begin = p;
    return civil::number(p, last, step.max, out) && p - begin >= step.min;
  };
  switch (step.op) {
    case Op::kLiteral:
      if (static_cast<size_t>(last - p) < step.text.size() ||
          !std::equal(step.text.begin(), step.text.end(), p)) {
        return false;
      }
      p += step.text.size();
      return true;
    case Op::kBlanks:
      if (p == last || !is_blank(*p)) return false;
      while (p != last && is_blank(*p)) ++p;
      return true;
    case Op::kYear: f.has_year = f.has_date = true; return digits(f.year);
    case Op::kYear2:
      f.has_year = f.has_date = true;
      if (!digits(f.year)) return false;
      f.year += step.full || f.year < 69 ? 2000 : 1900;
      return true;
    case Op::kMonth: f.has_date = true; return digits(f.month);
    case Op::kMonthName:
      f.has_date = true;
      f.month = read_name(p, last, civil::kMonthTable, civil::kMonths);
      return f.month != 0;
    case Op::kDay: f.has_date = true; return digits(f.day);
    case Op::kDayOfYear:
      f.has_date = true;
      return digits(f.day_of_year) && f.day_of_year >= 1 && f.day_of_year <= 366;
    case Op::kWeekdayName: return read_name(p, last, civil::kWeekdayTable, civil::kWeekdays) != 0;
    case Op::kQuarter: {
      int64_t quarter = 0;
      return digits(quarter) && quarter >= 1 && quarter <= 4;
    }
    case Op::kHour24: return digits(f.hour);
    case Op::kHour12:
      f.half_day = true;
      if (!digits(f.hour) || f.hour < 1 || f.hour > 12) return false;
      f.hour %= 12;
      return true;
    case Op::kHourFrom1:
      if (!digits(f.hour) || f.hour < 1 || f.hour > 24) return false;
      f.hour %= 24;
      return true;
    case Op::kHour11: f.half_day = true; return digits(f.hour) && f.hour <= 11;
    case Op::kMinute: return digits(f.minute);
    case Op::kSecond: return digits(f.second);
    case Op::kFraction: {
      const char* end = step.min == step.max ? std::min(last, p + step.max) : last;
      const char* begin = p;
      return civil::fraction(p, end, f.micros, f.nanos) && p - begin >= step.min;
    }
    case Op::kNano: {
      int64_t nanos = 0;
      if (!digits(nanos)) return false;
      f.micros = nanos / 1000;
      f.nanos = static_cast<int>(nanos % 1000);
      return true;
    }
    case Op::kAmPm:
      if (last - p < 2 || (p[1] | 0x20) != 'm') return false;
      if ((p[0] | 0x20) != 'a' && (p[0] | 0x20) != 'p') return false;
      f.pm = (p[0] | 0x20) == 'p' ? 1 : 0;
      p += 2;
      return true;
    case Op::kEra:
      if (last - p < 2 || !same_letters(p, "AD")) return false;
      p += 2;
      return true;
    case Op::kOffset: f.has_offset = true; return civil::offset(p, last, f.offset);
    case Op::kZoneName: f.has_offset = true; return read_zone(p, last, f.offset, f.zone);
    case Op::kEpoch: {
      const bool negative = p != last && *p == '-';
      if (negative) ++p;
      f.has_epoch = true;
      if (!digits(f.epoch)) return false;
      if (negative) f.epoch = -f.epoch;
      return true;
    }
    case Op::kOptional: return true;
  }
  return false;
}

bool TimePattern::parse_steps(size_t begin, size_t end, const char*& p, const char* last,
                              Fields& f) const {
  for (size_t i = begin; i < end; ++i) {
    const Step& step = steps_[i];
    if (step.op == Op::kOptional && step.inner > 0) {
      Fields saved = f;
      const char* at = p;
      if (!parse_steps(i + 1, i + 1 + step.inner, p, last, f)) {
        f = saved;
        p = at;
      }
      i += step.inner;
    } else if (!parse_step(step, p, last, f)) {
      return false;
    }
  }
  return true;
}

std::optional<ParsedTime> TimePattern::parse(std::string_view text) const {
  Fields f;
  const char* p = text.data();
  const char* last = p + text.size();
  if (!parse_steps(0, steps_.size(), p, last, f) || p != last) return std::nullopt;

  ParsedTime out;
  out.nanos = f.nanos;
  out.has_year = f.has_year;
  out.has_date = f.has_date;
  out.offset_s = f.offset;
  if (f.has_epoch) {
    if (f.epoch < civil::kMinMicros / kMicrosPerSecond ||
        f.epoch > civil::kMaxMicros / kMicrosPerSecond) {
      return std::nullopt;
    }
    out.is_instant = true;
    out.has_year = out.has_date = true;
    out.local_us = f.epoch * kMicrosPerSecond + f.micros;
    return out;
  }
  if (f.pm >= 0) {
    // "13:05 PM" is wrong; "01:05 PM" with a 24-hour directive is read as meant.
    if (f.hour > 12 || (f.hour == 12 && !f.half_day && f.pm == 0)) return std::nullopt;
    if (f.pm == 1 && f.hour < 12) f.hour += 12;
  }
  const auto year = static_cast<int32_t>(f.year);
  int64_t days = 0;
  if (f.day_of_year != 0) {
    days = days_from_civil(year, 1, 1) + f.day_of_year - 1;
    if (civil_from_days(days).year != year) return std::nullopt;
  } else {
    // Without a year 29 February must pass here: the caller knows the year.
    const int32_t check = f.has_year ? year : 2000;
    if (!valid_date(check, static_cast<uint32_t>(f.month), static_cast<uint32_t>(f.day))) {
      return std::nullopt;
    }
    out.month = static_cast<uint32_t>(f.month);
    out.day = static_cast<uint32_t>(f.day);
    days = days_from_civil(year, out.month, out.day);
  }
  const auto hour = static_cast<unsigned>(f.hour);
  const auto minute = static_cast<unsigned>(f.minute);
  const auto second = static_cast<unsigned>(f.second);
  if (!civil::valid_clock(hour, minute, second)) return std::nullopt;
  out.local_us = days * kMicrosPerDay + civil::clock_micros(hour, minute, second) + f.micros;
  if (f.has_offset) {
    out.is_instant = true;
    if (f.zone != nullptr) {
      const int64_t instant = f.zone->to_instant(out.local_us);
      out.offset_s = (f.zone->to_local(instant) - instant) / kMicrosPerSecond;
      out.local_us = instant;
    } else {
      out.local_us -= f.offset * kMicrosPerSecond;
    }
  }
  if (!civil::in_range(out.local_us)) return std::nullopt;
  return out;
}

namespace {

void append_offset(std::string& out, int64_t seconds, bool colon) {
  out += seconds < 0 ? '-' : '+';
  const int64_t s = seconds < 0 ? -seconds : seconds;
  civil::append_padded(out, s / 3600, 2);
  if (colon) out += ':';
  civil::append_padded(out, s / 60 % 60, 2);
}

}  // namespace

void TimePattern::format(std::string& out, int64_t local_us, int nanos, int64_t offset_s) const {
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const int64_t rest = local_us - days * kMicrosPerDay;
  const CivilDate date = civil_from_days(days);
  const int64_t second = rest / kMicrosPerSecond;
  const int64_t hour = second / 3600;
  const int64_t below = rest % kMicrosPerSecond * 1000 + nanos;
  for (const Step& step : steps_) {
    const auto number = [&](int64_t v) {
      if (step.pad == ' ' && v < 10) {
        out += ' ';
        civil::append_padded(out, v, 1);
      } else {
        civil::append_padded(out, v, step.width);
      }
    };
    const auto name = [&](std::string_view full) { out += step.full ? full : full.substr(0, 3); };
    switch (step.op) {
      case Op::kLiteral: out += step.text; break;
      case Op::kBlanks: out += step.pad; break;
      case Op::kYear: number(date.year); break;
      case Op::kYear2: number(floor_mod(date.year, 100)); break;
      case Op::kMonth: number(date.month); break;
      case Op::kMonthName: name(civil::kMonths[date.month - 1]); break;
      case Op::kDay: number(date.day); break;
      case Op::kDayOfYear: number(civil::day_of_year(date)); break;
      case Op::kWeekdayName:
        name(civil::kWeekdays[static_cast<size_t>(civil::iso_weekday(days) - 1)]);
        break;
      case Op::kQuarter: number((date.month + 2) / 3); break;
      case Op::kHour24: number(hour); break;
      case Op::kHour12: number((hour + 11) % 12 + 1); break;
      case Op::kHourFrom1: number(hour == 0 ? 24 : hour); break;
      case Op::kHour11: number(hour % 12); break;
      case Op::kMinute: number(second / 60 % 60); break;
      case Op::kSecond: number(second % 60); break;
      case Op::kFraction: {
        std::string digits;
        civil::append_padded(digits, below, 9);
        out.append(digits, 0, step.width);
        break;
      }
      case Op::kNano: number(below); break;
      case Op::kAmPm: out += hour < 12 ? "AM" : "PM"; break;
      case Op::kEra: out += "AD"; break;
      case Op::kOffset: append_offset(out, offset_s, step.full); break;
      case Op::kZoneName:
        if (offset_s == 0)
          out += "UTC";
        else
          append_offset(out, offset_s, true);
        break;
      case Op::kEpoch: number(floor_div(local_us, kMicrosPerSecond) - offset_s); break;
      case Op::kOptional: break;
    }
  }
}

}  // namespace weir
