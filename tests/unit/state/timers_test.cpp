#include "state/timers.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

namespace weir {

TEST_CASE("timers are found in the order of their times, once each") {
  Timers timers(2);
  timers.resize(4);
  CHECK(timers.next() == kNoTimer);
  timers.set(0, 3, 30);
  timers.set(1, 1, 10);
  timers.set(0, 1, 20);
  timers.set(0, 2, 5);
  timers.cancel(0, 2);
  timers.set(0, 3, 15);
  CHECK(timers.size() == 3);
  CHECK(timers.next() == 10);
  CHECK(timers.first_due(1, 30) == 1);
  CHECK(timers.first_due(1, 9) == timers.names());

  Vec<uint32_t> groups;
  CHECK(timers.find_due(20, 100, groups) == 20);
  REQUIRE(groups.size() == 3);
  CHECK(groups[0] == 1);
  CHECK(groups[1] == 3);
  CHECK(groups[2] == 1);
}

TEST_CASE("a limit on timers never parts those of one time") {
  Timers timers(1);
  timers.resize(10);
  for (uint32_t g = 0; g < 10; ++g) timers.set(0, g, g / 4);
  Vec<uint32_t> groups;
  CHECK(timers.find_due(100, 2, groups) == 0);
  CHECK(groups.size() == 4);
}

TEST_CASE("timers set again and again take no more room, and keep only what was kept") {
  Timers timers(1);
  timers.resize(3);
  for (int64_t t = 0; t < 100'000; ++t) timers.set(0, static_cast<uint32_t>(t % 3), t);
  CHECK(timers.memory_bytes() < 10'000);
  const uint32_t kept[] = {2, 0};
  timers.keep(kept);
  CHECK(timers.size() == 2);
  CHECK(timers.at(0, 0) == 99'998);
  CHECK(timers.at(0, 1) == 99'999);
  CHECK(timers.next() == 99'998);
}

TEST_CASE("timers agree with a sorted map") {
  std::mt19937_64 random(7);
  Timers timers(2);
  timers.resize(20);
  std::map<std::pair<uint32_t, size_t>, int64_t> expected;
  int64_t now = 0;
  for (int step = 0; step < 5000; ++step) {
    const auto group = static_cast<uint32_t>(random() % 20);
    const size_t name = random() % 2;
    if (random() % 4 == 0) {
      timers.cancel(name, group);
      expected.erase({group, name});
    } else {
      const int64_t time = now + 1 + static_cast<int64_t>(random() % 50);
      timers.set(name, group, time);
      expected[{group, name}] = time;
    }
    if (random() % 10 == 0) {
      now += static_cast<int64_t>(random() % 30);
      Vec<uint32_t> groups;
      timers.find_due(now, SIZE_MAX, groups);
      std::vector<std::pair<uint32_t, size_t>> due;
      for (const auto& [key, time] : expected)
        if (time <= now) due.push_back(key);
      // Each of them, and nothing else; one that was set back to an earlier time may come twice.
      const std::set<uint32_t> found(groups.begin(), groups.end());
      std::set<uint32_t> wanted;
      for (const auto& [g, n] : due) wanted.insert(g);
      CHECK(found == wanted);
      for (const auto& [g, n] : due) {
        CHECK(timers.at(n, g) <= now);
        timers.cancel(n, g);
        expected.erase({g, n});
      }
    }
    CHECK(timers.size() == expected.size());
  }
}

}  // namespace weir
