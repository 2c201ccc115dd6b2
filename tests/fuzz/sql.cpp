// SQL scripts: any text parses or is refused with places inside it; what parses prints to SQL that parses
// to an equal tree and prints the same again.
#include <algorithm>

#include "fuzz.h"
#include "sql/parser.h"
#include "sql/print.h"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 5000) return 0;
  const std::string text(as_text(data, size));
  const sql::Script script = sql::parse_script(sql::script_text(text, "fuzz"));
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const auto& e : script.errors) {
    require(!e.message.empty(), "an error has a message");
    require(e.position.line >= 1 && e.position.line <= lines, "an error is inside the text");
  }
  for (const auto& statement : script.statements) {
    const std::string printed = sql::to_sql(statement);
    const sql::Script again = sql::parse_script(sql::script_text(printed, "printed"));
    require(again.errors.empty() && again.statements.size() == 1, "printed SQL parses");
    require(again.statements[0] == statement, "printed SQL is the same tree");
    require(sql::to_sql(again.statements[0]) == printed, "printed SQL is stable");
  }
  return 0;
}
