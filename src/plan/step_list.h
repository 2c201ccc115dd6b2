// All steps that a pipeline may name with `op`: the operators, and those that the windows' room adds.
#pragma once

#include <string_view>
#include <vector>

#include "operators/operator.h"

namespace weir {

// Sorted by name.
const std::vector<const OperatorDescriptor*>& steps();
const OperatorDescriptor* find_step(std::string_view name);

}  // namespace weir
