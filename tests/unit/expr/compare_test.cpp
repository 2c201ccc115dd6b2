#include "expr_tester.h"

using namespace weir;

TEST_CASE("comparisons of every kind of value, columns and constants") {
  struct Kind {
    std::string type, small, large;
  };
  const std::vector<Kind> kinds = {
      {"BOOLEAN", "FALSE", "TRUE"},
      {"TINYINT", "-128", "127"},
      {"SMALLINT", "-5", "5"},
      {"INT", "-2147483648", "2147483647"},
      {"BIGINT", "-9223372036854775808", "9223372036854775807"},
      {"FLOAT", "-1.5e0", "0.25e0"},
      {"DOUBLE", "-1.5e300", "0.25e0"},
      {"DECIMAL(38, 2)", "-123456789012345678901234567890.12", "0.01"},
      {"STRING", "'abc'", "'abcd'"},
      {"STRING", "''", "'\xC3\xA4'"},
      {"BYTES", "X'00'", "X'ff'"},
      {"DATE", "DATE '1969-12-31'", "DATE '2024-01-01'"},
      {"TIME(3)", "TIME '00:00:00'", "TIME '23:59:59.999'"},
      {"TIMESTAMP(6)", "TIMESTAMP '1969-12-31 00:00:00'", "TIMESTAMP '2024-01-01 00:00:00.000001'"},
      {"TIMESTAMP(9)", "TIMESTAMP '2024-01-01 00:00:00'",
       "TIMESTAMP '2024-01-01 00:00:00.000000001'"},
      {"INTERVAL DAY TO SECOND", "INTERVAL '1' SECOND", "INTERVAL '1' DAY"},
      {"INTERVAL YEAR TO MONTH", "INTERVAL '1' MONTH", "INTERVAL '1' YEAR"},
      {"ARRAY<INT>", "ARRAY[1, 2]", "ARRAY[1, 3]"},
      {"ROW<a INT, b STRING>", "ROW(1, 'x')", "ROW(1, 'y')"},
  };
  const std::vector<std::pair<std::string, Texts>> wanted = {
      // small ? small, small ? large, large ? small, NULL ? small, large ? NULL
      {"=", {"TRUE", "FALSE", "FALSE", "NULL", "NULL"}},
      {"<>", {"FALSE", "TRUE", "TRUE", "NULL", "NULL"}},
      {"<", {"FALSE", "TRUE", "FALSE", "NULL", "NULL"}},
      {"<=", {"TRUE", "TRUE", "FALSE", "NULL", "NULL"}},
      {">", {"FALSE", "FALSE", "TRUE", "NULL", "NULL"}},
      {">=", {"TRUE", "FALSE", "TRUE", "NULL", "NULL"}},
      {"IS DISTINCT FROM", {"FALSE", "TRUE", "TRUE", "TRUE", "TRUE"}},
      {"IS NOT DISTINCT FROM", {"TRUE", "FALSE", "FALSE", "FALSE", "FALSE"}},
  };
  for (const auto& k : kinds) {
    Table t;
    t.add("a", k.type, {k.small, k.small, k.large, "NULL", k.large});
    t.add("b", k.type, {k.small, k.large, k.small, k.small, "NULL"});
    const std::string small = "CAST(" + k.small + " AS " + k.type + ")";
    const std::string large = "CAST(" + k.large + " AS " + k.type + ")";
    for (const auto& [op, results] : wanted) {
      INFO(k.type << " " << op);
      CHECK(t.eval("a " + op + " b") == results);
      CHECK(t.eval("a " + op + " " + small)[2] == results[2]);
      CHECK(t.eval("a " + op + " " + large)[0] == results[1]);
      CHECK(t.eval(small + " " + op + " b")[1] == results[1]);
      CHECK(t.eval(large + " " + op + " b")[2] == results[2]);
      CHECK(value_of(small + " " + op + " " + large) == results[1]);
      Table full;  // without NULLs the loops are others
      full.add("a", k.type, {k.small, k.small, k.large})
          .add("b", k.type, {k.small, k.large, k.small});
      CHECK(full.eval("a " + op + " b") == Texts(results.begin(), results.begin() + 3));
    }
  }
  CHECK(value_of("NULL IS NOT DISTINCT FROM NULL") == "TRUE");
  CHECK(value_of("NULL = NULL") == "NULL");
}

TEST_CASE("NaN compares as in IEEE 754") {
  CHECK(value_of("CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE)") == "FALSE");
  CHECK(value_of("CAST('NaN' AS DOUBLE) > 1") == "FALSE");
  CHECK(value_of("CAST('NaN' AS DOUBLE) <> 1") == "TRUE");
}

TEST_CASE("sides of different types meet") {
  Table t;
  t.add("i", "INT", {"1", "2", "-2", "NULL"}).add("s", "SMALLINT", {"1", "2", "-2", "NULL"});
  t.add("d", "DOUBLE", {"1.5", "2", "-2.5", "NULL"})
      .add("n", "DECIMAL(5, 2)", {"1.5", "2", "-2.5", "0"});
  CHECK(t.eval("i < 1.5") == Texts{"TRUE", "FALSE", "TRUE", "NULL"});
  CHECK(t.eval("i <= 1.5") == Texts{"TRUE", "FALSE", "TRUE", "NULL"});
  CHECK(t.eval("i > 1.5") == Texts{"FALSE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("i >= -1.5") == Texts{"TRUE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("-1.5 < i") == Texts{"TRUE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("-1.5 >= i") == Texts{"FALSE", "FALSE", "TRUE", "NULL"});
  CHECK(t.eval("1.5 > i") == Texts{"TRUE", "FALSE", "TRUE", "NULL"});
  CHECK(t.eval("i = 1.5") == Texts{"FALSE", "FALSE", "FALSE", "NULL"});
  CHECK(t.eval("i = 2.0") == Texts{"FALSE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("s < 100000") == Texts{"TRUE", "TRUE", "TRUE", "NULL"});
  CHECK(t.eval("i < 99999999999999999999") == Texts{"TRUE", "TRUE", "TRUE", "NULL"});
  CHECK(t.eval("i = s") == Texts{"TRUE", "TRUE", "TRUE", "NULL"});
  CHECK(t.eval("i < d") == Texts{"TRUE", "FALSE", "FALSE", "NULL"});
  CHECK(t.eval("n = d") == Texts{"TRUE", "TRUE", "TRUE", "NULL"});
  CHECK(t.eval("n > i") == Texts{"TRUE", "FALSE", "FALSE", "NULL"});
  Table times;
  times.add("ts", "TIMESTAMP(3)",
            {"TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-02 00:00:00'"});
  times.add("d", "DATE", {"DATE '2024-01-01'", "DATE '2024-01-01'"});
  times.add("nano", "TIMESTAMP(9)",
            {"TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:00'"});
  CHECK(times.eval("ts = d") == Texts{"TRUE", "FALSE"});
  CHECK(times.eval("ts = nano") == Texts{"TRUE", "FALSE"});
  CHECK(times.eval("ts > '2024-01-01 12:00:00'") == Texts{"FALSE", "TRUE"});
  CHECK(times.eval("'2024-01-02' <= ts") == Texts{"FALSE", "TRUE"});
  CHECK(times.eval("d = '2024-01-01'") == Texts{"TRUE", "TRUE"});
  CHECK(times.eval("d IN ('2024-01-01', '2025-01-01')") == Texts{"TRUE", "TRUE"});
}

TEST_CASE("sides that do not meet say what to write") {
  Table t;
  t.add("i", "INT", {"1"})
      .add("s", "STRING", {"'1'"})
      .add("d", "DATE", {"NULL"})
      .add("b", "BOOLEAN", {"NULL"});
  CHECK(bind_error("i = '200'", t.schema) ==
        "cannot compare INT with STRING / a number is written without quotes: 200");
  CHECK(bind_error("s > 5", t.schema) ==
        "cannot compare STRING with INT / convert the text first: CAST(... AS INT)");
  CHECK(bind_error("b = 'true'", t.schema) ==
        "cannot compare BOOLEAN with STRING / TRUE and FALSE are written without quotes");
  CHECK(bind_error("d = 'soon'", t.schema) == "'soon' is no DATE");
  CHECK(bind_error("d = s", t.schema) ==
        "cannot compare DATE with STRING / convert the text first: CAST(... AS DATE)");
  CHECK(bind_error("i IN (1, 'x')", t.schema) == "cannot compare INT with STRING");
}

TEST_CASE("BETWEEN") {
  Table t;
  t.add("x", "INT", {"1", "5", "9", "NULL"}).add("hi", "INT", {"NULL", "NULL", "3", "3"});
  CHECK(t.eval("x BETWEEN 2 AND 5") == Texts{"FALSE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("x NOT BETWEEN 2 AND 5") == Texts{"TRUE", "FALSE", "TRUE", "NULL"});
  CHECK(t.eval("x BETWEEN 5 AND 2") == Texts{"FALSE", "FALSE", "FALSE", "NULL"});
  CHECK(t.eval("x BETWEEN SYMMETRIC 5 AND 2") == Texts{"FALSE", "TRUE", "FALSE", "NULL"});
  CHECK(t.eval("x BETWEEN 2 AND hi") == Texts{"FALSE", "NULL", "FALSE", "NULL"});
  CHECK(t.eval("x BETWEEN 0.5 AND 5.5e0") == Texts{"TRUE", "TRUE", "FALSE", "NULL"});
}

TEST_CASE("IN") {
  Table t;
  t.add("x", "INT", {"1", "5", "NULL"}).add("s", "STRING", {"'a'", "'zz'", "NULL"});
  t.add("d", "DECIMAL(4, 1)", {"1.5", "2", "NULL"}).add("y", "INT", {"1", "1", "1"});
  CHECK(t.eval("x IN (1, 2, 3)") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("x NOT IN (1, 2, 3)") == Texts{"FALSE", "TRUE", "NULL"});
  CHECK(t.eval("x IN (1, NULL)") == Texts{"TRUE", "NULL", "NULL"});
  CHECK(t.eval("x NOT IN (1, NULL)") == Texts{"FALSE", "NULL", "NULL"});
  CHECK(t.eval("x IN (10, 9, 8, 7, 6, 5)") == Texts{"FALSE", "TRUE", "NULL"});
  CHECK(t.eval("x IN (1.0, 7.5)") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("x IN (1, 99999999999)") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("s IN ('a', 'b')") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("s IN ('a', 'b', 'c', 'd', 'e', 'zz')") == Texts{"TRUE", "TRUE", "NULL"});
  CHECK(t.eval("d IN (1.5, 3)") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("x IN (y, 5)") == Texts{"TRUE", "TRUE", "NULL"});
  CHECK(t.eval("x NOT IN (y)") == Texts{"FALSE", "TRUE", "NULL"});
  CHECK(t.eval("x IN (1, 1 / (x - 1))") == Texts{"TRUE", "FALSE", "NULL"});
  CHECK(t.eval("ARRAY[x] IN (ARRAY[1])") == Texts{"TRUE", "FALSE", "FALSE"});
  CHECK(value_of("NULL IN (1, 2)") == "NULL");
  CHECK(value_of("1 IN (NULL)") == "NULL");
}
