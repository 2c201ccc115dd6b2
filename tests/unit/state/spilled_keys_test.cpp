#include "state/spilled_keys.h"

#include <catch2/catch.hpp>
#include <filesystem>

namespace weir {

namespace {

using Axis = SpilledKeys::Axis;

std::shared_ptr<SpillSpace> make_space() {
  return std::make_shared<SpillSpace>(std::filesystem::temp_directory_path().string());
}

SpilledKeys::Due at(int64_t event) { return {SpilledKeys::Moment{event, ""}, std::nullopt}; }

// The keys that are due, each with its value, and where it stopped.
std::string take_due(SpilledKeys& keys, Axis axis, int64_t until) {
  std::string taken;
  const auto reached = keys.take_due(axis, until, [&](std::string_view key, SnapshotReader& value) {
    taken += std::string(key) + "=" + std::string(value.get_rest()) + " ";
  });
  if (reached) taken += "up to " + std::to_string(reached->time) + " " + reached->rank;
  return taken;
}

}  // namespace

TEST_CASE("keys on the disk come back with their values, once") {
  SpilledKeys keys("a test", make_space());
  CHECK_FALSE(keys.any());
  keys.put("b", at(5), "two");
  keys.put("a", {}, "one");
  REQUIRE(keys.any());
  std::string taken;
  const auto visit = [&](size_t i, SnapshotReader& value) {
    taken += std::to_string(i) + "=" + std::string(value.get_rest()) + " ";
  };
  const std::vector<std::string> wanted = {"c", "a", "b"};
  keys.take(wanted, visit);
  CHECK(taken == "1=one 2=two ");
  CHECK_FALSE(keys.any());
  taken.clear();
  keys.take(wanted, visit);
  CHECK(taken.empty());
  CHECK(take_due(keys, Axis::kEventTime, 100).empty());  // its moment has gone with it
}

TEST_CASE("keys on the disk are due by time, then rank, then key") {
  SpilledKeys keys("a test", make_space());
  keys.put("z", at(-7), "1");
  keys.put("b", {SpilledKeys::Moment{3, "late"}, std::nullopt}, "2");
  keys.put("c", {SpilledKeys::Moment{3, "early"}, std::nullopt}, "3");
  keys.put("a", {SpilledKeys::Moment{3, "late"}, std::nullopt}, "4");
  keys.put("y", at(4), "5");
  keys.put("x", {std::nullopt, SpilledKeys::Moment{2, ""}}, "6");
  CHECK(keys.first_due(Axis::kEventTime) == -7);
  CHECK(keys.first_due(Axis::kClock) == 2);
  CHECK(take_due(keys, Axis::kEventTime, -8).empty());
  CHECK(take_due(keys, Axis::kEventTime, 3) == "z=1 c=3 a=4 b=2 ");
  CHECK(keys.first_due(Axis::kEventTime) == 4);
  keys.put("w", at(1), "7");  // earlier than what is left
  CHECK(take_due(keys, Axis::kEventTime, 10) == "w=7 y=5 ");
  CHECK(take_due(keys, Axis::kClock, 10) == "x=6 ");
  CHECK_FALSE(keys.any());
}

TEST_CASE("many keys that are due at one time come back in parts") {
  SpilledKeys keys("a test", make_space());
  const std::string value(600'000, 'v');
  for (const char* key : {"e", "c", "a", "d", "b"}) keys.put(key, at(9), value);
  std::string taken;
  const auto visit = [&](std::string_view key, SnapshotReader&) { taken += key; };
  const auto reached = keys.take_due(Axis::kEventTime, 20, visit);
  REQUIRE(reached);
  CHECK(taken == "abcd");
  CHECK(reached->time == 9);
  CHECK(reached->rank == "d");  // no rank: the key alone
  CHECK_FALSE(keys.take_due(Axis::kEventTime, 20, visit));
  CHECK(taken == "abcde");
}

TEST_CASE("a snapshot of keys on the disk gives them back, moments and all") {
  SnapshotWriter writer;
  {
    SpilledKeys keys("a test", make_space());
    keys.put("b", at(5), "two");
    keys.put("a", {std::nullopt, SpilledKeys::Moment{6, "r"}}, "one");
    keys.snapshot(writer);
  }
  SpilledKeys keys("a test", make_space());
  SnapshotReader reader(writer.bytes());
  keys.restore(reader);
  CHECK(reader.ok());
  CHECK(reader.at_end());
  std::string all;
  keys.each([&](std::string_view key, SnapshotReader& value) {
    all += std::string(key) + "=" + std::string(value.get_rest()) + " ";
  });
  CHECK(all == "a=one b=two ");
  CHECK(take_due(keys, Axis::kEventTime, 5) == "b=two ");
  CHECK(take_due(keys, Axis::kClock, 6) == "a=one ");
}

TEST_CASE("keys that were on the disk need one when they are restored") {
  SnapshotWriter writer;
  SpilledKeys keys("the session window", make_space());
  keys.put("a", {}, "one");
  keys.snapshot(writer);
  SpilledKeys without("the session window", nullptr);
  SnapshotReader reader(writer.bytes());
  CHECK_THROWS_AS(without.restore(reader), SpillError);
}

}  // namespace weir
