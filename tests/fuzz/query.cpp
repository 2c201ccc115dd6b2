// Queries against tables: any text becomes a plan or is refused with a message, and the plan can be explained.
#include "config/spec.h"
#include "fuzz.h"
#include "plan/plan.h"

using namespace weir;

namespace {

constexpr const char* kTables = R"toml(
[sources.input]
type = "collection"
lines = ["1,a,10,2024-01-01 00:00:00"]
format = { name = "csv", header = false }
schema = { id = "INT", k = "STRING", v = "BIGINT", ts = "TIMESTAMP(3)" }
[sources.other]
type = "collection"
rows = [{ id = 1, tags = ["x"], at = 2024-01-01T00:00:00 }]
[sources.other.event_time]
column = "at"
)toml";

Node text_node(std::string text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(text);
  node.position = {"fuzz", 1, 1, {}, 1};
  return node;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 3000) return 0;
  Node step;
  step.entries.emplace_back("op", text_node("sql"));
  step.entries.emplace_back("query", text_node(std::string(as_text(data, size))));
  step.key_positions.resize(2);
  Node steps;
  steps.kind = Node::Kind::kArray;
  steps.items.push_back(std::move(step));
  PipelineText text;
  text.tree.emplace();
  text.tree->entries.emplace_back("transform", std::move(steps));
  text.tree->key_positions.resize(1);
  text.fragments = {kTables};
  const auto spec = read_pipeline(text);
  if (!spec) return 0;
  PlanContext context;
  const auto plan = make_plan(*spec, context);
  if (plan) {
    require(!explain_plan(**plan, "text").empty(), "a plan can be explained");
    return 0;
  }
  require(!plan.error().empty(), "a refusal says why");
  for (const auto& e : plan.error()) {
    require(!e.message.empty(), "an error has a message");
    require(e.kind != ErrorKind::kInternal, "no error is ours");
  }
  return 0;
}
