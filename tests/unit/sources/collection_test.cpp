#include "bound_source.h"

namespace weir {
namespace {

TEST_CASE("lines are texts unless a format decodes them") {
  auto bound = bind_source("source = { type = 'collection', lines = ['to be', 'or not', ''] }");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().size() == 1);
  CHECK(bound.plan->bounded());
  CHECK(bound.plan->explain() == "collection: 3 lines, text");
  CHECK(read_source(*bound.plan) == "to be;or not;;");
  CHECK(read_source(*bound.plan, 1) == "to be;or not;;");

  bound = bind_source(R"(
[source]
type = 'collection'
lines = ['{"a": 1, "b": "x"}', '{"a": 2}']
format = 'json')");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() == "(a BIGINT, b STRING)");
  CHECK(read_source(*bound.plan) == "1|x;2|NULL;");

  bound = bind_source("source = { type = 'collection', lines = [] }");
  REQUIRE(bound.plan);
  CHECK(read_source(*bound.plan).empty());
}

TEST_CASE("rows as lists: types from the values, columns f0, f1 as in Flink") {
  auto bound = bind_source(R"(
[source]
type = 'collection'
rows = [[1, 'a', 1.5, true, [1, 2]], [2, 'b', 3, false, []]])");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() ==
        "(f0 BIGINT, f1 STRING, f2 DOUBLE, f3 BOOLEAN, f4 ARRAY<BIGINT>)");
  CHECK(bound.plan->format() == nullptr);
  CHECK(bound.plan->explain() == "collection: 2 rows");
  CHECK(read_source(*bound.plan) == "1|a|1.5|TRUE|[1, 2];2|b|3.0|FALSE|[];");
  CHECK(read_source(*bound.plan, 1) == "1|a|1.5|TRUE|[1, 2];2|b|3.0|FALSE|[];");
}

TEST_CASE("rows as single values and as tables with missing ones") {
  auto bound = bind_source("source = { type = 'collection', rows = [3, 1, 2] }");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() == "(f0 BIGINT)");
  CHECK(read_source(*bound.plan) == "3;1;2;");

  bound = bind_source(R"(
[source]
type = 'collection'
rows = [{ id = 1, place = { city = 'Ulm' } }, { id = 2, name = 'x', place = { zip = 7 } }, {}])");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() ==
        "(id BIGINT, place ROW<city STRING, zip BIGINT>, name STRING)");
  CHECK(read_source(*bound.plan) == "1|(Ulm, NULL)|NULL;2|(NULL, 7)|x;NULL|NULL|NULL;");

  bound = bind_source("source = { type = 'collection', rows = [] }");
  REQUIRE(bound.plan);
  CHECK(read_source(*bound.plan).empty());
}

TEST_CASE("dates and times of TOML keep their kind") {
  auto bound = bind_source(R"(
[source]
type = 'collection'
rows = [[2024-02-29, 2024-02-29T12:30:00, 2024-02-29T12:30:00+02:00, 07:32:01]])");
  REQUIRE(bound.plan);
  const Schema& schema = bound.plan->schema();
  CHECK(schema[0].type.id == TypeId::kDate);
  CHECK(schema[1].type.id == TypeId::kTimestamp);
  CHECK(schema[2].type.id == TypeId::kTimestampLtz);
  CHECK(schema[3].type.id == TypeId::kTime);
  const std::string text = read_source(*bound.plan);
  CHECK(text.find("2024-02-29|2024-02-29 12:30:00") == 0);
  CHECK(text.find("|2024-02-29 10:30:00") != std::string::npos);
  CHECK(text.find("|07:32:01") != std::string::npos);
}

TEST_CASE("a declared schema decides the types of rows") {
  auto bound = bind_source(R"(
[source]
type = 'collection'
rows = [[1, '12.50', '2024-01-31 10:00:00', { k = 1 }, [7, 'x']]]
[source.schema]
small = 'TINYINT'
price = 'DECIMAL(10, 2)'
at = 'TIMESTAMP(3)'
counts = 'MAP<STRING, INT>'
pair = 'ROW<a INT, b STRING>')");
  REQUIRE(bound.plan);
  CHECK(read_source(*bound.plan) == "1|12.50|2024-01-31 10:00:00.000|{k=1}|(7, x);");
}

TEST_CASE("wrong collections name the value and its place") {
  const auto first_error = [](const std::string& source) {
    const auto bound = bind_source("[source]\ntype = 'collection'\n" + source);
    REQUIRE_FALSE(bound.errors.empty());
    return bound.errors.front();
  };
  Error error = first_error("rows = [[1, 'a'], [2]]");
  CHECK(error.message == "this row has 1 values, expected 2");
  CHECK(error.position.line == 3);
  error = first_error("rows = [[1], ['x']]");
  CHECK(error.message == "the column `f0` holds a string here, and BIGINT before");
  error = first_error("rows = [[[1, 'x']]]");
  CHECK(error.message.find("an array holds values of one type") == 0);
  error = first_error("rows = [[300]]\nschema = { n = 'TINYINT' }");
  CHECK(error.message.find("not a TINYINT: `300`") == 0);
  CHECK(error.position.line == 3);
  error = first_error("rows = [[[1]]]\nschema = { n = 'INT' }");
  CHECK(error.message == "expected a value of INT, found an array");
  error = first_error("rows = [{ nam = 'x' }]\nschema = { name = 'STRING' }");
  CHECK(error.hint == "did you mean `name`?");
  CHECK(first_error("rows = 5").message.find("expected a list of rows") == 0);
  CHECK(first_error("rows = []\nlines = []").message.find("either `lines` or `rows`") !=
        std::string::npos);
  CHECK(first_error("").message.find("either `lines` or `rows`") != std::string::npos);
  CHECK(first_error("rows = []\nformat = 'csv'").message == "rows have no format");
  CHECK(first_error("linse = []").hint == "did you mean `lines`?");
}

TEST_CASE("a stopped collection gives no more rows") {
  const auto bound = bind_source("source = { type = 'collection', rows = [1, 2, 3] }");
  auto source = bound.plan->open({1, 1000, 0});
  REQUIRE(source);
  SourceItem item;
  REQUIRE((*source)->claim(item));
  (*source)->stop();
  CHECK_FALSE((*source)->claim(item));
}

}  // namespace
}  // namespace weir
