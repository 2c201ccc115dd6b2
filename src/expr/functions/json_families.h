// The parts of the JSON family, joined by json.cpp.
#pragma once

#include "expr/function.h"

namespace weir {

FunctionList json_check_functions();  // IS JSON, PARSE_JSON, JSON_QUOTE ...
FunctionList json_query_functions();  // JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_LENGTH, JSON_TYPE
FunctionList json_build_functions();  // JSON_OBJECT, JSON_ARRAY, JSON_STRING

}  // namespace weir
