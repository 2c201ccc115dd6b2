// Which arguments of a JSON constructor are JSON already.
#pragma once

#include <string>
#include <vector>

#include "expr/ast.h"

namespace weir {

// The clauses of a call, and "RAW n" for each argument n (from 0) of JSON_OBJECT, JSON_ARRAY and their
// aggregates that is itself a call of JSON_OBJECT, JSON_ARRAY or JSON: it is put in as it is, where any
// other text becomes a JSON string. Only calls written in place count, as in Flink.
std::vector<std::string> words_with_raw(const Ast& call);

}  // namespace weir
