// Lets what the workers prepare go round between them and the ordered stage, so that its memory is reused.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace weir {

// T has clear(). Threads: any.
template <class T>
class PartialPool : public std::enable_shared_from_this<PartialPool<T>> {
 public:
  // A cleared one, or what `make()` (a unique_ptr<T>) gives; comes back when the last owner lets go.
  template <class Make>
  std::shared_ptr<T> take(Make&& make) {
    std::unique_ptr<T> partial;
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        partial = std::move(free_.back());
        free_.pop_back();
      } else {
        // Room for all that comes back: that is part of destruction, where memory must not be asked for.
        free_.reserve(++made_);
      }
    }
    if (!partial) partial = make();
    return {partial.release(), [pool = this->shared_from_this()](T* p) {
              p->clear();
              std::lock_guard lock(pool->mutex_);
              pool->free_.emplace_back(p);
            }};
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> free_;
  size_t made_ = 0;
};

}  // namespace weir
