// A query gives the plan that the same steps written in TOML give.
#include "planned.h"

using namespace weir;

namespace {

std::string plan_of(const std::string& steps) {
  return explain_plan(*planned(kOrders + steps), "text");
}

std::string plan_of_query(const std::string& query) {
  return plan_of("[[transform]]\nop = \"sql\"\nquery = '''" + query + "'''\n");
}

std::string error_of_query(const std::string& query) {
  auto plan = try_plan(kOrders + "[[transform]]\nop = \"sql\"\nquery = '''" + query + "'''\n");
  return plan ? "" : plan.error().front().message;
}

}  // namespace

TEST_CASE("a query for all columns is no step at all") {
  CHECK(plan_of_query("SELECT * FROM input") == plan_of(""));
  CHECK(plan_of_query("SELECT id, name, amount, note FROM input") == plan_of(""));
  CHECK(plan_of_query("SELECT t.* FROM (SELECT * FROM input) AS t") == plan_of(""));
}

TEST_CASE("WHERE is a filter, and is pushed into the decoder") {
  CHECK(plan_of_query("SELECT * FROM input WHERE amount > 5 AND name <> 'b'") ==
        plan_of("[[transform]]\nop = 'filter'\nwhere = \"amount > 5 AND name <> 'b'\"\n"));
}

TEST_CASE("a group is one aggregate: keys, aggregates and HAVING") {
  CHECK(plan_of_query("SELECT name, COUNT(*) AS n, SUM(amount) * 2 AS s FROM input "
                      "GROUP BY name HAVING COUNT(*) > 1 ORDER BY n DESC, name LIMIT 3") ==
        plan_of("[[transform]]\nop = 'aggregate'\nkey_by = ['name']\n"
                "aggregate = { n = 'COUNT(*)', s = 'SUM(amount) * 2' }\nhaving = 'n > 1'\n"
                "[[transform]]\nop = 'top'\nby = 'n DESC, name'\nlimit = 3\n"));
}

TEST_CASE("an ORDER BY that SELECT's columns do not tell comes before them") {
  CHECK(plan_of_query("SELECT name FROM input ORDER BY amount") ==
        plan_of("[[transform]]\nop = 'sort'\nby = 'amount'\n"
                "[[transform]]\nop = 'map'\ncolumns = { name = 'name' }\n"));
}

TEST_CASE("conditions go to the side of a join that they speak of") {
  const std::string plan = plan_of_query(
      "SELECT a.id, b.note FROM input a JOIN input b ON a.id = b.id AND b.amount > 3 "
      "WHERE a.name = 'x'");
  INFO(plan);
  CHECK(plan.find("filter: name = 'x'") != std::string::npos);
  CHECK(plan.find("filter: amount > 3") != std::string::npos);
}

TEST_CASE("errors of names are found without running") {
  CHECK(error_of_query("SELECT nmae FROM input") == "no column `nmae`");
  CHECK(error_of_query("SELECT id FROM nowhere") == "no table `nowhere`");
  CHECK(error_of_query("SELECT id FROM input a, input b") == "`id` is a column of `a` and `b`");
}
