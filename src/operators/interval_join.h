// join with `within`: rows of two inputs whose times are near one another.
#pragma once

#include "operators/join.h"

namespace weir {

// The right row's time lies from `lower_us` to `upper_us` behind the left one's.
struct IntervalJoin {
  Join join;
  int64_t lower_us = 0;
  int64_t upper_us = 0;
  // How far rows that are given with NULLs may be behind the watermark.
  int64_t delay_us() const;
};

// Binds `within` and makes the step. nullptr after errors.
std::unique_ptr<OperatorPlan> bind_interval_join(Join join, const Node& within,
                                                 const ComponentSpec& spec,
                                                 const BindContext& context, Errors& errors);

}  // namespace weir
