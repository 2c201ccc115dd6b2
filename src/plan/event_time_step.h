// op = "event_time": rows get their event time behind steps, where [source.event_time] cannot name what those
// compute. It becomes the step that stands behind a source with [source.event_time].
#pragma once

#include "operators/operator.h"

namespace weir {

inline constexpr std::string_view kEventTimeStepName = "event_time";
extern const OperatorDescriptor kEventTimeStep;

}  // namespace weir
