// One pass over a block that finds its lines and, in each, where a quoted key stands and whether
// the line looks whole: what the pre-filter needs to drop a line without parsing it.
//
// The pass works on bit masks of 64 bytes at a time. It is compiled for SSE2 (every x86-64) and
// AVX2 and chosen when the decoder is made; a plain loop serves other machines. All give the same
// lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// A line without its '\n'; offsets in the scanned text.
struct ScannedLine {
  enum : uint32_t {
    kBackslash = 1,   // holds a backslash somewhere; then the other bits say nothing reliable
    kOddQuotes = 2,   // an odd number of quotes: torn
    kUnbalanced = 4,  // as many { as }, or not
    kKeyOnce = 8,     // the quoted key occurs exactly once, at `key`
    kKeyMany = 16,    // more than once
  };
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t key = 0;  // offset of the opening quote of the key's first occurrence
  uint32_t flags = 0;
};

// The key to look for, without quotes: 1 to kMaxBytes bytes, none of them a quote or a line break.
class ScanKey {
 public:
  static constexpr size_t kMaxBytes = 60;
  explicit ScanKey(std::string key);
  const std::string& text() const { return text_; }
  // True if `p`, which points at a quote, begins the quoted key. 16 bytes after p must be readable,
  // or as many as the key has and two more.
  bool matches(const char* p) const;

 private:
  std::string text_;
  uint64_t words_[2] = {};
  uint64_t masks_[2] = {};
};

enum class ScanLevel { kScalar, kSse2, kAvx2 };
// The best level of this machine.
ScanLevel scan_level();

// Finds lines from `pos` (a line's begin, advanced behind the last line given) until `limit` of
// them are in `out` or the text ends; the last line may lack its '\n'. Returns how many. kPadding
// bytes behind the text must be readable. The text must be shorter than 4 GiB.
using ScanFunction = size_t (*)(std::string_view text, const ScanKey& key, size_t& pos,
                                ScannedLine* out, size_t limit);
ScanFunction scan_function(ScanLevel level);

}  // namespace weir
