// One kind of input within a feed: files read by position, or one stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/buffer_pool.h"
#include "io/cutter.h"
#include "io/feed.h"
#include "io/stop_signal.h"

namespace weir {

// What all parts of a feed share.
struct FeedShared {
  std::shared_ptr<const RecordCutter> cutter;
  FeedOptions options;  // block_bytes at most half of max_record_bytes, so that a record which is
                        // too long covers a whole range behind the one in which it begins
  std::shared_ptr<StopSignal> stop;
  std::shared_ptr<BufferPool> pool;
};
FeedShared make_feed_shared(std::shared_ptr<const RecordCutter> cutter, FeedOptions options);

// Numbers its items from 0 without gaps.
class SubFeed {
 public:
  virtual ~SubFeed() = default;
  virtual bool claim(FeedItem& item) = 0;
  // How many items it has numbered; final once claim has returned false without a stop.
  virtual uint64_t items() const = 0;
  virtual uint64_t bytes_done() const = 0;
  virtual std::optional<uint64_t> bytes_total() const = 0;  // nullopt: not known
  virtual std::string note() const { return {}; }           // as Feed's, once it has ended
};

struct PlainFile {
  std::string path;  // "-": stdin, a redirected file
  uint32_t partition = 0;
  uint64_t begin = 0;  // where its content starts (stdin may have been read before)
  uint64_t size = 0;   // bytes from there on, when the run began
  uint64_t skipped =
      0;  // of its content before `begin`: offsets of blocks count from the content's start
};
std::unique_ptr<SubFeed> make_position_feed(std::vector<PlainFile> files, const FeedShared& shared);

// Opened at the first claim; the first `offset` decoded bytes are passed over.
std::unique_ptr<SubFeed> make_stream_feed(std::string path, uint32_t partition,
                                          std::optional<uint64_t> bytes_total, uint64_t offset,
                                          const FeedShared& shared);
// The same over a stream that is already there.
std::unique_ptr<SubFeed> make_stream_feed(std::unique_ptr<ByteStream> stream, std::string name,
                                          uint32_t partition, std::optional<uint64_t> bytes_total,
                                          const FeedShared& shared);

// "the record at byte 123 is longer than 1 MB".
Error record_too_long(uint64_t offset, const FeedShared& shared);

}  // namespace weir
