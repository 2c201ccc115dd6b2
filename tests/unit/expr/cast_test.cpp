#include "expr/cast.h"

#include "expr_tester.h"

using namespace weir;

namespace {

struct Case {
  std::string value, type, result;
};

void check(const std::vector<Case>& cases) {
  for (const auto& c : cases) {
    INFO("CAST(" << c.value << " AS " << c.type << ")");
    CHECK(value_of("CAST(" + c.value + " AS " + c.type + ")") == c.result);
    const bool fails = c.result.starts_with("!");
    CHECK(value_of("TRY_CAST(" + c.value + " AS " + c.type + ")") == (fails ? "NULL" : c.result));
  }
}

}  // namespace

TEST_CASE("texts to numbers and booleans") {
  check({
      {"'12'", "INT", "12"},
      {"' -12 '", "INT", "-12"},
      {"'+12'", "INT", "12"},
      {"'1.999'", "INT", "1"},
      {"'128'", "TINYINT", "! cannot cast '128' to TINYINT"},
      {"'x1'", "INT", "! cannot cast 'x1' to INT"},
      {"''", "BIGINT", "! cannot cast '' to BIGINT"},
      {"'9223372036854775808'", "BIGINT", "! cannot cast '9223372036854775808' to BIGINT"},
      {"'1e3'", "INT", "! cannot cast '1e3' to INT"},
      {"'1e3'", "DOUBLE", "1000.0"},
      {"'NaN'", "DOUBLE", "NaN"},
      {"'-Infinity'", "FLOAT", "-Infinity"},
      {"'1e999'", "DOUBLE", "Infinity"},
      {"'1,5'", "DOUBLE", "! cannot cast '1,5' to DOUBLE"},
      {"'12.345'", "DECIMAL(5, 2)", "12.35"},
      {"'1234.5'", "DECIMAL(5, 2)", "! cannot cast '1234.5' to DECIMAL(5, 2)"},
      {"'TRUE'", "BOOLEAN", "TRUE"},
      {"'False'", "BOOLEAN", "FALSE"},
      {"'yes'", "BOOLEAN", "! cannot cast 'yes' to BOOLEAN"},
  });
}

TEST_CASE("numbers to numbers") {
  check({
      {"300", "TINYINT", "! cannot cast 300 to TINYINT"},
      {"-128", "TINYINT", "-128"},
      {"2147483648", "INT", "! cannot cast 2147483648 to INT"},
      {"2147483647", "INT", "2147483647"},
      {"1.9e0", "INT", "1"},
      {"-1.9e0", "INT", "-1"},
      {"1e10", "INT", "! cannot cast 1.0E10 to INT"},
      {"9.3e18", "BIGINT", "! cannot cast 9.3E18 to BIGINT"},
      {"-128.5e0", "TINYINT", "-128"},
      {"1.95", "INT", "1"},
      {"1.95", "DECIMAL(2, 1)", "2.0"},
      {"9.95", "DECIMAL(2, 1)", "! cannot cast 9.95 to DECIMAL(2, 1)"},
      {"12", "DECIMAL(4, 2)", "12.00"},
      {"123", "DECIMAL(4, 2)", "! cannot cast 123 to DECIMAL(4, 2)"},
      {"0.1e0", "DECIMAL(10, 3)", "0.100"},
      {"CAST(0.1 AS FLOAT)", "DECIMAL(10, 9)", "0.100000000"},
      {"1.5", "DOUBLE", "1.5"},
      {"1", "FLOAT", "1.0"},
      {"TRUE", "INT", "1"},
      {"FALSE", "DECIMAL(3, 1)", "0.0"},
      {"0", "BOOLEAN", "FALSE"},
      {"0.5", "BOOLEAN", "TRUE"},
      {"NULL", "INT", "NULL"},
  });
  CHECK(value_of("CAST('NaN' AS DOUBLE) IS NULL") == "FALSE");
  CHECK(value_of("CAST(CAST('NaN' AS DOUBLE) AS INT)") == "! cannot cast NaN to INT");
}

TEST_CASE("wrapping overflow is Flink's") {
  Table t;
  t.add("i", "INT", {"300", "-129"}).add("d", "DOUBLE", {"1e10", "-300"});
  t.context.wrap_overflow = true;
  CHECK(t.eval("CAST(i AS TINYINT)") == Texts{"44", "127"});
  CHECK(t.eval("CAST(d AS INT)") == Texts{"2147483647", "-300"});
  CHECK(t.eval("CAST(d AS TINYINT)") == Texts{"-1", "-44"});
}

TEST_CASE("everything to text") {
  check({
      {"TRUE", "STRING", "TRUE"},
      {"12", "STRING", "12"},
      {"1e10", "STRING", "1.0E10"},
      {"1.50", "STRING", "1.50"},
      {"DATE '2024-01-31'", "STRING", "2024-01-31"},
      {"TIMESTAMP '2021-09-24 12:34:56.1'", "STRING", "2021-09-24 12:34:56.1"},
      {"CAST('2021-09-24 12:34:56.1' AS TIMESTAMP(3))", "STRING", "2021-09-24 12:34:56.100"},
      {"INTERVAL '1' YEAR", "STRING", "+1-00"},
      {"INTERVAL '3' SECOND", "STRING", "+0 00:00:03.000"},
      {"ARRAY[1, NULL]", "STRING", "[1, NULL]"},
      {"MAP['k', 1]", "STRING", "{k=1}"},
      {"ROW(1, 'abc')", "STRING", "(1, abc)"},
      {"X'6162'", "STRING", "ab"},
      {"CAST('ab' AS BYTES)", "STRING", "ab"},
  });
}

TEST_CASE("texts to times") {
  check({
      {"'2021-09-27'", "DATE", "2021-09-27"},
      {"'2021-9-7'", "DATE", "2021-09-07"},
      {"'2021-09-27 12:34:56'", "DATE", "2021-09-27"},
      {"'123'", "DATE", "0123-01-01"},
      {"'2021/09/27'", "DATE", "! cannot cast '2021/09/27' to DATE"},
      {"'2021-02-30'", "DATE", "! cannot cast '2021-02-30' to DATE"},
      {"'23:45'", "TIME", "23:45:00"},
      {"'23:45:01.259'", "TIME(2)", "23:45:01.25"},
      {"'2021-09-27'", "TIME", "! cannot cast '2021-09-27' to TIME(0)"},
      {"'2021-09-27'", "TIMESTAMP(0)", "2021-09-27 00:00:00"},
      {"'2021-09-27 12:34:56.123456789'", "TIMESTAMP(3)", "2021-09-27 12:34:56.123"},
      {"'2021-09-27 12:34:56.123456789'", "TIMESTAMP(9)", "2021-09-27 12:34:56.123456789"},
      {"'20210927'", "TIMESTAMP(3)", "! cannot cast '20210927' to TIMESTAMP(3)"},
      {"'9999-01-01 00:00:00'", "TIMESTAMP(9)",
       "! cannot cast '9999-01-01 00:00:00' to TIMESTAMP(9)"},
  });
}

TEST_CASE("times among each other") {
  check({
      {"DATE '2021-09-27'", "TIMESTAMP(0)", "2021-09-27 00:00:00"},
      {"TIMESTAMP '2021-09-27 12:34:56.789'", "DATE", "2021-09-27"},
      {"TIMESTAMP '1969-12-31 23:00:00'", "DATE", "1969-12-31"},
      {"TIMESTAMP '2021-09-27 12:34:56.789'", "TIME(1)", "12:34:56.7"},
      {"TIMESTAMP '1969-12-31 23:59:59.999'", "TIMESTAMP(0)", "1969-12-31 23:59:59"},
      {"TIME '12:34:56'", "TIMESTAMP(0)", "1970-01-01 12:34:56"},
  });
  Table t;
  t.context.zone = *find_time_zone("Europe/Berlin");
  t.add("ts", "TIMESTAMP(3)", {"TIMESTAMP '2021-07-01 12:00:00'"});
  CHECK(t.eval("CAST(ts AS TIMESTAMP_LTZ(3))") == Texts{"2021-07-01 12:00:00.000"});
  CHECK(t.eval("CAST(CAST(ts AS TIMESTAMP_LTZ(3)) AS TIMESTAMP(3)) = ts") == Texts{"TRUE"});
  CHECK(t.eval("CAST('2021-07-01T10:00:00Z' AS TIMESTAMP_LTZ(0)) = CAST(ts AS TIMESTAMP_LTZ(3))") ==
        Texts{"TRUE"});
}

TEST_CASE("nested values, element by element") {
  check({
      {"ARRAY['1', '2']", "ARRAY<INT>", "[1, 2]"},
      {"ARRAY['1', 'x']", "ARRAY<INT>", "! cannot cast 'x' to INT"},
      {"ROW(1, '2')", "ROW<a STRING, b INT>", "(1, 2)"},
      {"MAP['1', 2]", "MAP<INT, STRING>", "{1=2}"},
      {"ARRAY[NULL]", "ARRAY<INT>", "[NULL]"},
  });
  Table t;
  t.add("a", "ARRAY<STRING>", {"ARRAY['1', '2']", "ARRAY['x']", "NULL", "ARRAY['3', 'y']"});
  CHECK(t.eval("CAST(a AS ARRAY<INT>)") ==
        Texts{"[1, 2]", "! cannot cast 'x' to INT", "NULL", "! cannot cast 'y' to INT"});
  // Elements of rows that are not looked at do not fail.
  CHECK(t.eval("CASE WHEN a[1] = '1' THEN CAST(a AS ARRAY<INT>) END") ==
        Texts{"[1, 2]", "NULL", "NULL", "NULL"});
}

TEST_CASE("casts that make no sense are refused") {
  CHECK(bind_error("CAST(1 AS TIMESTAMP(3))") == "cannot cast INT to TIMESTAMP(3)");
  CHECK(bind_error("CAST(DATE '2021-01-01' AS INT)") == "cannot cast DATE to INT");
  CHECK(bind_error("CAST(DATE '2021-01-01' AS TIME)") == "cannot cast DATE to TIME(0)");
  CHECK(bind_error("CAST(ARRAY[1] AS INT)") == "cannot cast ARRAY<INT> to INT");
  CHECK(bind_error("CAST(ROW(1) AS ROW<a INT, b INT>)") ==
        "cannot cast ROW<`EXPR$0` INT> to ROW<a INT, b INT>");
}

TEST_CASE("columns cast row by row, errors at their rows") {
  Table t;
  t.add("s", "STRING", {"'1'", "'x'", "NULL", "'3'"});
  CHECK(t.eval("CAST(s AS INT)") == Texts{"1", "! cannot cast 'x' to INT", "NULL", "3"});
  CHECK(t.eval("TRY_CAST(s AS INT)") == Texts{"1", "NULL", "NULL", "3"});
  CHECK(t.eval("CAST(CAST(s AS BYTES) AS STRING)") == Texts{"1", "x", "NULL", "3"});
  const auto same = cast_column(t.batch.columns[0], Type::string(), false, t.context, 4);
  CHECK(same == t.batch.columns[0]);
  Table empty;
  empty.add("s", "STRING", {});
  CHECK(empty.eval("CAST(s AS INT)").empty());
}

TEST_CASE("whether a cast can fail is known before") {
  const auto fails = [](const std::string& from, const std::string& to) {
    return cast_can_fail(*parse_type(from), *parse_type(to));
  };
  CHECK_FALSE(fails("INT", "BIGINT"));
  CHECK(fails("BIGINT", "INT"));
  CHECK_FALSE(fails("INT", "DECIMAL(10, 0)"));
  CHECK(fails("INT", "DECIMAL(10, 1)"));
  CHECK_FALSE(fails("DECIMAL(9, 0)", "INT"));
  CHECK(fails("DECIMAL(10, 0)", "INT"));
  CHECK_FALSE(fails("DECIMAL(4, 2)", "DECIMAL(4, 1)"));
  CHECK(fails("DECIMAL(4, 2)", "DECIMAL(3, 1)"));
  CHECK_FALSE(fails("DOUBLE", "STRING"));
  CHECK(fails("STRING", "DATE"));
  CHECK(fails("ARRAY<STRING>", "ARRAY<INT>"));
}
