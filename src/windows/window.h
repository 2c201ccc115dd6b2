// The kinds of windows: one file each, listed once. A window is an Ordered step like any other.
#pragma once

#include <span>
#include <string_view>

#include "operators/operator.h"

namespace weir {

// `[window] type`. Windows are described and bound as operators are.
std::span<const OperatorDescriptor* const> windows();
const OperatorDescriptor* find_window(std::string_view name);

}  // namespace weir
