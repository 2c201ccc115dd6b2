#include "operators/huge_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace weir {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

HugeBuffer::HugeBuffer(size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  if (bytes < kHugePage) {
    data_ = static_cast<char*>(std::calloc(bytes, 1));
    if (data_ == nullptr) throw std::bad_alloc();
    return;
  }
  size_ = bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  mapping_size_ = bytes + kHugePage;  // room to align in
  mapping_ = mmap(nullptr, mapping_size_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED) {
    mapping_ = nullptr;
    throw std::bad_alloc();
  }
  const auto address = reinterpret_cast<uintptr_t>(mapping_);
  data_ = static_cast<char*>(mapping_) + (kHugePage - address % kHugePage) % kHugePage;
  // Only advice: without huge pages everything works, a little slower.
  madvise(data_, bytes, MADV_HUGEPAGE);
}

void HugeBuffer::grow(size_t bytes) {
  HugeBuffer bigger(bytes);
  if (mapping_ != nullptr) {
    // Both are aligned, so huge pages stay whole.
    void* moved = mremap(data_, size_, size_, MREMAP_MAYMOVE | MREMAP_FIXED, bigger.data_);
    if (moved == MAP_FAILED) throw std::bad_alloc();
    // Where they were, another thread may have memory by now: only what lies around it is given back.
    char* const begin = static_cast<char*>(mapping_);
    const size_t head = static_cast<size_t>(data_ - begin);
    const size_t tail = mapping_size_ - head - size_;
    if (head > 0) munmap(begin, head);
    if (tail > 0) munmap(data_ + size_, tail);
    mapping_ = nullptr;
    data_ = nullptr;
  } else if (size_ > 0) {
    std::memcpy(bigger.data_, data_, size_);
  }
  swap(bigger);
}

HugeBuffer::~HugeBuffer() {
  if (mapping_ != nullptr) {
    munmap(mapping_, mapping_size_);
  } else {
    std::free(data_);
  }
}

}  // namespace weir
