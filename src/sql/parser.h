// SQL text -> statements. Flink's dialect: see man/weir-sql.7 for the grammar.
//
// Errors:  kConfig, with place, what was expected, what was found, and a hint for common mistakes. A
//          statement that is wrong gives one error, and the next one is parsed.
// Limits:  500 levels of nesting; 100 errors, behind which the rest of the script is not read.
#pragma once

#include <string>
#include <vector>

#include "config/node.h"
#include "sql/statement.h"

namespace weir::sql {

struct Script {
  std::vector<Statement> statements;  // those without an error, in order
  Errors errors;                      // in the order of the text
};

Script parse_script(const SourceText& text);

// One query, as in `op = "sql"`; a `;` at its end is allowed.
Result<Query> parse_query(const SourceText& text);

// The text of a file or of the command line; `file` is the path, or a name such as <sql>.
SourceText script_text(std::string text, std::string file);

}  // namespace weir::sql
