// Snapshots of grouped aggregation: whatever the bytes, restoring ends, and what the reader calls good gives a
// result and a snapshot that restores to itself.
#include "state/snapshot.h"

#include <utility>
#include <vector>

#include "expr/binder.h"
#include "fuzz.h"
#include "operators/aggregation.h"

using namespace weir;

namespace {

const Schema& schema() {
  static const Schema s({{"k", Type::string()},
                         {"n", Type::bigint()},
                         {"x", Type::float64()},
                         {"s", Type::string()},
                         {"t", Type::timestamp(3)}});
  return s;
}

struct Job {
  Job(std::vector<std::string> keys, std::vector<const char*> wanted) {
    NamedTexts texts;
    for (const char* text : wanted)
      texts.push_back({"c" + std::to_string(texts.size()), {}, SourceText(std::string(text))});
    auto bound = bind_aggregates(texts, schema(), keys);
    require(bound.has_value(), "the aggregates bind");
    binding = *bound;
    for (const auto& key : keys) key_types.push_back(schema()[*schema().find(key)].type);
    program = std::make_unique<AggregateProgram>(binding, keys.size(), schema().size());
  }

  AggregateBinding binding;
  std::vector<Type> key_types;
  std::unique_ptr<AggregateProgram> program;
};

// One aggregate a job where states have inner structure, so that the fuzzer reaches each at once.
const std::vector<Job>& jobs() {
  static const std::vector<Job> all = [] {
    std::vector<Job> list;
    list.emplace_back(std::vector<std::string>{"k"},
                      std::vector<const char*>{"COUNT(*)", "SUM(n)", "AVG(x)", "MIN(n)", "MAX(t)"});
    list.emplace_back(std::vector<std::string>{"n"},
                      std::vector<const char*>{"SUM(x)", "STDDEV_POP(n)"});
    for (const char* text :
         {"MIN(s)", "FIRST_VALUE(s)", "LISTAGG(s)", "COUNT(DISTINCT s)", "SUM(DISTINCT n)",
          "COLLECT(s)", "ARRAY_AGG(n)", "PERCENTILE(n, 0.5)", "APPROX_PERCENTILE(x, 0.5)",
          "APPROX_COUNT_DISTINCT(s)", "VAR_SAMP(x)", "JSON_ARRAYAGG(s)", "LAST_VALUE(t)"})
      list.emplace_back(std::vector<std::string>{}, std::vector<const char*>{text});
    return list;
  }();
  return all;
}

std::string snapshot_of(const GroupedAggregation& groups) {
  SnapshotWriter writer;
  groups.snapshot(writer);
  return writer.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 4000) return 0;
  const Job& job = jobs()[data[0] % jobs().size()];
  GroupedAggregation groups(*job.program, job.key_types, 1);
  SnapshotReader reader(as_text(data + 1, size - 1));
  groups.restore(reader);
  if (!reader.ok()) return 0;

  const std::string saved = snapshot_of(groups);
  GroupedAggregation again(*job.program, job.key_types, 2);
  SnapshotReader second(saved);
  again.restore(second);
  require(second.ok() && second.at_end(), "what was saved can be restored");
  require(again.groups() == groups.groups(), "with all groups");
  require(snapshot_of(again) == saved, "and saves as the same bytes");
  EvalContext context;
  const auto order = groups.order(GroupOrder::kKey);
  const Batch rows = groups.result({order.data(), order.size()}, context);
  require(rows.rows == groups.groups(), "a row a group");
  return 0;
}
