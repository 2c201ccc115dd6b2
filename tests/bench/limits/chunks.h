// Shared by the limit programs: two threads take chunks of a file from one counter and read them with
// pread, each with a look-ahead, so that every line is whole. Built with -march=native.
#pragma once

#include <fcntl.h>
#include <immintrin.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

inline constexpr int kThreads = 2;
inline constexpr size_t kChunk = size_t{128} << 10;
inline constexpr size_t kAhead = size_t{4} << 10;
inline constexpr size_t kSlack = 256;  // readable bytes behind a chunk

struct Input {
  int fd;
  size_t size;
  explicit Input(const char* path) : fd(open(path, O_RDONLY)) {
    struct stat s{};
    if (fd < 0 || fstat(fd, &s) != 0) {
      std::perror(path);
      std::exit(1);
    }
    size = static_cast<size_t>(s.st_size);
  }
};

// Calls work(thread, begin, end) for every chunk of whole lines, [begin, end).
template <class Work>
void for_each_chunk(const Input& in, Work work) {
  std::atomic<size_t> next{0};
  const size_t chunks = (in.size + kChunk - 1) / kChunk;
  const auto loop = [&](int thread) {
    auto buffer = std::make_unique<char[]>(kChunk + kAhead + kSlack + 1);
    for (size_t c; (c = next.fetch_add(1)) < chunks;) {
      const size_t from = c == 0 ? 0 : c * kChunk - 1;
      const size_t limit = (c + 1) * kChunk;
      const auto n = static_cast<size_t>(pread(
          in.fd, buffer.get(), std::min(limit + kAhead, in.size) - from, static_cast<off_t>(from)));
      char* b = buffer.get();
      char* begin = b;
      if (c > 0) begin = static_cast<char*>(memchr(b, '\n', n)) + 1;
      char* end = b + n;
      if (limit < in.size) {
        char* last = b + (limit - 1 - from);
        end = static_cast<char*>(memchr(last, '\n', static_cast<size_t>(b + n - last))) + 1;
      }
      if (begin < end) work(thread, begin, end);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 1; t < kThreads; ++t) threads.emplace_back(loop, t);
  loop(0);
  for (auto& t : threads) t.join();
}

inline uint32_t mask_of(__m256i v, char c) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c))));
}

// Looks for bytes from `b` on; the caller knows that it is there.
inline char* find(char* b, char c) {
  for (;; b += 32) {
    const uint32_t m = mask_of(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)), c);
    if (m != 0) return b + __builtin_ctz(m);
  }
}
