// Frames and ranks against a naive computation over random rows.

#include "changes.h"

namespace weir {

namespace {

const Schema& over_columns() {
  static const Schema schema = [] {
    Schema s;
    s.add("k", Type::string());
    s.add("v", Type::bigint());
    s.add("n", Type::bigint());
    return s;
  }();
  return schema;
}

struct NaiveRow {
  std::string k;
  std::optional<int64_t> v;
  std::optional<int64_t> n;
  size_t arrival;
};

// Sorted as the step gives them: by k, then v, NULLs first, then as they came.
std::vector<NaiveRow> sorted(const std::vector<Batch>& batches) {
  std::vector<NaiveRow> rows;
  const auto number = [](const std::string& text) {
    return text == "NULL" ? std::nullopt : std::optional<int64_t>(std::stoll(text));
  };
  for (const auto& batch : batches)
    for (size_t i = 0; i < batch.rows; ++i) {
      const auto c = cells(batch, i);
      rows.push_back({c[0], number(c[1]), number(c[2]), rows.size()});
    }
  std::stable_sort(rows.begin(), rows.end(), [](const NaiveRow& a, const NaiveRow& b) {
    if (a.k != b.k) return a.k == "NULL" || (b.k != "NULL" && a.k < b.k);
    return a.v < b.v;  // nullopt is the smallest
  });
  return rows;
}

struct Window {
  std::string frame;
  // Whether row j is in the frame of row i; both of one partition, in order.
  bool (*holds)(const std::vector<NaiveRow>& rows, size_t i, size_t j);
};

bool near(const NaiveRow& a, const NaiveRow& b, int64_t before, int64_t after) {
  if (!a.v || !b.v) return !a.v && !b.v;
  return *b.v >= *a.v - before && *b.v <= *a.v + after;
}

const std::vector<Window>& window_cases() {
  static const std::vector<Window> cases = {
      {"", [](const auto& r, size_t i, size_t j) { return r[j].v <= r[i].v; }},
      {"ROWS UNBOUNDED PRECEDING", [](const auto&, size_t i, size_t j) { return j <= i; }},
      {"ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
       [](const auto&, size_t i, size_t j) { return j <= i && j + 2 >= i; }},
      {"ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING",
       [](const auto&, size_t i, size_t j) { return j + 3 >= i && j + 2 <= i; }},
      {"ROWS BETWEEN 1 FOLLOWING AND 4 FOLLOWING",
       [](const auto&, size_t i, size_t j) { return j > i && j <= i + 4; }},
      {"ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING",
       [](const auto&, size_t i, size_t j) { return j + 1 >= i; }},
      {"RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
       [](const auto& r, size_t i, size_t j) { return r[j].v >= r[i].v; }},
      {"RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING",
       [](const auto& r, size_t i, size_t j) { return near(r[i], r[j], 1, 2); }},
      {"RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
       [](const auto&, size_t, size_t) { return true; }},
  };
  return cases;
}

std::string shown(std::optional<int64_t> value) { return value ? std::to_string(*value) : "NULL"; }

std::vector<std::string> naive_over(const std::vector<NaiveRow>& rows, const Window& window) {
  std::vector<std::string> out;
  for (size_t i = 0; i < rows.size(); ++i) {
    int64_t count = 0;
    std::optional<int64_t> sum;
    std::optional<int64_t> least;
    std::set<int64_t> different;
    int64_t rank = 1;
    int64_t number = 1;
    for (size_t j = 0; j < rows.size(); ++j) {
      if (rows[j].k != rows[i].k) continue;
      if (j < i) ++number;
      if (rows[j].v < rows[i].v) ++rank;
      if (!window.holds(rows, i, j)) continue;
      ++count;
      if (!rows[j].n) continue;
      sum = sum.value_or(0) + *rows[j].n;
      least = least ? std::min(*least, *rows[j].n) : *rows[j].n;
      different.insert(*rows[j].n);
    }
    out.push_back(joined({rows[i].k, shown(rows[i].v), shown(rows[i].n), std::to_string(count),
                          shown(sum), shown(least), std::to_string(different.size()),
                          std::to_string(number), std::to_string(rank)}));
  }
  return out;
}

}  // namespace

TEST_CASE("frames hold what they say") {
  for (const Window& window : window_cases()) {
    std::string options = "op = 'over'\npartition_by = 'k'\norder_by = 'v'\n";
    if (!window.frame.empty()) options += "frame = '" + window.frame + "'\n";
    options +=
        "columns = { c = 'COUNT(*)', s = 'SUM(n)', m = 'MIN(n)', d = 'COUNT(DISTINCT n)', i = "
        "'ROW_NUMBER()', r = 'RANK()' }";
    const Step step(options, over_columns());
    INFO(options << step.error());
    REQUIRE(step.plan != nullptr);
    for (uint64_t seed = 1; seed < 6; ++seed) {
      RandomRows random(over_columns(), seed);
      std::vector<Batch> batches;
      for (size_t b = 0; b < 4; ++b) {
        batches.push_back(random.batch(1 + random.next(20), 6));
        batches.back().sequence = b;
      }
      const auto expected = naive_over(sorted(batches), window);
      CHECK(step.run_batches(std::move(batches), 3, seed).rows == expected);
    }
  }
}

TEST_CASE("over says what is wrong") {
  const auto error = [](const std::string& options, bool streaming = false) {
    BindContext bind;
    bind.streaming = streaming;
    bind.has_event_time = true;
    return Step("op = 'over'\n" + options, over_columns(), bind).error();
  };
  CHECK(error("columns = { v = 'SUM(n)' }") == "there is a column `v` already");
  CHECK(error("columns = { x = 'ROW_NUMBER()' }") == "ROW_NUMBER needs an order");
  CHECK(error("order_by = 'v'\ncolumns = { x = 'NTILE(0)' }") ==
        "NTILE needs an integer here, 1 or more");
  CHECK(error("order_by = 'v'\nframe = 'RANGE 1.5 PRECEDING'\ncolumns = { x = 'SUM(n)' }") ==
        "a RANGE over BIGINT cannot have a distance of DECIMAL(2, 1)");
  CHECK(error("order_by = 'v'\nframe = 'ROW 1 PRECEDING'\ncolumns = { x = 'SUM(n)' }") != "");
  CHECK(error("order_by = 'v'\ncolumns = { x = 'SUM(n)' }", true) ==
        "a stream comes in order of time only");
  CHECK(error("order_by = 'v'\ncolumns = { x = 'SUM(n) OVER (ORDER BY v)' }") ==
        "OVER may not stand here");
}

}  // namespace weir
