// Limit: amount > 1000, keep id, account, amount. Looks for the key in the raw line and reads the number there.
#include <mutex>

#include "chunks.h"

namespace {

const char* find_text(const char* b, const char* e, const char* needle, size_t n) {
  const __m256i first = _mm256_set1_epi8(needle[0]);
  const __m256i last = _mm256_set1_epi8(needle[n - 1]);
  for (; b < e; b += 32) {
    const __m256i f = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    const __m256i l = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + n - 1));
    auto m = static_cast<uint32_t>(_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(f, first), _mm256_cmpeq_epi8(l, last))));
    while (m != 0) {
      const char* at = b + __builtin_ctz(m);
      if (at < e && memcmp(at, needle, n) == 0) return at;
      m &= m - 1;
    }
  }
  return nullptr;
}

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  std::mutex mutex;
  for_each_chunk(in, [&](int, char* b, char* e) {
    std::string out;
    const char* p = b;
    while ((p = find_text(p, e, "\"amount\":", 9)) != nullptr) {
      const char* number = p + 9;
      uint64_t whole = 0;
      const char* d = number;
      while (*d >= '0' && *d <= '9') whole = whole * 10 + static_cast<uint64_t>(*d++ - '0');
      const bool more =
          whole > 1000 || (whole == 1000 && *d == '.' && (d[1] != '0' || d[2] != '0'));
      if (more) {
        const char* line = p;
        while (line > b && line[-1] != '\n') --line;
        const char* id = find_text(line, e, "\"id\":", 5) + 5;
        const char* account = find_text(line, e, "\"account\":", 10) + 10;
        const auto until = [](const char* x) {
          while (*x != ',' && *x != '}') ++x;
          return x;
        };
        out += "{\"id\":";
        out.append(id, until(id));
        out += ",\"account\":";
        out.append(account, until(account));
        out += ",\"amount\":";
        out.append(number, until(number));
        out += "}\n";
      }
      p = d;
    }
    const std::lock_guard lock(mutex);
    fwrite(out.data(), 1, out.size(), stdout);
  });
}
