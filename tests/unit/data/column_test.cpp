#include "data/column.h"

#include <catch2/catch.hpp>

#include "base/arena.h"
#include "data/batch.h"
#include "data/value.h"

using namespace weir;

namespace {

ColumnPtr ints(std::initializer_list<int> values) {
  auto c = make_column(Type::integer());
  for (const int v : values) c->push<int32_t>(v);
  return c;
}

// ROW<n INT, tags ARRAY<STRING>>
Type nested() { return Type::row({{"n", Type::integer()}, {"tags", Type::array(Type::string())}}); }

Value nested_value(int n, std::vector<std::string> tags) {
  Value list{Type::array(Type::string()), false, 0, 0, {}, {}};
  for (auto& t : tags) list.items.push_back(Value::string(std::move(t)));
  return Value{nested(), false, 0, 0, {}, {Value::integer(n), list}};
}

}  // namespace

TEST_CASE("a NULL pushed first, last or between keeps the others valid") {
  auto c = make_column(Type::integer());
  c->push_null();
  c->push<int32_t>(7);
  c->push_null();
  REQUIRE(c->size() == 3);
  CHECK(c->is_null(0));
  CHECK_FALSE(c->is_null(1));
  CHECK(c->is_null(2));
  CHECK(c->at<int32_t>(1) == 7);
  auto d = ints({1, 2});
  d->push_null();
  CHECK_FALSE(d->is_null(0));
  CHECK(d->is_null(2));
}

TEST_CASE("gather, slice and append agree with single rows, nested types included") {
  Arena arena;
  auto c = make_column(nested());
  append_value(*c, nested_value(1, {"a", "b"}), arena);
  append_value(*c, Value::null(nested()), arena);
  append_value(*c, nested_value(3, {}), arena);
  append_value(*c, nested_value(4, {"a long string, longer than a prefix"}), arena);

  const uint32_t rows[] = {3, 1, 0};
  const auto g = c->gather(rows);
  REQUIRE(g->size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(value_at(*g, i) == value_at(*c, rows[i]));

  const auto s = c->slice(1, 4);
  for (size_t i = 0; i < 3; ++i) CHECK(value_at(*s, i) == value_at(*c, i + 1));

  auto a = c->slice(0, 2);
  a->append(*g);
  REQUIRE(a->size() == 5);
  for (size_t i = 0; i < 3; ++i) CHECK(value_at(*a, 2 + i) == value_at(*g, i));
  CHECK(value_at(*c, 0) == nested_value(1, {"a", "b"}));  // the shared children did not change

  auto p = make_column(nested());
  for (size_t i = 0; i < c->size(); ++i) p->push_from(*c, i);
  for (size_t i = 0; i < c->size(); ++i) CHECK(compare_rows(*p, i, *c, i) == 0);
}

TEST_CASE("a constant stands for every row and can be written out") {
  const Value text = Value::string("abc");  // the column points into it
  const auto c = constant_column(text, 3);
  CHECK(c->is_constant());
  CHECK(c->size() == 3);
  const auto f = flat(c);
  REQUIRE(f->size() == 3);
  CHECK(f->at<StringRef>(2).view() == "abc");
  const auto n = flat(make_null_constant(Type::bigint(), 2));
  CHECK(n->is_null(1));
  const Value row = nested_value(5, {"x"});
  const auto r = constant_column(row, 2)->flatten();
  CHECK(value_at(*r, 1) == nested_value(5, {"x"}));
}

TEST_CASE("own_strings makes a column independent of the bytes it was made from") {
  Arena arena;
  auto c = make_column(Type::string());
  {
    std::string text = "some text that goes away";
    c->push<StringRef>(StringRef(text));
    c->own_strings(arena);
    text.assign(text.size(), 'x');
  }
  CHECK(c->at<StringRef>(0).view() == "some text that goes away");
}

TEST_CASE("strings compare by bytes, unsigned, shorter first") {
  const char* sorted[] = {"", "a", "aa", "ab", "abcde", "abcdf", "b", "\xc3\xa4"};
  for (size_t i = 0; i < 8; ++i) {
    for (size_t j = 0; j < 8; ++j) {
      const int c = compare(StringRef(sorted[i]), StringRef(sorted[j]));
      CHECK((c < 0) == (i < j));
      CHECK((c == 0) == (i == j));
    }
  }
}

TEST_CASE("selecting rows keeps their ordinals and the place of rejects") {
  Batch b;
  b.sequence = 5;
  b.columns = {ints({10, 11, 12, 13})};
  b.rows = 4;
  b.rejects.push_back({.offset = 0, .row = 3, .raw = {}, .field = {}, .reason = "x"});
  const uint32_t keep[] = {1, 3};
  b.select(keep);
  CHECK(b.rows == 2);
  CHECK(b.ordinal(0) == ((uint64_t{5} << 32) | 1));
  CHECK(b.ordinal(1) == ((uint64_t{5} << 32) | 3));
  CHECK(b.columns[0]->at<int32_t>(1) == 13);
  CHECK(b.rejects[0].row == 1);
}

TEST_CASE("a rejected row leaves the batch; in fail mode it ends it") {
  const auto make = [] {
    Batch b;
    b.columns = {ints({1, 2, 3, 4})};
    b.rows = 4;
    return b;
  };
  const RowFault faults[] = {{2, "late one"}, {1, "first"}};
  Batch skip = make();
  skip.reject(faults, "x", false);
  CHECK(skip.rows == 2);
  CHECK(skip.columns[0]->at<int32_t>(1) == 4);
  REQUIRE(skip.rejects.size() == 2);
  CHECK(skip.rejects[0].reason == "first");
  CHECK_FALSE(skip.stopped);
  Batch stop = make();
  stop.reject(faults, "x", true);
  CHECK(stop.rows == 1);
  CHECK(stop.stopped);
  REQUIRE(stop.rejects.size() == 1);
  CHECK(stop.rejects[0].reason == "first");
}
