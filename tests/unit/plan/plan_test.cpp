// What make_plan accepts and refuses.
#include "plan/plan.h"

#include <algorithm>

#include "planned.h"

using namespace weir;

namespace {

Errors errors_of(const std::string& toml) {
  auto plan = try_plan(toml);
  REQUIRE(!plan);
  return plan.error();
}

bool says(const Errors& errors, const std::string& text) {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error& e) { return e.message.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("problems of independent parts are reported together") {
  const Errors errors = errors_of(R"toml(
timezone = "Mars/Olympus"
[source]
type = "collection"
lines = ["a"]
[[transform]]
op = "filter"
where = "lime = 'a'"
[sink]
type = "fil"
[dead_letter]
type = "nowhere"
)toml");
  CHECK(says(errors, "Mars/Olympus"));
  CHECK(says(errors, "no column `lime`"));
  CHECK(says(errors, "no sink type `fil`"));
  CHECK(says(errors, "no sink type `nowhere`"));
  for (const auto& e : errors) {
    INFO(e.message);
    CHECK(e.kind == ErrorKind::kConfig);
    CHECK(e.position.line > 0);
  }
}

TEST_CASE("every problem of one step is reported, those behind it wait for its columns") {
  const Errors errors = errors_of(kOrders + R"toml(
[[transform]]
op = "map"
columns = { a = "nam", b = "UPER(name)", c = "id + 'x'" }
[[transform]]
op = "filter"
where = "nothing > 1"
)toml");
  CHECK(errors.size() == 3);
  CHECK(says(errors, "no column `nam`"));
  CHECK(says(errors, "unknown function UPER"));
  CHECK(!says(errors, "nothing"));
  for (const auto& e : errors) CHECK(e.context == "[[transform]] 1 (map)");
}

TEST_CASE("kinds that are not known come with the nearest name") {
  const Errors errors = errors_of(kOrders + "[[transform]]\nop = \"filtre\"\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "no operator `filtre`");
  CHECK(errors[0].hint.find("filter") != std::string::npos);
}

TEST_CASE("connectors of other systems are refused, not ignored") {
  const Errors errors = errors_of("[source]\ntype = \"pulsar\"\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "no source type `pulsar`");
}

TEST_CASE("the schema of the sink is the last step's") {
  const auto plan = planned(kOrders + R"toml(
[[transform]]
op = "aggregate"
key_by = ["name"]
aggregate = { n = "COUNT(*)", mean = "MEAN(amount)" }
)toml");
  REQUIRE(plan->sinks[0].schema.size() == 3);
  CHECK(plan->sinks[0].schema[0].name == "name");
  CHECK(plan->sinks[0].schema[1].type == Type::bigint());
  CHECK(plan->sinks[0].schema[2].type == Type::float64());
}

TEST_CASE("a window has the step that finds the time before it") {
  const auto plan = planned(R"toml(
[source]
type = "collection"
rows = [{ ts = 1000 }]
[source.schema]
ts = "BIGINT"
[source.event_time]
column = "ts"
format = "epoch_ms"
max_out_of_orderness = "2s"
[window]
type = "tumbling"
size = "1s"
aggregate = { n = "COUNT(*)" }
)toml");
  REQUIRE(plan->steps.size() == 2);
  CHECK(plan->steps[0].label == "[source.event_time]");
  CHECK(plan->sources.at(0).out_of_orderness_us == 2'000'000);
}

TEST_CASE("the workers are the cores unless the pipeline says otherwise") {
  CHECK(planned(kOrders)->workers == 2);
  CHECK(planned(kOrders + "[runtime]\nparallelism = 7\n")->workers == 7);
}
