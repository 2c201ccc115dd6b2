// Plans pipelines written in tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "config/spec.h"
#include "plan/plan.h"

namespace weir {

inline std::expected<std::unique_ptr<Plan>, Errors> try_plan(const std::string& toml) {
  PipelineText text;
  text.fragments = {toml};
  const auto spec = read_pipeline(text);
  if (!spec) FAIL(spec.error().front().message);
  PlanContext context;
  context.usable_cores = 2;
  return make_plan(*spec, context);
}

inline std::unique_ptr<Plan> planned(const std::string& toml) {
  auto plan = try_plan(toml);
  if (!plan) FAIL(format_error(plan.error().front()));
  return std::move(*plan);
}

// A source of lines "id,name,amount,note": id INT, name STRING, amount INT, note STRING.
inline const std::string kOrders = R"toml(
[source]
type = "collection"
lines = ["1,a,10,x"]
format = { name = "csv", header = false }
[source.schema]
id = "INT"
name = "STRING"
amount = "INT"
note = "STRING"
)toml";

// The columns that the decoder fills: "id amount".
inline std::string decoded(const Plan& plan) {
  const auto& source = plan.sources.front();
  const Schema& schema = source.source->schema();
  std::string names;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (!source.decode.needed[i]) continue;
    names += (names.empty() ? "" : " ") + schema[i].name;
  }
  return names;
}

// The predicates that the decoder gets: one "column operator value" each.
inline std::string pushed(const Plan& plan) {
  const std::string text = explain_plan(plan, "text");
  const std::string head = "skips records unless ";
  const size_t at = text.find(head);
  if (at == std::string::npos) return "";
  return text.substr(at + head.size(), text.find('\n', at) - at - head.size());
}

}  // namespace weir
