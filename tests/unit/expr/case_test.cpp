#include "expr_tester.h"

using namespace weir;

TEST_CASE("CASE takes the first branch that is TRUE") {
  Table t;
  t.add("x", "INT", {"1", "2", "3", "NULL"}).add("s", "STRING", {"'a'", "'b'", "'c'", "'d'"});
  CHECK(t.eval("CASE WHEN x < 2 THEN 'low' WHEN x < 3 THEN 'mid' ELSE 'high' END") ==
        Texts{"low", "mid", "high", "high"});
  CHECK(t.eval("CASE WHEN x < 2 THEN 'low' END") == Texts{"low", "NULL", "NULL", "NULL"});
  CHECK(t.eval("CASE x WHEN 1 THEN s WHEN 2, 3 THEN 'other' END") ==
        Texts{"a", "other", "other", "NULL"});
  CHECK(t.eval("CASE WHEN x IS NULL THEN -1 ELSE x END") == Texts{"1", "2", "3", "-1"});
  CHECK(t.eval("CASE WHEN TRUE THEN s ELSE 'x' END") == Texts{"a", "b", "c", "d"});
  CHECK(t.eval("CASE WHEN NULL THEN s ELSE 'x' END") == Texts(4, "x"));
  CHECK(t.eval("CASE WHEN x = 2 THEN ARRAY[x] ELSE ARRAY[0, 0] END") ==
        Texts{"[0, 0]", "[2]", "[0, 0]", "[0, 0]"});
  CHECK(t.eval("CASE WHEN x = 2 THEN ROW(x, s) END") == Texts{"NULL", "(2, b)", "NULL", "NULL"});
  CHECK(value_of("CASE WHEN FALSE THEN 1 END") == "NULL");
  CHECK(value_of("CASE 5 WHEN 5 THEN NULL ELSE NULL END") == "NULL");
}

TEST_CASE("the branches' types meet") {
  CHECK(type_of("CASE WHEN TRUE THEN 1 ELSE 2.5 END") == "DECIMAL(11, 1)");
  CHECK(type_of("CASE WHEN TRUE THEN NULL ELSE DATE '2024-01-01' END") == "DATE");
  CHECK(value_of("CASE WHEN TRUE THEN 1 ELSE 2.5 END") == "1.0");
  CHECK(
      bind_error("CASE WHEN TRUE THEN 1 ELSE 'x' END") ==
      "the branches of CASE have types that do not meet: INT, STRING / CAST(... AS STRING) brings "
      "all of them to one");
  CHECK(bind_error("CASE WHEN 1 THEN 2 END") ==
        "the condition of WHEN must be BOOLEAN, `1` is INT / compare it: 1 <> 0");
}

TEST_CASE("branches run only on their rows") {
  Table t;
  t.add("x", "INT", {"0", "2", "NULL", "5"}).add("s", "STRING", {"'x'", "'2'", "'y'", "'z'"});
  CHECK(t.eval("CASE WHEN x = 0 THEN -1 ELSE 10 / x END") == Texts{"-1", "5", "NULL", "2"});
  CHECK(t.eval("CASE WHEN x = 2 THEN CAST(s AS INT) ELSE 0 END") == Texts{"0", "2", "0", "0"});
  CHECK(t.eval("CASE WHEN x = 0 THEN 1 WHEN 10 / x = 5 THEN 2 ELSE 3 END") ==
        Texts{"1", "2", "3", "3"});
  // An error inside a branch is reported at its row of the batch.
  CHECK(t.eval("CASE WHEN x IS NOT NULL THEN CAST(s AS INT) ELSE 0 END") ==
        Texts{"! cannot cast 'x' to INT", "2", "0", "! cannot cast 'z' to INT"});
  CHECK(t.eval("CASE WHEN FALSE THEN 1 / 0 ELSE 2 END") == Texts(4, "2"));
}

TEST_CASE("COALESCE, IFNULL and IF run what they need") {
  Table t;
  t.add("x", "INT", {"1", "NULL", "0"}).add("y", "INT", {"0", "2", "0"});
  CHECK(t.eval("COALESCE(x, 10 / y)") == Texts{"1", "5", "0"});
  CHECK(t.eval("IFNULL(x, 10 / y)") == Texts{"1", "5", "0"});
  CHECK(t.eval("IF(y = 0, -1, 10 / y)") == Texts{"-1", "5", "-1"});
  CHECK(t.eval("COALESCE(x, y)") == Texts{"1", "2", "0"});
  CHECK(t.eval("COALESCE(10 / y, x)") == Texts{"! division by zero", "5", "! division by zero"});
}

TEST_CASE("an empty batch goes through every kind of node") {
  Table t;
  t.add("x", "INT", {})
      .add("s", "STRING", {})
      .add("a", "ARRAY<INT>", {})
      .add("r", "ROW<f INT>", {});
  for (const auto* text : {"CASE WHEN x = 1 THEN 10 / x ELSE 2 END",
                           "COALESCE(x, 10 / x)",
                           "x IN (1, 2, x)",
                           "s LIKE 'a%'",
                           "s LIKE s",
                           "x BETWEEN 1 AND 2",
                           "a[1]",
                           "r.f",
                           "ARRAY[x]",
                           "MAP['k', x]",
                           "ROW(x)",
                           "CAST(s AS INT)",
                           "CAST(a AS ARRAY<STRING>)",
                           "UPPER(s)",
                           "x IS NULL",
                           "x <> 0 AND 1 / x = 1",
                           "NOT (x = 1)",
                           "1 + 2",
                           "s || 'x'",
                           "x / 2.5",
                           "DATE '2024-01-01' + INTERVAL '1' DAY"}) {
    INFO(text);
    CHECK(t.eval(text).empty());
  }
}
