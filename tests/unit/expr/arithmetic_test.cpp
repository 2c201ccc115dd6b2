#include <cmath>

#include "expr_tester.h"

using namespace weir;

TEST_CASE("result types of arithmetic") {
  CHECK(type_of("1 + 2") == "INT");
  CHECK(type_of("1 + 2147483648") == "BIGINT");
  CHECK(type_of("CAST(1 AS TINYINT) + CAST(1 AS SMALLINT)") == "SMALLINT");
  CHECK(type_of("1 / 2") == "INT");
  CHECK(type_of("1 + 1.5") == "DECIMAL(12, 1)");
  CHECK(type_of("1.5 + 1e0") == "DOUBLE");
  CHECK(type_of("CAST(1 AS FLOAT) + 1") == "FLOAT");
  CHECK(type_of("CAST(1 AS FLOAT) + 1.5") == "DOUBLE");
  CHECK(type_of("CAST(1 AS FLOAT) + CAST(1 AS FLOAT)") == "FLOAT");
  CHECK(type_of("1 + NULL") == "INT");
  CHECK(type_of("-CAST(1 AS SMALLINT)") == "SMALLINT");
}

TEST_CASE("integers: division truncates, % follows the dividend") {
  CHECK(value_of("7 / 2") == "3");
  CHECK(value_of("-7 / 2") == "-3");
  CHECK(value_of("7 % 3") == "1");
  CHECK(value_of("-7 % 3") == "-1");
  CHECK(value_of("7 % -3") == "1");
  CHECK(value_of("1 + NULL") == "NULL");
  Table t;
  t.add("a", "BIGINT", {"7", "-7", "NULL", "0"}).add("b", "BIGINT", {"2", "-2", "3", "NULL"});
  CHECK(t.eval("a + b") == Texts{"9", "-9", "NULL", "NULL"});
  CHECK(t.eval("a - b") == Texts{"5", "-5", "NULL", "NULL"});
  CHECK(t.eval("a * b") == Texts{"14", "14", "NULL", "NULL"});
  CHECK(t.eval("a / b") == Texts{"3", "3", "NULL", "NULL"});
  CHECK(t.eval("a % b") == Texts{"1", "-1", "NULL", "NULL"});
  CHECK(t.eval("10 - a") == Texts{"3", "17", "NULL", "10"});
  CHECK(t.eval("a - 10") == Texts{"-3", "-17", "NULL", "-10"});
  CHECK(t.eval("-a") == Texts{"-7", "7", "NULL", "0"});
  CHECK(t.eval("+a") == Texts{"7", "-7", "NULL", "0"});
}

TEST_CASE("overflow and division by zero are errors of their rows") {
  struct Extreme {
    std::string type, min, max;
  };
  const std::vector<Extreme> types = {
      {"TINYINT", "-128", "127"},
      {"SMALLINT", "-32768", "32767"},
      {"INT", "-2147483648", "2147483647"},
      {"BIGINT", "-9223372036854775808", "9223372036854775807"},
  };
  for (const auto& x : types) {
    INFO(x.type);
    Table t;
    t.add("a", x.type, {x.max, x.min, "1", "NULL", x.min});
    t.add("b", x.type, {"1", "-1", "1", x.max, "0"});
    t.add("c", x.type, {"1", "1", "1", "1", "1"});
    CHECK(t.eval("a + b") == Texts{"! integer overflow: " + x.max + " + 1",
                                   "! integer overflow: " + x.min + " + -1", "2", "NULL", x.min});
    CHECK(t.eval("a - c")[1] == "! integer overflow: " + x.min + " - 1");
    CHECK(t.eval("a - c")[2] == "0");
    CHECK(t.eval("a * b") ==
          Texts{x.max, "! integer overflow: " + x.min + " * -1", "1", "NULL", "0"});
    CHECK(t.eval("a * a")[0] == "! integer overflow: " + x.max + " * " + x.max);
    CHECK(t.eval("a / b") == Texts{x.max, "! integer overflow: " + x.min + " / -1", "1", "NULL",
                                   "! division by zero"});
    CHECK(t.eval("a % b") == Texts{"0", "0", "0", "NULL", "! division by zero"});
    CHECK(t.eval("-a")[1] == "! integer overflow: 0 - " + x.min);
    t.context.wrap_overflow = true;
    CHECK(t.eval("a + b")[0] == x.min);
    CHECK(t.eval("a + b")[1] == x.max);
    CHECK(t.eval("a / b")[1] == x.min);
    CHECK(t.eval("a / b")[4] == "! division by zero");
    CHECK(t.eval("a * b")[1] == x.min);
  }
}

TEST_CASE("a constant that fails fails on every row, and on none without rows") {
  Table t;
  t.add("a", "INT", {"1", "2", "3"});
  CHECK(t.eval("1 / 0") == Texts(3, "! division by zero"));
  CHECK(t.eval("a + 1 / 0") == Texts(3, "! division by zero"));
  Table empty;
  empty.add("a", "INT", {});
  CHECK(empty.eval("1 / 0").empty());
  CHECK(empty.eval("a + 1").empty());
}

TEST_CASE("floating point knows infinity and NaN") {
  CHECK(value_of("1e0 / 0") == "Infinity");
  CHECK(value_of("-1e0 / 0") == "-Infinity");
  CHECK(value_of("0e0 / 0") == "NaN");
  CHECK(value_of("5.5e0 % 2") == "1.5");
  CHECK(value_of("1e308 * 10") == "Infinity");
  Table t;
  t.add("d", "DOUBLE", {"1.5", "NULL", "-2"}).add("f", "FLOAT", {"0.5", "1", "NULL"});
  CHECK(t.eval("d * 2") == Texts{"3.0", "NULL", "-4.0"});
  CHECK(t.eval("d + f") == Texts{"2.0", "NULL", "NULL"});
  CHECK(t.eval("-d") == Texts{"-1.5", "NULL", "2.0"});
  CHECK(t.eval("-f") == Texts{"-0.5", "-1.0", "NULL"});
  CHECK(t.eval("f / 0") == Texts{"Infinity", "Infinity", "NULL"});
}

TEST_CASE("times and intervals") {
  CHECK(value_of("DATE '2024-01-31' + INTERVAL '1' MONTH") == "2024-02-29");
  CHECK(value_of("DATE '2024-01-31' - INTERVAL '1' DAY") == "2024-01-30");
  CHECK(value_of("INTERVAL '1' DAY + DATE '2024-02-29'") == "2024-03-01");
  CHECK(type_of("DATE '2024-01-31' + INTERVAL '1' HOUR") == "TIMESTAMP(0)");
  CHECK(value_of("DATE '2024-01-31' + INTERVAL '25' HOUR") == "2024-02-01 01:00:00");
  CHECK(value_of("TIME '23:30:00' + INTERVAL '1' HOUR") == "00:30:00");
  CHECK(value_of("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '1 02:03:04' DAY TO SECOND") ==
        "2024-02-01 12:03:04");
  CHECK(value_of("TIMESTAMP '2024-01-31 10:00:00' - INTERVAL '1-1' YEAR TO MONTH") ==
        "2022-12-31 10:00:00");
  CHECK(value_of("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '0.250' SECOND") ==
        "2024-01-31 10:00:00.250");
  CHECK(value_of("INTERVAL '1' DAY * 3 = INTERVAL '3' DAY") == "TRUE");
  CHECK(value_of("INTERVAL '1' DAY - INTERVAL '12' HOUR = INTERVAL '12' HOUR") == "TRUE");
  CHECK(value_of("-INTERVAL '1' DAY < INTERVAL '1' SECOND") == "TRUE");
  CHECK(value_of("TIMESTAMP '2024-01-31 10:00:00' + NULL") == "NULL");
  Table t;
  t.add("d", "DATE", {"DATE '2024-02-29'", "NULL", "DATE '1969-12-31'"});
  t.add("s", "TIMESTAMP(9)", {"TIMESTAMP '1969-12-31 23:59:59.999999999'", "NULL", "NULL"});
  CHECK(t.eval("d + INTERVAL '1' YEAR") == Texts{"2025-02-28", "NULL", "1970-12-31"});
  CHECK(t.eval("s + INTERVAL '1' SECOND")[0] == "1970-01-01 00:00:00.999999999");
  CHECK(t.eval("s + INTERVAL '300' YEAR")[0] == "! the time is out of range");
}

TEST_CASE("what arithmetic does not do") {
  CHECK(
      bind_error("1 + 'a'") ==
      "cannot apply `+` to INT and STRING / texts are joined by ||; CAST(x AS INT) makes a number "
      "of one");
  CHECK(bind_error("TRUE * 2") == "cannot apply `*` to BOOLEAN and INT");
  CHECK(bind_error("TIMESTAMP '2024-01-01 00:00:00' - TIMESTAMP '2023-01-01 00:00:00'") ==
        "cannot apply `-` to TIMESTAMP(0) and TIMESTAMP(0) / TIMESTAMPDIFF(SECOND, a, b) gives the "
        "time between two points");
  CHECK(bind_error("INTERVAL '1' DAY + INTERVAL '1' MONTH") ==
        "cannot apply `+` to INTERVAL DAY TO SECOND and INTERVAL YEAR TO MONTH");
  CHECK(bind_error("-'a'") == "cannot apply `-` to STRING");
}
