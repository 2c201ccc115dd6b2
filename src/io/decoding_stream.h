// A stream that looks at its first bytes and decompresses if they say so.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/vec.h"
#include "io/codec.h"
#include "io/input.h"
#include "io/stop_signal.h"

namespace weir {

class DecodingStream final : public ByteStream {
 public:
  // `name` is for messages. Nothing is read before the first read().
  DecodingStream(std::unique_ptr<ByteStream> raw, std::string name);

  Result<size_t> read(char* to, size_t size) override;
  bool ready() override { return failure_ || at_ < end_ || output_waits_ || raw_->ready(); }
  bool cut_off() const override { return cut_off_; }
  uint64_t bytes_consumed() const override { return raw_->bytes_consumed(); }

 private:
  enum class State { kUndecided, kPlain, kInside, kBetween, kEnd };

  Result<void> decide();
  Result<void> refill();
  // Skips padding and begins the next member; the state becomes kInside or kEnd.
  Result<void> next_member();
  // Decodes into [out, out_end); moves out on. Stops early rather than wait for input.
  Result<void> decode(char*& out, char* out_end);
  std::string_view waiting() const { return {input_.data() + at_, end_ - at_}; }
  uint64_t raw_offset() const { return raw_->bytes_consumed() - (end_ - at_); }
  std::unexpected<Error> damaged(const std::string& problem) const;

  std::unique_ptr<ByteStream> raw_;
  std::string name_;
  State state_ = State::kUndecided;
  Compression kind_ = Compression::kNone;
  std::unique_ptr<Decompressor> decompressor_;
  Vec<char> input_;
  size_t at_ = 0;  // the part of input_ that waits
  size_t end_ = 0;
  bool raw_ended_ = false;
  bool cut_off_ = false;
  bool output_waits_ = false;  // the decompressor filled all the room it had
  uint64_t decoded_ = 0;
  std::optional<Error> failure_;  // to be told once the bytes before it are out
};

// True if more bytes could make `head`, which no compression is recognised in, the start of one.
bool may_become_compressed(std::string_view head);

// open_stream whose reads end when `stop` (may be null) is raised.
Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path,
                                                std::shared_ptr<const StopSignal> stop);

}  // namespace weir
