#include "windows/session_timers.h"

#include "timed_window_runner.h"

namespace weir {

namespace {

constexpr int64_t kMs = 1000;

std::string ms(int64_t us) { return "\"" + std::to_string(us / kMs) + "ms\""; }

}  // namespace

TEST_CASE("sessions give what one record at a time gives") {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    const int64_t gap = (1 + below(40)) * kMs;
    const int64_t behind = below(3) * below(10) * kMs;
    const int64_t lateness = below(2) * below(80) * kMs;
    const auto records = random_records(seed, 1 + static_cast<size_t>(below(150)),
                                        (1 + below(30)) * kMs, (1 + below(80)) * kMs, 4);
    const std::string options =
        "type = \"session\"\ngap = " + ms(gap) + "\nallowed_lateness = " + ms(lateness);
    INFO("seed " << seed << "\n" << options << "\nbehind " << behind);
    const TimedOutcome expected = TimedReference({}, gap, behind, lateness).run(records);
    const size_t most = below(2) == 0 ? 1 + static_cast<size_t>(below(8)) : records.size();
    TimedOutcome got =
        TimedWindowRunner(options, behind, true).run(records, most, seed, below(2) == 0);
    REQUIRE(got.rows == expected.rows);
    REQUIRE(got.late == expected.late);
    REQUIRE(got.late_count == expected.late_count);
  }
}

TEST_CASE("keys without sessions are forgotten") {
  std::vector<TimedRecord> records;
  for (int32_t i = 0; i < 60'000; ++i) records.push_back({i * kMs, i, 1, false});
  TimedWindowRunner runner("type = \"session\"\ngap = \"5ms\"", 0);
  const TimedOutcome got = runner.run(records, 500, 1, false);
  REQUIRE(got.rows.size() == records.size());
  CHECK(got.rows[59'999] == "+I 59999000 60004000 k59999 1 1 d1");
}

TEST_CASE("timers come in time, however often they are put off") {
  const int64_t usual = GENERATE(1, 10, 1000, 100'000);
  std::mt19937_64 random(7);
  SessionTimers timers(usual);
  int64_t latest = kMinTime;  // of those taken before a pass
  int64_t before = kMinTime;
  std::vector<int64_t> due(500);
  std::vector<int64_t> timer(500);
  std::vector<bool> open(500, true);
  for (uint32_t s = 0; s < due.size(); ++s) {
    due[s] = timer[s] = static_cast<int64_t>(random() % 1000) - 500;
    timers.add(timer[s], s);
  }
  for (int64_t now = -600; now < 2000; now += static_cast<int64_t>(random() % 40)) {
    for (size_t k = 0; k < 20; ++k) {
      const size_t s = random() % due.size();
      if (open[s]) due[s] += static_cast<int64_t>(random() % 50);
    }
    timers.take_through(
        now, [](uint32_t) {},
        [&](int64_t at, uint32_t s) {
          if (timer[s] != at) return kMaxTime;
          return timer[s] = due[s];
        },
        [&](uint32_t s) {
          CHECK(open[s]);
          CHECK(due[s] <= now);
          CHECK(due[s] >= before);
          latest = std::max(latest, due[s]);
          open[s] = false;
          timer[s] = kMaxTime;
        },
        [&] { before = latest; });
    for (size_t s = 0; s < due.size(); ++s) REQUIRE(open[s] == (due[s] > now));
  }
}

}  // namespace weir
