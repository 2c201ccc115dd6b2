// Statements as SQL again: for EXPLAIN, SHOW CREATE and tests. What is printed parses to an equal tree.
#pragma once

#include <string>

#include "sql/statement.h"

namespace weir::sql {

// On one line.
std::string to_sql(const Query& query);
std::string to_sql(const Insert& insert);
// CREATE TABLE and statement sets take several lines. No `;` at the end.
std::string to_sql(const Statement& statement);

// A name as SQL needs it: bare, or in backquotes when it is a reserved word or has other characters.
std::string quote_name(std::string_view name);
std::string to_sql(const TableName& name);

}  // namespace weir::sql
