// Limit: lines that hold a fixed string, passed on in order.
#include <condition_variable>
#include <mutex>

#include "chunks.h"

int main(int argc, char** argv) {
  const Input in(argv[1]);
  const std::string needle = argc > 2 ? argv[2] : "special-offer";
  const size_t n = needle.size();
  std::mutex mutex;
  std::condition_variable turn;
  size_t written = 0;
  std::atomic<size_t> next{0};
  const size_t chunks = (in.size + kChunk - 1) / kChunk;
  const auto loop = [&] {
    auto buffer = std::make_unique<char[]>(kChunk + kAhead + kSlack + 1);
    std::string out;
    for (size_t c; (c = next.fetch_add(1)) < chunks;) {
      const size_t from = c == 0 ? 0 : c * kChunk - 1;
      const size_t limit = (c + 1) * kChunk;
      const auto size = static_cast<size_t>(pread(
          in.fd, buffer.get(), std::min(limit + kAhead, in.size) - from, static_cast<off_t>(from)));
      char* b = buffer.get();
      char* begin = c == 0 ? b : static_cast<char*>(memchr(b, '\n', size)) + 1;
      char* end = b + size;
      if (limit < in.size) {
        char* last = b + (limit - 1 - from);
        end = static_cast<char*>(memchr(last, '\n', static_cast<size_t>(b + size - last))) + 1;
      }
      out.clear();
      const __m256i f = _mm256_set1_epi8(needle[0]);
      const __m256i l = _mm256_set1_epi8(needle[n - 1]);
      for (char* p = begin; p < end;) {
        auto m = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(
            _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), f),
            _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + n - 1)),
                              l))));
        char* skip_to = p + 32;
        while (m != 0) {
          char* at = p + __builtin_ctz(m);
          m &= m - 1;
          if (at >= end || memcmp(at, needle.data(), n) != 0) continue;
          char* line = at;
          while (line > begin && line[-1] != '\n') --line;
          char* stop = find(at, '\n') + 1;
          out.append(line, stop);
          skip_to = stop;
          break;
        }
        p = skip_to;
      }
      std::unique_lock lock(mutex);
      turn.wait(lock, [&] { return written == c; });
      if (!out.empty() && write(1, out.data(), out.size()) < 0) std::exit(1);
      ++written;
      turn.notify_all();
    }
  };
  std::thread other(loop);
  loop();
  other.join();
}
