// What people who come from other tools call our operators.
#pragma once

#include <string_view>

namespace weir {

// What to write instead of another tool's name: "op = \"map\"" for select; empty: not known.
std::string_view operator_elsewhere_called(std::string_view name);

}  // namespace weir
