// Functions that people know from elsewhere and that are not here, or not under that name.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"

namespace weir {

// Why there is no function of Flink SQL of this name and what to do instead; nothing for other names.
std::optional<Error> absent_function(std::string_view upper_case_name);

// What a function of another language is written as here: "CHAR_LENGTH(s)" for LEN; empty: not known.
std::string_view function_elsewhere_called(std::string_view upper_case_name);

}  // namespace weir
