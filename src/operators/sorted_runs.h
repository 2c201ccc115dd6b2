// Sorted entries that do not fit into memory: runs in temporary files, merged when they are read.
//
// A file has no name from the moment it is made, so nothing is left of it whatever ends the run.
// In a file: entry after entry, each the sizes of its key and value, 4 bytes little-endian, then both.
// Errors: throws SpillError, as state/spill.h.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/descriptor.h"
#include "state/spill.h"

namespace weir {

class SortedRuns {
 public:
  explicit SortedRuns(std::shared_ptr<SpillSpace> space) : space_(std::move(space)) {}

  bool any() const { return !runs_.empty(); }
  // A new run: entries in order of their keys (memcmp), then the end.
  void begin_run();
  void add(std::string_view key, std::string_view value);
  void end_run();
  // Takes over the other's runs.
  void take(SortedRuns& other);
  // Makes so few runs of them that they can be read side by side.
  void make_few();

  // Goes through the entries of all runs in order of their keys, which must differ. The runs must outlive it, and stay
  // as they are.
  class Reader {
   public:
    explicit Reader(const SortedRuns& runs);
    bool valid() const { return !heap_.empty(); }
    std::string_view key() const { return heap_.front()->key; }
    std::string_view value() const { return heap_.front()->value; }
    void next();

   private:
    friend class SortedRuns;
    struct Head {
      int file = -1;
      uint64_t offset = 0;  // behind what is in the buffer
      std::string buffer;
      size_t at = 0;
      std::string_view key;
      std::string_view value;
      bool advance();  // to the next entry; false at the end
      bool fill(
          size_t size);  // gets so many bytes from `at` on into the buffer; false: there are fewer
    };
    Reader(const std::vector<Descriptor>& runs, size_t begin, size_t end);
    static bool comes_later(const std::unique_ptr<Head>& a, const std::unique_ptr<Head>& b) {
      return a->key > b->key;
    }
    std::vector<std::unique_ptr<Head>> heap_;  // the first entry in front
  };

 private:
  void write_out();

  const std::shared_ptr<SpillSpace> space_;
  std::vector<Descriptor> runs_;
  std::string buffer_;  // of the run being written
};

}  // namespace weir
