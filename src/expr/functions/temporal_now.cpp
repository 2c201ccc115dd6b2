// The clock: NOW, CURRENT_DATE and their kind. All rows of a batch see the same moment.
#include "expr/functions/temporal_units.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

template <class Raw>
ColumnPtr constant(Type type, Raw value, size_t rows) {
  auto out = make_column(std::move(type));
  out->push<Raw>(value);
  out->make_constant(rows);
  return out;
}

int64_t whole_millis(int64_t us) { return floor_div(us, 1000) * 1000; }

FunctionDescriptor clock(std::string_view name, std::string_view signature, std::string_view doc,
                         std::string_view example, Type returns, Kernel kernel) {
  return fixed_function(name, signature, doc, example, "*", {}, std::move(returns),
                        std::move(kernel))
      .random();
}

}  // namespace

FunctionList temporal_now_functions() {
  const Kernel instant = [](Columns, size_t rows, EvalContext& context) {
    return constant(Type::timestamp_ltz(3), whole_millis(context.now_us), rows);
  };
  const Kernel wall_clock = [](Columns, size_t rows, EvalContext& context) {
    return constant(Type::timestamp(3), whole_millis(context.zone->to_local(context.now_us)), rows);
  };
  const Kernel date = [](Columns, size_t rows, EvalContext& context) {
    const int64_t local = context.zone->to_local(context.now_us);
    return constant(Type::date(), static_cast<int32_t>(floor_div(local, kMicrosPerDay)), rows);
  };
  const Kernel time = [](Columns, size_t rows, EvalContext& context) {
    const int64_t clock_us = floor_mod(context.zone->to_local(context.now_us), kMicrosPerDay);
    return constant(Type::time(0), static_cast<int32_t>(clock_us / kMicrosPerSecond * 1000), rows);
  };
  const Kernel seconds = [](Columns, size_t rows, EvalContext& context) {
    return constant(Type::bigint(), floor_div(context.now_us, kMicrosPerSecond), rows);
  };
  FunctionList list;
  list.push_back(
      clock("NOW", "NOW() -> TIMESTAMP_LTZ(3)",
            "Gives the current time; one moment per run over bounded input, per batch of rows "
            "in a stream.",
            "NOW()", Type::timestamp_ltz(3), instant));
  list.push_back(clock("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP -> TIMESTAMP_LTZ(3)",
                       "Gives the current time, as NOW().", "CURRENT_TIMESTAMP",
                       Type::timestamp_ltz(3), instant));
  list.push_back(clock("CURRENT_ROW_TIMESTAMP", "CURRENT_ROW_TIMESTAMP() -> TIMESTAMP_LTZ(3)",
                       "Gives the time at which the row's batch is processed.",
                       "CURRENT_ROW_TIMESTAMP()", Type::timestamp_ltz(3), instant));
  list.push_back(clock("LOCALTIMESTAMP", "LOCALTIMESTAMP -> TIMESTAMP(3)",
                       "Gives the current wall clock of the session's time zone.", "LOCALTIMESTAMP",
                       Type::timestamp(3), wall_clock));
  list.push_back(clock("CURRENT_DATE", "CURRENT_DATE -> DATE",
                       "Gives the current date of the session's time zone.", "CURRENT_DATE",
                       Type::date(), date));
  list.push_back(clock("CURRENT_TIME", "CURRENT_TIME -> TIME",
                       "Gives the current time of day of the session's time zone.", "CURRENT_TIME",
                       Type::time(0), time));
  list.push_back(clock("LOCALTIME", "LOCALTIME -> TIME",
                       "Gives the current time of day, as CURRENT_TIME.", "LOCALTIME",
                       Type::time(0), time));
  list.push_back(clock("UNIX_TIMESTAMP", "UNIX_TIMESTAMP() -> BIGINT",
                       "Gives the current time in seconds since 1970-01-01 00:00:00 UTC.",
                       "UNIX_TIMESTAMP()", Type::bigint(), seconds));
  return list;
}

}  // namespace weir
