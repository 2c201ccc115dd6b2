// SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... WINDOW ...
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The cursor at SELECT.
Select parse_select(Grammar& g);

}  // namespace weir::sql
