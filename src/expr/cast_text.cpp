#include <charconv>
#include <cstdlib>

#include "base/check.h"
#include "data/civil.h"
#include "data/text.h"
#include "expr/cast_kernels.h"
#include "expr/decimal.h"

namespace weir {

namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

bool equals_ignoring_case(std::string_view s, std::string_view lower) {
  if (s.size() != lower.size()) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    const char c = s[i] >= 'A' && s[i] <= 'Z' ? static_cast<char>(s[i] + 32) : s[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::optional<uint8_t> parse_boolean(std::string_view s) {
  if (equals_ignoring_case(s, "true")) return 1;
  if (equals_ignoring_case(s, "false")) return 0;
  return std::nullopt;
}

// Digits after a point are allowed and cut off, as Flink does.
template <class T>
std::optional<T> to_integer(std::string_view s) {
  if (!s.empty() && s.front() == '+' && s.size() > 1 && s[1] != '-') s.remove_prefix(1);
  T value = 0;
  const char* end = s.data() + s.size();
  const auto r = std::from_chars(s.data(), end, value);
  if (r.ec != std::errc()) return std::nullopt;
  const char* p = r.ptr;
  if (p != end && *p == '.') {
    ++p;
    while (p != end && *p >= '0' && *p <= '9') ++p;
  }
  return p == end ? std::optional(value) : std::nullopt;
}

template <class T>
std::optional<T> to_real(std::string_view s) {
  if (!s.empty() && s.front() == '+' && s.size() > 1 && s[1] != '-') s.remove_prefix(1);
  T value = 0;
  const char* end = s.data() + s.size();
  const auto r = std::from_chars(s.data(), end, value);
  if (r.ptr != end || s.empty()) return std::nullopt;
  if (r.ec == std::errc::result_out_of_range) {
    // Java gives zero or infinity; which of them strtod knows.
    return static_cast<T>(std::strtod(std::string(s).c_str(), nullptr));
  }
  return r.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// "2021-9-7 12:00:00" (the time is ignored), "2021-09", "123".
std::optional<int32_t> to_date(std::string_view s) {
  const size_t blank = s.find_first_of(" T");
  if (blank != std::string_view::npos) s = s.substr(0, blank);
  if (const auto days = parse_date(s)) return days;
  int32_t year = 0;
  uint32_t month = 1;
  const char* end = s.data() + s.size();
  auto r = std::from_chars(s.data(), end, year);
  if (r.ec != std::errc() || year < 0 || year > 9999) return std::nullopt;
  if (r.ptr != end) {
    if (*r.ptr != '-') return std::nullopt;
    r = std::from_chars(r.ptr + 1, end, month);
    if (r.ec != std::errc() || r.ptr != end || month < 1 || month > 12) return std::nullopt;
  }
  return static_cast<int32_t>(days_from_civil(year, month, 1));
}

template <class T, class Parse>
void parse_all(CastJob& job, Parse parse) {
  T* out = job.out.values<T>();
  const StringRef* in = job.in.values<StringRef>();
  for (size_t i = 0; i < job.n; ++i) {
    out[i] = T{};
    if (job.out.is_null(i)) continue;
    const auto v = parse(trim(in[i].view()));
    if (v) {
      out[i] = static_cast<T>(*v);
    } else {
      job.fail_value(i);
    }
  }
}

}  // namespace

void cast_from_text(CastJob& job) {
  const Type& to = job.to();
  switch (to.id) {
    case TypeId::kBoolean: return parse_all<uint8_t>(job, parse_boolean);
    case TypeId::kTinyInt: return parse_all<int8_t>(job, to_integer<int8_t>);
    case TypeId::kSmallInt: return parse_all<int16_t>(job, to_integer<int16_t>);
    case TypeId::kInt: return parse_all<int32_t>(job, to_integer<int32_t>);
    case TypeId::kBigInt: return parse_all<int64_t>(job, to_integer<int64_t>);
    case TypeId::kFloat: return parse_all<float>(job, to_real<float>);
    case TypeId::kDouble: return parse_all<double>(job, to_real<double>);
    case TypeId::kDecimal:
      return parse_all<Int128>(job, [&to](std::string_view s) {
        bool fits = false;
        return parse_decimal(s, to.scale, to.precision, fits);
      });
    case TypeId::kDate: return parse_all<int32_t>(job, to_date);
    case TypeId::kTime:
      return parse_all<int32_t>(job, [&to](std::string_view s) {
        const auto millis = parse_time(s);
        return millis ? std::optional(store_time(*millis, to)) : std::nullopt;
      });
    case TypeId::kTimestamp:
      return parse_all<int64_t>(job, [&to](std::string_view s) -> std::optional<int64_t> {
        Moment m;
        const auto micros = parse_timestamp(s, &m.nanos);
        if (!micros) return std::nullopt;
        m.micros = *micros;
        return store_timestamp(m, to);
      });
    default:
      return parse_all<int64_t>(job, [&](std::string_view s) -> std::optional<int64_t> {
        Moment m;
        const auto micros = parse_instant(s, *job.context.zone, &m.nanos);
        if (!micros) return std::nullopt;
        m.micros = *micros;
        return store_timestamp(m, to);
      });
  }
}

void cast_to_text(CastJob& job) {
  WEIR_CHECK(job.context.arena != nullptr);
  TextStyle style;
  style.timezone = job.context.zone->name();
  StringRef* out = job.out.values<StringRef>();
  std::string text;
  for (size_t i = 0; i < job.n; ++i) {
    out[i] = StringRef();
    if (job.out.is_null(i)) continue;
    text.clear();
    append_text(text, job.in, i, style);
    out[i] = StringRef(job.context.arena->copy(text));
  }
}

}  // namespace weir
