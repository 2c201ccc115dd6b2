#include "sql_tester.h"

using namespace weir::sql;

TEST_CASE("INSERT") {
  check_canonical({
      {"INSERT INTO t SELECT a FROM u", ""},
      {"INSERT INTO c.t (a, b) VALUES (1, 2), (3, 4)", ""},
      {"INSERT OVERWRITE t PARTITION (day = '2024-01-31', hour) SELECT * FROM u", ""},
      {"INSERT INTO t /*+ OPTIONS('a' = 'b') */ (SELECT 1)",
       "INSERT INTO t /*+ OPTIONS('a' = 'b') */ SELECT 1"},
      {"INSERT INTO 'out.json' WITH x AS (SELECT 1) SELECT * FROM x", ""},
      {"INSERT INTO t SELECT 1 ON CONFLICT DO DEDUPLICATE", ""},
  });
}

TEST_CASE("statement sets") {
  const std::string wanted =
      "EXECUTE STATEMENT SET BEGIN\nINSERT INTO a SELECT 1;\nINSERT INTO b SELECT 2;\nEND";
  check_canonical({
      {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END;", wanted},
      {"BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END", wanted},
  });
}

TEST_CASE("settings and questions") {
  check_canonical({
      {"SET", ""},
      {"SET 'execution.runtime-mode' = 'batch'", ""},
      {"RESET", ""},
      {"RESET 'parallelism.default'", ""},
      {"SHOW TABLES", ""},
      {"SHOW VIEWS NOT LIKE 'x%'", ""},
      {"SHOW FUNCTIONS LIKE '%REGEXP%'", ""},
      {"SHOW COLUMNS IN t LIKE 'a'", "SHOW COLUMNS FROM t LIKE 'a'"},
      {"SHOW CREATE TABLE c.t", ""},
      {"SHOW CREATE VIEW v", ""},
      {"DESC t", "DESCRIBE t"},
      {"DESCRIBE EXTENDED t", ""},
      {"DESCRIBE `extended`", "DESCRIBE extended"},
      {"DESCRIBE 'access.log'", ""},
      {"EXPLAIN SELECT 1", ""},
      {"EXPLAIN PLAN FOR SELECT 1", "EXPLAIN SELECT 1"},
      {"EXPLAIN CHANGELOG_MODE, ESTIMATED_COST INSERT INTO t SELECT 1", ""},
      {"EXPLAIN (PLAN_ADVICE) SELECT 1", "EXPLAIN PLAN_ADVICE SELECT 1"},
      {"EXPLAIN (SELECT 1) UNION SELECT 2", "EXPLAIN SELECT 1 UNION SELECT 2"},
      {"EXPLAIN EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; END",
       "EXPLAIN EXECUTE STATEMENT SET BEGIN\nINSERT INTO a SELECT 1;\nEND"},
  });
}

TEST_CASE("a script is statements between semicolons") {
  CHECK(parse("").statements.empty());
  CHECK(parse(" ;; -- nothing\n ; /* at all */").errors.empty());
  CHECK(parse("SELECT 1; SELECT ';' ;; SELECT 3").statements.size() == 3);
  CHECK(canonical("CREATE VIEW v AS SELECT 1;\nINSERT INTO t SELECT * FROM v;") ==
        "CREATE VIEW v AS SELECT 1;\nINSERT INTO t SELECT * FROM v");
}

TEST_CASE("one query") {
  const auto message = [](const std::string& text) {
    const auto query = parse_query(script_text(text, "q"));
    return query ? to_sql(*query) : query.error().message;
  };
  CHECK(message("SELECT 1;") == "SELECT 1");
  CHECK(message("") == "the query is empty");
  CHECK(message("DROP TABLE t") == "a query is expected here");
  CHECK(message("SELECT 1; SELECT 2") == "one query is expected, found two statements");
}

TEST_CASE("statements of others are refused by name") {
  for (const std::string word : {"USE", "ALTER", "UPDATE", "DELETE", "LOAD", "ADD", "CALL"}) {
    const Script script = parse(word + " x y z; SELECT 1");
    REQUIRE(script.errors.size() == 1);
    CHECK(script.errors[0].message == word + " is not supported");
    CHECK_FALSE(script.errors[0].hint.empty());
    CHECK(script.statements.size() == 1);
  }
}
