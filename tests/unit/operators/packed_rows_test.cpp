// Packed rows are given back as they were, by partition.

#include "operators/packed_rows.h"

#include <map>
#include <random>

#include "step_runner.h"

namespace weir {

namespace {

std::string text_of(const std::vector<ColumnPtr>& columns, size_t row) {
  std::string text;
  for (const auto& column : columns) text += cell(*column, row) + "|";
  return text;
}

// Columns of several types; `wild`: with longer texts and larger numbers than the others.
std::vector<ColumnPtr> make_columns(size_t rows, bool wild, bool nulls, Arena& arena) {
  std::mt19937_64 random(rows);
  std::vector<ColumnPtr> columns;
  for (const Type& type : {Type::string(), Type::bigint(), Type::decimal(30, 2), Type::boolean(),
                           Type::float64(), Type::bytes(), Type::integer()})
    columns.push_back(make_column(type));
  for (size_t i = 0; i < rows; ++i) {
    const bool large = wild && random() % 7 == 0;
    const auto n = static_cast<int64_t>(random() % 2000) - 1000;
    columns[0]->push(StringRef(arena.copy(std::string(random() % (large ? 40 : 9), 'a'))));
    columns[1]->push<int64_t>(large ? n << 50 : n);
    columns[2]->push<Int128>(large ? Int128{n} << 80 : n);
    columns[3]->push<uint8_t>(n % 2 == 0 ? 1 : 0);
    columns[4]->push<double>(static_cast<double>(n) / 8);
    columns[5]->push(StringRef(arena.copy(std::string(random() % (large ? 300 : 16), 'b'))));
    columns[6]->push<int32_t>(static_cast<int32_t>(n));
    if (!nulls) continue;
    for (auto& column : columns) {
      if (random() % 5 == 0) column->set_null(i);
    }
  }
  return columns;
}

}  // namespace

TEST_CASE("packed rows come back as they were") {
  constexpr size_t kPartitions = 3;
  std::vector<Type> types;
  Arena arena;
  const auto first = make_columns(500, false, false, arena);
  for (const auto& column : first) types.push_back(column->type());
  REQUIRE(PackedRows::can_pack(types));
  for (const bool ordinals : {false, true}) {
    PackedRows rows(types, ordinals, kPartitions, first);
    std::map<size_t, std::vector<std::string>> expected;
    const auto add = [&](const std::vector<ColumnPtr>& columns, uint64_t sequence) {
      Batch batch;
      batch.rows = columns[0]->size();
      batch.sequence = sequence;
      std::vector<uint16_t> partitions;
      for (size_t i = 0; i < batch.rows; ++i) {
        partitions.push_back(static_cast<uint16_t>(i * i % kPartitions));
        expected[partitions.back()].push_back(text_of(columns, i) +
                                              std::to_string(ordinals ? batch.ordinal(i) : 0));
      }
      rows.add(columns, partitions.data(), batch);
    };
    const auto check = [&] {
      for (size_t p = 0; p < kPartitions; ++p) {
        std::vector<std::string> found;
        rows.read(p, [&](std::span<const ColumnPtr> columns, Batch& part) {
          const std::vector<ColumnPtr> list(columns.begin(), columns.end());
          for (size_t i = 0; i < part.rows; ++i)
            found.push_back(text_of(list, i) + std::to_string(ordinals ? part.ordinals[i] : 0));
        });
        CHECK(rows.rows(p) == expected[p].size());
        CHECK((found == expected[p]));
      }
    };
    add(first, 1);
    add(make_columns(5000, true, false, arena), 2);
    add(make_columns(3000, true, true, arena), 3);
    CHECK(!rows.grown().empty());
    check();
    rows.forget(1);
    expected[1].clear();
    CHECK(rows.bytes(1) == 0);
    check();
    add(make_columns(4000, true, true, arena), 4);
    check();
  }
}

}  // namespace weir
