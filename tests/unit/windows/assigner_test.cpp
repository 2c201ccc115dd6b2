#include <catch2/catch.hpp>

#include "windows/assigner.h"
#include "windows/pane_index.h"

namespace weir {

namespace {

using Windows = std::vector<std::pair<int64_t, int64_t>>;

Windows assigned(const WindowAssigner& assigner, int64_t time, int64_t gap = 0) {
  Vec<WindowBounds> windows;
  assigner.assign(time, gap, windows);
  Windows out;
  for (const auto& w : windows) out.emplace_back(w.start, w.end);
  return out;
}

}  // namespace

TEST_CASE("windows of an instant, in order of their ends") {
  CHECK(assigned(*make_tumbling_assigner(7, 0), -1) == Windows{{-7, 0}});
  CHECK(assigned(*make_tumbling_assigner(7, 3), 1) == Windows{{-4, 3}});
  CHECK(assigned(*make_sliding_assigner(10, 5, 0), 12) == Windows{{5, 15}, {10, 20}});
  CHECK(assigned(*make_sliding_assigner(10, 5, 0), 10) == Windows{{5, 15}, {10, 20}});
  CHECK(assigned(*make_sliding_assigner(10, 4, 1), -1) == Windows{{-7, 3}, {-3, 7}});
  // A slide that does not divide the size, and one that leaves gaps.
  CHECK(assigned(*make_sliding_assigner(10, 3, 0), 0) ==
        Windows{{-9, 1}, {-6, 4}, {-3, 7}, {0, 10}});
  CHECK(assigned(*make_sliding_assigner(2, 5, 0), 6) == Windows{{5, 7}});
  CHECK(assigned(*make_sliding_assigner(2, 5, 0), 7).empty());
  CHECK(assigned(*make_cumulate_assigner(10, 5, 0), 4) == Windows{{0, 5}, {0, 10}});
  CHECK(assigned(*make_cumulate_assigner(10, 5, 0), 5) == Windows{{0, 10}});
  CHECK(assigned(*make_cumulate_assigner(10, 5, 2), -1) == Windows{{-8, 2}});
  CHECK(assigned(*make_session_assigner(), 3, 4) == Windows{{3, 7}});
  CHECK(assigned(*make_session_assigner(), 3, kMaxTime) == Windows{{3, kMaxTime}});
}

TEST_CASE("the index of panes finds what is there after any removals") {
  PaneIndex index;
  std::vector<uint32_t> there(500, PaneIndex::kNone);
  uint64_t random = 1;
  for (uint32_t step = 0; step < 20000; ++step) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto n = static_cast<uint32_t>((random >> 33) % there.size());
    const WindowBounds window{n / 7 * 10, n / 7 * 10 + 10};
    CHECK(index.find(n % 7, window) == there[n]);
    if (there[n] == PaneIndex::kNone) {
      index.add(n % 7, window, step);
      there[n] = step;
    } else {
      index.remove(n % 7, window);
      there[n] = PaneIndex::kNone;
    }
  }
  index.clear();
  CHECK(index.find(0, {0, 10}) == PaneIndex::kNone);
}

}  // namespace weir
