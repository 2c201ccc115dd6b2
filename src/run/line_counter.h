// Tells the line number of an offset in a file, for messages about bad records.
//
// Workers cut files by position, so nobody knows line numbers while reading; they are counted only when
// a bad record is to be named, each file at most once from front to back.
// Threads: one at a time (the ordered stage).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/input.h"

namespace weir {

class LineCounter {
 public:
  // The line (from 1) that contains byte `offset` of the decoded content of `path`; 0 if it cannot be
  // read again (stdin, a socket). Offsets of one file should increase.
  uint64_t line_at(const std::string& path, uint64_t offset);

 private:
  // A file and how far it is counted; it stays open, so that the next record is found from there.
  struct Reading {
    std::unique_ptr<ByteStream> stream;
    uint64_t offset = 0;
    uint64_t line = 1;
  };
  static constexpr size_t kMostOpen = 8;

  uint64_t count_to(const std::string& path, uint64_t offset);

  std::map<std::string, Reading> readings_;
  std::vector<char> buffer_;
};

}  // namespace weir
