// Matches one record against one pattern. RE2 stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/regex_pattern.h"

namespace weir {

// Threads: one per worker (RE2's own caches would be shared and locked otherwise).
class RegexMatcher {
 public:
  // `wanted` says which of the pattern's groups give texts. `several_lines`: a point matches line
  // ends.
  RegexMatcher(const RegexPattern& pattern, const std::vector<bool>& wanted, bool several_lines);
  ~RegexMatcher();
  RegexMatcher(RegexMatcher&&) noexcept;
  RegexMatcher& operator=(RegexMatcher&&) noexcept;

  // The text of wanted group k in groups[k]; data() is nullptr for a group that took no part.
  // Records that are not UTF-8 are matched byte by byte.
  bool match(std::string_view record, std::string_view* groups);

  // How many of the pattern's outermost groups the head of the pattern matches up to, and where
  // that match ends. For messages.
  struct Reach {
    size_t groups = 0;
    std::string field;  // the last of them, empty when there is none
    size_t end = 0;     // offset in the record
  };
  Reach reach(std::string_view record);

  // Error: kConfig with RE2's words when the pattern is not valid.
  static Result<void> check(const RegexPattern& pattern);
  // True if RE2 refuses the pattern because its nested counts multiply to more than it takes.
  static bool counts_too_far(const RegexPattern& pattern);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
