// The kinds of windows: one file each, listed once. A window is an Ordered step like any other.
#pragma once

#include <span>
#include <string_view>

#include "operators/operator.h"

namespace weir {

// `[window] type`. Windows are described and bound as operators are.
std::span<const OperatorDescriptor* const> windows();
const OperatorDescriptor* find_window(std::string_view name);
// What this room adds to the operators: steps that know windows.
std::span<const OperatorDescriptor* const> window_operators();

}  // namespace weir
