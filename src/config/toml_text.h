// TOML text -> Node tree with places. The implementation is the only file that sees toml++.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "config/node.h"

namespace weir {

// Parses one TOML document. `file` names it in positions.
//
// Positions: lines and columns count characters from 1. A string's position is that of its first
// character inside the quotes; `exact_text` says whether its text maps to columns one to one.
// Limits: 1 MiB of text, 64 levels of nesting.
// Errors: kConfig with the place; the first one only, as the grammar cannot be resumed.
Result<Node> parse_toml(std::string_view text, const std::string& file);

}  // namespace weir
