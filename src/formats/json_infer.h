// What columns a sample of JSON lines has.
//
// Integers are BIGINT (DECIMAL(38, 0) when some do not fit), other numbers DOUBLE, objects ROW,
// arrays ARRAY of what their elements have in common. A field whose values have nothing in common,
// or which is always null or empty, is a STRING that holds their text. Times in strings stay
// STRING: which texts are times is for the user to say. Damaged lines are left out.
#pragma once

#include <string_view>

#include "data/schema.h"

namespace weir {

inline constexpr size_t kJsonSampleLines = 1000;

// Looks at most at the first kJsonSampleLines lines. Columns come in the order of first appearance.
Schema infer_json_schema(std::string_view sample);

}  // namespace weir
