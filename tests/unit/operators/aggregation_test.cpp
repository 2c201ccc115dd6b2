// GroupedAggregation: partials in any number and order give the same rows.

#include <random>

#include "operators/aggregation.h"
#include "step_runner.h"

namespace weir {

namespace {

struct Job {
  explicit Job(const std::vector<std::string>& keys = {"k"}) {
    std::mt19937_64 random(4);
    Texts k, x, s;
    for (int i = 0; i < 500; ++i) {
      k.push_back(random() % 10 == 0 ? "NULL" : "'key" + std::to_string(random() % 30) + "'");
      x.push_back(random() % 10 == 0 ? "NULL" : std::to_string(random() % 100));
      s.push_back("'" + std::to_string(i) + "'");
    }
    table.add("k", "STRING", k).add("x", "BIGINT", x).add("s", "STRING", s);
    const std::vector<std::pair<std::string, std::string>> wanted = {
        {"n", "COUNT(*)"},
        {"total", "SUM(x + 1)"},
        {"big", "COUNT(*) FILTER (WHERE x > 50)"},
        {"safe", "SUM(100 / (x - 50)) FILTER (WHERE x > 50)"},
        {"list", "LISTAGG(s) FILTER (WHERE x < 20)"},
        {"ratio", "SUM(x) * 1.0 / COUNT(*)"},
        {"first", "FIRST_VALUE(s)"}};
    NamedTexts texts;
    for (const auto& [name, text] : wanted) texts.push_back({name, {}, SourceText(text)});
    auto bound = bind_aggregates(texts, table.schema, keys);
    INFO((bound ? "" : bound.error().message));
    REQUIRE(bound.has_value());
    binding = *bound;
    for (size_t c = 0; c < keys.size(); ++c) key_types.push_back(Type::string());
  }
  std::vector<std::string> rows(const GroupedAggregation& groups, GroupOrder order,
                                bool copy = false) {
    const Vec<uint32_t> ids = groups.order(order);
    EvalContext context;
    Outcome outcome;
    CollectingEmitter out(outcome);
    out.emit(groups.result({ids.data(), ids.size()}, context, copy));
    CHECK(context.errors.empty());
    CHECK(context.arena == nullptr);
    return outcome.rows;
  }

  Table table;
  AggregateBinding binding;
  std::vector<Type> key_types;
};

void update(GroupedAggregation& groups, Batch& batch, bool keyed) {
  EvalContext context;
  context.arena = &batch.arena();
  std::vector<ColumnPtr> keys;
  if (keyed) keys.push_back(batch.columns[0]);
  groups.update(batch, keys, context);
  CHECK(context.errors.empty());
}

}  // namespace

TEST_CASE("partials merge to the same rows in any order") {
  Job job;
  const AggregateProgram program(job.binding, 1, job.table.schema.size());
  GroupedAggregation whole(program, job.key_types, 1, true);
  for (auto& batch : cut(job.table, 1000)) update(whole, batch, true);
  const auto by_key = job.rows(whole, GroupOrder::kKey);
  const auto by_arrival = job.rows(whole, GroupOrder::kArrival);
  CHECK(by_key.size() == 31);
  CHECK(by_key[0].substr(0, 4) == "NULL");
  CHECK(by_key != by_arrival);
  CHECK(job.rows(whole, GroupOrder::kKey, true) == by_key);
  CHECK(whole.memory_bytes() > 0);

  std::mt19937_64 random(8);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<GroupedAggregation>> parts;
    for (int p = 0; p < 3; ++p)
      parts.push_back(std::make_unique<GroupedAggregation>(program, job.key_types, random(), true));
    auto batches = cut(job.table, 1 + random() % 60);
    // Sequence and ordinals of the whole, so that arrival is the same.
    for (size_t b = 0, at = 0; b < batches.size(); at += batches[b++].rows) {
      for (size_t i = 0; i < batches[b].rows; ++i) batches[b].ordinals.push_back(at + i);
    }
    std::shuffle(batches.begin(), batches.end(), random);
    for (auto& batch : batches) update(*parts[random() % 3], batch, true);
    SnapshotWriter writer;
    parts[2]->snapshot(writer);
    SnapshotReader reader(writer.bytes());
    parts[2]->clear();
    CHECK(parts[2]->groups() == 0);
    parts[2]->restore(reader);
    CHECK(reader.at_end());
    GroupedAggregation merged(program, job.key_types, random(), true);
    for (auto& part : parts) {
      merged.merge_from(*part);
      CHECK(part->groups() == 0);
    }
    CHECK(job.rows(merged, GroupOrder::kKey) == by_key);
    CHECK(job.rows(merged, GroupOrder::kArrival) == by_arrival);
  }
}

TEST_CASE("prepared columns give the same result, cleared memory is used again") {
  Job job;
  const AggregateProgram program(job.binding, 1, job.table.schema.size());
  CHECK(program.can_fail());
  GroupedAggregation groups(program, job.key_types, 1);
  std::vector<std::string> first;
  for (int pass = 0; pass < 3; ++pass) {
    for (auto& batch : cut(job.table, 100)) {
      if (pass > 0) {
        EvalContext context;
        context.arena = &batch.arena();
        program.compute(batch, context);
        CHECK(context.errors.empty());
        CHECK(batch.columns.size() > job.table.schema.size());
      }
      update(groups, batch, true);
    }
    // FIRST_VALUE and LISTAGG depend on the batches' sequence, which is the same in all passes.
    const auto rows = job.rows(groups, GroupOrder::kKey);
    if (pass == 0) first = rows;
    CHECK(rows == first);
    groups.clear();
  }
}

TEST_CASE("groups of a partial with one more key go to their windows") {
  Job inner({"k"});
  NamedTexts texts = {{"n", {}, SourceText("COUNT(*)")}, {"m", {}, SourceText("MAX(s)")}};
  auto binding = bind_aggregates(texts, inner.table.schema, {"k"});
  REQUIRE(binding.has_value());
  const AggregateProgram program(*binding, 1, 3);
  GroupedAggregation partial(program, {Type::timestamp(), Type::string()}, 1);
  GroupedAggregation expected(program, {Type::string()}, 2);
  auto batches = cut(inner.table, 1000);
  Batch& batch = batches[0];
  auto starts = make_column(Type::timestamp(), batch.rows);
  Vec<uint32_t> second;
  for (size_t i = 0; i < batch.rows; ++i) {
    starts->values<int64_t>()[i] = i % 3 == 0 ? 60 : 0;
    if (i % 3 == 0) second.push_back(static_cast<uint32_t>(i));
  }
  EvalContext context;
  context.arena = &batch.arena();
  partial.update(batch, std::vector<ColumnPtr>{starts, batch.columns[0]}, context);
  Batch part = batch.shell();
  part.columns = batch.columns;
  part.select({second.data(), second.size()});
  update(expected, part, true);

  Vec<uint32_t> ids;
  for (uint32_t g = 0; g < partial.groups(); ++g) ids.push_back(g);
  const auto keys = partial.keys({ids.data(), ids.size()});
  Vec<uint32_t> chosen;
  for (const uint32_t g : ids) {
    if (keys[0]->values<int64_t>()[g] == 60) chosen.push_back(g);
  }
  GroupedAggregation window(program, {Type::string()}, 3);
  window.merge_groups(partial, {chosen.data(), chosen.size()}, 1);
  CHECK(inner.rows(window, GroupOrder::kKey) == inner.rows(expected, GroupOrder::kKey));
}

TEST_CASE("without keys there is one group, also of no rows") {
  Job job{std::vector<std::string>{}};
  const AggregateProgram program(job.binding, 0, job.table.schema.size());
  GroupedAggregation groups(program, {}, 1);
  groups.add_empty_group();
  CHECK(job.rows(groups, GroupOrder::kKey) == Texts{"0|NULL|0|NULL|NULL|NULL|NULL"});
  GroupedAggregation part(program, {}, 2);
  for (auto& batch : cut(job.table, 100)) update(part, batch, false);
  groups.merge_from(part);
  CHECK(groups.groups() == 1);
  CHECK(job.rows(groups, GroupOrder::kKey)[0].substr(0, 4) == "500|");
}

TEST_CASE("outputs that nobody needs are not computed") {
  Job job;
  std::vector<bool> needed(job.binding.outputs.size(), false);
  needed[1] = true;
  const AggregateProgram program(job.binding, 1, job.table.schema.size(), needed);
  std::vector<bool> used(3, false);
  program.collect_columns(used);
  CHECK(used == std::vector<bool>{false, true, false});
  GroupedAggregation groups(program, job.key_types, 1);
  for (auto& batch : cut(job.table, 100)) update(groups, batch, true);
  const auto rows = job.rows(groups, GroupOrder::kKey);
  CHECK(rows[1].find("|-|") != std::string::npos);
}

}  // namespace weir
