#include <limits>

#include "data/civil.h"
#include "expr/cast_kernels.h"

namespace weir {

namespace {

constexpr int64_t kUnitPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};

// The source value as a wall clock, or as an instant when the source is one.
std::optional<Moment> load(const Column& in, size_t i) {
  const Type& type = in.type();
  switch (type.id) {
    case TypeId::kDate: {
      Moment m;
      if (__builtin_mul_overflow(int64_t{in.at<int32_t>(i)}, kMicrosPerDay, &m.micros)) {
        return std::nullopt;
      }
      return m;
    }
    case TypeId::kTime: return Moment{int64_t{in.at<int32_t>(i)} * 1000, 0};
    default: {
      const int64_t v = in.at<int64_t>(i);
      if (!type.in_nanos()) return Moment{v, 0};
      return Moment{floor_div(v, 1000), static_cast<int>(floor_mod(v, 1000))};
    }
  }
}

}  // namespace

std::optional<int64_t> store_timestamp(Moment moment, const Type& type) {
  if (!type.in_nanos()) {
    const int64_t unit = kUnitPowers[6 - type.precision];
    return unit == 1 ? moment.micros : floor_div(moment.micros, unit) * unit;
  }
  const int64_t unit = kUnitPowers[9 - type.precision];
  int64_t nanos = 0;
  if (__builtin_mul_overflow(moment.micros, int64_t{1000}, &nanos) ||
      __builtin_add_overflow(nanos, moment.nanos / unit * unit, &nanos)) {
    return std::nullopt;
  }
  return nanos;
}

int32_t store_time(int64_t millis, const Type& type) {
  const int64_t unit = type.precision >= 3 ? 1 : kUnitPowers[3 - type.precision];
  return static_cast<int32_t>(millis / unit * unit);
}

void cast_times(CastJob& job) {
  const bool from_instant = job.from().id == TypeId::kTimestampLtz;
  const bool to_instant = job.to().id == TypeId::kTimestampLtz;
  const TimeZone& zone = *job.context.zone;
  const bool narrow = job.to().width() == 4;
  for (size_t i = 0; i < job.n; ++i) {
    if (narrow) {
      job.out.values<int32_t>()[i] = 0;
    } else {
      job.out.values<int64_t>()[i] = 0;
    }
    if (job.out.is_null(i)) continue;
    auto m = load(job.in, i);
    if (!m) {
      job.fail_value(i);
      continue;
    }
    if (from_instant && !to_instant) m->micros = zone.to_local(m->micros);
    if (to_instant && !from_instant) m->micros = zone.to_instant(m->micros);
    if (job.to().id == TypeId::kDate) {
      job.out.values<int32_t>()[i] = static_cast<int32_t>(floor_div(m->micros, kMicrosPerDay));
    } else if (job.to().id == TypeId::kTime) {
      job.out.values<int32_t>()[i] =
          store_time(floor_mod(m->micros, kMicrosPerDay) / 1000, job.to());
    } else if (const auto v = store_timestamp(*m, job.to())) {
      job.out.values<int64_t>()[i] = *v;
    } else {
      job.fail_value(i);
    }
  }
}

}  // namespace weir
