// Buffers that come back: fresh memory costs a page fault for every 4 KiB, a used buffer none.
//
// Threads: all members from any thread; so are the deleters of the buffers given out.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "io/block.h"

namespace weir {

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  // `keep_bytes`: a buffer that has grown larger is freed instead of kept.
  static std::shared_ptr<BufferPool> make(size_t keep_bytes);

  // A buffer of `size_bytes` bytes (+ kPadding behind them); content unspecified, the padding
  // initialised. It returns to the pool when its last owner lets go, also when the pool's own owners
  // are gone.
  std::shared_ptr<Buffer> acquire(size_t size_bytes);

 private:
  // Room for all that comes back: giving back is part of destruction, where memory must not be asked for.
  explicit BufferPool(size_t keep_bytes) : keep_bytes_(keep_bytes) { free_.reserve(kMostKept); }
  void give_back(std::unique_ptr<Buffer> buffer);

  static constexpr size_t kMostKept = 64;

  const size_t keep_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Buffer>> free_;  // the last one in is the warmest, and goes out first
};

// Makes room for `size_bytes` (+ kPadding behind them); the content stays.
void grow_buffer(Buffer& buffer, size_t size_bytes);
// Clears the padding behind the first `used_bytes`.
void pad_buffer(Buffer& buffer, size_t used_bytes);

}  // namespace weir
