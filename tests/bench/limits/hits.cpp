// Limit: hits per status per minute of event time (every record counted, none late: 3 s are waited for).
#include <map>

#include "chunks.h"

int main(int, char** argv) {
  const Input in(argv[1]);
  std::map<uint64_t, uint64_t> totals[kThreads];
  for_each_chunk(in, [&](int thread, char* b, char* e) {
    auto& total = totals[thread];
    uint64_t day_key = 0;
    char day[18] = {};  // "31/Jan/2024:10:05"
    uint64_t minute = 0;
    uint64_t cached_key = ~uint64_t{0};
    uint64_t* cached = nullptr;
    while (b < e) {
      char* t = find(b, '[') + 1;
      if (memcmp(t, day, 17) != 0) {
        memcpy(day, t, 17);
        static const char* kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
        const char month[4] = {t[3], t[4], t[5], 0};
        const auto m = static_cast<uint64_t>(strstr(kMonths, month) - kMonths) / 3;
        const auto two = [&](int i) {
          return static_cast<uint64_t>((t[i] - '0') * 10 + (t[i + 1] - '0'));
        };
        day_key = (two(7) * 100 + two(9)) * 372 + m * 31 + two(0);
        minute = day_key * 1440 + two(12) * 60 + two(15);
      }
      char* q = find(t + 29, '"') + 2;  // the request's closing quote, then a blank
      const uint64_t status =
          static_cast<uint64_t>((q[0] - '0') * 100 + (q[1] - '0') * 10 + (q[2] - '0'));
      const uint64_t key = minute * 1000 + status;
      if (key != cached_key) {
        cached = &total[key];
        cached_key = key;
      }
      ++*cached;
      b = find(q, '\n') + 1;
    }
  });
  for (int t = 1; t < kThreads; ++t) {
    for (const auto& [k, n] : totals[t]) totals[0][k] += n;
  }
  for (const auto& [k, n] : totals[0]) std::printf("%lu,%lu,%lu\n", k / 1000, k % 1000, n);
}
