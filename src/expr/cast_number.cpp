// Numbers to numbers. As in arithmetic, a loop without branches converts and notes whether anything
// is out of range; rows are looked at singly only then.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "expr/cast_kernels.h"
#include "expr/decimal.h"

namespace weir {

namespace {

template <class To>
To saturate(double v) {
  if (std::isnan(v)) return 0;
  if (v <= static_cast<double>(std::numeric_limits<To>::min()))
    return std::numeric_limits<To>::min();
  if (v >= static_cast<double>(std::numeric_limits<To>::max()))
    return std::numeric_limits<To>::max();
  return static_cast<To>(v);
}

// Java's float -> byte and short go through int and then wrap.
template <class To>
To flink_truncate(double v) {
  if constexpr (sizeof(To) < 4) {
    return static_cast<To>(saturate<int32_t>(v));
  } else {
    return saturate<To>(v);
  }
}

template <class To, class From>
bool in_range(From v) {
  if constexpr (std::is_floating_point_v<From>) {
    // 2^63 itself is a double, the largest BIGINT is not: compare with the power of two.
    constexpr double kLimit = sizeof(To) == 8
                                  ? 9223372036854775808.0
                                  : static_cast<double>(std::numeric_limits<To>::max()) + 1;
    const auto d = static_cast<double>(v);
    return d < kLimit && (sizeof(To) == 8 ? d >= -kLimit : d > -kLimit - 1);
  } else {
    return v >= std::numeric_limits<To>::min() && v <= std::numeric_limits<To>::max();
  }
}

template <class From, class To>
void convert(CastJob& job) {
  const From* in = job.in.values<From>();
  To* out = job.out.values<To>();
  if constexpr (std::is_floating_point_v<To> ||
                (std::is_integral_v<From> && sizeof(From) <= sizeof(To))) {
    for (size_t i = 0; i < job.n; ++i) out[i] = static_cast<To>(in[i]);
  } else if (job.context.wrap_overflow) {
    for (size_t i = 0; i < job.n; ++i) {
      if constexpr (std::is_floating_point_v<From>) {
        out[i] = flink_truncate<To>(static_cast<double>(in[i]));
      } else {
        out[i] = static_cast<To>(in[i]);
      }
    }
  } else {
    bool bad = false;
    for (size_t i = 0; i < job.n; ++i) {
      const bool ok = in_range<To>(in[i]);
      bad |= !ok;
      out[i] = ok ? static_cast<To>(in[i]) : To{0};
    }
    if (!bad) return;
    for (size_t i = 0; i < job.n; ++i) {
      if (!job.out.is_null(i) && !in_range<To>(in[i])) job.fail_value(i);
    }
  }
}

template <class From>
void to_boolean(CastJob& job) {
  const From* in = job.in.values<From>();
  uint8_t* out = job.out.values<uint8_t>();
  for (size_t i = 0; i < job.n; ++i) out[i] = static_cast<uint8_t>(in[i] != From{0});
}

// By the float's own shortest text, not that of the double it becomes: 0.1, not 0.10000000149.
std::optional<Int128> decimal_from_float(float value, int scale, int precision) {
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> buffer{};
  const auto r = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  bool fits = false;
  return parse_decimal({buffer.data(), static_cast<size_t>(r.ptr - buffer.data())}, scale,
                       precision, fits);
}

template <class From>
void to_decimal(CastJob& job) {
  const From* in = job.in.values<From>();
  Int128* out = job.out.values<Int128>();
  const int scale = job.to().scale;
  const int precision = job.to().precision;
  for (size_t i = 0; i < job.n; ++i) {
    out[i] = 0;
    if (job.out.is_null(i)) continue;
    std::optional<Int128> v;
    if constexpr (std::is_same_v<From, float>) {
      v = decimal_from_float(in[i], scale, precision);
    } else if constexpr (std::is_same_v<From, double>) {
      v = decimal_from_double(in[i], scale, precision);
    } else if constexpr (std::is_same_v<From, Int128>) {
      v = rescale_decimal(in[i], job.from().scale, scale, precision);
    } else {
      v = rescale_decimal(in[i], 0, scale, precision);
    }
    if (v) {
      out[i] = *v;
    } else {
      job.fail_value(i);
    }
  }
}

template <class To>
void from_decimal(CastJob& job) {
  const Int128* in = job.in.values<Int128>();
  To* out = job.out.values<To>();
  const int scale = job.from().scale;
  for (size_t i = 0; i < job.n; ++i) {
    out[i] = 0;
    if (job.out.is_null(i)) continue;
    if constexpr (std::is_floating_point_v<To>) {
      out[i] = static_cast<To>(decimal_to_double(in[i], scale));
    } else {
      const Int128 v = decimal_to_integer(in[i], scale);
      if (in_range<To>(v) || job.context.wrap_overflow) {
        out[i] = static_cast<To>(v);
      } else {
        job.fail_value(i);
      }
    }
  }
}

template <class From>
void from_number(CastJob& job) {
  switch (job.to().id) {
    case TypeId::kBoolean: to_boolean<From>(job); break;
    case TypeId::kTinyInt: convert<From, int8_t>(job); break;
    case TypeId::kSmallInt: convert<From, int16_t>(job); break;
    case TypeId::kInt: convert<From, int32_t>(job); break;
    case TypeId::kBigInt: convert<From, int64_t>(job); break;
    case TypeId::kFloat: convert<From, float>(job); break;
    case TypeId::kDouble: convert<From, double>(job); break;
    default: to_decimal<From>(job); break;
  }
}

void from_decimals(CastJob& job) {
  switch (job.to().id) {
    case TypeId::kBoolean: to_boolean<Int128>(job); break;
    case TypeId::kTinyInt: from_decimal<int8_t>(job); break;
    case TypeId::kSmallInt: from_decimal<int16_t>(job); break;
    case TypeId::kInt: from_decimal<int32_t>(job); break;
    case TypeId::kBigInt: from_decimal<int64_t>(job); break;
    case TypeId::kFloat: from_decimal<float>(job); break;
    case TypeId::kDouble: from_decimal<double>(job); break;
    default: to_decimal<Int128>(job); break;
  }
}

}  // namespace

void cast_numbers(CastJob& job) {
  switch (job.from().id) {
    case TypeId::kBoolean: from_number<uint8_t>(job); break;
    case TypeId::kTinyInt: from_number<int8_t>(job); break;
    case TypeId::kSmallInt: from_number<int16_t>(job); break;
    case TypeId::kInt: from_number<int32_t>(job); break;
    case TypeId::kBigInt: from_number<int64_t>(job); break;
    case TypeId::kFloat: from_number<float>(job); break;
    case TypeId::kDouble: from_number<double>(job); break;
    default: from_decimals(job); break;
  }
}

}  // namespace weir
