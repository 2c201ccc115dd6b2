// A column's value as JSON text, for JSON_ARRAYAGG and JSON_OBJECTAGG.
#pragma once

#include <string>

#include "data/column.h"

namespace weir {

// Numbers and booleans as such, NULL as null, ARRAY as array, ROW as object, MAP as object with its
// keys as text, everything else as a string; NaN and infinities as strings.
void append_json_value(std::string& out, const Column& column, size_t i);
// A quoted JSON string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace weir
