#include <zlib.h>

#include <algorithm>
#include <climits>

#include "io/codec.h"

namespace weir {
namespace {

constexpr int kGzipWindowBits = 15 + 16;     // 16: gzip framing
constexpr int kRawWindowBits = -15;          // no framing at all
constexpr uint64_t kHeaderLimit = 64 << 10;  // name, comment and extra field together

// zlib's counters are 32 bits wide, so larger runs go in pieces.
uInt gzip_piece(const char* begin, const char* end) {
  return static_cast<uInt>(std::min<ptrdiff_t>(end - begin, INT_MAX));
}

// zlib's input pointer is not const in its default build; it never writes there.
Bytef* input_pointer(const char* in) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in));
}

class GzipDecompressor final : public Decompressor {
 public:
  explicit GzipDecompressor(int window_bits) : window_bits_(window_bits) {}
  ~GzipDecompressor() override {
    if (made_) ::inflateEnd(&stream_);
  }

  Result<void> begin() override {
    const int rc = made_ ? ::inflateReset(&stream_) : ::inflateInit2(&stream_, window_bits_);
    if (rc != Z_OK) return fail(ErrorKind::kInternal, "zlib cannot start");
    made_ = true;
    header_ = {};
    header_bytes_ = 0;
    if (window_bits_ > 0) ::inflateGetHeader(&stream_, &header_);
    return {};
  }

  Status decode(const char*& in, const char* in_end, char*& out, char* out_end,
                std::string& problem) override {
    stream_.next_in = input_pointer(in);
    stream_.avail_in = gzip_piece(in, in_end);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = gzip_piece(out, out_end);
    const int rc = ::inflate(&stream_, Z_NO_FLUSH);
    const char* const in_now = reinterpret_cast<const char*>(stream_.next_in);
    if (header_.done != 1 && window_bits_ > 0) {
      header_bytes_ += static_cast<uint64_t>(in_now - in);
      if (header_bytes_ > kHeaderLimit) {
        problem = "the header is longer than 64 KiB";
        return Status::kError;
      }
    }
    in = in_now;
    out = reinterpret_cast<char*>(stream_.next_out);
    if (rc == Z_STREAM_END) return Status::kEnd;
    if (rc == Z_OK || rc == Z_BUF_ERROR) return Status::kMore;
    problem = rc == Z_NEED_DICT ? "it needs a dictionary"
                                : (stream_.msg != nullptr ? stream_.msg : "zlib error");
    return Status::kError;
  }

 private:
  z_stream stream_{};
  gz_header header_{};
  uint64_t header_bytes_ = 0;
  const int window_bits_;
  bool made_ = false;
};

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() = default;
  ~GzipCompressor() override {
    if (made_) ::deflateEnd(&stream_);
  }
  bool start(int level, int window_bits) {
    made_ = ::deflateInit2(&stream_, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    return made_;
  }

  Result<bool> encode(const char*& in, const char* in_end, char*& out, char* out_end,
                      Action action) override {
    const int flush = action == Action::kRun     ? Z_NO_FLUSH
                      : action == Action::kFlush ? Z_SYNC_FLUSH
                                                 : Z_FINISH;
    stream_.next_in = input_pointer(in);
    stream_.avail_in = gzip_piece(in, in_end);
    const bool all_in = stream_.avail_in == static_cast<size_t>(in_end - in);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = gzip_piece(out, out_end);
    const int rc = ::deflate(&stream_, all_in ? flush : Z_NO_FLUSH);
    in = reinterpret_cast<const char*>(stream_.next_in);
    out = reinterpret_cast<char*>(stream_.next_out);
    if (rc == Z_STREAM_END) return true;
    if (rc != Z_OK && rc != Z_BUF_ERROR) return fail(ErrorKind::kInternal, "gzip cannot compress");
    return action != Action::kFinish && in == in_end && stream_.avail_out > 0;
  }

 private:
  z_stream stream_{};
  bool made_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_gzip_decompressor() {
  return std::make_unique<GzipDecompressor>(kGzipWindowBits);
}
std::unique_ptr<Decompressor> make_deflate_decompressor() {
  return std::make_unique<GzipDecompressor>(kRawWindowBits);
}

LevelRange gzip_levels() { return {0, 9, Z_DEFAULT_COMPRESSION}; }

namespace {

Result<std::unique_ptr<Compressor>> make_zlib_compressor(int level, int window_bits) {
  auto compressor = std::make_unique<GzipCompressor>();
  if (!compressor->start(level == -1 ? gzip_levels().standard : level, window_bits))
    return fail(ErrorKind::kInternal, "zlib cannot start");
  return compressor;
}

}  // namespace

Result<std::unique_ptr<Compressor>> make_gzip_compressor(const CompressionOptions& options) {
  return make_zlib_compressor(options.level, kGzipWindowBits);
}
Result<std::unique_ptr<Compressor>> make_deflate_compressor() {
  return make_zlib_compressor(-1, kRawWindowBits);
}

}  // namespace weir
