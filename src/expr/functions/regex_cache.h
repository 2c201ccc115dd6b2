// Regular expressions in RE2's syntax, and Java's spelling of named groups.
//
// Threads: a worker has its own compiled copies (RE2 is thread-safe, but its lazily built automaton
// is behind a lock that all matches of all threads would touch).
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"

namespace re2 {
class RE2;
}

namespace weir {

// The calling thread's compiled form of a pattern; nullptr when the pattern is wrong. At most 256
// are kept; when that is not enough all are dropped, which is why the result is counted.
std::shared_ptr<const re2::RE2> worker_regex(std::string_view pattern);

// Error (kConfig, without a place): why the pattern does not compile. `groups`, when given,
// receives the number of capturing groups.
Result<void> check_pattern(std::string_view pattern, int* groups = nullptr);

}  // namespace weir
