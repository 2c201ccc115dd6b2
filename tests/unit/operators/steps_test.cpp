// Steps that look at one batch: filter, map, extend, drop, rename, flat_map, sample, parse; and limit, distinct.

#include "step_runner.h"

namespace weir {

namespace {

struct People : Table {
  People() {
    add("name", "STRING", {"'ann'", "'bob'", "NULL", "'dan'"})
        .add("age", "INT", {"30", "NULL", "7", "0"})
        .add("tags", "ARRAY<STRING>", {"ARRAY['x', 'y']", "ARRAY['z']", "NULL", "ARRAY['x']"});
  }
};

}  // namespace

TEST_CASE("operators are listed by name and find_operator knows them") {
  std::string before;
  for (const auto* descriptor : operators()) {
    CHECK(before < std::string(descriptor->name));
    before = descriptor->name;
    CHECK(find_operator(descriptor->name) == descriptor);
    CHECK(!descriptor->doc.empty());
    const bool takes_one = descriptor->arity == weir::Arity::kOne;
    CHECK((!takes_one || !descriptor->options().empty() || descriptor->name == "single_row"));
  }
  CHECK(find_operator("fliter") == nullptr);
}

TEST_CASE("filter keeps the rows where the condition is true") {
  const People table;
  const Step step("op = 'filter'\nwhere = 'age < 20'", table.schema);
  CHECK(step.run(table).rows == Texts{"NULL|7|NULL", "dan|0|[x]"});
  CHECK(step.plan->pushable().size() == 1);
  CHECK(!step.plan->can_reject());
  CHECK(Step("op = 'filter'\nwhere = 'FALSE'", table.schema).run(table).rows.empty());
  CHECK(Step("op = 'filter'\nwhere = 'TRUE'", table.schema).run(table).rows.size() == 4);
}

TEST_CASE("filter drops the columns that only its condition needs") {
  const People table;
  Step step("op = 'filter'\nwhere = 'age < 20'", table.schema);
  step.need({true, false, false});
  CHECK(step.needed == std::vector<bool>{true, true, false});
  CHECK(step.run(table).rows == Texts{"NULL|-|-", "dan|-|-"});
}

TEST_CASE("filter rejects rows whose condition fails") {
  const People table;
  Step step("op = 'filter'\nwhere = '100 / age > 5'", table.schema);
  CHECK(step.plan->can_reject());
  const Outcome outcome = step.run(table);
  CHECK(outcome.rows == Texts{"NULL|7|NULL"});
  REQUIRE(outcome.rejects.size() == 1);
  CHECK(outcome.rejects[0].substr(0, 7) == "where: ");
  step.context.fail_fast = true;
  CHECK(step.run_batches(cut(table, 100), 1).rejects.size() == 1);
}

TEST_CASE("map and extend compute columns, plain references share them") {
  const People table;
  const Step map("op = 'map'\ncolumns = { n = 'UPPER(name)', again = 'age', one = '1' }",
                 table.schema);
  CHECK(map.run(table).rows == Texts{"ANN|30|1", "BOB|NULL|1", "NULL|7|1", "DAN|0|1"});
  CHECK(map.plan->passes_column(1) == 1);
  CHECK(map.plan->passes_column(0) == -1);
  const Step extend("op = 'extend'\ncolumns = { age = 'age + 1', more = 'age' }", table.schema);
  CHECK(extend.run(table).rows ==
        Texts{"ann|31|[x, y]|30", "bob|NULL|[z]|NULL", "NULL|8|NULL|7", "dan|1|[x]|0"});
  CHECK(extend.plan->output().names() == Texts{"name", "age", "tags", "more"});
}

TEST_CASE("map rejects a row once, whichever of its columns fails") {
  const People table;
  Step step("op = 'map'\ncolumns = { a = '10 / age', n = 'name', b = '7 / (age - 7)' }",
            table.schema);
  const Outcome outcome = step.run(table);
  CHECK(outcome.rows == Texts{"0|ann|0", "NULL|bob|NULL"});
  CHECK(outcome.rejects.size() == 2);
  // In fail mode everything before the first bad row comes out, and only it is bad.
  step.context.fail_fast = true;
  const Outcome failed = step.run_batches(cut(table, 100), 1);
  CHECK(failed.rows == Texts{"0|ann|0", "NULL|bob|NULL"});
  REQUIRE(failed.rejects.size() == 1);
  CHECK(failed.rejects[0].substr(0, 2) == "b:");
}

TEST_CASE("map computes only what is needed") {
  const People table;
  Step step("op = 'map'\ncolumns = { a = '10 / age', n = 'name' }", table.schema);
  step.need({false, true});
  CHECK(step.needed == std::vector<bool>{true, false, false});
  CHECK(!step.plan->can_reject());
  CHECK(step.run(table).rows == Texts{"-|ann", "-|bob", "-|NULL", "-|dan"});
}

TEST_CASE("drop and rename change the schema only") {
  const People table;
  const Step drop("op = 'drop'\ncolumns = ['tags', 'name']", table.schema);
  CHECK(drop.run(table).rows == Texts{"30", "NULL", "7", "0"});
  const Step rename("op = 'rename'\ncolumns = { years = 'age' }", table.schema);
  CHECK(rename.plan->output().names() == Texts{"name", "years", "tags"});
  CHECK(rename.run(table).rows[0] == "ann|30|[x, y]");
  const Step swap("op = 'rename'\ncolumns = { name = 'age', age = 'name' }", table.schema);
  CHECK(swap.plan->output().names() == Texts{"age", "name", "tags"});
  CHECK(Step("op = 'drop'\ncolumns = ['nmae']", table.schema).error() == "no column `nmae`");
  CHECK(Step("op = 'drop'\ncolumns = ['name', 'age', 'tags']", table.schema).error() ==
        "drop would leave no column");
  CHECK(Step("op = 'rename'\ncolumns = { name = 'age' }", table.schema).error() ==
        "there is a column `name` already");
  CHECK(Step("op = 'rename'\ncolumn = { name = 'age' }", table.schema)
            .error()
            .find("unknown key `column`") == 0);
}

TEST_CASE("flat_map makes a row of each element") {
  const People table;
  const Step step("op = 'flat_map'\neach = 'tags'\nas = 'tag'", table.schema);
  CHECK(step.run(table).rows ==
        Texts{"ann|30|[x, y]|x", "ann|30|[x, y]|y", "bob|NULL|[z]|z", "dan|0|[x]|x"});
  Step alone("op = 'flat_map'\neach = 'tags'\nas = 'tag'", table.schema);
  alone.need({false, false, false, true});
  CHECK(alone.needed == std::vector<bool>{false, false, true});
  CHECK(alone.run(table).rows == Texts{"-|-|-|x", "-|-|-|y", "-|-|-|z", "-|-|-|x"});
  const Step replace("op = 'flat_map'\neach = 'tags'\nas = 'tags'", table.schema);
  CHECK(replace.run(table).rows == Texts{"ann|30|x", "ann|30|y", "bob|NULL|z", "dan|0|x"});
  CHECK(Step("op = 'flat_map'\neach = 'name'\nas = 'n'", table.schema).error() ==
        "each must be an ARRAY, this is a STRING");
}

TEST_CASE("flat_map after a filter, whose lists are no neighbours any more") {
  People table;
  for (auto& batch : cut(table, 100)) {
    batch.select(std::vector<uint32_t>{0, 3});
    Step step("op = 'flat_map'\neach = 'tags'\nas = 'tag'", table.schema);
    step.need({false, false, false, true});
    std::vector<Batch> batches;
    batches.push_back(std::move(batch));
    CHECK(step.run_batches(std::move(batches), 1).rows == Texts{"-|-|-|x", "-|-|-|y", "-|-|-|x"});
  }
}

TEST_CASE("flat_map moves the places of rejects and keeps event times") {
  People table;
  auto batches = cut(table, 100);
  batches[0].rejects.push_back({0, 1, "raw", "f", "r"});
  for (int64_t t = 0; t < 4; ++t) batches[0].event_time.push_back(t);
  const Step step("op = 'flat_map'\neach = 'tags'\nas = 'tag'", table.schema);
  auto transform = step.plan->make_transform(step.context);
  transform->apply(batches[0]);
  CHECK(batches[0].rows == 4);
  CHECK(batches[0].rejects[0].row == 2);
  REQUIRE(batches[0].event_time.size() == 4);
  CHECK(batches[0].event_time[1] == 0);
  CHECK(batches[0].event_time[3] == 3);
  CHECK(batches[0].ordinal(1) == 1);
}

TEST_CASE("flat_map of no rows and of empty arrays gives none") {
  Table table;
  table.add("s", "STRING", {"NULL"}).add("a", "ARRAY<INT>", {"NULL"});
  const Step step("op = 'flat_map'\neach = 'a'\nas = 'x'", table.schema);
  CHECK(step.run(table).rows.empty());
}

TEST_CASE("sample keeps the same rows for a seed") {
  Table table;
  Texts values;
  for (int i = 0; i < 2000; ++i) values.push_back(std::to_string(i));
  table.add("x", "INT", values);
  const auto rows = [&](const std::string& options) {
    return Step("op = 'sample'\n" + options, table.schema).run_batches(cut(table, 1 << 20), 1).rows;
  };
  const auto tenth = rows("fraction = 0.1");
  CHECK(tenth.size() > 140);
  CHECK(tenth.size() < 260);
  CHECK(rows("fraction = 0.1") == tenth);
  CHECK(rows("fraction = 0.1\nseed = 5") != tenth);
  CHECK(rows("fraction = 0").empty());
  CHECK(rows("fraction = 1").size() == 2000);
  CHECK(Step("op = 'sample'\nfraction = 1.5", table.schema).error() ==
        "fraction must be from 0 to 1");
}

TEST_CASE("sample goes by a record's place in its source, not by its block") {
  const std::string bytes(3000, 'x');
  const auto sampled = [&](size_t block) {
    Table table;
    const Step step("op = 'sample'\nfraction = 0.3", Schema({{"x", Type::integer()}}));
    auto transform = step.plan->make_transform(step.context);
    Texts rows;
    for (size_t begin = 0; begin < bytes.size(); begin += block) {
      Batch batch;
      batch.sequence = begin / block;
      batch.origin.begin = begin;
      batch.block_begin = bytes.data() + begin;
      auto column = make_column(Type::integer());
      for (size_t i = begin; i < begin + block; i += 10) {
        column->push<int32_t>(static_cast<int32_t>(i));
        batch.raw.push_back(StringRef(bytes.data() + i, 10));
      }
      batch.rows = column->size();
      batch.columns = {column};
      transform->apply(batch);
      for (size_t i = 0; i < batch.rows; ++i) rows.push_back(cell(*batch.columns[0], i));
    }
    return rows;
  };
  const auto whole = sampled(3000);
  CHECK(whole.size() > 50);
  CHECK(sampled(100) == whole);
  CHECK(sampled(10) == whole);
}

TEST_CASE("limit passes some rows and is done") {
  Table table;
  Texts values;
  for (int i = 0; i < 20; ++i) values.push_back(std::to_string(i));
  table.add("x", "INT", values);
  CHECK(Step("op = 'limit'\nlimit = 3", table.schema).run(table).rows == Texts{"0", "1", "2"});
  CHECK(Step("op = 'limit'\nlimit = 3\noffset = 8", table.schema).run(table).rows ==
        Texts{"8", "9", "10"});
  CHECK(Step("op = 'limit'\nlimit = 30\noffset = 18", table.schema).run(table).rows ==
        Texts{"18", "19"});
  CHECK(Step("op = 'limit'\nlimit = 0", table.schema).run(table).rows.empty());
  CHECK(Step("op = 'limit'\nlimit = -1", table.schema).error() == "limit must not be negative");
  const Step none("op = 'limit'\nlimit = 0", table.schema);
  CHECK(none.plan->make_ordered(none.context)->done());
}

TEST_CASE("distinct passes the first row of each combination") {
  Table table;
  table.add("a", "STRING", {"'x'", "'y'", "'x'", "NULL", "NULL", "'y'"})
      .add("b", "INT", {"1", "1", "1", "2", "2", "3"});
  CHECK(Step("op = 'distinct'", table.schema).run(table).rows ==
        Texts{"x|1", "y|1", "NULL|2", "y|3"});
  Step by_a("op = 'distinct'\ncolumns = 'a'", table.schema);
  CHECK(by_a.run(table).rows == Texts{"x|1", "y|1", "NULL|2"});
  by_a.need({false, true});
  CHECK(by_a.needed == std::vector<bool>{true, true});
}

TEST_CASE("parse decodes a text column and refuses bad texts") {
  Table table;
  table.add("id", "INT", {"1", "2", "3", "4", "5", "6"})
      .add("line", "STRING", {"'a,1'", "NULL", "'b,x'", "'c,3'", "''", "'\"d\ne\",5'"});
  const std::string options =
      "op = 'parse'\ncolumn = 'line'\nformat = 'csv'\nschema = { s = 'STRING', n = 'INT' }\n";
  const Outcome outcome = Step(options, table.schema).run(table);
  CHECK(outcome.rows == Texts{"1|a|1", "2|NULL|NULL", "4|c|3", "6|d\ne|5"});
  REQUIRE(outcome.rejects.size() == 2);
  CHECK(outcome.rejects[0].substr(0, 5) == "line:");
  const Step kept(options + "keep = true\ninto = 'p_'", table.schema);
  CHECK(kept.plan->output().names() == Texts{"id", "line", "p_s", "p_n"});
  CHECK(kept.run(table).rows[0] == "1|a,1|a|1");
  Step pruned(options, table.schema);
  pruned.need({false, false, true});
  CHECK(pruned.needed == std::vector<bool>{false, true});
  CHECK(pruned.run(table).rows[0] == "-|-|1");
}

TEST_CASE("parse says what is wrong with its options") {
  Table table;
  table.add("line", "STRING", {"'a'"}).add("n", "INT", {"1"});
  CHECK(Step("op = 'parse'\ncolumn = 'n'\nformat = 'csv'\nschema = { s = 'STRING' }", table.schema)
            .error() == "parse takes a STRING column, `n` is an INT");
  CHECK(Step("op = 'parse'\ncolumn = 'line'\nformat = 'cvs'", table.schema).error() ==
        "no input format `cvs`");
  CHECK(Step("op = 'parse'\ncolumn = 'line'\nformat = 'csv'\nschema = { n = 'INT' }", table.schema)
            .error() == "there is a column `n` already");
}

}  // namespace weir
