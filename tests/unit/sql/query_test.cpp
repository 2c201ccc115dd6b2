#include "sql_tester.h"

using namespace weir::sql;

TEST_CASE("select lists") {
  check_canonical({
      {"SELECT 1", ""},
      {"select a, b from t", "SELECT a, b FROM t"},
      {"SELECT * FROM t", ""},
      {"SELECT t.*, c.d.t.*, x FROM t", ""},
      {"SELECT a b, c AS d, e `my f` FROM t", "SELECT a AS b, c AS d, e AS `my f` FROM t"},
      {"SELECT DISTINCT a FROM t", ""},
      {"SELECT ALL a FROM t", "SELECT a FROM t"},
      {"SELECT /*+ BROADCAST(t1, t2), LOOKUP('table'='c', 'async'='true') */ a FROM t",
       "SELECT /*+ BROADCAST(t1, t2), LOOKUP('table' = 'c', 'async' = 'true') */ a FROM t"},
      {"SELECT `select`, `limit`, offset, `all` FROM `from`", ""},
      {"SELECT Hits, hits FROM T, t", ""},
      {"SELECT 'it''s', U&'\\263A', X'0c', DATE '2024-01-31' d",
       "SELECT 'it''s', '☺', X'0c', DATE '2024-01-31' AS d"},
      {"SELECT a -- the first\n, /* and */ b FROM t", "SELECT a, b FROM t"},
      {"SELECT COUNT(DISTINCT a) FILTER (WHERE b > 1) AS n FROM t", ""},
      {"SELECT f(x => 1, y => 'a') FROM t", "SELECT F(x => 1, y => 'a') FROM t"},
      {"SELECT INTERVAL '10' MINUTES, INTERVAL '1-6' YEAR TO MONTH",
       "SELECT INTERVAL '10' MINUTE, INTERVAL '18' MONTH"},
      {"SELECT ROW(1, 'a'), (1, 2), ARRAY[1, 2], MAP['a', 1]",
       "SELECT ROW(1, 'a'), ROW(1, 2), ARRAY[1, 2], MAP['a', 1]"},
  });
}

TEST_CASE("the clauses of SELECT") {
  check_canonical({
      {"SELECT a FROM t WHERE a > 1 AND b IS NOT NULL", ""},
      {"SELECT a, COUNT(*) FROM t GROUP BY a HAVING COUNT(*) > 1", ""},
      {"SELECT 1 FROM t GROUP BY a + 1, b, ()", ""},
      {"SELECT 1 FROM t GROUP BY (a, b), ROW(a, b)", ""},
      {"SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), a, ())", ""},
      {"SELECT 1 FROM t GROUP BY ROLLUP (a, (b, c)), CUBE(d, e)",
       "SELECT 1 FROM t GROUP BY ROLLUP (a, (b, c)), CUBE (d, e)"},
      {"SELECT 1 FROM t GROUP BY grouping sets (rollup(a, b), cube(c), d)",
       "SELECT 1 FROM t GROUP BY GROUPING SETS (ROLLUP (a, b), CUBE (c), d)"},
      {"SELECT a FROM t ORDER BY a DESC, b NULLS LAST, c ASC LIMIT 10",
       "SELECT a FROM t ORDER BY a DESC, b NULLS LAST, c LIMIT 10"},
      {"SELECT a FROM t ORDER BY a DESC NULLS FIRST", ""},
      {"SELECT a FROM t ORDER BY a ASC NULLS FIRST", "SELECT a FROM t ORDER BY a"},
      {"SELECT a FROM t LIMIT 5 OFFSET 10", ""},
      {"SELECT a FROM t OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY",
       "SELECT a FROM t LIMIT 5 OFFSET 10"},
      {"SELECT a FROM t FETCH FIRST ROW ONLY", "SELECT a FROM t LIMIT 1"},
      {"SELECT a FROM t LIMIT ALL", "SELECT a FROM t"},
      {"SELECT offset FROM t OFFSET 2", ""},
  });
}

TEST_CASE("OVER windows") {
  check_canonical({
      {"SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) AS n FROM t", ""},
      {"SELECT SUM(x) OVER (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t", ""},
      {"SELECT SUM(x) OVER (ORDER BY ts ROWS 2 PRECEDING) FROM t",
       "SELECT SUM(x) OVER (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t"},
      {"SELECT SUM(x) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)",
       ""},
      {"SELECT AVG(x) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)", ""},
      {"SELECT AVG(x) OVER (ROWS BETWEEN 1 + 1 PRECEDING AND 3 FOLLOWING)", ""},
      {"SELECT LAG(x, 1, 0) OVER w, SUM(x) OVER (w ROWS 1 PRECEDING), COUNT(*) OVER () FROM t "
       "WINDOW w AS (PARTITION BY a ORDER BY b), v AS (w)",
       "SELECT LAG(x, 1, 0) OVER w, SUM(x) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), "
       "COUNT(*) OVER () FROM t WINDOW w AS (PARTITION BY a ORDER BY b), v AS (w)"},
      {"SELECT LAST_VALUE(x) IGNORE NULLS OVER w FROM t WINDOW w AS (ORDER BY a)",
       "SELECT LAST_VALUE(x IGNORE NULLS) OVER w FROM t WINDOW w AS (ORDER BY a)"},
  });
}

TEST_CASE("set operations: INTERSECT binds tighter, the others go from left to right") {
  check_canonical({
      {"SELECT 1 UNION SELECT 2 UNION ALL SELECT 3", ""},
      {"SELECT 1 UNION DISTINCT SELECT 2", "SELECT 1 UNION SELECT 2"},
      {"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4", ""},
      {"(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3", ""},
      {"SELECT 1 UNION (SELECT 2 EXCEPT SELECT 3)", ""},
      {"(SELECT 1) UNION ((SELECT 2))", "SELECT 1 UNION SELECT 2"},
      {"(SELECT 1 ORDER BY a LIMIT 1) UNION ALL SELECT 2 ORDER BY b", ""},
      {"VALUES (1, 'a'), (2, 'b')", ""},
      {"VALUES 1, 2, ROW(3)", "VALUES (1), (2), (3)"},
      {"TABLE t", "SELECT * FROM t"},
  });
  const Script script = parse("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3");
  REQUIRE(script.statements.size() == 1);
  const auto& query = std::get<Query>(script.statements[0].what);
  const auto& set = std::get<SetOperation>(query.body.what);
  CHECK(set.inputs.size() == 2);
  CHECK(std::holds_alternative<SetOperation>(set.inputs[1].what));
}

TEST_CASE("WITH and queries inside expressions") {
  check_canonical({
      {"WITH a AS (SELECT 1), b (x, y) AS (VALUES (1, 2)) SELECT * FROM a, b", ""},
      {"SELECT a FROM t WHERE b IN (SELECT c FROM u) AND EXISTS (SELECT 1 FROM v)", ""},
      {"SELECT a FROM t WHERE (a, b) NOT IN (SELECT c, d FROM u)",
       "SELECT a FROM t WHERE ROW(a, b) NOT IN (SELECT c, d FROM u)"},
      {"SELECT a FROM t WHERE NOT EXISTS (VALUES (1))", ""},
      {"SELECT (SELECT MAX(a) FROM t) + 1 AS m", ""},
      {"SELECT a IN ((SELECT 1), 2)", ""},
      {"SELECT a IN ((SELECT 1))", "SELECT a IN (SELECT 1)"},
      {"SELECT a IN ((SELECT 1) UNION SELECT 2)", "SELECT a IN (SELECT 1 UNION SELECT 2)"},
      {"SELECT a IN ((SELECT 1) + 2)", ""},
      {"SELECT ((SELECT 1) + 2) * 3", ""},
      {"SELECT f((SELECT 1), (SELECT 2 LIMIT 1))", "SELECT F((SELECT 1), (SELECT 2 LIMIT 1))"},
      {"SELECT a IN (WITH x AS (SELECT 1) SELECT * FROM x)", ""},
  });
}

TEST_CASE("trees are copied and compared deeply, places do not count") {
  const std::string text = "SELECT a, (SELECT MAX(b) FROM u) FROM t WHERE c > 1 ORDER BY a";
  const Script one = parse(text);
  const Script other = parse("  " + text);
  REQUIRE(one.statements.size() == 1);
  CHECK(one.statements == other.statements);
  const Statement copy = one.statements[0];
  CHECK(copy == one.statements[0]);
  CHECK(to_sql(copy) == text);
  CHECK_FALSE(
      copy ==
      parse("SELECT a, (SELECT MAX(b) FROM v) FROM t WHERE c > 1 ORDER BY a").statements[0]);
  CHECK_FALSE(copy == parse("SELECT a, (SELECT MAX(b) FROM u) FROM t WHERE c > 1").statements[0]);
}

TEST_CASE("parts know their place in the script") {
  const std::string text = "SELECT 1;\nSELECT abc AS d FROM t JOIN u ON x = y";
  const Script script = parse(text);
  REQUIRE(script.statements.size() == 2);
  CHECK(script.statements[1].place.offset == 10);
  const auto& select = std::get<Select>(std::get<Query>(script.statements[1].what).body.what);
  const auto at = [&](size_t offset, size_t length) { return text.substr(offset, length); };
  CHECK(at(select.items[0].expression->offset, select.items[0].expression->length) == "abc");
  CHECK(at(select.items[0].alias.place.offset, select.items[0].alias.place.length) == "d");
  const Join& join = select.from[0].joins[0];
  CHECK(at(join.on->offset, join.on->length) == "x = y");
  CHECK(at(join.right.place.offset, join.right.place.length) == "u");
  CHECK(at(join.place.offset, join.place.length) == "JOIN");
}
