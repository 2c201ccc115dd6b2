// FROM: tables, files, queries, table functions, UNNEST, joins.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// Behind FROM: the items between commas.
std::vector<FromItem> parse_from(Grammar& g);

}  // namespace weir::sql
