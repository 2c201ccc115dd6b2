#include "run/sequencer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

using weir::Sequencer;

namespace {

// Notes what it is given; any action may be put in.
template <class Take>
struct Handler {
  Take on_take;
  std::vector<size_t> ended{};
  int pauses = 0;
  void take(size_t lane, uint64_t&& item) { on_take(lane, item); }
  void end(size_t lane) { ended.push_back(lane); }
  void pause() { ++pauses; }
};
template <class Take>
Handler(Take) -> Handler<Take>;

}  // namespace

TEST_CASE("items come out in order, one at a time, whatever order workers finish in") {
  for (const int workers : {1, 2, 4, 8}) {
    for (const size_t lanes : {1, 3}) {
      Sequencer<uint64_t> sequencer(lanes, static_cast<size_t>(workers) + 1);
      constexpr uint64_t kItems = 3000;
      std::vector<std::atomic<uint64_t>> next(lanes);
      std::atomic<int> inside{0};
      std::vector<std::vector<uint64_t>> seen(lanes);  // no lock: the ordered stage has one owner
      Handler handler{[&](size_t lane, uint64_t item) {
        if (inside.fetch_add(1) != 0) seen[lane].push_back(UINT64_MAX);
        seen[lane].push_back(item);
        inside.fetch_sub(1);
        sequencer.release(lane);
      }};
      const auto work = [&](unsigned seed) {
        std::mt19937 random(seed);
        for (size_t lane; (lane = sequencer.reserve()) != sequencer.kNone;) {
          const uint64_t s = next[lane].fetch_add(1);
          if (s >= kItems) {
            sequencer.finish(lane, handler);
            continue;
          }
          sequencer.enter(lane);
          for (auto spin = random() % 200; spin > 0; --spin)
            std::atomic_signal_fence(std::memory_order_seq_cst);
          sequencer.complete(lane, s, s, handler);
        }
      };
      std::vector<std::thread> threads;
      for (int w = 0; w < workers; ++w) threads.emplace_back(work, static_cast<unsigned>(w));
      for (auto& t : threads) t.join();
      for (const auto& items : seen) {
        REQUIRE(items.size() == kItems);
        for (uint64_t i = 0; i < kItems; ++i) REQUIRE(items[i] == i);
      }
      CHECK(handler.ended.size() == lanes);
    }
  }
}

TEST_CASE("a pause is told when nothing is in flight, for flushing") {
  Sequencer<uint64_t> sequencer(1, 4);
  Handler handler{[&](size_t, uint64_t) {}};
  const auto enter = [&] {
    CHECK(sequencer.reserve() == 0);
    sequencer.enter(0);
  };
  enter();
  sequencer.complete(0, 0, 0, handler);
  CHECK(handler.pauses == 1);
  enter();
  enter();
  sequencer.complete(0, 2, 2, handler);  // waits for 1
  CHECK(handler.pauses == 1);
  sequencer.complete(0, 1, 1, handler);
  CHECK(handler.pauses == 2);
}

TEST_CASE("errands go before blocks, and a pause waits for them") {
  Sequencer<uint64_t> sequencer(1, 4);
  Handler handler{[&](size_t, uint64_t) { sequencer.ask_errand(); }};
  CHECK(sequencer.reserve() == 0);
  sequencer.enter(0);
  CHECK(sequencer.reserve() == 0);
  sequencer.enter(0);
  sequencer.complete(0, 0, 0, handler);
  CHECK(sequencer.reserve() == sequencer.kErrand);
  sequencer.complete(0, 1, 1, handler);
  CHECK(handler.pauses == 0);
  sequencer.end_errand(handler);
  CHECK(handler.pauses == 1);
  CHECK(sequencer.reserve() == sequencer.kErrand);
  sequencer.end_errand(handler);
  CHECK(handler.pauses == 1);
  CHECK(sequencer.reserve() == 0);
}

TEST_CASE("a full lane is left alone, and stop() wakes those who wait") {
  Sequencer<uint64_t> sequencer(2, 2);
  for (int i = 0; i < 4; ++i) {
    const size_t lane = sequencer.reserve();
    CHECK(lane == static_cast<size_t>(i % 2));
    sequencer.enter(lane);
  }
  std::thread waiting([&] { CHECK(sequencer.reserve() == sequencer.kNone); });
  sequencer.stop();
  waiting.join();
}
