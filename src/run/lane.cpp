#include "run/lane.h"

namespace weir {

Lane lay_out_lane(const Plan& plan, PlanNode origin) {
  Lane lane{origin, {}, plan.readers(origin)};
  while (lane.readers.size() == 1 && !lane.readers[0].is_sink) {
    const size_t step = lane.readers[0].index;
    if (plan.steps[step].op->placement() != Placement::kTransform || plan.collects(lane.readers[0]))
      break;
    lane.chain.push_back(step);
    lane.readers = plan.readers({PlanNode::Kind::kStep, step});
  }
  return lane;
}

}  // namespace weir
