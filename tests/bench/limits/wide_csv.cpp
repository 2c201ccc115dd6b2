// Limit: sum of column 12 by column 4 of a quoted CSV with 20 columns; line breaks may stand in quotes. A thread that
// has read a chunk counts its quotes first and publishes whether the next chunk begins inside quotes: nobody reads
// anything twice or waits longer than for that count.
#include <map>

#include "chunks.h"

namespace {

// Bit i: byte i lies inside quotes (prefix sum of the quote bits by carry-less multiplication).
uint64_t inside(uint64_t quotes, uint64_t& carry) {
  const __m128i all = _mm_set1_epi8(-1);
  const auto m = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(
                     _mm_set_epi64x(0, static_cast<int64_t>(quotes)), all, 0))) ^
                 carry;
  carry = static_cast<uint64_t>(static_cast<int64_t>(m) >> 63);
  return m;
}

uint64_t mask64(const char* p, char c) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  return mask_of(a, c) | (static_cast<uint64_t>(mask_of(b, c)) << 32);
}

uint64_t count_quotes(const char* b, const char* e) {
  uint64_t total = 0;
  for (; b < e; b += 64) total += static_cast<uint64_t>(__builtin_popcountll(mask64(b, '"')));
  return total;
}

class Sums {
 public:
  void add(std::string_view key, double value) {
    for (auto& [k, sum] : sums_) {
      if (k == key) {
        sum += value;
        return;
      }
    }
    sums_.emplace_back(std::string(key), value);
  }
  const auto& all() const { return sums_; }

 private:
  std::vector<std::pair<std::string, double>> sums_;  // a few
};

double money(const char* b, const char* e) {
  int64_t cents = 0;
  for (; b < e; ++b) {
    if (*b != '.') cents = cents * 10 + (*b - '0');
  }
  return static_cast<double>(cents) / 100;
}

// Sums the records that begin in [b, limit); `in_record`: b lies inside a record, which is not of this chunk.
void sum_chunk(const char* b, const char* limit, const char* e, bool in_quotes, bool in_record,
               Sums& sums) {
  uint64_t carry = in_quotes ? ~uint64_t{0} : 0;
  bool skipping = in_record;
  uint32_t field = 0;
  const char* key = b;
  const char* key_end = b;
  const char* amount = b;
  for (const char* base = b; base < e; base += 64) {
    const uint64_t in = inside(mask64(base, '"'), carry);
    uint64_t lines = mask64(base, '\n') & ~in;
    uint64_t stops = (mask64(base, ',') & ~in) | lines;
    while (stops != 0) {
      if (skipping) {  // to the first record's begin
        if (lines == 0) break;
        const auto at = static_cast<uint32_t>(__builtin_ctzll(lines));
        skipping = false;
        if (base + at + 1 >= limit) return;
        stops &= ~((uint64_t{2} << at) - 1);
        lines &= lines - 1;
        field = 0;
        continue;
      }
      // Straight to the separator that matters next, if this word has it.
      const auto count = static_cast<uint32_t>(__builtin_popcountll(stops));
      const auto first_line =
          lines != 0 ? static_cast<uint32_t>(__builtin_popcountll(stops & (lines ^ (lines - 1))))
                     : ~0u;
      const uint32_t goal = field <= 2    ? 2 - field
                            : field == 3  ? 0
                            : field <= 10 ? 10 - field
                            : field == 11 ? 0
                                          : ~0u;
      const uint32_t skip = std::min({goal, count - 1, first_line - 1});
      const uint64_t bit = _pdep_u64(uint64_t{1} << skip, stops);
      const char* where = base + __builtin_ctzll(bit);
      field += skip;
      stops &= ~(bit | (bit - 1));
      if ((lines & bit) != 0) {
        lines &= ~(bit | (bit - 1));
        field = 0;
        if (where + 1 >= limit) return;
        continue;
      }
      if (field == 2) key = where + 1;
      if (field == 3) key_end = where;
      if (field == 10) amount = where + 1;
      if (field == 11) sums.add({key, static_cast<size_t>(key_end - key)}, money(amount, where));
      ++field;
    }
  }
}

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  const size_t chunks = (in.size + kChunk - 1) / kChunk;
  std::vector<std::atomic<int8_t>> begins_in_quotes(chunks + 1);
  for (auto& x : begins_in_quotes) x = -1;
  begins_in_quotes[0] = 0;
  std::atomic<size_t> next{0};
  Sums sums[kThreads];
  const auto loop = [&](int thread) {
    const std::unique_ptr<char, decltype(&std::free)> buffer(
        static_cast<char*>(std::aligned_alloc(kPage, kChunk + kAhead + kPage)), &std::free);
    char* b = buffer.get();
    for (size_t c; (c = next.fetch_add(1)) < chunks;) {
      const auto n =
          static_cast<size_t>(pread(in.fd, b, kChunk + kAhead, static_cast<off_t>(c * kChunk)));
      memset(b + n, 0, 64);
      const bool odd = count_quotes(b, b + std::min(n, kChunk)) % 2 == 1;
      int8_t quoted = 0;
      while ((quoted = begins_in_quotes[c]) < 0) std::this_thread::yield();
      begins_in_quotes[c + 1] = static_cast<int8_t>(quoted ^ static_cast<int8_t>(odd));
      // A record that begins right at a chunk's begin counts to the chunk before.
      sum_chunk(b, b + kChunk + (n > kChunk ? 1 : kPage), b + n, quoted != 0, true, sums[thread]);
    }
  };
  std::thread other(loop, 1);
  loop(0);
  other.join();
  std::map<std::string, double> total;
  for (const auto& s : sums) {
    for (const auto& [k, v] : s.all()) total[k] += v;
  }
  for (const auto& [k, v] : total) std::printf("%s,%.2f\n", k.c_str(), v);
}
