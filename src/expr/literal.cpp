#include "expr/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "data/civil.h"
#include "data/text.h"
#include "expr/decimal.h"

namespace weir {

namespace {

struct Unit {
  std::string_view name;
  int64_t size;  // months, or milliseconds
  bool months;
  int64_t limit;  // as a trailing field: values below it; 0: only alone
};
constexpr std::array<Unit, 9> kUnits = {{
    {"YEAR", 12, true, 0},
    {"QUARTER", 3, true, 0},
    {"MONTH", 1, true, 12},
    {"WEEK", 7 * 86'400'000LL, false, 0},
    {"DAY", 86'400'000, false, 0},
    {"HOUR", 3'600'000, false, 24},
    {"MINUTE", 60'000, false, 60},
    {"SECOND", 1000, false, 60},
    {"MILLISECOND", 1, false, 0},
}};

const Unit* find_unit(std::string_view name) {
  for (const auto& u : kUnits) {
    if (u.name == name) return &u;
  }
  return nullptr;
}

std::string_view trim_literal(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Digits at the front of `text`, which moves on. At most 18 of them.
std::optional<int64_t> take_number(std::string_view& text) {
  size_t n = 0;
  int64_t value = 0;
  while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
    if (n == 18) return std::nullopt;
    value = value * 10 + (text[n++] - '0');
  }
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

// ".5" -> 500; digits below a millisecond are cut.
std::optional<int64_t> take_millis(std::string_view& text) {
  if (text.empty() || text.front() != '.') return 0;
  text.remove_prefix(1);
  int64_t value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

int fraction_digits(std::string_view text) {
  const size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return 0;
  const size_t n = text.size() - dot - 1;
  return n > 9 ? 9 : static_cast<int>(n);
}

Value number_value(Type type, Int128 number) {
  Value v = Value::null(std::move(type));
  v.is_null = false;
  v.number = number;
  return v;
}

std::string interval_sql(const Value& value) {
  const auto total = static_cast<int64_t>(value.number);
  const uint64_t size =
      total < 0 ? uint64_t{0} - static_cast<uint64_t>(total) : static_cast<uint64_t>(total);
  std::string out = "INTERVAL ";
  if (total < 0) out += "-";
  const bool months = value.type.id == TypeId::kIntervalMonths;
  for (const auto& u : kUnits) {
    if (u.months != months || u.name == "QUARTER" || u.name == "WEEK") continue;
    const auto unit = static_cast<uint64_t>(u.size);
    if (u.name != "MILLISECOND" && size % unit == 0 && (size > 0 || u.name == "SECOND")) {
      return out + "'" + std::to_string(size / unit) + "' " + std::string(u.name);
    }
  }
  if (months) return out + "'0' MONTH";
  std::string fraction = std::to_string(1000 + size % 1000).substr(1);
  while (fraction.back() == '0') fraction.pop_back();
  return out + "'" + std::to_string(size / 1000) + "." + fraction + "' SECOND";
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::optional<Value> integer_literal(std::string_view digits, bool negative) {
  bool fits = false;
  const auto magnitude = parse_decimal(digits, 0, kMaxDecimalDigits, fits);
  if (!magnitude) return std::nullopt;
  const Int128 n = negative ? -*magnitude : *magnitude;
  if (n >= INT32_MIN && n <= INT32_MAX) return number_value(Type::integer(), n);
  if (n >= INT64_MIN && n <= INT64_MAX) return number_value(Type::bigint(), n);
  return number_value(Type::decimal(decimal_digits(n), 0), n);
}

std::optional<Value> decimal_literal(std::string_view text, bool negative) {
  const size_t dot = text.find('.');
  const int scale = static_cast<int>(text.size() - dot - 1);
  if (scale == 0) return integer_literal(text.substr(0, dot), negative);
  // One digit stands before the point, written or not; more zeros do not count: .5 has two, as 0.5.
  const size_t zeros = std::min(text.find_first_not_of('0'), dot);
  int precision = std::max(1, static_cast<int>(dot - zeros)) + scale;
  if (scale > kMaxDecimalDigits) return std::nullopt;
  bool fits = false;
  const auto magnitude = parse_decimal(text, scale, kMaxDecimalDigits, fits);
  if (!magnitude) return std::nullopt;
  if (precision > kMaxDecimalDigits) precision = std::max(decimal_digits(*magnitude), scale);
  return number_value(Type::decimal(precision, scale), negative ? -*magnitude : *magnitude);
}

std::optional<Value> double_literal(std::string_view text, bool negative) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  // Too small is zero, as Java reads it; too large has no value.
  if (code == std::errc::result_out_of_range) {
    const size_t e = text.find_first_of("eE");
    if (e == std::string_view::npos || text[e + 1] != '-') return std::nullopt;
    value = 0;
  }
  return Value::float64(negative ? -value : value);
}

std::optional<Value> date_literal(std::string_view text) {
  const auto days = parse_date(trim_literal(text));
  if (!days) return std::nullopt;
  return number_value(Type::date(), *days);
}

std::optional<Value> time_literal(std::string_view text) {
  text = trim_literal(text);
  const auto millis = parse_time(text);
  if (!millis) return std::nullopt;
  return number_value(Type::time(static_cast<uint8_t>(fraction_digits(text))), *millis);
}

std::optional<Value> timestamp_literal(std::string_view text) {
  text = trim_literal(text);
  int nanos = 0;
  const auto micros = parse_timestamp(text, &nanos);
  if (!micros) return std::nullopt;
  const int precision = fraction_digits(text);
  Int128 n = *micros;
  if (precision > 6) n = n * 1000 + nanos;
  if (n > INT64_MAX || n < INT64_MIN) return std::nullopt;
  return number_value(Type::timestamp(static_cast<uint8_t>(precision)), n);
}

bool is_interval_unit(std::string_view unit) { return find_unit(unit) != nullptr; }

std::optional<Value> interval_literal(std::string_view text, std::string_view from,
                                      std::string_view to, bool negative) {
  const Unit* first = find_unit(from);
  const Unit* last = to.empty() ? first : find_unit(to);
  if (first == nullptr || last == nullptr || last < first || first->months != last->months) {
    return std::nullopt;
  }
  text = trim_literal(text);
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = negative != (text.front() == '-');
    text.remove_prefix(1);
  }
  Int128 total = 0;
  for (const Unit* u = first;; ++u) {
    // Between two units of a range lie only those that fields are written for.
    if (u != first && u->limit == 0 && u != last && u->name != "DAY") continue;
    const auto n = take_number(text);
    if (!n || (u != first && *n >= u->limit)) return std::nullopt;
    total += static_cast<Int128>(*n) * u->size;
    if (u->name == "SECOND") {
      const auto millis = take_millis(text);
      if (!millis) return std::nullopt;
      total += *millis;
    }
    if (u == last) break;
    const char separator = u->months ? '-' : u->name == "DAY" ? ' ' : ':';
    if (text.empty() || text.front() != separator) return std::nullopt;
    while (!text.empty() && text.front() == separator) {
      text.remove_prefix(1);
      if (separator != ' ') break;
    }
  }
  if (!text.empty() || total > INT64_MAX) return std::nullopt;
  return number_value(Type{first->months ? TypeId::kIntervalMonths : TypeId::kIntervalMillis},
                      negative ? -total : total);
}

std::optional<std::string> unescape_unicode(std::string_view text, char escape) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != escape) {
      out += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == escape) {
      out += escape;
      ++i;
      continue;
    }
    size_t digits = 4;
    size_t begin = i + 1;
    if (begin < text.size() && text[begin] == '+') {
      digits = 6;
      ++begin;
    }
    uint32_t c = 0;
    if (begin + digits > text.size()) return std::nullopt;
    const char* end = text.data() + begin + digits;
    const auto r = std::from_chars(text.data() + begin, end, c, 16);
    if (r.ec != std::errc() || r.ptr != end || c > 0x10FFFF) return std::nullopt;
    i = begin + digits - 1;
    // A pair of surrogates is one character.
    if (c >= 0xD800 && c < 0xDC00 && i + 5 < text.size() && text[i + 1] == escape) {
      uint32_t low = 0;
      const char* low_end = text.data() + i + 6;
      const auto l = std::from_chars(text.data() + i + 2, low_end, low, 16);
      if (l.ec == std::errc() && l.ptr == low_end && low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 5;
      }
    }
    if (c >= 0xD800 && c < 0xE000) return std::nullopt;
    append_utf8(out, c);
  }
  return out;
}

std::string quote_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string literal_sql(const Value& value) {
  if (value.is_null) return "NULL";
  std::string out;
  switch (value.type.id) {
    case TypeId::kBoolean: return value.number != 0 ? "TRUE" : "FALSE";
    case TypeId::kString: return quote_string(value.text);
    case TypeId::kBytes: {
      constexpr std::string_view kHex = "0123456789abcdef";
      out = "X'";
      for (const char c : value.text) {
        out += kHex[static_cast<unsigned char>(c) >> 4];
        out += kHex[static_cast<unsigned char>(c) & 15];
      }
      return out + "'";
    }
    case TypeId::kDecimal: append_decimal(out, value.number, value.type.scale); return out;
    case TypeId::kFloat:
    case TypeId::kDouble: {
      std::array<char, 40> buffer{};
      const auto r = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.real,
                                   std::chars_format::scientific);
      return {buffer.data(), static_cast<size_t>(r.ptr - buffer.data())};
    }
    case TypeId::kDate:
      append_date(out, static_cast<int64_t>(value.number));
      return "DATE '" + out + "'";
    case TypeId::kTime:
      append_time(out, static_cast<int32_t>(value.number), value.type.precision);
      return "TIME '" + out + "'";
    case TypeId::kTimestamp: {
      const auto n = static_cast<int64_t>(value.number);
      const bool nanos = value.type.in_nanos();
      append_timestamp(out, nanos ? floor_div(n, 1000) : n, value.type.precision,
                       nanos ? static_cast<int>(floor_mod(n, 1000)) : 0);
      return "TIMESTAMP '" + out + "'";
    }
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: return interval_sql(value);
    default: append_integer(out, static_cast<int64_t>(value.number)); return out;
  }
}

}  // namespace weir
