#include "run/sequencer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

using weir::Sequencer;

TEST_CASE("items come out in order, one at a time, whatever order workers finish in") {
  for (const int workers : {1, 2, 4, 8}) {
    Sequencer<uint64_t> sequencer(static_cast<size_t>(workers) + 1);
    constexpr uint64_t kItems = 5000;
    std::atomic<uint64_t> next{0};
    std::atomic<int> inside{0};
    std::vector<uint64_t> seen;  // no lock: the ordered stage has one owner
    const auto work = [&](unsigned seed) {
      std::mt19937 random(seed);
      for (uint64_t s; (s = next.fetch_add(1)) < kItems;) {
        sequencer.enter(s);
        for (auto spin = random() % 200; spin > 0; --spin)
          std::atomic_signal_fence(std::memory_order_seq_cst);
        sequencer.complete(s, s, [&](uint64_t item, bool) {
          if (inside.fetch_add(1) != 0) seen.push_back(UINT64_MAX);
          seen.push_back(item);
          inside.fetch_sub(1);
        });
      }
    };
    std::vector<std::thread> threads;
    for (int w = 0; w < workers; ++w) threads.emplace_back(work, static_cast<unsigned>(w));
    for (auto& t : threads) t.join();
    REQUIRE(seen.size() == kItems);
    for (uint64_t i = 0; i < kItems; ++i) REQUIRE(seen[i] == i);
  }
}

TEST_CASE("the last item in flight is told so, for flushing") {
  Sequencer<int> sequencer(4);
  std::vector<bool> idle;
  const auto note = [&](int, bool is_idle) { idle.push_back(is_idle); };
  sequencer.enter(0);
  sequencer.complete(0, 0, note);
  sequencer.enter(1);
  sequencer.enter(2);
  sequencer.complete(2, 2, note);  // waits for 1
  CHECK(idle.size() == 1);
  sequencer.complete(1, 1, note);
  REQUIRE(idle.size() == 3);
  CHECK(idle[0]);
  CHECK_FALSE(idle[1]);
  CHECK(idle[2]);
}
