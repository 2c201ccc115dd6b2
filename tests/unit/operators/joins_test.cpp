// Joins against a naive one, over random rows.

#include <algorithm>

#include "changes.h"

namespace weir {

namespace {

struct Inputs {
  Inputs() {
    left.add("k", Type::bigint());
    left.add("s", Type::string());
    left.add("v", Type::bigint());
    right.add("rk", Type::bigint());
    right.add("rs", Type::string());
    right.add("w", Type::bigint());
  }
  BindContext bind(bool streaming) const {
    BindContext context;
    context.streaming = streaming;
    context.inputs = {{"l", left, false, true, streaming}, {"r", right, false, true, streaming}};
    return context;
  }
  Schema left;
  Schema right;
};

struct Case {
  std::string keys;   // of `on`
  std::string where;  // may be empty
  std::string kind;
  bool null_aware = false;

  std::string text() const {
    std::string options = "op = 'join'\njoin = '" + kind + "'\n";
    if (!keys.empty()) options += "on = " + keys + "\n";
    if (!where.empty()) options += "where = '" + where + "'\n";
    if (null_aware) options += "null_aware = true\n";
    if (kind == "mark") options += "as = 'm'\n";
    return options;
  }
};

using Row = std::vector<std::string>;

std::vector<Row> cell_rows(const std::vector<Batch>& batches) {
  std::vector<Row> rows;
  for (const auto& batch : batches)
    for (size_t i = 0; i < batch.rows; ++i) rows.push_back(cells(batch, i));
  return rows;
}

enum class Answer { kNo, kUnknown, kYes };

Answer both(Answer a, Answer b) { return std::min(a, b); }

Answer equal(const std::string& a, const std::string& b) {
  if (a == "NULL" || b == "NULL") return Answer::kUnknown;
  return a == b ? Answer::kYes : Answer::kNo;
}

// What the condition of a case says of a pair.
Answer matches(const Case& join, const Row& l, const Row& r) {
  Answer answer = Answer::kYes;
  if (join.keys.find("k = 'rk'") != std::string::npos) answer = both(answer, equal(l[0], r[0]));
  if (join.keys.find("s = 'rs'") != std::string::npos) answer = both(answer, equal(l[1], r[1]));
  if (join.where == "v < w") {
    const bool null = l[2] == "NULL" || r[2] == "NULL";
    const Answer less = null                                ? Answer::kNo
                        : std::stoi(l[2]) < std::stoi(r[2]) ? Answer::kYes
                                                            : Answer::kNo;
    answer = both(answer, less);
  }
  return answer;
}

std::vector<std::string> naive_join(const Case& join, const std::vector<Row>& left,
                                    const std::vector<Row>& right) {
  std::vector<std::string> out;
  std::vector<bool> found(right.size(), false);
  const bool pairs = join.kind != "semi" && join.kind != "anti" && join.kind != "mark";
  const Row nulls(3, "NULL");
  for (const auto& l : left) {
    Answer best = Answer::kNo;
    for (size_t r = 0; r < right.size(); ++r) {
      Answer answer = matches(join, l, right[r]);
      if (answer == Answer::kUnknown && !join.null_aware) answer = Answer::kNo;
      best = std::max(best, answer);
      if (answer != Answer::kYes) continue;
      found[r] = true;
      if (pairs) out.push_back(joined(l) + "|" + joined(right[r]));
    }
    const bool yes = best == Answer::kYes;
    if (!yes && (join.kind == "left" || join.kind == "full"))
      out.push_back(joined(l) + "|" + joined(nulls));
    if (join.kind == "semi" && yes) out.push_back(joined(l));
    if (join.kind == "anti" && best == Answer::kNo) out.push_back(joined(l));
    if (join.kind == "mark")
      out.push_back(joined(l) + "|" + (yes ? "TRUE" : best == Answer::kUnknown ? "NULL" : "FALSE"));
  }
  if (join.kind == "right" || join.kind == "full")
    for (size_t r = 0; r < right.size(); ++r)
      if (!found[r]) out.push_back(joined(nulls) + "|" + joined(right[r]));
  return out;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string keys : {"{ k = 'rk' }", "{ s = 'rs' }", "{ k = 'rk', s = 'rs' }", ""})
    for (const std::string where : {"", "v < w"}) {
      for (const std::string kind : {"inner", "left", "right", "full", "semi", "anti", "mark"})
        cases.push_back({keys, where, kind});
      for (const std::string kind : {"anti", "mark"}) cases.push_back({keys, where, kind, true});
    }
  return cases;
}

Batch copy(const Batch& batch) {
  Batch out = batch.shell();
  out.columns = batch.columns;
  return out;
}

std::vector<std::string> run_bounded(const Step& step, const std::vector<Batch>& left,
                                     const std::vector<Batch>& right, size_t workers,
                                     std::mt19937_64& random) {
  std::vector<std::unique_ptr<Collector>> collectors;
  for (size_t w = 0; w < workers; ++w)
    collectors.push_back(step.plan->make_collector(step.context));
  std::vector<size_t> order(right.size());
  for (size_t b = 0; b < order.size(); ++b) order[b] = b;
  std::shuffle(order.begin(), order.end(), random);
  for (const size_t b : order) collectors[random() % workers]->consume(copy(right[b]));
  const auto built = step.plan->finish_build(std::move(collectors), step.context);
  Outcome outcome;
  CollectingEmitter out(outcome);
  for (const auto& batch : left) {
    const auto probe = step.plan->make_probe(built, step.context);
    Batch part = copy(batch);
    if (!probe->expands()) {
      probe->apply(part);
      out.emit(std::move(part));
      continue;
    }
    probe->begin(std::move(part));
    for (bool more = true; more;) {
      Batch next;
      more = probe->next(next);
      out.emit(std::move(next));
    }
  }
  if (step.plan->has_rest()) {
    const auto rest = step.plan->rest(built, step.context);
    Batch batch;
    while (rest->claim(batch)) out.emit(std::move(batch));
  }
  return outcome.rows;
}

}  // namespace

TEST_CASE("a bounded join gives what a naive one gives, in its order") {
  const Inputs inputs;
  std::mt19937_64 random(7);
  for (const Case& join : all_cases()) {
    const Step step(join.text(), inputs.left, inputs.bind(false));
    INFO(join.text() << step.error());
    REQUIRE(step.plan != nullptr);
    for (uint64_t seed = 0; seed < 6; ++seed) {
      RandomRows of_left(inputs.left, seed * 2 + 1);
      RandomRows of_right(inputs.right, seed * 2 + 2);
      std::vector<Batch> left;
      std::vector<Batch> right;
      const size_t batches = seed == 0 ? 0 : 3;
      for (size_t b = 0; b < 3; ++b) {
        left.push_back(of_left.batch(1 + of_left.next(9)));
        left.back().sequence = b;
      }
      for (size_t b = 0; b < batches; ++b) {
        right.push_back(of_right.batch(1 + of_right.next(9), seed % 2 == 0 ? 5 : 40));
        right.back().sequence = b;
      }
      CHECK(run_bounded(step, left, right, 1 + seed % 3, random) ==
            naive_join(join, cell_rows(left), cell_rows(right)));
    }
  }
}

TEST_CASE("a join of more pairs than a part holds gives all of them") {
  const Inputs inputs;
  const Step step("op = 'join'\non = { k = 'rk' }\nwhere = 'v < w'\njoin = 'left'\n", inputs.left,
                  inputs.bind(false));
  RandomRows of_left(inputs.left, 3);
  RandomRows of_right(inputs.right, 4);
  std::vector<Batch> left;
  std::vector<Batch> right;
  left.push_back(of_left.batch(400, 2));
  right.push_back(of_right.batch(400, 2));
  std::mt19937_64 random(1);
  CHECK(run_bounded(step, left, right, 1, random) ==
        naive_join({"{ k = 'rk' }", "v < w", "left"}, cell_rows(left), cell_rows(right)));
}

TEST_CASE("changes of a join of streams come to what a naive join gives") {
  const Inputs inputs;
  for (const Case& join : all_cases()) {
    if (join.kind == "mark" || join.null_aware) continue;
    const Step step(join.text(), inputs.left, inputs.bind(true));
    INFO(join.text() << step.error());
    REQUIRE(step.plan != nullptr);
    for (uint64_t seed = 1; seed < 5; ++seed) {
      RandomChanges changes[2] = {{inputs.left, seed}, {inputs.right, seed + 100}};
      std::mt19937_64 random(seed);
      Materialized out;
      auto ordered = step.plan->make_ordered(step.context);
      for (int round = 0; round < 30; ++round) {
        const size_t side = random() % 2;
        ordered->process_input(side, changes[side].next(seed > 1), out);
        if (round % 7 == 0) ordered = resumed(*step.plan, step.context, *ordered);
        const auto expected =
            naive_join(join, cell_rows(changes[0].alive), cell_rows(changes[1].alive));
        REQUIRE(out.rows == std::multiset<std::string>(expected.begin(), expected.end()));
      }
    }
  }
}

TEST_CASE("joins say what is wrong") {
  const Inputs inputs;
  const auto error = [&](const std::string& options, bool streaming = false) {
    return Step("op = 'join'\n" + options, inputs.left, inputs.bind(streaming)).error();
  };
  CHECK(error("on = { k = 'rs' }") == "`k` is BIGINT on the left and STRING on the right");
  CHECK(error("on = { k = 'rx' }") == "no column `rx`");
  CHECK(error("join = 'mark'") == "a mark join needs `as`, the name of its column");
  CHECK(error("join = 'mark'\nas = 'k'") == "there is a column `k` already");
  CHECK(error("as = 'k'") == "only a mark join has `as`");
  CHECK(error("null_aware = true") == "only anti and mark joins can be null_aware");
  CHECK(error("join = 'mark'\nas = 'm'", true) == "a mark join needs bounded input");
  CHECK(error("within = { lower = '1s', upper = '2s' }") == "`l` has no event time");
}

}  // namespace weir
