// The casts by kind of source type. Each fills the first n values of `out`, whose NULLs are those
// of `in` already.
#pragma once

#include <string>

#include "expr/expr.h"

namespace weir {

struct CastJob {
  const Column& in;
  Column& out;
  size_t n;  // 1 for a constant
  bool try_cast;
  EvalContext& context;

  const Type& from() const { return in.type(); }
  const Type& to() const { return out.type(); }
  void fail(size_t i, std::string reason) {
    out.set_null(i);
    if (!try_cast) context.row_error(i, std::move(reason));
  }
  // "cannot cast 'x1' to INT"
  void fail_value(size_t i);
};

void cast_numbers(CastJob& job);    // BOOLEAN and numbers to BOOLEAN and numbers
void cast_from_text(CastJob& job);  // STRING to everything else
void cast_to_text(CastJob& job);    // everything to STRING
void cast_times(CastJob& job);      // DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ among each other

// A point of time with the digits below a microsecond.
struct Moment {
  int64_t micros = 0;
  int nanos = 0;  // [0, 1000)
};
// The value a TIMESTAMP(p) column stores for it; nullopt: nanoseconds do not reach that far.
std::optional<int64_t> store_timestamp(Moment moment, const Type& type);
// Milliseconds of the day cut to the type's precision.
int32_t store_time(int64_t millis, const Type& type);

}  // namespace weir
