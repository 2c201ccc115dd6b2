// Shared by the tests of the SQL grammar: tables of texts and what is printed of them.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sql/parser.h"
#include "sql/print.h"

namespace weir::sql {

inline Script parse(const std::string& text) { return parse_script(script_text(text, "job.sql")); }

// The first error as a person reads it, or the canonical text of the statements.
inline std::string canonical(const std::string& text) {
  const Script script = parse(text);
  if (!script.errors.empty()) return format_error(script.errors[0]);
  std::string out;
  for (const auto& s : script.statements) out += (out.empty() ? "" : ";\n") + to_sql(s);
  return out;
}

// Each text gives the canonical text beside it; "" stands for the text itself. The canonical text
// parses to an equal tree.
inline void check_canonical(const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& [text, beside] : cases) {
    INFO(text);
    const std::string& wanted = beside.empty() ? text : beside;
    CHECK(canonical(text) == wanted);
    CHECK(canonical(wanted) == wanted);
    CHECK(parse(text).statements == parse(wanted).statements);
  }
}

// All errors as a person reads them.
inline std::string errors_of(const std::string& text) {
  std::string out;
  for (const auto& e : parse(text).errors) out += format_error(e);
  return out;
}

}  // namespace weir::sql
