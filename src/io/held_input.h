// Inputs that can be read only once (stdin from a pipe, FIFOs, <(command)) and whose head somebody has
// already looked at: the descriptor and the bytes stay here until the run takes them over.
//
// Threads: any; the list is the process's, as stdin is.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "io/descriptor_stream.h"

namespace weir {

struct HeldInput {
  Descriptor owner;  // empty for stdin
  int fd = -1;
  std::string bytes;  // read so far, as they came (not decompressed)
  bool at_end = false;
};

// The input held for `path`, opened now if it is not yet. It stays in the list.
Result<std::shared_ptr<HeldInput>> hold_input(const std::string& path);
// Takes it out of the list; null if nobody has looked at it.
std::shared_ptr<HeldInput> take_held_input(const std::string& path);

// Opens for reading; a FIFO without waiting for its writer (reading waits for it).
Result<Descriptor> open_input(const std::string& path);

// Gives the held bytes, then reads on; what it reads is held too when `keep` is set.
class HeldStream final : public ByteStream {
 public:
  HeldStream(std::shared_ptr<HeldInput> held, std::string name,
             std::shared_ptr<const StopSignal> stop, bool keep);

  Result<size_t> read(char* to, size_t size) override;
  bool ready() override { return wait_ready(0); }
  bool wait_ready(int timeout_ms);
  uint64_t bytes_consumed() const override { return consumed_; }

 private:
  std::shared_ptr<HeldInput> held_;
  DescriptorStream rest_;
  size_t at_ = 0;  // in held_->bytes
  bool keep_;
  uint64_t consumed_ = 0;
};

}  // namespace weir
