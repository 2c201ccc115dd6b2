#include "io/buffer_pool.h"

#include <cstring>

#include "base/check.h"

namespace weir {

std::shared_ptr<BufferPool> BufferPool::make(size_t keep_bytes) {
  return std::shared_ptr<BufferPool>(new BufferPool(keep_bytes));
}

std::shared_ptr<Buffer> BufferPool::acquire(size_t size_bytes) {
  std::unique_ptr<Buffer> buffer;
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      buffer = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!buffer) buffer = std::make_unique<Buffer>();
  buffer->clear();
  grow_buffer(*buffer, size_bytes);
  pad_buffer(*buffer, size_bytes);
  return {buffer.release(), [pool = shared_from_this()](Buffer* returned) {
            pool->give_back(std::unique_ptr<Buffer>(returned));
          }};
}

void BufferPool::give_back(std::unique_ptr<Buffer> buffer) {
  if (buffer->capacity() > keep_bytes_) return;
  const std::lock_guard lock(mutex_);
  if (free_.size() < kMostKept) free_.push_back(std::move(buffer));
}

void grow_buffer(Buffer& buffer, size_t size_bytes) {
  if (buffer.size() < size_bytes + kPadding) buffer.resize(size_bytes + kPadding);
}

void pad_buffer(Buffer& buffer, size_t used_bytes) {
  WEIR_DCHECK(buffer.size() >= used_bytes + kPadding);
  std::memset(buffer.data() + used_bytes, 0, kPadding);
}

}  // namespace weir
