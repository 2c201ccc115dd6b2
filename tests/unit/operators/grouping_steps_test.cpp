// Steps that keep rows or groups: aggregate, reduce, sort, top.

#include "step_runner.h"

namespace weir {

namespace {

struct Sales : Table {
  Sales() {
    add("shop", "STRING", {"'b'", "'a'", "NULL", "'b'", "'a'", "'c'", "'b'"})
        .add("amount", "BIGINT", {"5", "1", "9", "NULL", "3", "0", "2"})
        .add("word", "STRING", {"'p'", "'q'", "'r'", "'s'", "'t'", "'u'", "'v'"});
  }
};

}  // namespace

TEST_CASE("aggregate gives one row per key in key order") {
  const Sales table;
  const Step step(
      "op = 'aggregate'\nkey_by = 'shop'\naggregate = { n = 'COUNT(*)', total = 'SUM(amount)' }",
      table.schema);
  CHECK(step.plan->output().names() == Texts{"shop", "n", "total"});
  CHECK(step.run(table).rows == Texts{"NULL|1|9", "a|2|4", "b|3|7", "c|1|0"});
  const Step arrival(
      "op = 'aggregate'\nkey_by = 'shop'\norder = 'arrival'\naggregate = { n = 'COUNT(*)' }",
      table.schema);
  CHECK(arrival.run(table).rows == Texts{"b|3", "a|2", "NULL|1", "c|1"});
  const Step having(
      "op = 'aggregate'\nkey_by = 'shop'\nhaving = 'n > 1'\naggregate = { n = 'COUNT(*)', w = "
      "'LISTAGG(word)' }",
      table.schema);
  CHECK(having.run(table).rows == Texts{"a|2|q,t", "b|3|p,s,v"});
}

TEST_CASE("aggregate without keys gives one row, also of nothing") {
  const Sales table;
  const Step step("op = 'aggregate'\naggregate = { n = 'COUNT(*)', m = 'MAX(amount)' }",
                  table.schema);
  CHECK(step.run(table).rows == Texts{"7|9"});
  CHECK(step.run_batches({}, 2).rows == Texts{"0|NULL"});
  const Step keyed("op = 'aggregate'\nkey_by = 'shop'\naggregate = { n = 'COUNT(*)' }",
                   table.schema);
  CHECK(keyed.run_batches({}, 2).rows.empty());
}

TEST_CASE("aggregate by several keys of any types") {
  const Sales table;
  const Step step("op = 'aggregate'\nkey_by = ['shop', 'amount']\naggregate = { n = 'COUNT(*)' }",
                  table.schema);
  CHECK(step.run(table).rows ==
        Texts{"NULL|9|1", "a|1|1", "a|3|1", "b|NULL|1", "b|2|1", "b|5|1", "c|0|1"});
}

TEST_CASE("aggregate refuses rows whose argument fails, and overflowing results") {
  const Sales table;
  Step step(
      "op = 'aggregate'\nkey_by = 'shop'\naggregate = { n = 'SUM(10 / amount)', c = 'COUNT(*)' }",
      table.schema);
  CHECK(step.plan->can_reject());
  const Outcome outcome = step.run(table);
  CHECK(outcome.rows == Texts{"NULL|1|1", "a|13|2", "b|7|3"});
  CHECK(outcome.rejects.size() == 1);
  Table big;
  big.add("k", "INT", {"1", "2", "2"}).add("x", "BIGINT", {"1", "9223372036854775807", "1"});
  Step sum("op = 'aggregate'\nkey_by = 'k'\naggregate = { s = 'SUM(x)' }", big.schema);
  const Outcome overflow = sum.run(big);
  CHECK(overflow.rows == Texts{"1|1"});
  CHECK(overflow.rejects == Texts{"aggregate: SUM overflows BIGINT"});
}

TEST_CASE("aggregate reads and computes only what is needed") {
  const Sales table;
  Step step(
      "op = 'aggregate'\nkey_by = 'shop'\naggregate = { n = 'COUNT(*)', w = 'LISTAGG(word)' }",
      table.schema);
  step.need({true, true, false});
  CHECK(step.needed == std::vector<bool>{true, false, false});
  CHECK(step.run(table).rows[0] == "NULL|1|-");
}

TEST_CASE("aggregate says what is wrong") {
  const Sales table;
  CHECK(Step("op = 'aggregate'\nkey_by = 'shpo'\naggregate = { n = 'COUNT(*)' }", table.schema)
            .error() == "no column `shpo`");
  CHECK(Step("op = 'aggregate'\nkey_by = 'shop'\naggregate = { shop = 'COUNT(*)' }", table.schema)
            .error() == "`shop` is a key and an aggregate");
}

TEST_CASE("reduce gives a running result for every record") {
  const Sales table;
  const Step step(
      "op = 'reduce'\nkey_by = 'shop'\nreduce = { amount = 'a.amount + b.amount', word = 'b.word' "
      "}",
      table.schema);
  CHECK(step.run(table).rows ==
        Texts{"b|5|p", "a|1|q", "NULL|9|r", "b|NULL|s", "a|4|t", "c|0|u", "b|NULL|v"});
}

TEST_CASE("reduce at the end gives one result per key in key order") {
  const Sales table;
  const std::string key = "op = 'reduce'\nkey_by = 'shop'\nemit = 'final'\n";
  const Step sum(key + "reduce = { amount = 'a.amount + b.amount' }", table.schema);
  CHECK(sum.run(table).rows == Texts{"NULL|9", "a|4", "b|NULL", "c|0"});
  const Step words(key +
                       "reduce = { word = 'a.word || b.word', amount = 'COALESCE(a.amount, 0) + "
                       "COALESCE(b.amount, 0)' }",
                   table.schema);
  CHECK(words.run(table).rows == Texts{"NULL|r|9", "a|qt|4", "b|psv|7", "c|u|0"});
  const Step extremes(key + "reduce = { amount = 'GREATEST(a.amount, b.amount)', word = 'a.word' }",
                      table.schema);
  CHECK(extremes.run(table).rows == Texts{"NULL|9|r", "a|3|q", "b|NULL|p", "c|0|u"});
  const Step all("op = 'reduce'\nemit = 'final'\nreduce = { word = 'a.word || b.word' }",
                 table.schema);
  CHECK(all.run(table).rows == Texts{"pqrstuv"});
  CHECK(all.run_batches({}, 1).rows.empty());
}

TEST_CASE("reduce refuses a record that fails and keeps the key's state") {
  Table table;
  table.add("k", "INT", {"1", "1", "1", "1"})
      .add("x", "TINYINT", {"100", "100", "20", "-5"})
      .add("n", "BIGINT", {"1", "1", "1", "1"});
  const Step step("op = 'reduce'\nkey_by = 'k'\nreduce = { n = 'a.n + b.n', x = 'a.x + b.x' }",
                  table.schema);
  const Outcome outcome = step.run(table);
  CHECK(outcome.rows == Texts{"1|1|100", "1|2|120", "1|3|115"});
  CHECK(outcome.rejects.size() == 1);
  Step wrap("op = 'reduce'\nkey_by = 'k'\nreduce = { x = 'a.x + b.x' }", table.schema);
  wrap.context.wrap_overflow = true;
  CHECK(wrap.run(table).rows == Texts{"1|100", "1|-56", "1|-36", "1|-41"});
}

TEST_CASE("reduce says what is wrong") {
  const Sales table;
  CHECK(Step("op = 'reduce'\nkey_by = 'shop'\nreduce = { amout = 'a.amount' }", table.schema)
            .error() == "no column `amout`");
  CHECK(
      Step("op = 'reduce'\nkey_by = 'shop'\nreduce = { shop = 'a.shop' }", table.schema).error() ==
      "`shop` is a key: it stays as it is");
  CHECK(!Step("op = 'reduce'\nkey_by = 'shop'\nreduce = { amount = 'amount + 1' }", table.schema)
             .errors.empty());
}

TEST_CASE("sort is stable and knows directions and NULLs") {
  const Sales table;
  const auto words = [&](const std::string& by) {
    std::string all;
    for (const auto& row : Step("op = 'sort'\nby = '" + by + "'", table.schema).run(table).rows)
      all += row.back();
    return all;
  };
  CHECK(words("shop") == "rqtpsvu");
  CHECK(words("shop DESC") == "upsvqtr");
  CHECK(words("shop, amount DESC") == "rtqpvsu");
  CHECK(words("amount") == "suqvtpr");
  CHECK(words("amount DESC NULLS FIRST") == "srptvqu");
  CHECK(words("-amount, word") == "srptvqu");
  CHECK(words("TRUE") == "pqrstuv");
  const Step sorted("op = 'sort'\nby = 'shop'", table.schema);
  CHECK(sorted.run_batches({}, 2).rows.empty());
}

TEST_CASE("sort and top leave out rows that cannot be ordered") {
  const Sales table;
  Step sort("op = 'sort'\nby = '10 / amount'", table.schema);
  CHECK(sort.plan->can_reject());
  CHECK(sort.run(table).rejects.size() == 1);
  CHECK(sort.run(table).rows.size() == 6);
  Step top("op = 'top'\nby = '10 / amount'\nlimit = 9", table.schema);
  CHECK(top.run(table).rejects.size() == 1);
  CHECK(top.run(table).rows.size() == 6);
}

TEST_CASE("top gives the first rows, of all or of each group") {
  const Sales table;
  const Step all("op = 'top'\nby = 'amount DESC'\nlimit = 3", table.schema);
  CHECK(all.run(table).rows == Texts{"NULL|9|r", "b|5|p", "a|3|t"});
  const Step per("op = 'top'\nby = 'amount DESC'\nlimit = 1\nper = 'shop'\nrank = 'place'",
                 table.schema);
  CHECK(per.run(table).rows == Texts{"NULL|9|r|1", "a|3|t|1", "b|5|p|1", "c|0|u|1"});
  const Step two("op = 'top'\nby = 'amount DESC'\nlimit = 2\nper = 'shop'\nrank = 'place'",
                 table.schema);
  CHECK(two.run(table).rows ==
        Texts{"NULL|9|r|1", "a|3|t|1", "a|1|q|2", "b|5|p|1", "b|2|v|2", "c|0|u|1"});
  CHECK(all.run_batches({}, 2).rows.empty());
  Step pruned("op = 'top'\nby = 'amount DESC'\nlimit = 1", table.schema);
  pruned.need({true, false, false});
  CHECK(pruned.needed == std::vector<bool>{true, true, false});
  CHECK(Step("op = 'top'\nby = 'amount'\nlimit = 0", table.schema).error() ==
        "limit must be at least 1");
}

TEST_CASE("ties of top keep input order") {
  Table table;
  Texts x, y;
  for (int i = 0; i < 300; ++i) {
    x.push_back(std::to_string(i % 3));
    y.push_back(std::to_string(i));
  }
  table.add("x", "INT", x).add("y", "INT", y);
  const Step step("op = 'top'\nby = 'x'\nlimit = 4", table.schema);
  CHECK(step.run(table).rows == Texts{"0|0", "0|3", "0|6", "0|9"});
}

}  // namespace weir
