// Sorting by places in an order, against a stable sort.

#include "operators/place_sort.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace weir {

namespace {

using MakePlace = std::string (*)(std::mt19937_64&);

// Batches of random places; some are empty, and they are given out of order.
void compare_with_stable_sort(MakePlace make, size_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Places> batches(5);
  for (size_t i = 0; i < rows; ++i) {
    Places& batch = batches[random() % 4];
    batch.bytes += make(random);
    batch.ends.push_back(batch.bytes.size());
  }
  std::vector<const Places*> places;
  for (const auto& batch : batches) places.push_back(&batch);
  const std::vector<uint32_t> order = {2, 4, 0, 3, 1};
  std::vector<std::pair<std::string_view, RowPlace>> expected;
  for (const uint32_t b : order) {
    for (size_t i = 0; i < batches[b].ends.size(); ++i)
      expected.emplace_back(batches[b].of(i), RowPlace{b} << 32 | i);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const Vec<RowPlace> sorted = sort_by_place(places, order);
  REQUIRE(sorted.size() == expected.size());
  size_t wrong = 0;
  for (size_t i = 0; i < sorted.size(); ++i) wrong += sorted[i] == expected[i].second ? 0 : 1;
  CHECK(wrong == 0);
}

// Big-endian, with leading zeros.
std::string number(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t k = bytes; k-- > 0;)
    text += k < 8 ? static_cast<char>(static_cast<unsigned char>(value >> (8 * k))) : '\0';
  return text;
}

}  // namespace

TEST_CASE("rows are sorted by their places, whatever bytes differ") {
  const std::vector<std::pair<const char*, MakePlace>> kinds = {
      {"nothing", [](std::mt19937_64&) { return std::string(); }},
      {"all alike", [](std::mt19937_64&) { return std::string(30, 'x'); }},
      {"a small number", [](std::mt19937_64& r) { return number(r() % 1000, 9); }},
      {"two numbers",
       [](std::mt19937_64& r) { return number(r() % 7, 9) + number(r() % 70000, 9); }},
      {"more than eight bytes",
       [](std::mt19937_64& r) { return number(r() % 3, 8) + number(r(), 8) + number(r() % 2, 3); }},
      {"NULL or a number",
       [](std::mt19937_64& r) {
         return r() % 5 == 0 ? std::string(1, '\0') : '\1' + number(r() % 500, 8);
       }},
      {"texts of a few bytes",
       [](std::mt19937_64& r) {
         std::string text;
         while (r() % 4 != 0) text += static_cast<char>(r() % 3);
         return text;
       }},
      {"long texts that differ late",
       [](std::mt19937_64& r) {
         return std::string(60, 'a') + number(r() % 5000, 8) + std::string(r() % 3, 'b');
       }},
      {"long ones of one length",
       [](std::mt19937_64& r) {
         return number(r() % 4, 2) + std::string(70, 'a') + number(r() % 50, 2);
       }},
  };
  for (const auto& [name, make] : kinds) {
    INFO(name);
    for (const size_t rows : {0, 1, 2, 300, 20000}) compare_with_stable_sort(make, rows, rows + 1);
  }
}

}  // namespace weir
