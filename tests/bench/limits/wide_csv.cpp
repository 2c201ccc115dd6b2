// Limit: sum of column 12 by column 4 of a quoted CSV with 20 columns; line breaks may stand in quotes. The file
// is cut in two after counting the quotes of its first half (one pass more over that half).
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

struct Masks {
  uint64_t quotes, separators, lines;
};
Masks masks_of(const char* p) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  const auto both = [&](char c) {
    return mask_of(a, c) | (static_cast<uint64_t>(mask_of(b, c)) << 32);
  };
  return {both('"'), both(','), both('\n')};
}

using Sums = std::map<std::string, double>;

// Sums a half: whole records in [from, to), read in pieces.
void sum_half(const Input& in, size_t from, size_t to, Sums& sums) {
  constexpr size_t kPiece = size_t{256} << 10;
  std::vector<char> buffer(kPiece + (size_t{1} << 16) + kSlack);
  size_t carry_bytes = 0;
  size_t at = from;
  std::string_view last_key;
  double* last = nullptr;
  std::vector<std::pair<std::string, double*>> cache;
  while (at < to || carry_bytes > 0) {
    const size_t want = std::min(kPiece, to - at);
    const auto n = want == 0 ? 0
                             : static_cast<size_t>(pread(in.fd, buffer.data() + carry_bytes, want,
                                                         static_cast<off_t>(at)));
    at += n;
    const size_t size = carry_bytes + n;
    memset(buffer.data() + size, 0, 64);
    uint64_t carry = 0;
    size_t record = 0;
    uint32_t field = 0;
    size_t field_at = 0, key_from = 0, key_to = 0, amount_from = 0;
    for (size_t base = 0; base < size; base += 64) {
      Masks m = masks_of(buffer.data() + base);
      const uint64_t in_quotes = inside(m.quotes, carry);
      uint64_t lines = m.lines & ~in_quotes;
      uint64_t stops = (m.separators & ~in_quotes) | lines;
      while (stops != 0) {
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
        uint32_t skip = std::min({goal, count - 1, first_line - 1});
        const uint64_t bit = _pdep_u64(uint64_t{1} << skip, stops);
        const size_t where = base + static_cast<size_t>(__builtin_ctzll(bit));
        field += skip;
        if (field == 2) key_from = where + 1;
        if (field == 3) key_to = where;
        if (field == 10) amount_from = where + 1;
        stops &= ~(bit | (bit - 1));
        if ((lines & bit) != 0) {
          lines &= ~(bit | (bit - 1));
          record = where + 1;
          field = 0;
          continue;
        }
        if (field == 11) {
          const std::string_view key(buffer.data() + key_from, key_to - key_from);
          double* sum = nullptr;
          for (auto& [k, s] : cache) {
            if (k == key) sum = s;
          }
          if (sum == nullptr) {
            sum = &sums[std::string(key)];
            cache.emplace_back(std::string(key), sum);
          }
          int64_t cents = 0;
          for (size_t i = amount_from; i < where; ++i) {
            if (buffer[i] != '.') cents = cents * 10 + (buffer[i] - '0');
          }
          *sum += static_cast<double>(cents) / 100;
        }
        ++field;
        (void)field_at;
      }
    }
    carry_bytes = size - record;
    if (n == 0) break;
    memmove(buffer.data(), buffer.data() + record, carry_bytes);
  }
  (void)last_key;
  (void)last;
}

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  // Where the second half begins: behind the first line end outside quotes after the middle.
  const size_t middle = in.size / 2;
  std::atomic<uint64_t> quotes{0};
  {
    std::atomic<size_t> next{0};
    const auto count = [&] {
      std::vector<char> buffer(kChunk + kSlack);
      uint64_t total = 0;
      for (size_t c; (c = next.fetch_add(kChunk)) < middle;) {
        const size_t want = std::min(kChunk, middle - c);
        const auto n =
            static_cast<size_t>(pread(in.fd, buffer.data(), want, static_cast<off_t>(c)));
        memset(buffer.data() + n, 0, 64);
        for (size_t i = 0; i < n; i += 64)
          total += static_cast<uint64_t>(__builtin_popcountll(masks_of(buffer.data() + i).quotes));
      }
      quotes += total;
    };
    std::thread other(count);
    count();
    other.join();
  }
  size_t second = in.size;
  {
    std::vector<char> buffer(size_t{1} << 16);
    const auto n =
        static_cast<size_t>(pread(in.fd, buffer.data(), buffer.size(), static_cast<off_t>(middle)));
    bool quoted = quotes % 2 == 1;
    for (size_t i = 0; i < n; ++i) {
      if (buffer[i] == '"') quoted = !quoted;
      if (buffer[i] == '\n' && !quoted) {
        second = middle + i + 1;
        break;
      }
    }
  }
  std::vector<char> head(4096);
  const auto n = static_cast<size_t>(pread(in.fd, head.data(), head.size(), 0));
  const size_t first =
      static_cast<size_t>(static_cast<char*>(memchr(head.data(), '\n', n)) - head.data()) + 1;
  Sums sums[2];
  std::thread other([&] { sum_half(in, second, in.size, sums[1]); });
  sum_half(in, first, second, sums[0]);
  other.join();
  for (const auto& [k, v] : sums[1]) sums[0][k] += v;
  for (const auto& [k, v] : sums[0]) std::printf("%s,%.2f\n", k.c_str(), v);
}
