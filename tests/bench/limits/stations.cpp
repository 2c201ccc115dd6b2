// Limit: min, mean, max by station, name;value with one digit after the point.
#include "chunks.h"

namespace {

struct Entry {
  std::string name;
  uint64_t hash = 0;
  int64_t sum = 0;
  uint32_t count = 0;
  int32_t min = INT32_MAX;
  int32_t max = INT32_MIN;
};

struct Table {
  std::vector<Entry> entries = std::vector<Entry>(1 << 14);
  Entry& at(const char* name, size_t n, uint64_t hash) {
    for (size_t i = hash >> 50;; i = (i + 1) & ((1 << 14) - 1)) {
      Entry& e = entries[i];
      if (e.hash == hash && e.name.size() == n && memcmp(e.name.data(), name, n) == 0) return e;
      if (e.name.empty()) {
        e.name.assign(name, n);
        e.hash = hash;
        return e;
      }
    }
  }
};

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  Table tables[kThreads];
  for_each_chunk(in, [&](int thread, char* b, char* e) {
    Table& table = tables[thread];
    // Three cursors side by side hide the latency of one.
    constexpr int kCursors = 3;
    char* at[kCursors];
    char* end[kCursors];
    const auto third = (e - b) / kCursors;
    char* from = b;
    for (int c = 0; c < kCursors; ++c) {
      at[c] = from;
      end[c] =
          c == kCursors - 1 ? e : std::min(e, find(std::max(from, b + third * (c + 1)), '\n') + 1);
      from = end[c];
    }
    const auto step = [&](char*& p) {
      const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
      const uint32_t m = mask_of(v, ';');
      char* semi = m != 0 ? p + __builtin_ctz(m) : find(p + 32, ';');
      const auto n = static_cast<size_t>(semi - p);
      uint64_t h;
      if (n >= 8) {
        uint64_t x, y;
        memcpy(&x, p, 8);
        memcpy(&y, semi - 8, 8);
        h = (x ^ (y * 0x9e3779b97f4a7c15)) * 0xd6e8feb86659fd93;
      } else {
        uint64_t x;
        memcpy(&x, p, 8);
        h = (x << (64 - 8 * n)) * 0xd6e8feb86659fd93;
      }
      h ^= h >> 29;
      h *= 0x9e3779b97f4a7c15;
      Entry& entry = table.at(p, n, h | 1);
      const char* d = semi + 1;
      const bool negative = *d == '-';
      d += negative;
      int32_t value = d[1] == '.' ? (d[0] - '0') * 10 + (d[2] - '0')
                                  : (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[3] - '0');
      p = const_cast<char*>(d) + (d[1] == '.' ? 4 : 5);
      if (negative) value = -value;
      entry.sum += value;
      ++entry.count;
      entry.min = std::min(entry.min, value);
      entry.max = std::max(entry.max, value);
    };
    while (at[0] < end[0] && at[1] < end[1] && at[2] < end[2]) {
      step(at[0]);
      step(at[1]);
      step(at[2]);
    }
    for (int c = 0; c < kCursors; ++c) {
      while (at[c] < end[c]) step(at[c]);
    }
  });
  std::vector<Entry> result;
  for (const Entry& x : tables[1].entries) {
    if (x.name.empty()) continue;
    Entry& y = tables[0].at(x.name.data(), x.name.size(), x.hash);
    y.sum += x.sum;
    y.count += x.count;
    y.min = std::min(y.min, x.min);
    y.max = std::max(y.max, x.max);
  }
  for (const Entry& x : tables[0].entries) {
    if (!x.name.empty()) result.push_back(x);
  }
  std::sort(result.begin(), result.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  for (const Entry& x : result)
    std::printf("%s,%.1f,%.17g,%.1f\n", x.name.c_str(), x.min / 10.0,
                static_cast<double>(x.sum) / 10.0 / x.count, x.max / 10.0);
}
