// Windows of single records: clocks, triggers on the clock, early results; everything again through a
// snapshot after every step.

#include "window_runner.h"

namespace weir {

using Lines = WindowTester::Lines;

namespace {

const std::string kSum = "key_by = [\"k\"]\naggregate = { s = \"SUM(v)\" }\nwindow_columns = []\n";

// Runs the same steps with and without snapshots between them.
template <class Steps>
void both_ways(const std::string& window, bool streaming, Steps steps) {
  for (const bool snapshots : {false, true}) {
    WindowTester tester(window, streaming);
    for (const auto& error : tester.errors) UNSCOPED_INFO(error.message);
    REQUIRE(tester.plan != nullptr);
    if (snapshots) tester.keep_snapshotting();
    steps(tester);
  }
}

}  // namespace

TEST_CASE("processing-time windows go by the clock, and fire at the end of the input") {
  both_ways("type = \"tumbling\"\ntime = \"processing\"\nsize = \"10s\"\n" + kSum, false,
            [](WindowTester& w) {
              CHECK(w.plan->uses_clock());
              CHECK(w.clock(1000) == Lines{});
              CHECK(w.rows({{5, "b", 1}, {4, "a", 2}, {3, "b", 3}}) == Lines{});
              CHECK(w.next_clock_ms() == 9999);
              CHECK(w.clock(9998) == Lines{});
              CHECK(w.clock(9999) == Lines{"a|2", "b|4"});
              CHECK(w.stats().open == 0);
              CHECK(w.clock(12000) == Lines{});
              CHECK(w.rows({{1, "c", 7}}) == Lines{});
              CHECK(w.end() == Lines{"c|7"});
              CHECK(w.stats().fired == 3);
            });
}

TEST_CASE("a processing-time session ends a gap after its last record") {
  both_ways("type = \"session\"\ntime = \"processing\"\ngap = \"10s\"\n" + kSum, false,
            [](WindowTester& w) {
              w.clock(0);
              w.rows({{0, "a", 1}});
              w.clock(6000);
              w.rows({{0, "a", 2}});
              CHECK(w.clock(10000) == Lines{});
              CHECK(w.clock(15998) == Lines{});
              CHECK(w.clock(15999) == Lines{"a|3"});
            });
}

TEST_CASE("early results are changes: nothing where a result is as it was") {
  both_ways(
      "type = \"tumbling\"\nsize = \"1m\"\nemit = { every = \"10s\" }\nkey_by = "
      "[\"k\"]\naggregate = { m = \"MAX(v)\" }\nwindow_columns = []\n",
      true, [](WindowTester& w) {
        CHECK(w.plan->makes_changelog(true));
        w.clock(0);
        w.rows({{0, "a", 1}, {1, "b", 5}});
        CHECK(w.next_clock_ms() == 10000);
        CHECK(w.clock(10000) == Lines{"a|1", "b|5"});
        CHECK(w.clock(20000) == Lines{});
        w.rows({{2, "a", 3}, {3, "b", 4}});
        CHECK(w.clock(30000) == Lines{"-U a|1", "+U a|3"});
        w.rows({{4, "b", 9}});
        CHECK(w.watermark(59999) == Lines{"-U b|5", "+U b|9"});
        CHECK(w.clock(99000) == Lines{});
        CHECK(w.end() == Lines{});
      });
}

TEST_CASE("early results and having: a row comes and goes") {
  both_ways(
      "type = \"tumbling\"\nsize = \"1m\"\nemit = { every = \"10s\" }\naggregate = { s = "
      "\"SUM(v)\" }\nwindow_columns = []\nhaving = \"s > 5\"\n",
      true, [](WindowTester& w) {
        w.clock(0);
        w.rows({{0, "a", 1}});
        CHECK(w.clock(10000) == Lines{});
        w.rows({{0, "a", 7}});
        CHECK(w.clock(20000) == Lines{"8"});
        w.rows({{0, "a", 1}});
        CHECK(w.clock(30000) == Lines{"-U 8", "+U 9"});
        w.rows({{0, "a", -8}});
        CHECK(w.end() == Lines{"-D 9"});
      });
}

TEST_CASE("sessions that merge take their early results back") {
  both_ways("type = \"session\"\ngap = \"10ms\"\nemit = { every = \"1s\" }\n" + kSum, true,
            [](WindowTester& w) {
              w.clock(0);
              w.rows({{0, "a", 1}, {15, "a", 2}});
              CHECK(w.clock(1000) == Lines{"a|1", "a|2"});
              CHECK(w.rows({{8, "a", 4}}) == Lines{"-D a|2"});
              CHECK(w.watermark(24) == Lines{"-U a|1", "+U a|7"});
            });
}

TEST_CASE("a continuous trigger on the clock fires over event-time windows, and at their end") {
  both_ways(
      "type = \"tumbling\"\nsize = \"1m\"\ntrigger = { type = \"continuous\", every = \"10s\", "
      "time = \"processing\" }\n" +
          kSum,
      false, [](WindowTester& w) {
        CHECK(w.plan->uses_clock());
        w.clock(3000);
        w.rows({{0, "a", 1}});
        CHECK(w.next_clock_ms() == 10000);
        CHECK(w.clock(10000) == Lines{"a|1"});
        w.rows({{0, "a", 2}});
        CHECK(w.clock(25000) == Lines{"a|3"});
        w.rows({{0, "a", 3}});
        CHECK(w.watermark(59999) == Lines{"a|6"});
        CHECK(w.end() == Lines{});
      });
}

TEST_CASE("a timeout fires what its trigger leaves waiting") {
  both_ways(
      "type = \"global\"\ntrigger = { type = \"timeout\", after = \"30s\", of = { type = "
      "\"count\", n = 3 }, purge = true }\nkey_by = [\"k\"]\naggregate = { s = \"SUM(v)\" }\n",
      true, [](WindowTester& w) {
        w.clock(0);
        CHECK(w.rows({{0, "a", 1}, {0, "a", 2}, {0, "b", 5}, {0, "a", 3}}) == Lines{"a|6"});
        CHECK(w.clock(29999) == Lines{});
        CHECK(w.clock(30000) == Lines{"b|5"});
        w.rows({{0, "a", 1}});
        CHECK(w.clock(60000) == Lines{"a|1"});
        w.rows({{0, "b", 2}});
        CHECK(w.end() == Lines{"b|2"});
      });
}

TEST_CASE("a timeout may start anew with every record") {
  both_ways(
      "type = \"global\"\ntrigger = { type = \"timeout\", after = \"30s\", restart = true }\n"
      "aggregate = { s = \"SUM(v)\" }\n",
      true, [](WindowTester& w) {
        w.clock(0);
        w.rows({{0, "a", 1}});
        w.clock(20000);
        w.rows({{0, "a", 2}});
        CHECK(w.clock(40000) == Lines{});
        CHECK(w.clock(50000) == Lines{"3"});
        CHECK(w.end() == Lines{});
      });
}

TEST_CASE("results are given before the watermark that fires them moves on behind") {
  WindowTester w(
      "type = \"tumbling\"\nsize = \"10ms\"\ntrigger = { type = \"continuous\", every = "
      "\"5ms\" }\n" +
      kSum);
  REQUIRE(w.plan != nullptr);
  w.show_watermarks = true;
  w.rows({{1, "a", 1}}, 0);
  CHECK(w.watermark(5) == Lines{"@0", "a|1"});
  CHECK(w.watermark(9) == Lines{"@5", "a|1"});
}

TEST_CASE("late records are given with their time and by how much they were late") {
  WindowTester w("type = \"tumbling\"\nsize = \"10ms\"\ntrigger = { type = \"count\", n = 1 }\n" +
                 kSum);
  REQUIRE(w.plan != nullptr);
  w.plan->want_late_rows();
  CHECK(w.plan->late_output() != nullptr);
  CHECK(w.rows({{1, "a", 1}, {12, "a", 2}}, 15) ==
        Lines{"a|2", "late 1|a|1|1970-01-01 00:00:00.001|1970-01-01 00:00:00.015|14"});
  CHECK(w.stats().late == 1);
  CHECK(w.stats().first_late_by_us == 14000);
}

TEST_CASE("keys without windows are forgotten, and come back as new ones") {
  WindowTester w("type = \"session\"\ngap = \"1ms\"\ntrigger = \"on_close\"\n" + kSum);
  REQUIRE(w.plan != nullptr);
  uint64_t results = 0;
  for (int64_t round = 0; round < 12; ++round) {
    std::vector<Event> events;
    for (int64_t i = 0; i < 1000; ++i)
      events.push_back({round, "k" + std::to_string(1000 * round + i), i});
    events.push_back({round, "always", round});
    w.rows(events);
    for (const auto& line : w.watermark(round - 1)) results += line.starts_with("always|") ? 0 : 1;
  }
  results += w.end().size();
  CHECK(results == 12000 + 1);
}

TEST_CASE("reduce in its general form folds records in the order in which they come") {
  both_ways(
      "type = \"tumbling\"\nsize = \"10ms\"\nkey_by = [\"k\"]\nwindow_columns = []\nreduce = { v "
      "= \"100 / (a.v - b.v)\" }\n",
      false, [](WindowTester& w) {
        w.rows({{0, "a", 7}, {1, "b", 1}, {2, "a", 5}, {3, "a", 40}});
        w.rows({{4, "a", 30}});
        // 100 / (7 - 5) = 50, 100 / (50 - 40) = 10, 100 / (10 - 30) = -5
        CHECK(w.rows({{5, "a", -5}, {6, "b", 3}}) == Lines{"bad reduce: division by zero"});
        CHECK(w.end() == Lines{"a|-5", "b|-50"});
      });
}

TEST_CASE("a record whose gap is not positive is bad") {
  WindowTester w("type = \"session\"\ngap = \"v * 1\"\n" + kSum);
  REQUIRE(w.plan != nullptr);
  CHECK(w.rows({{0, "a", 3}, {1, "a", 0}, {2, "a", -1}, {3, "a", 4}}) ==
        Lines{"bad gap: the session's gap must be more than 0",
              "bad gap: the session's gap must be more than 0"});
  CHECK(w.end() == Lines{"a|7"});
}

}  // namespace weir
