// GROUP BY: expressions, GROUPING SETS, ROLLUP, CUBE.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// Behind GROUP BY.
std::vector<GroupingElement> parse_group_by(Grammar& g);

}  // namespace weir::sql
