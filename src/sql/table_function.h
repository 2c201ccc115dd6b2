// Table functions: TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE) and others, with positional or
// named arguments.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The cursor at the function's name.
FunctionSource parse_table_function(Grammar& g);

}  // namespace weir::sql
