// Column names from what an input calls its fields.
#pragma once

#include <string>
#include <vector>

namespace weir {

// Makes every name one that can be asked for: empty ones become c1, c2 ... by their place, repeated ones get _2, _3 ...
std::vector<std::string> unique_column_names(std::vector<std::string> names);

}  // namespace weir
