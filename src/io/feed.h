// Hands out blocks of whole records to any number of workers.
//
// Regular uncompressed files are cut by position: a worker takes the next range from one counter, preads
// it into its own buffer and finds the first and last record end there; only quoted formats need to know
// something of the bytes before (the quote parity, passed on along a chain of atomics, computed at some
// 10 GB/s). Pipes and compressed input are read under a token: the worker that holds it reads and cuts
// one block, passes the token on and decodes what it read, still in its cache; no thread hands bytes to
// another. Measured on two cores: handing a block to a sleeping thread costs 390 us, and pread into a
// reused buffer beats every form of mmap.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/block.h"
#include "io/cutter.h"
#include "io/input.h"

namespace weir {

struct FeedOptions {
  size_t block_bytes = size_t{128} << 10;
  size_t max_record_bytes = size_t{64} << 20;  // a longer record is a data error with its offset
  uint32_t source = 0;                         // for BlockOrigin
  // Files may grow and be read on by a later run: a last record without its end waits for that, and so does what a
  // compressed file lacks. Pipes end for good.
  bool hold_partial = false;
};

// An input and where to begin in it: an offset into its decoded content, at a record's start.
struct FeedInput {
  std::string path;  // "-": stdin
  uint64_t offset = 0;
  uint32_t partition = UINT32_MAX;  // for BlockOrigin; not given: its number in the list
};

// A block, or the error that stands in its place in input order (blocks after it may still come).
//
// Where one record alone is lost (it is too long), the block is empty, with the record's place as its origin, and what
// follows is whole: whoever takes it may go on.
struct FeedItem {
  Block block;
  std::optional<Error> error;
  bool lost_record = false;
};

class Feed {
 public:
  virtual ~Feed() = default;
  // Takes the next block. False at the end. Thread-safe. May block for input.
  virtual bool claim(FeedItem& item) = 0;
  // Makes claim return false from now on; wakes a claim that waits for input. Async-signal-safe is not
  // required. Thread-safe.
  virtual void stop() = 0;
  // For progress: bytes handed out and the total (0: not known).
  virtual uint64_t bytes_done() const = 0;
  virtual uint64_t bytes_total() const = 0;
  // What a user may want to know at the end: files of which a part is left to a later run.
  virtual std::string note() const { return {}; }
};

// Files in the given order; each a partition of its own. Regular plain files are read by position,
// compressed ones and pipes as streams. "-" is stdin (a redirected regular file is read by position
// from its current offset).
Result<std::unique_ptr<Feed>> resume_file_feed(const std::vector<FeedInput>& inputs,
                                               std::shared_ptr<const RecordCutter> cutter,
                                               const FeedOptions& options);
// The same from their beginnings.
Result<std::unique_ptr<Feed>> make_file_feed(const std::vector<std::string>& paths,
                                             std::shared_ptr<const RecordCutter> cutter,
                                             const FeedOptions& options);
// Bytes held in memory (collection lines, tests).
std::unique_ptr<Feed> make_memory_feed(std::string bytes,
                                       std::shared_ptr<const RecordCutter> cutter,
                                       const FeedOptions& options);

}  // namespace weir
