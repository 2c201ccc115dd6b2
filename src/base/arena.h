// Bump allocator for bytes that live and die together: the strings a batch's kernels make.
//
// Ownership: pointers stay valid until the arena is destroyed or reset; nothing is freed singly.
// Threads:   one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace weir {

class Arena {
 public:
  explicit Arena(size_t first_chunk_bytes = size_t{16} << 10) : next_chunk_(first_chunk_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised bytes, aligned to 1 (use allocate_aligned for objects).
  char* allocate(size_t bytes) {
    if (bytes > static_cast<size_t>(end_ - pos_)) add_chunk(bytes);
    char* p = pos_;
    pos_ += bytes;
    return p;
  }
  char* allocate_aligned(size_t bytes, size_t alignment) {
    const auto address = reinterpret_cast<uintptr_t>(pos_);
    const size_t pad = (alignment - address % alignment) % alignment;
    if (pad + bytes > static_cast<size_t>(end_ - pos_)) {
      add_chunk(bytes + alignment);
      return allocate_aligned(bytes, alignment);
    }
    pos_ += pad;
    return allocate(bytes);
  }
  std::string_view copy(std::string_view text) {
    char* p = allocate(text.size());
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }
  // Gives back the tail of the newest allocation: allocate(upper bound), write, shrink.
  void give_back(size_t bytes) { pos_ -= bytes; }

  size_t used_bytes() const { return total_ - static_cast<size_t>(end_ - pos_); }

  // Forgets all allocations and keeps the largest chunk for reuse.
  void reset() {
    if (chunks_.empty()) return;
    chunks_.front().swap(chunks_.back());
    std::swap(first_size_, last_size_);
    chunks_.resize(1);
    last_size_ = first_size_;
    pos_ = chunks_.front().get();
    end_ = pos_ + first_size_;
    total_ = first_size_;
  }

 private:
  void add_chunk(size_t at_least) {
    size_t size = next_chunk_ > at_least ? next_chunk_ : at_least;
    if (next_chunk_ < (size_t{1} << 20)) next_chunk_ *= 2;
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    if (chunks_.size() == 1) first_size_ = size;
    last_size_ = size;
    pos_ = chunks_.back().get();
    end_ = pos_ + size;
    total_ += size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* pos_ = nullptr;
  char* end_ = nullptr;
  size_t next_chunk_;
  size_t first_size_ = 0;
  size_t last_size_ = 0;
  size_t total_ = 0;
};

}  // namespace weir
