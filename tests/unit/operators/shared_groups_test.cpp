// Groups shared by workers and merged by ranges give the rows that one aggregation gives.

#include "operators/shared_groups.h"

#include <thread>

#include "operators/completed_parts.h"
#include "operators/group_ranges.h"
#include "operators/huge_memory.h"
#include "step_runner.h"

namespace weir {

namespace {

// Keys that hardly repeat, as text of several lengths, some NULL.
void fill(Table& table, size_t rows, uint64_t domain) {
  std::mt19937_64 random(7);
  auto key = make_column(Type::string());
  auto number = make_column(Type::integer());
  auto value = make_column(Type::bigint());
  for (size_t i = 0; i < rows; ++i) {
    const uint64_t k = random() % domain;
    std::string text = std::to_string(k * 2654435761 % 1000003);
    if (k % 3 == 0) text = "a key with a long common beginning " + text;
    if (k == 5) {
      key->push_null();
    } else {
      key->push<StringRef>(StringRef(table.arena.copy(text)));
    }
    number->push<int32_t>(static_cast<int32_t>(k) - 1000);
    value->push<int64_t>(static_cast<int64_t>(i % 1000));
  }
  table.schema.add("k", Type::string());
  table.schema.add("n", Type::integer());
  table.schema.add("v", Type::bigint());
  table.batch.columns = {key, number, value};
  table.batch.rows = rows;
}

struct Program {
  Program(const Table& table, const std::vector<std::string>& keys) {
    const NamedTexts texts = {{"count", {}, SourceText("COUNT(*)")},
                              {"total", {}, SourceText("SUM(v * 2)")},
                              {"first", {}, SourceText("FIRST_VALUE(v)")},
                              {"some", {}, SourceText("COUNT(*) FILTER (WHERE v > 500)")}};
    auto bound = bind_aggregates(texts, table.schema, keys);
    REQUIRE(bound.has_value());
    binding = *bound;
    for (const auto& key : keys) {
      columns.push_back(*table.schema.find(key));
      types.push_back(table.schema[columns.back()].type);
    }
    program = std::make_unique<AggregateProgram>(binding, keys.size(), table.schema.size());
  }
  std::vector<ColumnPtr> keys_of(const Batch& batch) const {
    std::vector<ColumnPtr> keys;
    for (const size_t c : columns) keys.push_back(batch.columns[c]);
    return keys;
  }

  AggregateBinding binding;
  std::vector<size_t> columns;
  std::vector<Type> types;
  std::unique_ptr<AggregateProgram> program;
};

template <class Source>
std::vector<std::string> rows_of(Source& ranges) {
  Outcome outcome;
  CollectingEmitter out(outcome);
  EvalContext context;
  Batch batch;
  for (uint64_t sequence = 0; ranges.claim(batch, context); ++sequence) {
    CHECK(batch.sequence == sequence);
    out.add(batch);
  }
  CHECK(context.errors.empty());
  return outcome.rows;
}

}  // namespace

TEST_CASE("groups that threads share are those of one aggregation") {
  Table table;
  fill(table, 60000, 50000);
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{"k"}, {"n"}, {"n", "v"}, {"k", "v"}}) {
    const Program job(table, keys);
    auto batches = cut(table, 2500);
    GroupedAggregation whole(*job.program, job.types, 1, true);
    for (auto& batch : cut(table, 2500)) {
      EvalContext context;
      context.arena = &batch.arena();
      whole.update(batch, job.keys_of(batch), context);
    }
    SharedGroups shared(*job.program, job.types, 1, true, 3);
    const auto work = [&](size_t worker) {
      GroupedAggregation own(*job.program, job.types, 1, true);
      SharedGroups::Scratch scratch;
      scratch.first_shard = worker * 4;
      for (size_t b = worker; b < batches.size(); b += 3) {
        EvalContext context;
        context.arena = &batches[b].arena();
        const auto columns = job.keys_of(batches[b]);
        if (b < 6) {  // the first ones come as groups
          own.update(batches[b], columns, context);
        } else {
          shared.update(batches[b], columns, context, scratch);
        }
      }
      shared.merge_from(own, scratch);
    };
    std::vector<std::thread> threads;
    for (size_t w = 0; w < 3; ++w) threads.emplace_back(work, w);
    for (auto& t : threads) t.join();

    size_t groups = 0;
    for (const auto* part : shared.parts()) groups += part->groups();
    CHECK(groups == whole.groups());
    for (const GroupOrder order : {GroupOrder::kKey, GroupOrder::kArrival, GroupOrder::kNone}) {
      GroupRanges ranges(shared.parts(), order);
      GroupRanges expected({&whole}, order);
      auto rows = rows_of(ranges);
      auto wanted = rows_of(expected);
      if (order == GroupOrder::kNone) {
        std::sort(rows.begin(), rows.end());
        std::sort(wanted.begin(), wanted.end());
      }
      INFO(keys[0] << " " << keys.size() << ", order " << static_cast<int>(order));
      CHECK(rows.size() == groups);
      CHECK((rows == wanted));
    }
  }
}

TEST_CASE("rows that wait for their shard give the groups of one aggregation") {
  Table table;
  fill(table, 40000, 10000);
  // Keys so long that a shard's rows soon take more than they may.
  for (size_t i = 0; i < 6000; ++i) {
    const StringRef text = table.batch.columns[0]->values<StringRef>()[i];
    if (table.batch.columns[0]->is_null(i)) continue;
    table.batch.columns[0]->values<StringRef>()[i] =
        StringRef(table.arena.copy(std::string(5000, 'x') + std::string(text.view())));
  }
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{"k"}, {"n"}, {"n", "v"}, {"k", "v"}}) {
    const Program job(table, keys);
    GroupedAggregation whole(*job.program, job.types, 1);
    for (auto& batch : cut(table, 2500)) {
      EvalContext context;
      context.arena = &batch.arena();
      whole.update(batch, job.keys_of(batch), context);
    }
    GroupRanges expected({&whole}, GroupOrder::kNone);
    auto wanted = rows_of(expected);
    std::sort(wanted.begin(), wanted.end());
    for (const bool in_room : {true, false}) {
      auto batches = cut(table, 2500);
      SharedGroups shared(*job.program, job.types, 1, false, 2, uint64_t{2} << 24);
      REQUIRE(shared.waiting_bytes() > 0);
      const auto work = [&](size_t worker) {
        GroupedAggregation own(*job.program, job.types, 1);
        SharedGroups::Scratch scratch;
        for (size_t b = worker; b < batches.size(); b += 2) {
          EvalContext context;
          context.arena = &batches[b].arena();
          if (b < 4) {
            own.update(batches[b], job.keys_of(batches[b]), context);
          } else {
            shared.update(batches[b], job.keys_of(batches[b]), context, scratch);
          }
        }
        shared.merge_from(own, scratch);
      };
      std::thread other(work, 1);
      work(0);
      other.join();
      std::vector<std::string> rows;
      if (in_room) {
        CompletedParts parts(shared);
        rows = rows_of(parts);
      } else {
        EvalContext context;
        for (size_t p = 0; p < shared.part_count(); ++p) shared.complete(p, context);
        GroupRanges ranges(shared.parts(), GroupOrder::kNone);
        rows = rows_of(ranges);
      }
      std::sort(rows.begin(), rows.end());
      INFO(keys[0] << " " << keys.size());
      CHECK((rows == wanted));
    }
  }
}

TEST_CASE("aggregate lets rows wait where the result has no order") {
  Table table;
  fill(table, 400000, 10000000);
  const std::string head = "op = 'aggregate'\nkey_by = 'k'\norder = ";
  const std::string tail =
      "\naggregate = { c = 'COUNT(*)', s = 'SUM(v)', f = 'FIRST_VALUE(n)', b = \"COUNT(*) FILTER "
      "(WHERE k > 'b')\" }";
  Step step(head + "'none'" + tail, table.schema);
  step.context.workers = 2;
  Step sorted(head + "'key'" + tail, table.schema);
  Outcome two = step.run_batches(cut(table, 8192), 2);
  Outcome one = sorted.run_batches(cut(table, 8192), 1);
  std::sort(two.rows.begin(), two.rows.end());
  std::sort(one.rows.begin(), one.rows.end());
  CHECK(one.rows.size() > 300000);
  CHECK((one.rows == two.rows));
}

TEST_CASE("aggregate shares groups when many keys hardly repeat") {
  Table table;
  fill(table, 400000, 10000000);
  Step step(
      "op = 'aggregate'\nkey_by = 'k'\naggregate = { c = 'COUNT(*)', s = 'SUM(v)', f = "
      "'FIRST_VALUE(n)' }",
      table.schema);
  const Outcome one = step.run_batches(cut(table, 8192), 1);
  step.context.workers = 2;
  const Outcome two = step.run_batches(cut(table, 8192), 2);
  CHECK(one.rows.size() > 300000);
  CHECK((one.rows == two.rows));
}

TEST_CASE("a failing result row is refused where it stands in the order") {
  Table table;
  fill(table, 30000, 1000000);
  auto* values = table.batch.columns[2]->values<int64_t>();
  const int32_t* numbers = table.batch.columns[1]->values<int32_t>();
  std::vector<int32_t> expected;
  for (size_t i = 0; i < table.batch.rows; i += 7000) {
    values[i] = INT64_MAX;
    expected.push_back(numbers[i]);
  }
  std::sort(expected.begin(), expected.end());
  const NamedTexts texts = {{"over", {}, SourceText("SUM(v) + 1")}};
  auto bound = bind_aggregates(texts, table.schema, {"n"});
  REQUIRE(bound.has_value());
  const AggregateProgram program(*bound, 1, table.schema.size());
  SharedGroups groups(program, {table.schema[1].type}, 1, false, 2);
  SharedGroups::Scratch scratch;
  Batch all = table.batch;
  EvalContext context;
  context.arena = &all.arena();
  groups.update(all, std::vector<ColumnPtr>{all.columns[1]}, context, scratch);
  GroupRanges ranges(groups.parts(), GroupOrder::kKey);
  std::vector<int32_t> failed;
  Batch batch;
  while (ranges.claim(batch, context)) {
    for (const RowError& error : context.errors)
      failed.push_back(batch.columns[0]->at<int32_t>(error.row));
    context.errors.clear();
  }
  CHECK(failed == expected);
}

TEST_CASE("huge buffers keep their content when they grow") {
  HugeVec<uint64_t> numbers;
  for (uint64_t i = 0; i < 3000000; ++i)
    numbers.push_back(i * i);  // from the heap to whole mappings
  bool same = numbers.size() == 3000000;
  for (uint64_t i = 0; i < numbers.size(); ++i) same = same && numbers[i] == i * i;
  CHECK(same);
  HugeBuffer buffer(size_t{3} << 20);
  buffer.data()[(size_t{3} << 20) - 1] = 'x';
  buffer.grow(size_t{9} << 20);
  CHECK(buffer.data()[(size_t{3} << 20) - 1] == 'x');
  CHECK(buffer.data()[size_t{3} << 20] == 0);
  CHECK(buffer.data()[(size_t{9} << 20) - 1] == 0);
}

}  // namespace weir
