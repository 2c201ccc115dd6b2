// Calls of scalar functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expr/function.h"

namespace weir {

// Takes the overload that needs the fewest conversions, casts the arguments to its parameters and
// makes the node. COALESCE, IFNULL and IF become lazy when a branch may fail. Error: message and
// hint (the signatures), no place.
Result<ExprPtr> make_call(std::string_view upper_case_name, std::vector<ExprPtr> args,
                          std::span<const std::string> words);

}  // namespace weir
