// Tells the line number of an offset in a file, for messages about bad records.
//
// Workers cut files by position, so nobody knows line numbers while reading; they are counted only when
// a bad record is to be named, each file at most once from front to back.
// Threads: one at a time (the ordered stage).
#pragma once

#include <cstdint>
#include <string>

namespace weir {

class LineCounter {
 public:
  // The line (from 1) that contains byte `offset` of the decoded content of `path`; 0 if it cannot be
  // read again (stdin, a socket). Offsets of one file should increase.
  uint64_t line_at(const std::string& path, uint64_t offset);

 private:
  std::string path_;
  uint64_t offset_ = 0;
  uint64_t line_ = 1;
};

}  // namespace weir
