// hold: keeps all rows until the input has ended, then gives them in their order. Not written in pipelines: the
// planner puts it where both inputs of a join come from one source.
#pragma once

#include <memory>

#include "operators/operator.h"

namespace weir {

std::unique_ptr<OperatorPlan> make_hold(const Schema& schema);

}  // namespace weir
