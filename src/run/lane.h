// The way of a source's rows (or a collector's result) through the workers, up to where order begins.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace weir {

struct Lane {
  PlanNode origin;                    // a source, or a step that gives batches at an input's end
  std::vector<size_t> chain;          // steps that each worker runs by itself
  std::vector<Plan::Reader> readers;  // what takes the rows then, in order
};

Lane lay_out_lane(const Plan& plan, PlanNode origin);

}  // namespace weir
