// Column values as JSON texts, for JSON_STRING, JSON_OBJECT and JSON_ARRAY.
#pragma once

#include <string>

#include "data/civil.h"
#include "data/column.h"

namespace weir {

// Appends row i: numbers as numbers, BOOLEAN true/false, NULL null, texts and times as strings (times
// in ISO 8601, TIMESTAMP_LTZ in UTC with Z), BYTES in base64, ARRAY as array, MAP and ROW as objects. NaN
// and infinities, which JSON lacks, are strings.
void append_json(std::string& out, const Column& column, size_t i);

// True if the type's values can be written (all but intervals).
bool has_json_form(const Type& type);

}  // namespace weir
