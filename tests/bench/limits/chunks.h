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
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

inline constexpr int kThreads = 2;
inline constexpr size_t kChunk = size_t{128} << 10;
inline constexpr size_t kAhead = size_t{4} << 10;
inline constexpr size_t kPage = 4096;
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

// Calls work(thread, begin, end) or work(thread, number, begin, end) for every chunk of whole lines,
// [begin, end). Every number from 0 comes once, the chunk may be empty.
template <class Work>
void for_each_chunk(const Input& in, Work work) {
  constexpr bool kNumbered = std::is_invocable_v<Work, int, size_t, char*, char*>;
  std::atomic<size_t> next{0};
  const size_t chunks = (in.size + kChunk - 1) / kChunk;
  const auto loop = [&](int thread) {
    // Whole pages into whole pages: copies between other addresses take the kernel twice as long.
    const std::unique_ptr<char, decltype(&std::free)> buffer(
        static_cast<char*>(std::aligned_alloc(kPage, kPage + kChunk + kAhead + kPage)), &std::free);
    for (size_t c; (c = next.fetch_add(1)) < chunks;) {
      const size_t from = c == 0 ? 0 : c * kChunk - kPage;
      const size_t limit = (c + 1) * kChunk;
      const auto n = static_cast<size_t>(pread(
          in.fd, buffer.get(), std::min(limit + kAhead, in.size) - from, static_cast<off_t>(from)));
      char* b = buffer.get();
      char* begin = b;
      if (c > 0) begin = static_cast<char*>(memchr(b + kPage - 1, '\n', n - kPage + 1)) + 1;
      char* end = b + n;
      if (limit < in.size) {
        char* last = b + (limit - 1 - from);
        end = static_cast<char*>(memchr(last, '\n', static_cast<size_t>(b + n - last))) + 1;
      }
      if constexpr (kNumbered) {
        work(thread, c, begin, end);
      } else if (begin < end) {
        work(thread, begin, end);
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 1; t < kThreads; ++t) threads.emplace_back(loop, t);
  loop(0);
  for (auto& t : threads) t.join();
}

// Writes the texts of all chunks to stdout in order. Nobody waits: whoever has the next text writes it and all
// that lie ready behind it.
class OrderedOutput {
 public:
  void put(size_t chunk, std::string text) {
    std::unique_lock lock(mutex_);
    ready_[chunk] = std::move(text);
    if (writing_) return;
    writing_ = true;
    for (auto it = ready_.find(next_); it != ready_.end(); it = ready_.find(next_)) {
      const std::string out = std::move(it->second);
      ready_.erase(it);
      lock.unlock();
      if (!out.empty() && write(1, out.data(), out.size()) < 0) std::exit(1);
      lock.lock();
      ++next_;
    }
    writing_ = false;
  }

 private:
  std::mutex mutex_;
  std::map<size_t, std::string> ready_;
  size_t next_ = 0;
  bool writing_ = false;
};

inline uint32_t mask_of(__m256i v, char c) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c))));
}

// Looks for bytes from `b` on; the caller knows that it is there.
template <class Char>
Char* find(Char* b, char c) {
  for (;; b += 32) {
    const uint32_t m = mask_of(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)), c);
    if (m != 0) return b + __builtin_ctz(m);
  }
}

// How often a byte comes up in text, roughly: small letters often, the first of this list most.
inline int frequency(char c) {
  static constexpr std::string_view kCommon = " etaoinsrhldcumpgwfybvk0123456789./-_:\"";
  const size_t at = kCommon.find(c);
  return at == std::string_view::npos ? 0 : static_cast<int>(kCommon.size() - at);
}

// A text to look for, by two of its rarest bytes, 64 places at a time.
class Needle {
 public:
  explicit Needle(std::string_view text) : text_(text) {
    const auto rarest = [&](size_t but) {
      size_t best = but == 0 && text.size() > 1 ? 1 : 0;
      for (size_t k = 0; k < text.size(); ++k) {
        if (k != but && frequency(text[k]) < frequency(text[best])) best = k;
      }
      return best;
    };
    first_ = rarest(text.size());
    second_ = rarest(first_);
  }
  size_t size() const { return text_.size(); }

  // The first place in [b, e), or null; may read kSlack bytes beyond e.
  const char* find(const char* b, const char* e) const {
    const __m256i x = _mm256_set1_epi8(text_[first_]);
    const __m256i y = _mm256_set1_epi8(text_[second_]);
    const auto both = [&](const char* p) {
      return _mm256_and_si256(
          _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + first_)), x),
          _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + second_)), y));
    };
    for (; b < e; b += 64) {
      const __m256i low = both(b);
      const __m256i high = both(b + 32);
      const __m256i any = _mm256_or_si256(low, high);
      if (_mm256_testz_si256(any, any) != 0) [[likely]]
        continue;
      uint64_t m = static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
                   static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
      for (; m != 0; m &= m - 1) {
        const char* at = b + __builtin_ctzll(m);
        if (at >= e) return nullptr;
        if (memcmp(at, text_.data(), text_.size()) == 0) return at;
      }
    }
    return nullptr;
  }

 private:
  std::string_view text_;
  size_t first_ = 0;
  size_t second_ = 0;
};
