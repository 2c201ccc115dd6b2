// Steps that give changes: what these come to is what the step gives of the rows that are left.

#include "changes.h"

namespace weir {

namespace {

const Schema& changed_columns() {
  static const Schema schema = [] {
    Schema s;
    s.add("k", Type::string());
    s.add("v", Type::bigint());
    return s;
  }();
  return schema;
}

std::multiset<std::string> bounded(const std::string& options, const std::vector<Batch>& alive) {
  const Step step(options, changed_columns());
  std::vector<Batch> batches;
  for (size_t b = 0; b < alive.size(); ++b) {
    Batch batch;
    batch.sequence = b;
    batch.rows = 1;
    for (const auto& column : alive[b].columns) batch.columns.push_back(column->slice(0, 1));
    batches.push_back(std::move(batch));
  }
  const Outcome outcome = step.run_batches(std::move(batches), 1);
  return {outcome.rows.begin(), outcome.rows.end()};
}

// Runs random changes through the step and compares after each batch.
void compare(const std::string& options, bool keyless = false) {
  for (const bool deletions : {false, true}) {
    BindContext bind;
    bind.streaming = true;
    bind.inputs = {{"in", changed_columns(), false, false, deletions}};
    const Step step(options, changed_columns(), bind);
    INFO(options << "\n" << step.error());
    REQUIRE(step.plan != nullptr);
    for (uint64_t seed = 1; seed < 6; ++seed) {
      RandomChanges changes(changed_columns(), seed);
      Materialized out;
      auto ordered = step.plan->make_ordered(step.context);
      const auto preparation = step.plan->make_transform(step.context);
      for (int round = 0; round < 40; ++round) {
        Batch batch = changes.next(deletions);
        if (preparation) preparation->apply(batch);
        ordered->process(std::move(batch), out);
        if (round % 7 == 0) ordered = resumed(*step.plan, step.context, *ordered);
        auto expected = bounded(options, changes.alive);
        if (keyless && changes.alive.empty()) expected.clear();
        REQUIRE(out.rows == expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("changes of an aggregate come to its result") {
  compare(
      "op = 'aggregate'\nkey_by = 'k'\naggregate = { n = 'COUNT(*)', c = 'COUNT(v)', s = "
      "'SUM(v)', a = 'AVG(v)', r = 'SUM(CAST(v AS DOUBLE))', d = 'AVG(CAST(v AS DECIMAL(10, "
      "2)))' }");
  compare(
      "op = 'aggregate'\nkey_by = 'k'\naggregate = { m = 'MAX(v)', d = 'COUNT(DISTINCT v)', l "
      "= 'LISTAGG(CAST(v AS STRING))' }");
  compare(
      "op = 'aggregate'\nkey_by = 'k'\nhaving = 'n > 2'\naggregate = { n = 'COUNT(*)', p = "
      "'COUNT(*) FILTER (WHERE v > 1)' }");
  compare("op = 'aggregate'\naggregate = { n = 'COUNT(*)', x = 'MIN(v) + SUM(v)' }", true);
}

TEST_CASE("changes of top come to its result") {
  compare("op = 'top'\nby = 'v DESC'\nlimit = 2\nper = 'k'");
  compare("op = 'top'\nby = 'v, k'\nlimit = 3\nrank = 'place'");
}

TEST_CASE("changes of distinct come to its result") { compare("op = 'distinct'"); }

}  // namespace weir
