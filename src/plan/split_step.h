// op = "split": rows go to one of several named outputs, by the first condition that holds. It becomes a column with
// the output's number and a filter for each output, so that a condition is evaluated, and a bad record told,
// once.
#pragma once

#include "operators/operator.h"

namespace weir {

inline constexpr std::string_view kSplitStepName = "split";
extern const OperatorDescriptor kSplitStep;

}  // namespace weir
