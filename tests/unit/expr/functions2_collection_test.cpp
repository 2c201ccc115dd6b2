#include "functions2_harness.h"

namespace weir::test {
namespace {

Value ints(std::vector<int> values) {
  std::vector<Value> items;
  for (const int v : values) items.push_back(v < 0 ? null(Type::integer()) : I(v));
  return list(std::move(items), Type::integer());
}
Value text_array(std::vector<const char*> values) {
  std::vector<Value> items;
  for (const char* v : values) items.push_back(v == nullptr ? null(Type::string()) : S(v));
  return list(std::move(items), Type::string());
}
const Value kNoArray = null(Type::array(Type::integer()));

TEST_CASE("facts about arrays and maps") {
  Family f(collection_functions());
  CHECK(f("CARDINALITY", {ints({4, 5, -1})}) == "3");
  CHECK(f("CARDINALITY", {ints({})}) == "0");
  CHECK(f("CARDINALITY", {kNoArray}) == "NULL");
  CHECK(f("CARDINALITY", {map({S("a"), I(1)}, Type::string(), Type::integer())}) == "1");
  CHECK(f("CARDINALITY", {S("abc")}).starts_with("error: "));
  CHECK(f("ELEMENT", {ints({7})}) == "7");
  CHECK(f("ELEMENT", {ints({})}) == "NULL");
  CHECK(f("ELEMENT", {ints({-1})}) == "NULL");
  CHECK(f("ELEMENT", {ints({7, 8})}) ==
        "row error: ELEMENT of an array with more than one element");
  CHECK(f("ARRAY_CONTAINS", {text_array({"a", "b"}), S("b")}) == "TRUE");
  CHECK(f("ARRAY_CONTAINS", {text_array({"a", "b"}), S("c")}) == "FALSE");
  CHECK(f("ARRAY_CONTAINS", {text_array({"a", nullptr}), null(Type::string())}) == "TRUE");
  CHECK(f("ARRAY_CONTAINS", {text_array({"a"}), null(Type::string())}) == "FALSE");
  CHECK(f("ARRAY_CONTAINS", {kNoArray, I(1)}) == "NULL");
  CHECK(f("ARRAY_CONTAINS", {ints({1}), S("x")}).starts_with("error: "));
  CHECK(f("ARRAY_CONTAINS", {ints({1, 2}), L(2)}) == "TRUE");
  CHECK(f("ARRAY_POSITION", {ints({5, 6, 6}), I(6)}) == "2");
  CHECK(f("ARRAY_POSITION", {ints({5, 6}), I(7)}) == "0");
  CHECK(f("ARRAY_POSITION", {ints({5, -1}), null(Type::integer())}) == "NULL");
  CHECK(f("ARRAY_MAX", {ints({3, -1, 9, 4})}) == "9");
  CHECK(f("ARRAY_MIN", {ints({3, -1, 9, 4})}) == "3");
  CHECK(f("ARRAY_MAX", {ints({-1})}) == "NULL");
  CHECK(f("ARRAY_MAX", {text_array({"b", "abc"})}) == "b");
  CHECK(f("ARRAY_JOIN", {text_array({"a", nullptr, "c"}), S("-")}) == "a-c");
  CHECK(f("ARRAY_JOIN", {text_array({"a", nullptr, "c"}), S("-"), S("?")}) == "a-?-c");
  CHECK(f("ARRAY_JOIN", {text_array({}), S("-")}).empty());
  CHECK(f("ARRAY_JOIN", {text_array({nullptr, "b"}), S("-")}) == "b");
  CHECK(f("ARRAY_JOIN", {text_array({"", ""}), S("-")}) == "-");
  CHECK(f("ARRAY_JOIN", {text_array({"a"}), null(Type::string())}) == "NULL");
  CHECK(f("ARRAY_JOIN", {ints({1}), S("-")}).starts_with("error: "));
}

TEST_CASE("arrays from arrays") {
  Family f(collection_functions());
  CHECK(f("ARRAY_APPEND", {ints({1, 2}), I(3)}) == "[1, 2, 3]");
  CHECK(f("ARRAY_APPEND", {ints({}), null(Type::integer())}) == "[NULL]");
  CHECK(f("ARRAY_APPEND", {kNoArray, I(3)}) == "NULL");
  CHECK(f.type("ARRAY_APPEND", {ints({1}), L(3)}) == "ARRAY<BIGINT>");
  CHECK(f("ARRAY_APPEND", {ints({1}), L(3)}) == "[1, 3]");
  CHECK(f("ARRAY_PREPEND", {text_array({"a"}), S("b")}) == "[b, a]");
  CHECK(f("ARRAY_CONCAT", {ints({1}), ints({}), ints({2, -1})}) == "[1, 2, NULL]");
  CHECK(f("ARRAY_CONCAT", {ints({1}), kNoArray}) == "NULL");
  CHECK(f("ARRAY_REMOVE", {ints({1, 2, 1, -1}), I(1)}) == "[2, NULL]");
  CHECK(f("ARRAY_REMOVE", {ints({1, -1}), null(Type::integer())}) == "[1]");
  CHECK(f("ARRAY_REVERSE", {ints({1, 2, -1})}) == "[NULL, 2, 1]");
  CHECK(f("ARRAY_REVERSE", {ints({})}) == "[]");
  CHECK(f("ARRAY_REVERSE", {kNoArray}) == "NULL");
}

TEST_CASE("ARRAY_SLICE") {
  Family f(collection_functions());
  const Value a = ints({1, 2, 3, 4});
  const auto slice = [&](int from, int to) { return f("ARRAY_SLICE", {a, I(from), I(to)}); };
  CHECK(slice(2, 3) == "[2, 3]");
  CHECK(slice(0, 2) == "[1, 2]");
  CHECK(slice(-3, -2) == "[2, 3]");
  CHECK(slice(-9, 2) == "[1, 2]");
  CHECK(slice(3, 99) == "[3, 4]");
  CHECK(slice(3, 2) == "[]");
  CHECK(slice(5, 9) == "[]");
  CHECK(slice(-9, -5) == "[]");
  CHECK(slice(1, 0) == "[1]");
  CHECK(f("ARRAY_SLICE", {a, I(3)}) == "[3, 4]");
  CHECK(f("ARRAY_SLICE", {a, I(-1)}) == "[4]");
  CHECK(f("ARRAY_SLICE", {ints({}), I(1)}) == "[]");
  CHECK(f("ARRAY_SLICE", {a, L(INT64_MIN), L(INT64_MAX)}) == "[1, 2, 3, 4]");
  CHECK(f("ARRAY_SLICE", {a, null(Type::integer())}) == "NULL");
}

TEST_CASE("ARRAY_SORT") {
  Family f(collection_functions());
  const auto b = [](bool v) { return Value::boolean(v); };
  CHECK(f("ARRAY_SORT", {ints({3, -1, 1})}) == "[NULL, 1, 3]");
  CHECK(f("ARRAY_SORT", {ints({3, -1, 1}), b(false)}) == "[3, 1, NULL]");
  CHECK(f("ARRAY_SORT", {ints({3, -1, 1}), b(true), b(false)}) == "[1, 3, NULL]");
  CHECK(f("ARRAY_SORT", {ints({3, -1, 1}), b(false), b(true)}) == "[NULL, 3, 1]");
  CHECK(f("ARRAY_SORT", {text_array({"b", "a", "ab"})}) == "[a, ab, b]");
  CHECK(f("ARRAY_SORT", {kNoArray}) == "NULL");
  CHECK(f("ARRAY_SORT", {ints({1}), null(Type::boolean())}) == "NULL");
}

TEST_CASE("arrays as sets") {
  Family f(collection_functions());
  CHECK(f("ARRAY_DISTINCT", {ints({2, 1, 2, -1, -1})}) == "[2, 1, NULL]");
  CHECK(f("ARRAY_DISTINCT", {ints({})}) == "[]");
  CHECK(f("ARRAY_UNION", {ints({2, 1, 2}), ints({3, 1, -1})}) == "[2, 1, 3, NULL]");
  CHECK(f("ARRAY_UNION", {ints({2}), kNoArray}) == "NULL");
  CHECK(f("ARRAY_EXCEPT", {ints({1, 2, 1, -1, 3}), ints({2})}) == "[1, NULL, 3]");
  CHECK(f("ARRAY_EXCEPT", {ints({1, -1}), ints({1, -1})}) == "[]");
  CHECK(f("ARRAY_INTERSECT", {ints({1, 2, 2, -1}), ints({-1, 2})}) == "[2, NULL]");
  CHECK(f("ARRAY_INTERSECT", {ints({1}), text_array({"a"})}).starts_with("error: "));
  std::vector<int> many;
  for (int i = 0; i < 1000; ++i) many.push_back(i % 7);
  CHECK(f("ARRAY_DISTINCT", {ints(many)}) == "[0, 1, 2, 3, 4, 5, 6]");
}

TEST_CASE("maps") {
  Family f(collection_functions());
  const Value m =
      map({S("a"), I(1), S("b"), null(Type::integer())}, Type::string(), Type::integer());
  const Value none = null(m.type);
  CHECK(f("MAP_KEYS", {m}) == "[a, b]");
  CHECK(f("MAP_VALUES", {m}) == "[1, NULL]");
  CHECK(f("MAP_ENTRIES", {m}) == "[(a, 1), (b, NULL)]");
  CHECK(f.type("MAP_ENTRIES", {m}) == "ARRAY<ROW<key STRING, value INT>>");
  CHECK(f("MAP_KEYS", {none}) == "NULL");
  CHECK(f("MAP_ENTRIES", {none}) == "NULL");
  CHECK(f("MAP_KEYS", {I(1)}).starts_with("error: "));
  CHECK(f("MAP_UNION", {m, map({S("b"), I(5), S("c"), I(6)}, Type::string(), Type::integer())}) ==
        "{a=1, b=5, c=6}");
  CHECK(f("MAP_UNION", {m, none}) == "NULL");
  CHECK(f("MAP_UNION", {m}) == "{a=1, b=NULL}");
  CHECK(f("MAP_FROM_ARRAYS", {text_array({"a", "b"}), ints({1, 2})}) == "{a=1, b=2}");
  CHECK(f("MAP_FROM_ARRAYS", {text_array({"a", "a"}), ints({1, 2})}) == "{a=2}");
  CHECK(f("MAP_FROM_ARRAYS", {text_array({}), ints({})}) == "{}");
  CHECK(f("MAP_FROM_ARRAYS", {text_array({"a"}), ints({1, 2})}) ==
        "row error: MAP_FROM_ARRAYS with 1 keys and 2 values");
  CHECK(f("MAP_FROM_ARRAYS", {text_array({"a"}), kNoArray}) == "NULL");
}

TEST_CASE("every collection function is described") {
  for (const FunctionDescriptor& d : collection_functions()) {
    CAPTURE(d.name);
    CHECK_FALSE(d.signature.empty());
    CHECK_FALSE(d.example.empty());
    CHECK_FALSE(d.result.empty());
    CHECK(d.doc.ends_with('.'));
    CHECK(d.family == "collection");
  }
}

}  // namespace
}  // namespace weir::test
