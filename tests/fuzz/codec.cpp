// Compressed input: whatever the bytes, reading in small pieces gives the same bytes and the same complaint as
// reading at once; what was compressed, in any pieces, comes back, also with another member behind it.
#include "io/codec.h"

#include <algorithm>
#include <cstring>

#include "fuzz.h"
#include "io/decoding_stream.h"

using namespace weir;

namespace {

constexpr size_t kMaxDecodedBytes = size_t{1} << 20;  // of a bomb; what is compared stays the same

class PieceStream final : public ByteStream {
 public:
  PieceStream(std::string_view bytes, size_t piece)
      : rest_(bytes), total_(bytes.size()), piece_(piece) {}
  Result<size_t> read(char* to, size_t size) override {
    const size_t n = std::min({size, piece_, rest_.size()});
    std::memcpy(to, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }
  uint64_t bytes_consumed() const override { return total_ - rest_.size(); }

 private:
  std::string_view rest_;
  size_t total_;
  size_t piece_;
};

struct Decoded {
  std::string bytes;
  std::string problem;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view input, size_t piece_in, size_t piece_out) {
  DecodingStream stream(std::make_unique<PieceStream>(input, piece_in), "input");
  Decoded out;
  std::string room(piece_out, '\0');
  while (out.bytes.size() < kMaxDecodedBytes) {
    const auto n =
        stream.read(room.data(), std::min(room.size(), kMaxDecodedBytes - out.bytes.size()));
    if (!n) {
      require(n.error().kind == ErrorKind::kData, "damage is a data error");
      // The place in the file depends on how much had been read ahead; the decoded one does not.
      out.problem = n.error().message.substr(0, n.error().message.find(" of the file"));
      const size_t place = out.problem.find(" (byte ");
      if (place != std::string::npos) out.problem.resize(place);
      break;
    }
    if (*n == 0) break;
    out.bytes.append(room, 0, *n);
  }
  return out;
}

std::string compress(std::string_view bytes, Compression kind, size_t piece) {
  CompressionOptions options;
  options.kind = kind;
  options.level = 1;
  auto compressor = std::move(*make_compressor(options));
  std::string out;
  char room[64];
  for (bool done = false; !done;) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    const auto action = bytes.empty() ? Compressor::Action::kFinish : Compressor::Action::kRun;
    const char* in = part.data();
    for (bool complete = false; !complete;) {
      char* to = room;
      const auto step =
          compressor->encode(in, part.data() + part.size(), to, room + sizeof(room), action);
      require(step.has_value(), "compressing does not fail");
      out.append(room, to);
      complete = *step;
    }
    done = action == Compressor::Action::kFinish;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3 || size > 4000) return 0;
  const std::string_view bytes = as_text(data + 2, size - 2);
  const size_t piece = 1 + data[1];
  const Decoded whole = decode(bytes, bytes.size(), size_t{1} << 16);
  require(decode(bytes, piece, size_t{1} << 16) == whole, "small reads give the same");
  require(decode(bytes, bytes.size(), piece) == whole, "small room gives the same");

  static constexpr Compression kKinds[] = {Compression::kGzip, Compression::kZstd,
                                           Compression::kBzip2, Compression::kXz};
  const std::string packed = compress(bytes, kKinds[data[0] % 4], piece);
  const Decoded once = decode(packed, piece, 1000);
  require(once.problem.empty() && once.bytes == bytes, "what was compressed comes back");
  const Decoded twice = decode(packed + packed, 77, piece);
  require(twice.problem.empty() && twice.bytes.size() == 2 * bytes.size(),
          "two members are read whole");
  const Decoded cut = decode(std::string_view(packed).substr(0, packed.size() - 1), piece, 1000);
  require(!cut.problem.empty() && bytes.starts_with(cut.bytes), "a cut one is complained about");
  return 0;
}
