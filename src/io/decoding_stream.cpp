#include "io/decoding_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace weir {
namespace {

constexpr size_t kInputBytes = size_t{128} << 10;

struct Magic {
  Compression kind;
  std::string_view bytes;
  std::string_view mask;  // bits that count; as long as bytes
};
// bzip2: "BZh", the level, and the first bytes of a block's or the end's own magic, because a text may
// well begin with "BZh1". zstd: a frame, or a skippable one (0x184D2A50 to 5F).
constexpr std::array<Magic, 6> kMagics = {{
    {Compression::kGzip, {"\x1f\x8b", 2}, {"\xff\xff", 2}},
    {Compression::kBzip2, {"BZh0\x31\x41", 6}, {"\xff\xff\xff\xf0\xff\xff", 6}},
    {Compression::kBzip2, {"BZh0\x17\x72", 6}, {"\xff\xff\xff\xf0\xff\xff", 6}},
    {Compression::kXz, {"\xfd\x37zXZ\x00", 6}, {"\xff\xff\xff\xff\xff\xff", 6}},
    {Compression::kZstd, {"\x28\xb5\x2f\xfd", 4}, {"\xff\xff\xff\xff", 4}},
    {Compression::kZstd, {"\x50\x2a\x4d\x18", 4}, {"\xf0\xff\xff\xff", 4}},
}};

// Compares as many bytes as both have.
bool agrees(const Magic& magic, std::string_view head) {
  for (size_t i = 0; i < std::min(head.size(), magic.bytes.size()); ++i) {
    if (((head[i] ^ magic.bytes[i]) & magic.mask[i]) != 0) return false;
  }
  return true;
}

}  // namespace

Compression detect_compression(std::string_view head) {
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.bytes.size() && agrees(magic, head)) return magic.kind;
  }
  return Compression::kNone;
}

bool may_become_compressed(std::string_view head) {
  return std::any_of(kMagics.begin(), kMagics.end(), [head](const Magic& magic) {
    return head.size() < magic.bytes.size() && agrees(magic, head);
  });
}

DecodingStream::DecodingStream(std::unique_ptr<ByteStream> raw, std::string name)
    : raw_(std::move(raw)), name_(std::move(name)) {}

Result<size_t> DecodingStream::read(char* to, size_t size) {
  if (failure_) return fail(*failure_);
  char* out = to;
  char* const out_end = to + size;
  while (out == to) {
    Result<void> step;
    switch (state_) {
      case State::kUndecided: step = decide(); break;
      case State::kPlain: {
        if (at_ == end_) {
          auto n = raw_->read(to, size);
          if (n) decoded_ += *n;
          return n;
        }
        const size_t n = std::min(size, end_ - at_);
        std::memcpy(to, input_.data() + at_, n);
        at_ += n;
        decoded_ += n;
        return n;
      }
      case State::kInside: step = decode(out, out_end); break;
      case State::kBetween: step = next_member(); break;
      case State::kEnd: return 0;
    }
    if (!step) {
      failure_ = step.error();
      if (out == to) return fail(*failure_);
    }
  }
  return static_cast<size_t>(out - to);
}

Result<void> DecodingStream::decide() {
  // A slow producer's first line must not wait for six bytes: ask only while they could matter.
  do {
    if (auto r = refill(); !r) return r;
  } while (!raw_ended_ && may_become_compressed(waiting()));
  kind_ = detect_compression(waiting());
  state_ = State::kPlain;
  if (kind_ == Compression::kNone) return {};
  decompressor_ = make_decompressor(kind_);
  state_ = State::kInside;
  return decompressor_->begin();
}

Result<void> DecodingStream::refill() {
  if (at_ > 0) std::memmove(input_.data(), input_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (input_.size() < kInputBytes) input_.resize(kInputBytes);
  const auto n = raw_->read(input_.data() + end_, input_.size() - end_);
  if (!n) return fail(n.error());
  raw_ended_ = *n == 0;
  end_ += *n;
  return {};
}

Result<void> DecodingStream::next_member() {
  for (;;) {
    while (at_ < end_ && input_[at_] == '\0') ++at_;  // padding of tapes and of xz
    if (detect_compression(waiting()) == kind_) {
      state_ = State::kInside;
      output_waits_ = false;
      return decompressor_->begin();
    }
    if (raw_ended_ && at_ == end_) {
      state_ = State::kEnd;
      return {};
    }
    if (raw_ended_ || (at_ < end_ && !may_become_compressed(waiting()))) {
      cut_off_ = raw_ended_ && may_become_compressed(waiting());
      return fail(ErrorKind::kData,
                  name_ + ": something else follows the " + std::string(compression_name(kind_)) +
                      " data, at byte " + std::to_string(raw_offset()) +
                      " of the file (decoded byte " + std::to_string(decoded_) + ")");
    }
    if (auto r = refill(); !r) return r;
  }
}

Result<void> DecodingStream::decode(char*& out, char* out_end) {
  char* const begin = out;
  while (out < out_end) {
    if (at_ == end_ && !output_waits_) {
      if (out > begin) return {};
      if (auto r = refill(); !r) return r;
      if (raw_ended_) {
        cut_off_ = true;
        return fail(ErrorKind::kData, name_ + ": the " + std::string(compression_name(kind_)) +
                                          " data ends too soon, at decoded byte " +
                                          std::to_string(decoded_) + ": the file is cut off");
      }
    }
    const char* in = input_.data() + at_;
    char* const out_before = out;
    std::string problem;
    const auto status = decompressor_->decode(in, input_.data() + end_, out, out_end, problem);
    const bool moved = out > out_before || in > input_.data() + at_;
    at_ = static_cast<size_t>(in - input_.data());
    decoded_ += static_cast<uint64_t>(out - out_before);
    output_waits_ = out == out_end;
    if (status == Decompressor::Status::kError) return damaged(problem);
    if (status == Decompressor::Status::kEnd) {
      state_ = State::kBetween;
      output_waits_ = false;
      return {};
    }
    if (!moved && at_ < end_) return damaged("decoding does not go on");
  }
  return {};
}

std::unexpected<Error> DecodingStream::damaged(const std::string& problem) const {
  return fail(ErrorKind::kData, name_ + ": damaged " + std::string(compression_name(kind_)) +
                                    " data at decoded byte " + std::to_string(decoded_) +
                                    " (byte " + std::to_string(raw_offset()) +
                                    " of the file): " + problem);
}

}  // namespace weir
