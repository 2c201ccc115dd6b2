#include <lzma.h>

#include "io/codec.h"

namespace weir {
namespace {

class XzDecompressor final : public Decompressor {
 public:
  XzDecompressor() = default;
  ~XzDecompressor() override { ::lzma_end(&stream_); }

  Result<void> begin() override {
    // The decoder needs little beside the window.
    if (::lzma_stream_decoder(&stream_, kWindowLimitBytes + (uint64_t{8} << 20), 0) != LZMA_OK) {
      return fail(ErrorKind::kInternal, "xz cannot start");
    }
    return {};
  }

  Status decode(const char*& in, const char* in_end, char*& out, char* out_end,
                std::string& problem) override {
    stream_.next_in = reinterpret_cast<const uint8_t*>(in);
    stream_.avail_in = static_cast<size_t>(in_end - in);
    stream_.next_out = reinterpret_cast<uint8_t*>(out);
    stream_.avail_out = static_cast<size_t>(out_end - out);
    const lzma_ret rc = ::lzma_code(&stream_, LZMA_RUN);
    in = reinterpret_cast<const char*>(stream_.next_in);
    out = reinterpret_cast<char*>(stream_.next_out);
    switch (rc) {
      case LZMA_STREAM_END: return Status::kEnd;
      case LZMA_OK:
      case LZMA_BUF_ERROR: return Status::kMore;
      case LZMA_MEMLIMIT_ERROR: problem = "it needs a window larger than 128 MB"; break;
      case LZMA_MEM_ERROR: problem = "out of memory"; break;
      case LZMA_OPTIONS_ERROR: problem = "it uses options that this liblzma does not know"; break;
      default: problem = "a checksum or code is wrong"; break;
    }
    return Status::kError;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class XzCompressor final : public Compressor {
 public:
  XzCompressor() = default;
  ~XzCompressor() override { ::lzma_end(&stream_); }
  bool start(uint32_t level) {
    return ::lzma_easy_encoder(&stream_, level, LZMA_CHECK_CRC64) == LZMA_OK;
  }

  Result<bool> encode(const char*& in, const char* in_end, char*& out, char* out_end,
                      Action action) override {
    const lzma_action code = action == Action::kRun     ? LZMA_RUN
                             : action == Action::kFlush ? LZMA_SYNC_FLUSH
                                                        : LZMA_FINISH;
    stream_.next_in = reinterpret_cast<const uint8_t*>(in);
    stream_.avail_in = static_cast<size_t>(in_end - in);
    stream_.next_out = reinterpret_cast<uint8_t*>(out);
    stream_.avail_out = static_cast<size_t>(out_end - out);
    const lzma_ret rc = ::lzma_code(&stream_, code);
    in = reinterpret_cast<const char*>(stream_.next_in);
    out = reinterpret_cast<char*>(stream_.next_out);
    if (rc == LZMA_STREAM_END) return true;
    if (rc != LZMA_OK && rc != LZMA_BUF_ERROR) {
      return fail(ErrorKind::kInternal, "xz cannot compress");
    }
    return action == Action::kRun && in == in_end;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<Decompressor> make_xz_decompressor() { return std::make_unique<XzDecompressor>(); }

LevelRange xz_levels() { return {0, 9, 6}; }

Result<std::unique_ptr<Compressor>> make_xz_compressor(const CompressionOptions& options) {
  const int level = options.level == -1 ? xz_levels().standard : options.level;
  auto compressor = std::make_unique<XzCompressor>();
  if (!compressor->start(static_cast<uint32_t>(level))) {
    return fail(ErrorKind::kInternal, "xz cannot start");
  }
  return compressor;
}

}  // namespace weir
