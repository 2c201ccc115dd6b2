// Every function's example is evaluated, as its documentation promises.
#include <set>

#include "expr/function.h"
#include "expr_tester.h"

using namespace weir;

TEST_CASE("the function list is sorted and every entry is documented") {
  const FunctionList& list = scalar_functions();
  REQUIRE(list.size() > 100);
  std::set<std::string> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    const auto& f = list[i];
    INFO(f.name << " " << f.signature);
    if (i > 0) CHECK(list[i - 1].name <= f.name);
    CHECK_FALSE(f.family.empty());
    CHECK_FALSE(f.doc.empty());
    CHECK_FALSE(f.example.empty());
    CHECK_FALSE(f.result.empty());
    // IS JSON is written as an operator.
    if (f.name != "IS_JSON") CHECK(f.signature.find(f.name) != std::string_view::npos);
    CHECK(f.signature.find(" -> ") != std::string_view::npos);
    const bool has_kernel = f.kernel || f.bind || f.bind_words;
    CHECK(has_kernel);
    // Two overloads with the same parameters: the second could never be taken.
    std::string key(f.name);
    if (f.bind || f.bind_words) {
      key += " " + std::string(f.signature);
    } else {
      for (const auto& p : f.parameters) key += " " + p.to_string();
    }
    CHECK(seen.insert(key).second);
    CHECK_FALSE(find_function(f.name).empty());
  }
  CHECK(find_function("NO_SUCH_FUNCTION").empty());
  CHECK(find_function("").empty());
}

TEST_CASE("every example gives the result its documentation names") {
  for (const auto& f : scalar_functions()) {
    const std::string example(f.example);
    INFO(f.name << ": " << example);
    Table t;
    t.batch.rows = 1;
    t.context.now_us = 1'700'000'000'000'000;
    auto direct = bind_text(SourceText(example), t.schema);
    INFO((direct ? "" : direct.error().message));
    REQUIRE(direct.has_value());
    // The printed form of text is the text itself.
    const std::string as_text = "CAST(" + example + " AS STRING)";
    const Texts result = t.eval(as_text);
    if (f.result != "*") {
      CHECK(result[0] == f.result);
    } else {
      CHECK_FALSE(result[0].starts_with("!"));
    }
    // Over three rows as over one, and over none.
    t.batch.rows = 3;
    const Texts three = t.eval(as_text);
    if (f.result != "*") CHECK(three == Texts(3, std::string(f.result)));
    t.batch.rows = 0;
    CHECK(t.eval(as_text).empty());
  }
}
