// Limit: lower-case, split on white space, count per word.
#include <unordered_map>

#include "chunks.h"

namespace {

struct Entry {
  __m128i key;
  uint64_t count;
  uint64_t used;
};

struct Table {
  static constexpr size_t kSize = size_t{1} << 18;
  std::vector<Entry> entries = std::vector<Entry>(kSize);
  std::unordered_map<std::string, uint64_t> longer;

  static size_t hash(__m128i k) {
    const auto a = static_cast<uint64_t>(_mm_cvtsi128_si64(k));
    const auto b = static_cast<uint64_t>(_mm_extract_epi64(k, 1));
    const auto p =
        static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd6e8feb86659fd93);
    return (static_cast<uint64_t>(p) ^ static_cast<uint64_t>(p >> 64)) & (kSize - 1);
  }
  void add(__m128i key, size_t h, uint64_t n) {
    for (;; h = (h + 1) & (kSize - 1)) {
      Entry& e = entries[h];
      if (e.used == 0) {
        e = {key, n, 1};
        return;
      }
      const __m128i d = _mm_xor_si128(e.key, key);
      if (_mm_testz_si128(d, d) != 0) {
        e.count += n;
        return;
      }
    }
  }
};

}  // namespace

int main(int, char** argv) {
  const Input in(argv[1]);
  Table tables[kThreads];
  alignas(32) static uint8_t masks[48];
  for (int i = 0; i < 16; ++i) masks[i] = 0xff;
  for_each_chunk(in, [&](int thread, char* b, char* e) {
    Table& table = tables[thread];
    __m128i keys[256];
    size_t hashes[256];
    size_t n = 0;
    const auto flush = [&] {
      for (size_t i = 0; i < n; ++i) table.add(keys[i], hashes[i], 1);
      n = 0;
    };
    char* word = nullptr;
    const auto take = [&](char* end) {
      const auto len = static_cast<size_t>(end - word);
      if (len <= 16) {
        const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(masks + 16 - len));
        keys[n] = _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(word)), mask);
        hashes[n] = Table::hash(keys[n]);
        __builtin_prefetch(&table.entries[hashes[n]]);
        if (++n == 256) flush();
      } else {
        ++table.longer[std::string(word, len)];
      }
    };
    const __m256i a = _mm256_set1_epi8('A' - 1);
    const __m256i z = _mm256_set1_epi8('Z' + 1);
    const __m256i bit = _mm256_set1_epi8(0x20);
    // First lower the chunk, then find the edges of words.
    for (char* p = b; p < e; p += 32) {
      __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
      const __m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(v, a), _mm256_cmpgt_epi8(z, v));
      v = _mm256_or_si256(v, _mm256_and_si256(upper, bit));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
    }
    uint32_t before = 0;  // was the last byte part of a word?
    for (char* p = b; p < e; p += 32) {
      const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
      uint32_t in_word =
          ~(mask_of(v, ' ') | mask_of(v, '\n') | mask_of(v, '\t') | mask_of(v, '\r'));
      const auto left = static_cast<size_t>(e - p);
      if (left < 32) in_word &= (1u << left) - 1;
      uint32_t edges = in_word ^ ((in_word << 1) | before);
      before = in_word >> 31;
      while (edges != 0) {
        char* at = p + __builtin_ctz(edges);
        edges &= edges - 1;
        if (word == nullptr) {
          word = at;
        } else {
          take(at);
          word = nullptr;
        }
      }
    }
    if (word != nullptr) take(e);
    flush();
  });
  std::vector<std::pair<std::string, uint64_t>> result;
  for (int t = 1; t < kThreads; ++t) {
    for (const Entry& x : tables[t].entries) {
      if (x.used != 0) tables[0].add(x.key, Table::hash(x.key), x.count);
    }
    for (const auto& [w, c] : tables[t].longer) tables[0].longer[w] += c;
  }
  for (const Entry& x : tables[0].entries) {
    if (x.used == 0) continue;
    char text[17] = {};
    _mm_storeu_si128(reinterpret_cast<__m128i*>(text), x.key);
    result.emplace_back(text, x.count);
  }
  for (const auto& [w, c] : tables[0].longer) result.emplace_back(w, c);
  std::sort(result.begin(), result.end());
  std::string out;
  for (const auto& [w, c] : result) out += w + "," + std::to_string(c) + "\n";
  return fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}
