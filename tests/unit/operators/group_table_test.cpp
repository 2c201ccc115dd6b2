// Group tables against std::map, with NULLs, growth and every layout.

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "data/text.h"
#include "data/value.h"
#include "operators/group_table.h"
#include "operators/leading_key_table.h"

namespace weir {

namespace {

std::string key_text(const std::vector<ColumnPtr>& columns, size_t i) {
  std::string key;
  for (const auto& c : columns) key += c->is_null(i) ? "<null>|" : text_at(*c, i) + "|";
  return key;
}

// Random columns of a type; few distinct values when `domain` is small. Half of them have no NULLs, and half hold the
// same value for many rows.
ColumnPtr random_column(const Type& type, size_t rows, uint64_t domain, Arena& arena,
                        std::mt19937_64& random) {
  auto column = make_column(type);
  const uint64_t null = random() % 2 == 0 ? 3 : domain;
  const uint64_t run = random() % 2 == 0 ? 1 : 150;
  uint64_t v = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (i % run == 0) v = random() % domain;
    if (v == null) {
      column->push_null();
      continue;
    }
    switch (type.id) {
      case TypeId::kBoolean: column->push<uint8_t>(v % 2 == 0 ? 1 : 0); break;
      case TypeId::kTinyInt: column->push<int8_t>(static_cast<int8_t>(v)); break;
      case TypeId::kInt: column->push<int32_t>(static_cast<int32_t>(v * 2654435761u)); break;
      case TypeId::kBigInt:
        column->push<int64_t>(static_cast<int64_t>(v << 32) - (1LL << 40));
        break;
      case TypeId::kDouble: column->push<double>((static_cast<double>(v) - 50) / 4); break;
      case TypeId::kDecimal:
        column->push<Int128>(static_cast<Int128>(v) * 1000000007 * 1000000007 - 5);
        break;
      case TypeId::kString: {
        // Lengths around 4, 8, 16 and beyond; some with zero bytes.
        std::string s = std::to_string(v);
        while (s.size() < v % 25) s += static_cast<char>('a' + s.size() % 7);
        if (v % 11 == 0) s += '\0';
        if (v == 5) s.clear();
        column->push<StringRef>(StringRef(arena.copy(s)));
        break;
      }
      default: FAIL("no such type here");
    }
  }
  return column;
}

using MakeTable = std::unique_ptr<GroupTable> (*)(const std::vector<Type>&, uint64_t);

std::unique_ptr<GroupTable> usual(const std::vector<Type>& types, uint64_t seed) {
  return make_group_table(types, seed);
}

std::unique_ptr<GroupTable> leading(const std::vector<Type>& types, uint64_t seed) {
  return std::make_unique<LeadingKeyTable>(types, seed);
}

void compare_with_map(const std::vector<Type>& types, uint64_t domain, size_t rows, uint64_t seed,
                      MakeTable make = usual) {
  std::mt19937_64 random(seed);
  auto table = make(types, random());
  std::map<std::string, uint32_t> expected;
  Arena arena;
  std::vector<ColumnPtr> all;
  for (const auto& t : types) all.push_back(make_column(t));
  for (int pass = 0; pass < 2; ++pass) {  // the second after clear()
    expected.clear();
    all.clear();
    for (const auto& t : types) all.push_back(make_column(t));
    for (size_t begin = 0; begin < rows;) {
      const size_t n = std::min(rows - begin, size_t{1} + random() % 5000);
      std::vector<ColumnPtr> columns;
      for (const auto& t : types) columns.push_back(random_column(t, n, domain, arena, random));
      Vec<uint32_t> groups(n);
      table->find_or_add(columns, n, groups.data());
      size_t wrong = 0;
      for (size_t i = 0; i < n; ++i) {
        const auto [at, added] =
            expected.try_emplace(key_text(columns, i), static_cast<uint32_t>(expected.size()));
        wrong += at->second == groups[i] ? 0 : 1;
        if (added) {
          for (size_t c = 0; c < types.size(); ++c) all[c]->push_from(*columns[c], i);
        }
      }
      REQUIRE(wrong == 0);
      begin += n;
    }
    REQUIRE(table->size() == expected.size());
    CHECK(table->memory_bytes() > 0);

    Vec<uint32_t> ids(table->size());
    for (uint32_t g = 0; g < ids.size(); ++g) ids[g] = g;
    Arena decoded;
    const auto keys = table->keys({ids.data(), ids.size()}, decoded);
    REQUIRE(keys.size() == types.size());
    size_t wrong = 0;
    for (size_t g = 0; g < ids.size(); ++g) {
      for (size_t c = 0; c < types.size(); ++c)
        wrong += compare_rows(*keys[c], g, *all[c], g) != 0 ? 1 : 0;
    }
    CHECK(wrong == 0);

    const Vec<uint32_t> order = table->sorted();
    REQUIRE(order.size() == ids.size());
    for (size_t i = 1; i < order.size(); ++i) {
      int c = 0;
      for (size_t k = 0; k < types.size() && c == 0; ++k)
        c = compare_rows(*keys[k], order[i - 1], *keys[k], order[i]);
      wrong += c < 0 ? 0 : 1;
    }
    CHECK(wrong == 0);

    Vec<uint32_t> found(ids.size());
    table->find_all(keys, ids.size(), found.data());
    for (uint32_t g = 0; g < ids.size(); ++g) wrong += found[g] == g ? 0 : 1;
    for (uint32_t g = 0; g < ids.size(); g += 1 + g / 10)
      wrong += table->find(keys, g) == g ? 0 : 1;
    CHECK(wrong == 0);
    table->clear();
    CHECK(table->size() == 0);
  }
}

}  // namespace

TEST_CASE("every layout agrees with a map") {
  const Type decimal = Type::decimal(38, 0);
  const std::vector<std::vector<Type>> layouts = {
      {Type::bigint()},
      {Type::integer()},
      {Type{TypeId::kTinyInt}},
      {Type::boolean()},
      {Type::float64()},
      {decimal},
      {Type::string()},
      {Type::integer(), Type::bigint()},
      {Type::bigint(), Type::bigint()},
      {Type::bigint(), decimal, Type::boolean()},
      {Type{TypeId::kTinyInt}, Type::boolean()},
      {Type::float64(), Type::bigint(), Type::bigint(), Type::integer()},
      {Type::string(), Type::integer()},
      {Type::integer(), Type::string(), Type::string()},
      {decimal, decimal},
  };
  for (const auto& types : layouts) {
    std::string names;
    for (const auto& t : types) names += t.to_string() + " ";
    INFO(names);
    for (const uint64_t domain : {5, 100}) compare_with_map(types, domain, 20000, domain);
  }
}

TEST_CASE("a leading key and the others agree with a map") {
  const std::vector<std::vector<Type>> layouts = {
      {Type::bigint()},
      {Type::bigint(), Type::integer()},
      {Type::bigint(), Type::string()},
      {Type::string(), Type::string(), Type::integer()},
  };
  for (const auto& types : layouts) {
    std::string names;
    for (const auto& t : types) names += t.to_string() + " ";
    INFO(names);
    // The last of them has too many pairs for a matrix.
    for (const uint64_t domain : {5, 100, 3000})
      compare_with_map(types, domain, 20000, domain, leading);
  }
}

TEST_CASE("a leading key's pairs that are not there are not found") {
  auto table = leading({Type::bigint(), Type::bigint()}, 1);
  const auto column = [](std::initializer_list<int64_t> values) {
    auto made = make_column(Type::bigint());
    for (const int64_t v : values) made->push<int64_t>(v);
    return made;
  };
  std::vector<ColumnPtr> keys = {column({1, 2}), column({10, 20})};
  Vec<uint32_t> groups(4);
  table->find_or_add(keys, 2, groups.data());
  keys = {column({1, 1, 2, 3}), column({10, 20, 20, 10})};
  table->find_all(keys, 4, groups.data());
  CHECK(groups[0] == 0);
  CHECK(groups[1] == GroupTable::kNoGroup);
  CHECK(groups[2] == 1);
  CHECK(groups[3] == GroupTable::kNoGroup);
  CHECK(table->find(keys, 1) == GroupTable::kNoGroup);
}

TEST_CASE("tables grow to many keys") {
  compare_with_map({Type::bigint()}, 1000000, 400000, 1);
  compare_with_map({Type::string()}, 1000000, 400000, 2);
}

TEST_CASE("a million random keys keep their numbers") {
  std::mt19937_64 random(9);
  auto table = make_group_table({Type::bigint()}, random());
  std::vector<int64_t> values(1000000);
  for (auto& v : values) v = static_cast<int64_t>(random());
  auto column = make_column(Type::bigint(), values.size());
  std::copy(values.begin(), values.end(), column->values<int64_t>());
  Vec<uint32_t> first(values.size());
  Vec<uint32_t> second(values.size());
  const std::vector<ColumnPtr> keys = {column};
  table->find_or_add(keys, values.size(), first.data());
  table->find_or_add(keys, values.size(), second.data());
  size_t wrong = 0;
  for (size_t i = 0; i < values.size(); ++i) wrong += first[i] == i && second[i] == i ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("minus zero is zero and all NaNs are one key") {
  auto column = make_column(Type::float64());
  for (const double v : {0.0, -0.0, std::nan("1"), -std::nan("2"), 1.0}) column->push<double>(v);
  auto table = make_group_table({Type::float64()}, 7);
  Vec<uint32_t> groups(5);
  const std::vector<ColumnPtr> keys = {column};
  table->find_or_add(keys, 5, groups.data());
  CHECK(groups[0] == groups[1]);
  CHECK(groups[2] == groups[3]);
  CHECK(table->size() == 3);
  const Vec<uint32_t> order = table->sorted();
  CHECK(order[2] == groups[2]);  // NaN last
}

TEST_CASE("constant key columns are one group, and empty batches none") {
  auto column = make_column(Type::integer());
  column->push<int32_t>(4);
  column->make_constant(10);
  for (const auto& types :
       {std::vector<Type>{Type::integer()}, std::vector<Type>{Type::integer(), Type::integer()}}) {
    auto table = make_group_table(types, 1);
    const std::vector<ColumnPtr> keys(types.size(), column);
    Vec<uint32_t> groups(10);
    table->find_or_add(keys, 10, groups.data());
    CHECK(table->size() == 1);
    CHECK(table->sorted().size() == 1);
    table->clear();
    const std::vector<ColumnPtr> none(types.size(), make_column(Type::integer()));
    table->find_or_add(none, 0, groups.data());
    CHECK(table->size() == 0);
    CHECK(table->sorted().size() == 0);
  }
}

TEST_CASE("strings at the end of a page are read no further") {
  // A key whose last byte is the last of the buffer: the sanitizers watch, and so do the pages.
  std::string text(4096 * 3, 'x');
  const char* end = text.data() + text.size();
  auto table = make_group_table({Type::string()}, 1);
  for (size_t len = 0; len <= 40; ++len) {
    std::vector<char> exact(end - len, end);
    auto column = make_column(Type::string());
    column->push<StringRef>(StringRef(exact.data(), exact.size()));
    uint32_t group = 0;
    const std::vector<ColumnPtr> keys = {column};
    table->find_or_add(keys, 1, &group);
    CHECK(group == len);
  }
}

}  // namespace weir
