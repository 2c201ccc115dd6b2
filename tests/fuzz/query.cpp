// Queries against tables: any text becomes a plan or is refused with a message, the plan can be explained, and the
// pipeline that spells the query's steps makes the same plan.
#include "config/emit_toml.h"
#include "config/pipeline_tree.h"
#include "config/spec.h"
#include "expr/functions/utf8.h"
#include "fuzz.h"
#include "plan/plan.h"
#include "plan/spell_queries.h"

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

// Only names that the query has no way to say may differ.
void require_same(const Plan& query, const Plan& spelled) {
  require(query.sources.size() == spelled.sources.size(), "spelled steps have the same sources");
  require(query.steps.size() == spelled.steps.size(), "as many steps are spelled");
  for (size_t i = 0; i < query.steps.size(); ++i) {
    require(query.steps[i].op->name() == spelled.steps[i].op->name(), "they are the same steps");
    require(query.steps[i].op->output() == spelled.steps[i].op->output(), "of the same columns");
    require(query.steps[i].inputs == spelled.steps[i].inputs, "with the same inputs");
  }
  require(query.sinks[0].input == spelled.sinks[0].input, "the same rows are the result");
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
  StepRecord record;
  context.record = &record;
  const auto plan = make_plan(*spec, context);
  if (plan) {
    require(!explain_plan(**plan, "text").empty(), "a plan can be explained");
    const auto tree = read_tree(text);
    if (has_open_queries(*tree) || !is_valid_utf8(as_text(data, size).data(), size)) return 0;
    PipelineText spelled;
    spelled.fragments = {emit_toml(spell_queries(*tree, record))};
    const auto again = read_pipeline(spelled);
    require(again.has_value(), "the spelled steps are read");
    context.record = nullptr;
    const auto same = make_plan(*again, context);
    require(same.has_value(), "the spelled steps make a plan");
    require_same(**plan, **same);
    return 0;
  }
  require(!plan.error().empty(), "a refusal says why");
  for (const auto& e : plan.error()) {
    require(!e.message.empty(), "an error has a message");
    require(e.kind != ErrorKind::kInternal, "no error is ours");
  }
  return 0;
}
