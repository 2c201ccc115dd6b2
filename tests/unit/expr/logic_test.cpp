#include "expr_tester.h"

using namespace weir;

namespace {

const Texts kValues = {"TRUE", "FALSE", "NULL"};

int truth(const std::string& v) { return v == "TRUE" ? 1 : v == "FALSE" ? 0 : -1; }
std::string text(int t) { return t < 0 ? "NULL" : t == 1 ? "TRUE" : "FALSE"; }

int truth_and(int a, int b) { return a == 0 || b == 0 ? 0 : (a < 0 || b < 0 ? -1 : 1); }
int truth_or(int a, int b) { return a == 1 || b == 1 ? 1 : (a < 0 || b < 0 ? -1 : 0); }

void fill_nine(Table& t) {
  Texts a;
  Texts b;
  for (const auto& x : kValues) {
    for (const auto& y : kValues) {
      a.push_back(x);
      b.push_back(y);
    }
  }
  t.add("a", "BOOLEAN", a).add("b", "BOOLEAN", b);
}

}  // namespace

TEST_CASE("AND and OR have three truth values, for columns and constants alike") {
  Table t;
  fill_nine(t);
  const Texts both_and = t.eval("a AND b");
  const Texts both_or = t.eval("a OR b");
  for (size_t i = 0; i < 9; ++i) {
    const int a = truth(kValues[i / 3]);
    const int b = truth(kValues[i % 3]);
    INFO(kValues[i / 3] << " " << kValues[i % 3]);
    CHECK(both_and[i] == text(truth_and(a, b)));
    CHECK(both_or[i] == text(truth_or(a, b)));
    CHECK(t.eval("a AND " + kValues[i % 3])[i] == text(truth_and(a, b)));
    CHECK(t.eval(kValues[i / 3] + " OR b")[i] == text(truth_or(a, b)));
    CHECK(value_of(kValues[i / 3] + " AND " + kValues[i % 3]) == text(truth_and(a, b)));
    CHECK(value_of(kValues[i / 3] + " OR " + kValues[i % 3]) == text(truth_or(a, b)));
  }
}

TEST_CASE("a side that may fail gives the same truth table") {
  Table t;
  fill_nine(t);
  t.add("one", "INT", Texts(9, "1"));
  // 1 / one = 1 is TRUE and may fail, so the right side runs on gathered rows.
  const Texts with_and = t.eval("a AND (b AND 1 / one = 1)");
  const Texts with_or = t.eval("a OR (b AND 1 / one = 1)");
  CHECK(with_and == t.eval("a AND b"));
  CHECK(with_or == t.eval("a OR b"));
}

TEST_CASE("NOT and the IS tests") {
  Table t;
  t.add("a", "BOOLEAN", kValues);
  CHECK(t.eval("NOT a") == Texts{"FALSE", "TRUE", "NULL"});
  CHECK(t.eval("a IS NULL") == Texts{"FALSE", "FALSE", "TRUE"});
  CHECK(t.eval("a IS NOT NULL") == Texts{"TRUE", "TRUE", "FALSE"});
  CHECK(t.eval("a IS TRUE") == Texts{"TRUE", "FALSE", "FALSE"});
  CHECK(t.eval("a IS NOT TRUE") == Texts{"FALSE", "TRUE", "TRUE"});
  CHECK(t.eval("a IS FALSE") == Texts{"FALSE", "TRUE", "FALSE"});
  CHECK(t.eval("a IS NOT FALSE") == Texts{"TRUE", "FALSE", "TRUE"});
  CHECK(t.eval("a IS UNKNOWN") == Texts{"FALSE", "FALSE", "TRUE"});
  CHECK(t.eval("a IS NOT UNKNOWN") == Texts{"TRUE", "TRUE", "FALSE"});
  CHECK(value_of("NULL IS NULL") == "TRUE");
  CHECK(value_of("NULL IS NOT NULL") == "FALSE");
  CHECK(value_of("NULL IS TRUE") == "FALSE");
}

TEST_CASE("the right side of AND and OR runs only where it decides") {
  Table t;
  t.add("x", "INT", {"0", "2", "0", "NULL", "5"});
  CHECK(t.eval("x <> 0 AND 10 / x > 3") == Texts{"FALSE", "TRUE", "FALSE", "NULL", "FALSE"});
  CHECK(t.eval("x = 0 OR 10 / x > 3") == Texts{"TRUE", "TRUE", "TRUE", "NULL", "FALSE"});
  // The errors keep the batch's row numbers.
  CHECK(t.eval("x IS NOT NULL AND 10 / x > 3") ==
        Texts{"! division by zero", "TRUE", "! division by zero", "FALSE", "FALSE"});
}

TEST_CASE("a filter keeps the rows that are TRUE") {
  Table t;
  t.add("x", "INT", {"1", "5", "NULL", "7", "2"});
  Vec<uint32_t> rows;
  const auto kept = [&](const std::string& predicate) {
    eval_filter(*t.bound(predicate), t.batch, t.context, rows);
    return std::vector<uint32_t>(rows.begin(), rows.end());
  };
  CHECK(kept("x > 2") == std::vector<uint32_t>{1, 3});
  CHECK(kept("TRUE") == std::vector<uint32_t>{0, 1, 2, 3, 4});
  CHECK(kept("FALSE").empty());
  CHECK(kept("NULL").empty());
  CHECK(kept("x IS NULL OR x = 1") == std::vector<uint32_t>{0, 2});
  t.batch.rows = 0;
  t.batch.columns[0] = make_column(Type::integer());
  CHECK(kept("x > 2").empty());
  CHECK(kept("TRUE").empty());
}
