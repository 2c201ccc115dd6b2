// ${NAME} in string values.
#pragma once

#include <string>

#include "base/error.h"
#include "config/node.h"

namespace weir {

// Replaces in every string value below `node`, once: ${NAME}; ${NAME:-default} when NAME is not set
// or empty; ${NAME:?message} is an error then; $$ is a dollar sign; any other $ stays. Keys stay as
// they are, and a replaced text is never looked at again, so a value cannot change the structure.
void replace_environment(Node& node, Errors& errors);

// The text with every $ doubled, so that replace_environment gives it back.
std::string escape_dollars(std::string_view text);

}  // namespace weir
