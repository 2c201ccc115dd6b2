#include "window_runner.h"

namespace weir {

using Lines = WindowTester::Lines;

TEST_CASE("count windows through snapshots") {
  for (const bool snapshots : {false, true}) {
    WindowTester w(
        "type = \"count\"\nsize = 4\nslide = 2\nemit_partial = true\nkey_by = "
        "[\"k\"]\naggregate = { l = \"LISTAGG(CAST(v AS STRING))\" }\n",
        false, false);
    REQUIRE(w.plan != nullptr);
    if (snapshots) w.keep_snapshotting();
    CHECK(w.rows({{0, "b", 1}, {0, "a", 2}, {0, "b", 3}}) == Lines{"b|1,3"});
    CHECK(w.rows({{0, "b", 4}, {0, "b", 5}, {0, "b", 6}}) == Lines{"b|1,3,4,5"});
    CHECK(w.end() == Lines{"a|2", "a|2", "b|4,5,6", "b|6"});
  }
}

TEST_CASE("keys of finished count windows are forgotten") {
  WindowTester w("type = \"count\"\nsize = 2\nkey_by = [\"k\"]\naggregate = { s = \"SUM(v)\" }\n",
                 true, false);
  REQUIRE(w.plan != nullptr);
  CHECK(w.rows({{0, "waits", 1}}) == Lines{});
  for (int64_t round = 0; round < 10; ++round) {
    std::vector<Event> events;
    for (int64_t i = 0; i < 1000; ++i) {
      events.push_back({0, "k" + std::to_string(1000 * round + i), 1});
      events.push_back({0, "k" + std::to_string(1000 * round + i), 2});
    }
    const Lines lines = w.rows(events);
    CHECK(lines.size() == 1000);
    CHECK(lines[0] == "k" + std::to_string(1000 * round) + "|3");
    CHECK(w.stats().open == 1);
  }
  CHECK(w.rows({{0, "waits", 5}}) == Lines{"waits|6"});
}

}  // namespace weir
