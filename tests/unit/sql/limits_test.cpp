#include "sql_tester.h"

using namespace weir::sql;

namespace {

std::string repeated(const std::string& text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("what is nested too deeply is refused, however it is written") {
  const int deep = 10000;
  for (const auto& text : {
           "SELECT " + repeated("(", deep) + "a" + repeated(")", deep),
           "SELECT " + repeated("f(", deep) + "a" + repeated(")", deep),
           "SELECT " + repeated("(SELECT ", deep) + "1" + repeated(")", deep),
           repeated("(", deep) + "SELECT 1" + repeated(")", deep),
           "SELECT * FROM " + repeated("(SELECT * FROM ", deep) + "t" + repeated(")", deep),
           "SELECT * FROM " + repeated("(", deep) + "t" + repeated(")", deep),
           "SELECT a IN " + repeated("(SELECT b IN ", deep) + "(1)" + repeated(")", deep),
           "SELECT EXISTS " + repeated("(SELECT EXISTS ", deep) + "(SELECT 1)" +
               repeated(")", deep),
           repeated("WITH a AS (", deep) + "SELECT 1" + repeated(") SELECT 1", deep),
           "SELECT 1 GROUP BY " + repeated("ROLLUP (", deep) + "a" + repeated(")", deep),
           "SELECT " + repeated("NOT ", deep) + "a",
           "SELECT " + repeated("CASE WHEN a THEN ", deep) + "b" + repeated(" END", deep),
           "SELECT a" + repeated(" + a", deep),
           "SELECT a" + repeated(".b", deep),
       }) {
    INFO(text.substr(0, 60));
    const Script script = parse(text);
    REQUIRE(script.errors.size() == 1);
    CHECK(script.errors[0].message == "the expression is nested too deeply (more than 500 levels)");
  }
  // The parser's count of levels is back at zero behind an error.
  const Script again = parse("SELECT " + repeated("(SELECT ", deep) + "; SELECT (SELECT 1)");
  CHECK(again.errors.size() == 1);
  CHECK(again.statements.size() == 1);
}

TEST_CASE("what is long is not deep") {
  const int many = 20000;
  for (const auto& text : {
           "SELECT 1" + repeated(" UNION ALL SELECT 2", many),
           "SELECT 1" + repeated(" INTERSECT SELECT 2", many),
           "SELECT * FROM t" + repeated(" CROSS JOIN u", many),
           "SELECT * FROM t" + repeated(", u", many),
           "VALUES (0)" + repeated(", (1)", many),
           "SELECT a" + repeated(" AND a", many),
           "SELECT a" + repeated(", a", many),
           "SELECT a IN (0" + repeated(", 1", many) + ")",
       }) {
    INFO(text.substr(0, 40));
    const Script script = parse(text);
    REQUIRE(script.errors.empty());
    CHECK(to_sql(script.statements.at(0)) == text);
  }
}

TEST_CASE("a script of errors ends after a hundred of them") {
  CHECK(parse(repeated("SELECT FROM;\n", 100000)).errors.size() == 100);
  CHECK(parse(repeated("SELECT #;\n", 100000)).errors.size() == 100);
  CHECK(parse(repeated("\"", 100000)).errors.size() == 1);
}
