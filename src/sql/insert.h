// INSERT INTO and EXECUTE STATEMENT SET.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The cursor at INSERT.
Insert parse_insert(Grammar& g);

}  // namespace weir::sql
