// Limit: hits per status per minute of event time (every record counted, none late: 3 s are waited for).
#include <array>
#include <map>

#include "chunks.h"

namespace {

constexpr size_t kStatuses = 1000;
using Row = std::array<uint32_t, kStatuses>;  // of a minute, by status

// "31/Jan/2024:10:05" as the minutes of a calendar in which every month has 31 days: it orders alike.
uint64_t minute_of(const char* t) {
  static const char* kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const char month[4] = {t[3], t[4], t[5], 0};
  const auto two = [&](int i) {
    return static_cast<uint64_t>((t[i] - '0') * 10 + (t[i + 1] - '0'));
  };
  const auto m = static_cast<uint64_t>(strstr(kMonths, month) - kMonths) / 3;
  const uint64_t days = (two(7) * 100 + two(9)) * 372 + m * 31 + two(0) - 1;
  return days * 1440 + two(12) * 60 + two(15);
}

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  std::map<uint64_t, Row> totals[kThreads];
  for_each_chunk(in, [&](int thread, char* b, char* e) {
    auto& total = totals[thread];
    char minute[24] = {};
    Row* row = nullptr;
    // Fields are found from where they must be at the earliest.
    while (b < e) {
      char* t = find(b + 12, '[') + 1;
      if (memcmp(t, minute, 17) != 0) [[unlikely]] {
        memcpy(minute, t, 17);
        row = &total[minute_of(t)];
      }
      char* q = find(t + 42, '"') + 2;  // the request's closing quote, then a blank
      ++(*row)[static_cast<size_t>((q[0] - '0') * 100 + (q[1] - '0') * 10 + (q[2] - '0'))];
      b = find(q + 10, '\n') + 1;
    }
  });
  for (int t = 1; t < kThreads; ++t) {
    for (const auto& [minute, row] : totals[t]) {
      Row& sum = totals[0][minute];
      for (size_t s = 0; s < kStatuses; ++s) sum[s] += row[s];
    }
  }
  for (const auto& [minute, row] : totals[0]) {
    const uint64_t day = minute / 1440;
    for (size_t s = 0; s < kStatuses; ++s) {
      if (row[s] == 0) continue;
      std::printf("%04lu-%02lu-%02luT%02lu:%02lu:00Z,%zu,%u\n", day / 372, day % 372 / 31 + 1,
                  day % 31 + 1, minute % 1440 / 60, minute % 60, s, row[s]);
    }
  }
}
