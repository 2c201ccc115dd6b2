#include "operators/huge_memory.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace weir {
namespace {

TEST_CASE("a huge vector keeps its content when it grows") {
  HugeVec<uint64_t> vec;
  for (uint64_t i = 0; i < 2'000'000; ++i) vec.push_back(i * 7);
  size_t wrong = 0;
  for (uint64_t i = 0; i < vec.size(); ++i) wrong += vec[i] != i * 7 ? 1 : 0;
  CHECK(wrong == 0);
}

// What one of them leaves behind when it moves, another one takes at once.
TEST_CASE("huge vectors of several threads grow side by side") {
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&wrong, t] {
      for (uint64_t round = 0; round < 40; ++round) {
        HugeVec<uint64_t> vec;
        for (size_t n = size_t{1} << 17; n <= size_t{1} << 21; n *= 2) {
          const size_t before = vec.size();
          vec.resize(n);
          for (size_t i = before; i < n; i += 512) vec[i] = i + t;
          for (size_t i = 0; i < n; i += 512) wrong += vec[i] != i + t ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace weir
