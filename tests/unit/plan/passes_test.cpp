// Which rows wait for which.
#include "plan/passes.h"

#include "planned.h"

using namespace weir;

namespace {

std::string step_names(const Plan& plan) {
  std::string names;
  for (const auto& step : plan.steps) names += (names.empty() ? "" : ", ") + step.op->name();
  return names;
}

std::string table(const std::string& name) {
  return "[sources." + name + "]\ntype = \"collection\"\nrows = [{ id = 1, " + name + " = 2 }]\n";
}

const std::string kJoin = "[[transform]]\nop = \"join\"\non = [\"id\"]\n";

}  // namespace

TEST_CASE("rows of the left input meet a join, those of the right one do not") {
  const auto plan = planned(table("a") + table("b") + kJoin + "inputs = [\"a\", \"b\"]\n");
  CHECK(step_names(*plan) == "join");
  CHECK(joins_met(*plan, {PlanNode::Kind::kSource, 0}) == std::vector<size_t>{0});
  CHECK(joins_met(*plan, {PlanNode::Kind::kSource, 1}).empty());
}

TEST_CASE("a source that would wait for itself is held back") {
  const auto plan = planned(table("a") +
                            "[[transform]]\nop = \"rename\"\ncolumns = { b = \"a\" }\nname = "
                            "\"again\"\n" +
                            kJoin + "inputs = [\"a\", \"again\"]\n");
  CHECK(step_names(*plan) == "rename, hold, join");
  CHECK(joins_met(*plan, {PlanNode::Kind::kSource, 0}).empty());
  CHECK(joins_met(*plan, {PlanNode::Kind::kStep, 1}) == std::vector<size_t>{2});
  // The result of an aggregate comes later anyway.
  const auto later =
      planned(table("a") +
              "[[transform]]\nop = \"aggregate\"\nkey_by = [\"id\"]\naggregate = { n "
              "= \"COUNT(*)\" }\nname = \"counts\"\n" +
              kJoin + "inputs = [\"counts\", \"a\"]\n");
  CHECK(step_names(*later) == "aggregate, join");
}

TEST_CASE("joins that wait for one another across two sources are held back") {
  const auto plan =
      planned(table("a") + table("b") + kJoin + "inputs = [\"a\", \"b\"]\nname = \"ab\"\n" +
              "[[transform]]\nop = \"rename\"\ninput = \"b\"\ncolumns = { c = \"b\" "
              "}\nname = \"c\"\n[[transform]]\nop = \"rename\"\ninput = "
              "\"ab\"\ncolumns = { a2 = \"a\", b2 = \"b\" }\nname = \"ab2\"\n" +
              kJoin + "inputs = [\"c\", \"ab2\"]\n");
  CHECK(step_names(*plan) == "hold, join, rename, rename, hold, join");
}
