// Queries: WITH, SELECT, VALUES, set operations, ORDER BY, LIMIT.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The query at the cursor, up to what cannot belong to it.
Query parse_query(Grammar& g);

}  // namespace weir::sql
