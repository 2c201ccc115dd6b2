#include "sql_tester.h"

using namespace weir::sql;

namespace {

std::string around(const std::string& pattern) {
  return "SELECT * FROM t MATCH_RECOGNIZE (ONE ROW PER MATCH PATTERN (" + pattern + "))";
}

}  // namespace

TEST_CASE("MATCH_RECOGNIZE with all its clauses") {
  check_canonical({
      {"SELECT * FROM Ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY rowtime MEASURES "
       "START_ROW.rowtime AS s, LAST(DOWN.rowtime, 1) AS b, MATCH_ROWTIME() AS m ONE ROW PER MATCH "
       "AFTER MATCH SKIP TO LAST UP PATTERN (START_ROW DOWN+ UP) WITHIN INTERVAL '1' HOUR DEFINE "
       "DOWN AS LAST(DOWN.price, 1) IS NULL OR DOWN.price < LAST(DOWN.price, 1), UP AS UP.price > "
       "LAST(DOWN.price, 1)) MR",
       "SELECT * FROM Ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY rowtime MEASURES FINAL "
       "START_ROW.rowtime AS s, FINAL LAST(DOWN.rowtime, 1) AS b, FINAL MATCH_ROWTIME() AS m ONE "
       "ROW PER MATCH AFTER MATCH SKIP TO LAST UP PATTERN (START_ROW DOWN+ UP) WITHIN INTERVAL '1' "
       "HOUR DEFINE DOWN AS LAST(DOWN.price, 1) IS NULL OR DOWN.price < LAST(DOWN.price, 1), UP AS "
       "UP.price > LAST(DOWN.price, 1)) AS MR"},
      {"SELECT m.x FROM (SELECT * FROM t) MATCH_RECOGNIZE (MEASURES RUNNING SUM(A.x) AS x ONE ROW "
       "PER MATCH PATTERN (A)) AS m (x)",
       ""},
  });
}

TEST_CASE("patterns") {
  for (const std::string pattern :
       {"A", "A B C", "A* B+ C?", "A*? B+? C??", "A{2} B{2,} C{2,3} D{0,3}", "A{2,}? B{1}?"}) {
    check_canonical({{around(pattern), ""}});
  }
  check_canonical({{around("A{,3} B{0,} C{1}"), around("A{0,3} B* C")}});
}

TEST_CASE("where the next match begins") {
  for (const std::string skip : {"PAST LAST ROW", "TO NEXT ROW", "TO FIRST A", "TO LAST A"}) {
    check_canonical({{"SELECT * FROM t MATCH_RECOGNIZE (ONE ROW PER MATCH AFTER MATCH SKIP " +
                          skip + " PATTERN (A))",
                      ""}});
  }
}

TEST_CASE("what patterns do not have is refused by name") {
  const auto message = [](const std::string& pattern) {
    return parse(around(pattern)).errors.at(0).message;
  };
  CHECK(message("A | B") == "| is not supported");
  CHECK(message("(A B)+") == "( is not supported");
  CHECK(message("^ A") == "^ is not supported");
  CHECK(message("A {- B -}") == "{ is not supported");
  CHECK(message("PERMUTE(A, B)") == "PERMUTE is not supported");
  CHECK(message("A{3,2}") == "the quantifier holds for no number of rows");
  CHECK(parse("SELECT * FROM t MATCH_RECOGNIZE (ALL ROWS PER MATCH PATTERN (A))")
            .errors.at(0)
            .message == "ALL ROWS PER MATCH is not supported");
}
