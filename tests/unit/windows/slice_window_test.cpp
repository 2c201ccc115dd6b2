#include "windows/slice_layout.h"

#include "timed_window_runner.h"

namespace weir {

namespace {

constexpr int64_t kMicrosPerMs = 1000;

// Flink's assigners, written down once more.
std::vector<WindowBounds> sliding(int64_t time, int64_t size, int64_t slide, int64_t offset) {
  std::vector<WindowBounds> windows;
  int64_t r = (time - offset) % slide;
  if (r < 0) r += slide;
  for (int64_t start = time - r; start > time - size; start -= slide)
    windows.push_back({start, start + size});
  std::reverse(windows.begin(), windows.end());
  return windows;
}
std::vector<WindowBounds> cumulating(int64_t time, int64_t size, int64_t step, int64_t offset) {
  std::vector<WindowBounds> windows;
  int64_t r = (time - offset) % size;
  if (r < 0) r += size;
  const int64_t start = time - r;
  for (int64_t end = start + step; end <= start + size; end += step) {
    if (time < end) windows.push_back({start, end});
  }
  return windows;
}

std::string in_ms(int64_t us) { return "\"" + std::to_string(us / kMicrosPerMs) + "ms\""; }

struct Case {
  std::string options;
  TimedReference::Assign assign;
};

Case random_case(std::mt19937_64& random) {
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  const int64_t base = (1 + below(20)) * kMicrosPerMs;
  switch (below(3)) {
    case 0: {
      const int64_t offset = below(2) == 0 ? 0 : (below(40) - 20) * kMicrosPerMs % base;
      return {"type = \"tumbling\"\nsize = " + in_ms(base) + "\noffset = " + in_ms(offset),
              [=](int64_t t) { return sliding(t, base, base, offset); }};
    }
    case 1: {
      // Dividing and not, overlapping and with gaps.
      const int64_t size = (1 + below(60)) * kMicrosPerMs;
      const int64_t offset = below(2) == 0 ? 0 : (below(40) - 20) * kMicrosPerMs % base;
      return {"type = \"sliding\"\nsize = " + in_ms(size) + "\nslide = " + in_ms(base) +
                  "\noffset = " + in_ms(offset),
              [=](int64_t t) { return sliding(t, size, base, offset); }};
    }
    default: {
      const int64_t size = base * (1 + below(6));
      const int64_t offset = below(2) == 0 ? 0 : (below(40) - 20) * kMicrosPerMs % size;
      return {"type = \"cumulate\"\nsize = " + in_ms(size) + "\nstep = " + in_ms(base) +
                  "\noffset = " + in_ms(offset),
              [=](int64_t t) { return cumulating(t, size, base, offset); }};
    }
  }
}

}  // namespace

TEST_CASE("sliced windows give what one record at a time gives") {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    const Case c = random_case(random);
    const int64_t behind = below(3) * below(10) * kMicrosPerMs;
    const int64_t lateness = below(2) * below(80) * kMicrosPerMs;
    const auto records =
        random_records(seed, 1 + static_cast<size_t>(below(120)), (1 + below(20)) * kMicrosPerMs,
                       (1 + below(80)) * kMicrosPerMs, 3);
    const std::string options = c.options + "\nallowed_lateness = " + in_ms(lateness);
    INFO("seed " << seed << "\n" << options << "\nbehind " << behind);
    const TimedOutcome expected = TimedReference(c.assign, 0, behind, lateness).run(records);
    const size_t most = below(2) == 0 ? 1 + static_cast<size_t>(below(8)) : records.size();
    for (const bool want_late : {true, false}) {
      const bool one_partition = below(3) != 0;
      TimedOutcome got = TimedWindowRunner(options, behind, want_late, one_partition)
                             .run(records, most, seed, below(2) == 0);
      if (!want_late) got.late = expected.late;
      REQUIRE(got.rows == expected.rows);
      REQUIRE(got.late == expected.late);
      REQUIRE(got.late_count == expected.late_count);
    }
  }
}

TEST_CASE("slices cut windows into at most two pieces a slide") {
  const auto layout = SliceLayout::sliding(10 * kMicrosPerMs, 3 * kMicrosPerMs, 0);
  CHECK(layout.slice_of(0) == WindowBounds{0, 1 * kMicrosPerMs});
  CHECK(layout.slice_of(kMicrosPerMs) == WindowBounds{1 * kMicrosPerMs, 3 * kMicrosPerMs});
  CHECK(layout.slice_of(-1) == WindowBounds{-2 * kMicrosPerMs, 0});
  CHECK(layout.first_end(0) == 1 * kMicrosPerMs);
  CHECK(layout.last_end(0) == 10 * kMicrosPerMs);
  CHECK(layout.first_end(kMicrosPerMs) == 4 * kMicrosPerMs);
  CHECK(layout.next_end(0, kMicrosPerMs) == 4 * kMicrosPerMs);
  CHECK(layout.next_end(0, 7 * kMicrosPerMs) == 10 * kMicrosPerMs);
  CHECK(layout.next_end(0, 10 * kMicrosPerMs) == std::nullopt);
  CHECK(layout.window_of_end(4 * kMicrosPerMs) ==
        WindowBounds{-6 * kMicrosPerMs, 4 * kMicrosPerMs});
  const auto gaps = SliceLayout::sliding(2 * kMicrosPerMs, 5 * kMicrosPerMs, kMicrosPerMs);
  CHECK(gaps.slice_of(kMicrosPerMs) == WindowBounds{1 * kMicrosPerMs, 3 * kMicrosPerMs});
  CHECK(gaps.slice_of(3 * kMicrosPerMs) == std::nullopt);
  CHECK(gaps.slice_of(6 * kMicrosPerMs - 1) == std::nullopt);
  CHECK(gaps.last_end(kMicrosPerMs) == 3 * kMicrosPerMs);
}

TEST_CASE("window arithmetic stops at the ends of time") {
  CHECK(window_start(kMaxTime, 0, 7 * kMicrosPerMs) <= kMaxTime);
  CHECK(window_start(kMinTime, 0, 7 * kMicrosPerMs) == kMinTime);
  CHECK(window_start(-1, 0, 7 * kMicrosPerMs) == -7 * kMicrosPerMs);
  CHECK(window_start(1 * kMicrosPerMs, 3 * kMicrosPerMs, 7 * kMicrosPerMs) == -4 * kMicrosPerMs);
  CHECK(last_instant(kMinTime) == kMinTime);
  CHECK(cleanup_time(kMaxTime, 5) <= kMaxTime);
  for (const int64_t size : {int64_t{1000}, int64_t{7'000'000}, 1000 * kMicrosPerDay}) {
    for (const int64_t time : {kMinTime, kMinTime + 1, kMaxTime - 1, kMaxTime}) {
      for (const auto& layout :
           {SliceLayout::tumbling(size, 0), SliceLayout::sliding(size, size / 3 + 1, -5),
            SliceLayout::cumulate(size, size, 1)}) {
        const auto slice = layout.slice_of(time);
        if (!slice) continue;
        CHECK(slice->start <= time);
        CHECK(slice->end >= time);
        const auto end = layout.next_end(slice->start, kMinTime);
        if (end) CHECK(*end <= layout.last_end(slice->start));
      }
    }
  }
}

TEST_CASE("windows at the ends of time fire") {
  const std::vector<TimedRecord> records = {{kMaxTime - 5, 1, 1, false},
                                            {kMinTime + 5, 1, 1, false}};
  for (const char* kind :
       {"type = \"tumbling\"\nsize = \"365d\"", "type = \"sliding\"\nsize = \"1h\"\nslide = \"7m\"",
        "type = \"cumulate\"\nsize = \"1h\"\nstep = \"1m\""}) {
    const TimedOutcome got = TimedWindowRunner(kind, 0).run(records, 1, 1, true);
    CHECK(got.rows.size() >= 1);
    CHECK(got.late_count == 1);
  }
}

}  // namespace weir
