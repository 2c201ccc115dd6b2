#include "expr/aggregates/real_sum.h"

#include <bit>
#include <limits>

namespace weir {

void LongReal::add(double v) {
  if (std::isnan(v)) {
    nan_ = true;
    return;
  }
  if (std::isinf(v)) {
    (v > 0 ? positive_infinity_ : negative_infinity_) = true;
    return;
  }
  const auto bits = std::bit_cast<uint64_t>(v);
  const auto exponent = static_cast<size_t>((bits >> 52) & 0x7ff);
  uint64_t mantissa = bits & ((uint64_t{1} << 52) - 1);
  if (exponent > 0) mantissa |= uint64_t{1} << 52;
  if (mantissa == 0) return;
  // The value is mantissa * 2^(max(exponent, 1) - 1075), so its lowest bit is bit `shift`.
  const size_t shift = exponent > 0 ? exponent - 1 : 0;
  const size_t word = shift / 64;
  const auto wide = static_cast<unsigned __int128>(mantissa) << (shift % 64);
  const std::array<uint64_t, 2> part = {static_cast<uint64_t>(wide),
                                        static_cast<uint64_t>(wide >> 64)};
  uint64_t carry = 0;
  if (v > 0) {
    for (size_t k = word; k < kWords; ++k) {
      const unsigned __int128 sum =
          static_cast<unsigned __int128>(words_[k]) + (k - word < 2 ? part[k - word] : 0) + carry;
      words_[k] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
      if (carry == 0 && k - word >= 1) break;
    }
  } else {
    for (size_t k = word; k < kWords; ++k) {
      const unsigned __int128 take =
          static_cast<unsigned __int128>(k - word < 2 ? part[k - word] : 0) + carry;
      carry = take > words_[k] ? 1 : 0;
      words_[k] -= static_cast<uint64_t>(take);
      if (carry == 0 && k - word >= 1) break;
    }
  }
}

void LongReal::add(const LongReal& other) {
  positive_infinity_ = positive_infinity_ || other.positive_infinity_;
  negative_infinity_ = negative_infinity_ || other.negative_infinity_;
  nan_ = nan_ || other.nan_;
  uint64_t carry = 0;
  for (size_t k = 0; k < kWords; ++k) {
    const unsigned __int128 sum =
        static_cast<unsigned __int128>(words_[k]) + other.words_[k] + carry;
    words_[k] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
}

double LongReal::value() const {
  if (nan_ || (positive_infinity_ && negative_infinity_))
    return std::numeric_limits<double>::quiet_NaN();
  if (positive_infinity_) return std::numeric_limits<double>::infinity();
  if (negative_infinity_) return -std::numeric_limits<double>::infinity();
  std::array<uint64_t, kWords> m = words_;
  const bool negative = static_cast<int64_t>(m[kWords - 1]) < 0;
  if (negative) {
    bool carry = true;
    for (auto& w : m) {
      w = ~w + (carry ? 1 : 0);
      carry = carry && w == 0;
    }
  }
  size_t top = kWords;  // one past the highest word that is not zero
  while (top > 0 && m[top - 1] == 0) --top;
  if (top == 0) return 0;
  const size_t highest = (top - 1) * 64 + 63 - static_cast<size_t>(std::countl_zero(m[top - 1]));
  // 53 bits from the highest on; below bit 53 the value is subnormal and exact.
  const size_t lowest = highest >= 52 ? highest - 52 : 0;
  const auto bit_at = [&](size_t i) { return (m[i / 64] >> (i % 64)) & 1; };
  uint64_t mantissa = m[lowest / 64] >> (lowest % 64);
  if (lowest % 64 != 0 && lowest / 64 + 1 < kWords)
    mantissa |= m[lowest / 64 + 1] << (64 - lowest % 64);
  mantissa &= (uint64_t{1} << 53) - 1;
  if (lowest > 0 && bit_at(lowest - 1) != 0) {
    bool above_half = (mantissa & 1) != 0;  // a tie rounds to even
    const size_t below = lowest - 1;
    for (size_t k = 0; k < below / 64 && !above_half; ++k) above_half = m[k] != 0;
    if (!above_half && below % 64 != 0)
      above_half = (m[below / 64] & ((uint64_t{1} << (below % 64)) - 1)) != 0;
    if (above_half) ++mantissa;
  }
  const double v = std::ldexp(static_cast<double>(mantissa), static_cast<int>(lowest) - 1074);
  return negative ? -v : v;
}

void LongReal::save(SnapshotWriter& writer) const {
  for (const uint64_t w : words_) writer.put_u64(w);
  writer.put_u8(static_cast<uint8_t>(positive_infinity_ | negative_infinity_ << 1 | nan_ << 2));
}

void LongReal::load(SnapshotReader& reader) {
  for (uint64_t& w : words_) w = reader.get_u64();
  const uint8_t flags = reader.get_u8();
  positive_infinity_ = (flags & 1) != 0;
  negative_infinity_ = (flags & 2) != 0;
  nan_ = (flags & 4) != 0;
}

void RealSum::add_rest(double v, double s, double t, double lost) {
  if (rest == nullptr) rest = new LongReal();
  if (std::isfinite(s) && std::isfinite(t)) {
    hi = s;
    lo = t;
    rest->add(lost);
  } else {
    rest->add(v);
  }
}

void RealSum::add(const RealSum& other) {
  add(other.hi);
  add(other.lo);
  if (other.rest == nullptr) return;
  if (rest == nullptr) rest = new LongReal();
  rest->add(*other.rest);
}

double RealSum::value() const {
  if (rest == nullptr) return hi + lo;
  LongReal all = *rest;
  all.add(hi);
  all.add(lo);
  return all.value();
}

std::array<double, 2> RealSum::pair() const {
  const double first = value();
  if (!std::isfinite(first)) return {first, 0};
  LongReal left = rest == nullptr ? LongReal() : *rest;
  left.add(hi);
  left.add(lo);
  left.add(-first);
  return {first, left.value()};
}

void RealSum::save(SnapshotWriter& writer) const {
  writer.put_double(hi);
  writer.put_double(lo);
  writer.put_u8(rest != nullptr ? 1 : 0);
  if (rest != nullptr) rest->save(writer);
}

void RealSum::load(SnapshotReader& reader) {
  hi = reader.get_double();
  lo = reader.get_double();
  if (reader.get_u8() != 0) {
    if (rest == nullptr) rest = new LongReal();
    rest->load(reader);
  }
}

}  // namespace weir
