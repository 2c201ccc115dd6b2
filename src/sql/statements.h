// One statement of a script.
#pragma once

#include "sql/grammar.h"

namespace weir::sql {

// The statement at the cursor, up to its `;` or the end. Errors of a statement set's members are added to
// `errors`, and its other members are still read; all other errors stay in the cursor.
Statement parse_statement(Grammar& g, Errors& errors);

// Behind an error: takes it from the cursor and skips to the statement's `;`. The token it was met at.
Token recover(Grammar& g, Errors& errors);

}  // namespace weir::sql
