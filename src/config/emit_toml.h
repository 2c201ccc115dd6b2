// Node tree -> TOML text.
#pragma once

#include <string>

#include "config/node.h"

namespace weir {

// Writes a table as a TOML document as people write it: scalars first, [tables], [[arrays of
// tables]], short tables inline. parse_toml of the result gives the same tree (places aside).
std::string emit_toml(const Node& root);

}  // namespace weir
