// Columns pruned down to the decoder, filters pushed into it.
#include "planned.h"

using namespace weir;

namespace {

std::string step(const std::string& body) { return "\n[[transform]]\n" + body + "\n"; }
const std::string kFilter = step("op = \"filter\"\nwhere = \"amount > 5\"");

}  // namespace

TEST_CASE("a column is decoded when a later step or the sink needs it") {
  const std::string map = step(R"toml(op = "map"
columns = { n = "name" })toml");
  CHECK(decoded(*planned(kOrders)) == "id name amount note");
  CHECK(decoded(*planned(kOrders + map)) == "name");
  CHECK(decoded(*planned(kOrders + kFilter + map)) == "name amount");
  CHECK(decoded(*planned(kOrders + step("op = \"drop\"\ncolumns = [\"note\", \"id\"]"))) ==
        "name amount");
}

TEST_CASE("a computed column that nothing uses needs no input") {
  const std::string extend = step(R"toml(op = "extend"
columns = { twice = "amount * 2", long = "name || note" })toml");
  const std::string map = step(R"toml(op = "map"
columns = { t = "twice" })toml");
  CHECK(decoded(*planned(kOrders + extend + map)) == "amount");
}

TEST_CASE("a grouping step needs its keys and its aggregates' arguments") {
  const std::string group = step(R"toml(op = "aggregate"
key_by = ["name"]
aggregate = { total = "SUM(amount) FILTER (WHERE id > 0)" })toml");
  CHECK(decoded(*planned(kOrders + group)) == "id name amount");
  const std::string count = step(R"toml(op = "aggregate"
aggregate = { n = "COUNT(*)" })toml");
  CHECK(decoded(*planned(kOrders + count)) == "");
}

TEST_CASE("a sink that only counts needs no columns, steps that can refuse a row still do") {
  const std::string sink = "\n[sink]\ntype = \"blackhole\"\n";
  CHECK(decoded(*planned(kOrders + sink)) == "");
  CHECK(decoded(*planned(kOrders + kFilter + sink)) == "amount");
}

TEST_CASE("without the optimiser everything is decoded and nothing is pushed") {
  const auto plan = planned(kOrders + kFilter + step(R"toml(op = "map"
columns = { n = "name" })toml") +
                            "\n[runtime]\noptimize = false\n");
  CHECK(decoded(*plan) == "id name amount note");
  CHECK(pushed(*plan).empty());
}

TEST_CASE("a filter's conjuncts that the decoder understands are pushed") {
  const auto filter = [](const std::string& where) {
    return planned(kOrders + step("op = \"filter\"\nwhere = \"" + where + "\""));
  };
  CHECK(pushed(*filter("amount > 5")) == "amount > 5");
  CHECK(pushed(*filter("5 < amount AND name = 'a'")) == "amount > 5 and name = 'a'");
  CHECK(pushed(*filter("name LIKE '%b%' AND LENGTH(note) > 2")) == "name contains 'b'");
  CHECK(pushed(*filter("amount > 5 OR id = 1")).empty());
  CHECK(pushed(*filter("amount > id")).empty());
}

TEST_CASE("a filter is pushed through steps that keep every row") {
  const std::string rename = step("op = \"rename\"\ncolumns = { price = \"amount\" }");
  const std::string extend = step("op = \"extend\"\ncolumns = { upper = \"UPPER(name)\" }");
  const std::string filter = step("op = \"filter\"\nwhere = \"price >= 7\"");
  CHECK(pushed(*planned(kOrders + rename + extend + filter)) == "amount >= 7");
}

TEST_CASE("a filter stays behind what it must not overtake") {
  // A replaced column is another one.
  CHECK(pushed(*planned(kOrders + step("op = \"extend\"\ncolumns = { amount = \"id\" }") + kFilter))
            .find("amount") == std::string::npos);
  // A step that may refuse a row must see all rows.
  const std::string divide = step("op = \"extend\"\ncolumns = { q = \"10 / id\" }");
  CHECK(pushed(*planned(kOrders + divide + kFilter)).empty());
  // The rows that a limit counts are those before the filter.
  CHECK(pushed(*planned(kOrders + step("op = \"limit\"\nlimit = 3") + kFilter)).empty());
  CHECK(pushed(*planned(kOrders + step("op = \"sample\"\nfraction = 0.5") + kFilter)).empty());
}
