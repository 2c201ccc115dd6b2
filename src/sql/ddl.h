// CREATE TABLE, CREATE VIEW, DROP.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The cursor at CREATE.
Statement parse_create(Grammar& g);
// The cursor at DROP.
Drop parse_drop(Grammar& g);

}  // namespace weir::sql
