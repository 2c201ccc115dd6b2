#include "formats/json_prefilter.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace weir {
namespace {

using Op = PushedPredicate::Op;

constexpr int64_t kMaxExactInDouble = int64_t{1} << 53;
constexpr double kExactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

Int128 magnitude(Int128 v) { return v < 0 ? -v : v; }

// value * 10^power, false when it does not fit.
bool scale_up(Int128& value, int power) {
  for (; power > 0; --power)
    if (__builtin_mul_overflow(value, Int128{10}, &value)) return false;
  return true;
}

static_assert(std::endian::native == std::endian::little);

bool is_json_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Largest value of an integer type.
int64_t max_of(const Type& type) {
  switch (type.id) {
    case TypeId::kTinyInt: return std::numeric_limits<int8_t>::max();
    case TypeId::kSmallInt: return std::numeric_limits<int16_t>::max();
    case TypeId::kInt: return std::numeric_limits<int32_t>::max();
    default: return std::numeric_limits<int64_t>::max();
  }
}

// The value of eight digits, the first in the lowest byte (Lemire, "Number Parsing at a Gigabyte
// per Second").
int64_t eight_digits(uint64_t word) {
  word -= 0x3030303030303030;
  word = word * 10 + (word >> 8);
  return static_cast<int64_t>((((word & 0x000000FF000000FF) * 0x000F424000000064) +
                               (((word >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >>
                              32);
}

}  // namespace

JsonPrefilter::JsonPrefilter(ScanKey key, const Type& type, const PushedPredicate& predicate)
    : key_(std::move(key)), type_(type), op_(predicate.op), literal_(predicate.value) {
  const auto set = [this](bool less, bool equal, bool greater) {
    fails_[static_cast<size_t>(Order::kLess)] = less;
    fails_[static_cast<size_t>(Order::kEqual)] = equal;
    fails_[static_cast<size_t>(Order::kGreater)] = greater;
  };
  switch (op_) {
    case Op::kEq: set(true, false, true); break;
    case Op::kNe: set(false, true, false); break;
    case Op::kLt: set(false, true, true); break;
    case Op::kLe: set(false, false, true); break;
    case Op::kGt: set(true, true, false); break;
    case Op::kGe: set(true, false, false); break;
    default: break;
  }
}

std::optional<JsonPrefilter> JsonPrefilter::make(const std::string& key, const Type& type,
                                                 const PushedPredicate& predicate) {
  const Value& literal = predicate.value;
  if (literal.is_null || key.empty() || key.size() > ScanKey::kMaxBytes) return std::nullopt;
  for (const char c : key)
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return std::nullopt;

  JsonPrefilter filter(ScanKey(key), type, predicate);
  if (type.is_text()) {
    if (!literal.type.is_text()) return std::nullopt;
    return filter;
  }
  if (!literal.type.is_numeric() || predicate.op >= Op::kContains) return std::nullopt;
  const bool approximate = literal.type.is_approximate();
  if (approximate) {
    filter.threshold_ = literal.real;
  } else {
    // Compared as a double only when that is what both sides are, give or take a rounding.
    if (literal.type.scale > 18) return std::nullopt;
    filter.threshold_ = static_cast<double>(literal.number) / kExactPowers[literal.type.scale];
    filter.threshold_exact_ =
        literal.type.scale == 0 && magnitude(literal.number) <= kMaxExactInDouble;
  }
  if (approximate && std::isnan(literal.real)) return std::nullopt;
  // Seven digits are an integer of every type but the two smallest. With a whole number as the
  // limit they compare as the doubles do: seven digits are too far apart to round to it.
  constexpr double kLargestLimit = 1e10;
  const double limit = filter.threshold_;
  if (filter.threshold_exact_ && limit == std::trunc(limit) && std::abs(limit) <= kLargestLimit &&
      (type.id == TypeId::kInt || type.id == TypeId::kBigInt || type.id == TypeId::kDouble)) {
    filter.short_numbers_ = true;
    filter.limits_[0] = static_cast<int64_t>(limit);
    for (size_t i = 1; i < 8; ++i) filter.limits_[i] = filter.limits_[i - 1] * 10;
  }
  switch (type.id) {
    case TypeId::kTinyInt:
    case TypeId::kSmallInt:
    case TypeId::kInt:
    case TypeId::kBigInt:
    case TypeId::kDouble: return filter;
    case TypeId::kDecimal:
      if (approximate) return std::nullopt;
      return filter;
    default: return std::nullopt;
  }
}

// The usual case, a number such as 12.34: no branch depends on how long it is. False: look closer.
bool JsonPrefilter::drops_short_number(const char* p) const {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  // High bit of each byte that is neither a digit nor a point.
  const uint64_t digit = word ^ 0x3030303030303030;
  const uint64_t point = word ^ 0x2E2E2E2E2E2E2E2E;
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  const uint64_t other_than_digit = (((digit & kLow) + 0x7676767676767676) | digit) & ~kLow;
  const uint64_t other_than_point = (((point & kLow) + kLow) | point) & ~kLow;
  const uint64_t ends = other_than_digit & other_than_point;
  if (ends == 0) return false;
  const auto size = static_cast<size_t>(std::countr_zero(ends)) / 8;
  if (size == 0) return false;
  const char behind = p[size];
  if (behind != ',' && behind != '}' && !is_json_blank(behind)) return false;
  if (p[0] == '.' || p[size - 1] == '.' || (p[0] == '0' && size > 1 && p[1] != '.')) return false;
  const uint64_t inside = (uint64_t{1} << (8 * size)) - 1;
  const uint64_t points = ~other_than_point & ~kLow & inside;
  size_t digits = size;
  size_t fraction = 0;
  if (points != 0) {
    if ((points & (points - 1)) != 0 || type_.id != TypeId::kDouble) return false;
    const auto place = static_cast<size_t>(std::countr_zero(points)) / 8;
    const uint64_t below = (uint64_t{1} << (8 * place)) - 1;
    word = (word & below) | ((word >> 8) & ~below);
    fraction = size - 1 - place;
    --digits;
  }
  // At most seven digits, so that neither shift is by the whole word.
  const uint64_t zeros = 0x3030303030303030 >> (8 * digits);
  const int64_t value = eight_digits(word << (8 * (8 - digits)) | zeros);
  const int64_t limit = limits_[fraction];
  return fails_[value < limit ? 0 : (value > limit ? 2 : 1)];
}

bool JsonPrefilter::fails_for_text(std::string_view value) const {
  const std::string_view literal = literal_.text;
  switch (op_) {
    case Op::kContains: return value.find(literal) == std::string_view::npos;
    case Op::kStartsWith: return !value.starts_with(literal);
    case Op::kEndsWith: return !value.ends_with(literal);
    default: break;
  }
  const int c = value.compare(literal);  // by bytes, unsigned
  return fails_for(c < 0 ? Order::kLess : (c > 0 ? Order::kGreater : Order::kEqual));
}

JsonPrefilter::Order JsonPrefilter::compare_integer(const json::Number& number) const {
  const auto limit = static_cast<uint64_t>(max_of(type_));
  if (!number.integral || !number.exact || number.mantissa > limit) return Order::kUnknown;
  auto value = static_cast<int64_t>(number.mantissa);
  if (number.negative) value = -value;
  if (literal_.type.is_approximate()) {
    if (value > kMaxExactInDouble || value < -kMaxExactInDouble) return Order::kUnknown;
    const auto d = static_cast<double>(value);
    return d < threshold_ ? Order::kLess : (d > threshold_ ? Order::kGreater : Order::kEqual);
  }
  Int128 scaled = value;
  if (!scale_up(scaled, literal_.type.scale)) return Order::kUnknown;
  return scaled < literal_.number ? Order::kLess
                                  : (scaled > literal_.number ? Order::kGreater : Order::kEqual);
}

JsonPrefilter::Order JsonPrefilter::compare_double(const json::Number& number) const {
  // Both factors are exact in a double, so the one operation rounds as a full parse would.
  if (!number.exact || number.mantissa > static_cast<uint64_t>(kMaxExactInDouble) ||
      number.exponent > 22 || number.exponent < -22) {
    return Order::kUnknown;
  }
  auto d = static_cast<double>(number.mantissa);
  d = number.exponent < 0 ? d / kExactPowers[-number.exponent] : d * kExactPowers[number.exponent];
  if (number.negative) d = -d;
  if (threshold_exact_)
    return d < threshold_ ? Order::kLess : (d > threshold_ ? Order::kGreater : Order::kEqual);
  const double infinity = std::numeric_limits<double>::infinity();
  if (d < std::nextafter(threshold_, -infinity)) return Order::kLess;
  if (d > std::nextafter(threshold_, infinity)) return Order::kGreater;
  return Order::kUnknown;
}

JsonPrefilter::Order JsonPrefilter::compare_decimal(const json::Number& number) const {
  if (!number.exact || number.exponent > 18 || number.exponent < -type_.scale)
    return Order::kUnknown;
  // Both sides at the larger scale; the value itself must fit its column or the record is bad.
  Int128 value = number.mantissa;
  if (!scale_up(value, static_cast<int>(number.exponent) + type_.scale)) return Order::kUnknown;
  Int128 limit = 1;
  if (!scale_up(limit, type_.precision) || value >= limit) return Order::kUnknown;
  if (number.negative) value = -value;
  Int128 literal = literal_.number;
  const int difference = type_.scale - literal_.type.scale;
  if (!(difference >= 0 ? scale_up(literal, difference) : scale_up(value, -difference)))
    return Order::kUnknown;
  return value < literal ? Order::kLess : (value > literal ? Order::kGreater : Order::kEqual);
}

JsonPrefilter::Order JsonPrefilter::compare(const json::Number& number) const {
  if (type_.is_integer()) return compare_integer(number);
  return type_.id == TypeId::kDouble ? compare_double(number) : compare_decimal(number);
}

bool JsonPrefilter::drops(std::string_view text, const ScannedLine& line) const {
  constexpr uint32_t kDoubtful = ScannedLine::kBackslash | ScannedLine::kOddQuotes |
                                 ScannedLine::kUnbalanced | ScannedLine::kKeyMany;
  if ((line.flags & kDoubtful) != 0) return false;
  const char* p = text.data() + line.begin;
  const char* end = text.data() + line.end;
  while (end > p && is_json_blank(end[-1])) --end;
  while (p < end && is_json_blank(*p)) ++p;
  if (end - p < 2 || *p != '{' || end[-1] != '}') return false;
  if ((line.flags & ScannedLine::kKeyOnce) == 0) return true;

  p = text.data() + line.key + key_.text().size() + 2;
  while (is_json_blank(*p)) ++p;  // stops at the closing brace at the latest
  if (*p != ':') return false;
  ++p;
  while (is_json_blank(*p)) ++p;
  if (short_numbers_ && drops_short_number(p)) return true;
  const char* behind = nullptr;
  bool fails = false;
  if (*p == 'n') {
    if (end - p < 5 || std::string_view(p, 4) != "null") return false;
    behind = p + 4;
    fails = true;
  } else if (type_.is_text()) {
    if (*p != '"') return false;
    const std::string_view rest(p + 1, static_cast<size_t>(end - p - 1));
    const size_t close = rest.find('"');
    if (close == std::string_view::npos) return false;
    behind = p + close + 2;
    fails = fails_for_text(rest.substr(0, close));
  } else {
    json::Number number;
    behind = json::scan_number(p, end, number);
    if (behind == nullptr) return false;
    fails = fails_for(compare(number));
  }
  if (!fails || behind >= end) return false;
  return *behind == ',' || *behind == '}' || is_json_blank(*behind);
}

}  // namespace weir
