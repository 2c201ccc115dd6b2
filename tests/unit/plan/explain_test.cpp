// The plan as text, dot, mermaid and JSON.
#include <algorithm>

#include "planned.h"

using namespace weir;

namespace {

const std::string kPipeline = "name = \"big \\\"orders\\\"\"\n" + kOrders + R"toml(
[[transform]]
op = "filter"
where = """amount > 5
  AND name <> 'a"b'"""
[[transform]]
op = "aggregate"
key_by = ["name"]
aggregate = { n = "COUNT(*)" }
)toml";

}  // namespace

TEST_CASE("explain as text names steps, places and columns") {
  const std::string text = explain_plan(*planned(kPipeline), "text");
  INFO(text);
  CHECK(text.starts_with("big \"orders\"\nbatch, 2 workers\n1. "));
  CHECK(text.find("decoded: name STRING, amount INT\n") != std::string::npos);
  CHECK(text.find("skips records unless amount > 5") != std::string::npos);
  CHECK(text.find("merged at the end of the input") != std::string::npos);
  CHECK(text.find("columns: name STRING, n BIGINT\n") != std::string::npos);
  CHECK(text.ends_with("bad records: the first one ends the run\n"));
}

TEST_CASE("explain says what happens to bad records") {
  CHECK(explain_plan(*planned("on_error = \"skip\"\n" + kOrders), "text")
            .ends_with("bad records: skipped and counted\n"));
  const std::string kept =
      explain_plan(*planned(kOrders + "[dead_letter]\ntype = \"stdout\"\n"), "text");
  CHECK(kept.ends_with("bad records: kept aside and counted\n"));
}

TEST_CASE("explain as a graph has a node a step and an edge between neighbours") {
  const std::string dot = explain_plan(*planned(kPipeline), "dot");
  CHECK(dot.starts_with("digraph plan {\n"));
  CHECK(dot.find("n0 -> n1;") != std::string::npos);
  CHECK(dot.find("n2 -> n3;") != std::string::npos);
  CHECK(dot.ends_with("}\n"));

  const std::string mermaid = explain_plan(*planned(kPipeline), "mermaid");
  CHECK(mermaid.starts_with("flowchart TD\n"));
  CHECK(mermaid.find("n2 --> n3") != std::string::npos);
  // A node's text stays on one line, whatever the expression holds.
  for (const std::string& graph : {dot, mermaid}) {
    INFO(graph);
    for (size_t at = 0; at < graph.size();) {
      const size_t end = graph.find('\n', at);
      const std::string line = graph.substr(at, end - at);
      CHECK((line.starts_with("  n") || line.starts_with("digraph") || line == "}" ||
             line.starts_with("flowchart")));
      at = end + 1;
    }
  }
}

TEST_CASE("explain as JSON is one line of JSON") {
  const std::string json = explain_plan(*planned(kPipeline), "json");
  INFO(json);
  CHECK(std::count(json.begin(), json.end(), '\n') == 1);
  CHECK(json.starts_with(
      "{\"name\":\"big \\\"orders\\\"\",\"mode\":\"batch\",\"workers\":2,\"steps\":["));
  for (const char c : json.substr(0, json.size() - 1)) CHECK(static_cast<unsigned char>(c) >= 0x20);
}
