// Values as text, the way Flink and Java print them.
#include "data/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "data/civil.h"
#include "data/civil_scan.h"

namespace weir {
namespace {

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = make_pairs();

// Writes the digits of v so that they end before `end`; gives the first.
char* write_digits(char* end, uint64_t v) {
  while (v >= 100) {
    end -= 2;
    std::memcpy(end, kPairs.data() + v % 100 * 2, 2);
    v /= 100;
  }
  if (v >= 10) {
    end -= 2;
    std::memcpy(end, kPairs.data() + v * 2, 2);
  } else {
    *--end = static_cast<char>('0' + v);
  }
  return end;
}

// Java's Double.toString over the shortest digits that read back as the same value.
template <class T>
void append_java(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  if (std::signbit(value)) {
    out += '-';
    value = -value;
  }
  if (value < T{1e7} && value == std::trunc(value)) {
    append_integer(out, static_cast<int64_t>(value));
    out += ".0";
    return;
  }
  std::array<char, 48> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  // d.ddde±xx -> digits and exponent
  std::array<char, 32> digits;
  size_t n = 0;
  const char* p = buffer.data();
  for (; *p != 'e'; ++p) {
    if (*p != '.') digits[n++] = *p;
  }
  ++p;
  if (*p == '+') ++p;
  int exponent = 0;
  std::from_chars(p, written.ptr, exponent);
  if (value >= T{1e7} || value < static_cast<T>(1e-3)) {
    out += digits[0];
    out += '.';
    if (n > 1)
      out.append(digits.data() + 1, n - 1);
    else
      out += '0';
    out += 'E';
    append_integer(out, exponent);
    return;
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out.append(digits.data(), n);
    return;
  }
  const auto before = static_cast<size_t>(exponent) + 1;  // digits before the point
  if (n <= before) {
    out.append(digits.data(), n);
    out.append(before - n, '0');
    out += ".0";
  } else {
    out.append(digits.data(), before);
    out += '.';
    out.append(digits.data() + before, n - before);
  }
}

void append_interval_months(std::string& out, int64_t months) {
  out += months < 0 ? '-' : '+';
  const uint64_t m = months < 0 ? 0 - static_cast<uint64_t>(months) : static_cast<uint64_t>(months);
  append_integer(out, static_cast<int64_t>(m / 12));
  out += '-';
  civil::append_padded(out, static_cast<int64_t>(m % 12), 2);
}

void append_interval_millis(std::string& out, int64_t millis) {
  out += millis < 0 ? '-' : '+';
  const uint64_t ms =
      millis < 0 ? 0 - static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  append_integer(out, static_cast<int64_t>(ms / 86'400'000));
  out += ' ';
  append_time(out, static_cast<int32_t>(ms % 86'400'000), 3);
}

const TimeZone& zone_of(std::string_view name) {
  if (name == "UTC") return *utc();
  thread_local std::string last = "UTC";
  thread_local const TimeZone* zone = utc();
  if (last != name) {
    const auto found = find_time_zone(name);
    zone = found ? *found : utc();  // the name was checked when the pipeline was read
    last = name;
  }
  return *zone;
}

void append_time_value(std::string& out, const Type& type, int64_t value, const TextStyle& style) {
  int64_t micros = value;
  int nanos = 0;
  if (type.in_nanos()) {
    micros = floor_div(value, 1000);
    nanos = static_cast<int>(value - micros * 1000);
  }
  if (type.id == TypeId::kTimestampLtz) micros = zone_of(style.timezone).to_local(micros);
  append_timestamp(out, micros, type.precision, nanos);
}

void append_nested(std::string& out, const Column& column, size_t i, const TextStyle& style) {
  if (column.is_null(i))
    out += style.null_text;
  else
    append_text(out, column, i, style);
}

}  // namespace

void append_integer(std::string& out, int64_t value) {
  std::array<char, 20> buffer;
  char* end = buffer.data() + buffer.size();
  char* p;
  if (value < 0) {
    p = write_digits(end, 0 - static_cast<uint64_t>(value));
    *--p = '-';
  } else {
    p = write_digits(end, static_cast<uint64_t>(value));
  }
  out.append(p, static_cast<size_t>(end - p));
}

void append_double(std::string& out, double value) { append_java(out, value); }
void append_float(std::string& out, float value) { append_java(out, value); }

void append_decimal(std::string& out, Int128 value, int scale) {
  std::array<char, 88> buffer;
  char* end = buffer.data() + buffer.size();
  char* p = end;
  const bool negative = value < 0;
  unsigned __int128 v =
      negative ? 0 - static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  // In pieces of 18 digits: 128-bit division is slow.
  constexpr uint64_t kPiece = 1'000'000'000'000'000'000;
  while (v >= kPiece) {
    char* stop = p - 18;
    p = write_digits(p, static_cast<uint64_t>(v % kPiece));
    while (p != stop) *--p = '0';
    v /= kPiece;
  }
  p = write_digits(p, static_cast<uint64_t>(v));
  while (end - p <= scale) *--p = '0';
  if (negative) out += '-';
  out.append(p, static_cast<size_t>(end - p - scale));
  if (scale > 0) {
    out += '.';
    out.append(end - scale, static_cast<size_t>(scale));
  }
}

void append_json_double(std::string& out, double value) {
  std::array<char, 40> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  const std::string_view text(buffer.data(), static_cast<size_t>(written.ptr - buffer.data()));
  out += text;
  // A point tells readers that infer types that this is no integer.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_text(std::string& out, const Column& column, size_t i, const TextStyle& style) {
  const Type& type = column.type();
  switch (type.id) {
    case TypeId::kNull: out += style.null_text; break;
    case TypeId::kBoolean: out += column.at<uint8_t>(i) != 0 ? "TRUE" : "FALSE"; break;
    case TypeId::kTinyInt: append_integer(out, column.at<int8_t>(i)); break;
    case TypeId::kSmallInt: append_integer(out, column.at<int16_t>(i)); break;
    case TypeId::kInt: append_integer(out, column.at<int32_t>(i)); break;
    case TypeId::kBigInt: append_integer(out, column.at<int64_t>(i)); break;
    case TypeId::kFloat: append_float(out, column.at<float>(i)); break;
    case TypeId::kDouble: append_double(out, column.at<double>(i)); break;
    case TypeId::kDecimal: append_decimal(out, column.at<Int128>(i), type.scale); break;
    case TypeId::kString:
    case TypeId::kBytes: out += column.at<StringRef>(i).view(); break;
    case TypeId::kDate: append_date(out, column.at<int32_t>(i)); break;
    case TypeId::kTime: append_time(out, column.at<int32_t>(i), type.precision); break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz: append_time_value(out, type, column.at<int64_t>(i), style); break;
    case TypeId::kIntervalMonths: append_interval_months(out, column.at<int64_t>(i)); break;
    case TypeId::kIntervalMillis: append_interval_millis(out, column.at<int64_t>(i)); break;
    case TypeId::kArray: {
      const ListRef list = column.at<ListRef>(i);
      out += '[';
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out += ", ";
        append_nested(out, column.child(0), list.offset + k, style);
      }
      out += ']';
      break;
    }
    case TypeId::kMap: {
      const ListRef list = column.at<ListRef>(i);
      out += '{';
      for (uint32_t k = 0; k < list.len; ++k) {
        if (k > 0) out += ", ";
        append_nested(out, column.child(0), list.offset + k, style);
        out += '=';
        append_nested(out, column.child(1), list.offset + k, style);
      }
      out += '}';
      break;
    }
    case TypeId::kRow: {
      const size_t row = column.is_constant() ? 0 : i;
      out += '(';
      for (size_t k = 0; k < column.children().size(); ++k) {
        if (k > 0) out += ", ";
        append_nested(out, column.child(k), row, style);
      }
      out += ')';
      break;
    }
  }
}

std::string text_at(const Column& column, size_t i, const TextStyle& style) {
  std::string out;
  append_text(out, column, i, style);
  return out;
}

}  // namespace weir
