// The clauses in calls of aggregates: IGNORE NULLS, ABSENT ON NULL and what the binder adds to them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

// Whether NULLs count: `standard` without a clause. Errors: any other clause.
Result<bool> read_nulls_clause(std::string_view function, std::span<const std::string> words,
                               bool standard);

struct JsonClauses {
  bool keep_nulls = false;
  bool raw_value = false;  // the last argument is JSON already
};
// Errors: any clause but {NULL | ABSENT} ON NULL.
Result<JsonClauses> read_json_clauses(std::string_view function, std::span<const std::string> words,
                                      bool keep_nulls);

}  // namespace weir
