#include <zstd.h>
#include <zstd_errors.h>

#include "io/codec.h"

namespace weir {
namespace {

constexpr int kWindowLog = 27;
static_assert(uint64_t{1} << kWindowLog == kWindowLimitBytes);

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() : context_(::ZSTD_createDCtx()) {}
  ~ZstdDecompressor() override { ::ZSTD_freeDCtx(context_); }

  Result<void> begin() override {
    if (context_ == nullptr ||
        ::ZSTD_isError(::ZSTD_DCtx_reset(context_, ZSTD_reset_session_only)) != 0 ||
        ::ZSTD_isError(::ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLog)) != 0) {
      return fail(ErrorKind::kInternal, "zstd cannot start");
    }
    return {};
  }

  Status decode(const char*& in, const char* in_end, char*& out, char* out_end,
                std::string& problem) override {
    ZSTD_inBuffer input{in, static_cast<size_t>(in_end - in), 0};
    ZSTD_outBuffer output{out, static_cast<size_t>(out_end - out), 0};
    const size_t rc = ::ZSTD_decompressStream(context_, &output, &input);
    in += input.pos;
    out += output.pos;
    if (::ZSTD_isError(rc) != 0) {
      problem = ::ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge
                    ? "it needs a window larger than 128 MB"
                    : ::ZSTD_getErrorName(rc);
      return Status::kError;
    }
    return rc == 0 ? Status::kEnd : Status::kMore;
  }

 private:
  ZSTD_DCtx* context_;
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(::ZSTD_createCCtx()) {}
  ~ZstdCompressor() override { ::ZSTD_freeCCtx(context_); }
  bool start(int level, int threads) {
    if (context_ == nullptr) return false;
    const auto set = [&](ZSTD_cParameter parameter, int value) {
      return ::ZSTD_isError(::ZSTD_CCtx_setParameter(context_, parameter, value)) == 0;
    };
    if (!set(ZSTD_c_compressionLevel, level) || !set(ZSTD_c_checksumFlag, 1)) return false;
    // A library built without threads refuses; it then works without them.
    if (threads > 0) set(ZSTD_c_nbWorkers, threads);
    return true;
  }

  Result<bool> encode(const char*& in, const char* in_end, char*& out, char* out_end,
                      Action action) override {
    const ZSTD_EndDirective directive = action == Action::kRun     ? ZSTD_e_continue
                                        : action == Action::kFlush ? ZSTD_e_flush
                                                                   : ZSTD_e_end;
    ZSTD_inBuffer input{in, static_cast<size_t>(in_end - in), 0};
    ZSTD_outBuffer output{out, static_cast<size_t>(out_end - out), 0};
    const size_t rc = ::ZSTD_compressStream2(context_, &output, &input, directive);
    in += input.pos;
    out += output.pos;
    if (::ZSTD_isError(rc) != 0) {
      return fail(ErrorKind::kInternal,
                  std::string("zstd cannot compress: ") + ::ZSTD_getErrorName(rc));
    }
    return action == Action::kRun ? in == in_end : rc == 0;
  }

 private:
  ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor() {
  return std::make_unique<ZstdDecompressor>();
}

LevelRange zstd_levels() { return {::ZSTD_minCLevel(), ::ZSTD_maxCLevel(), ZSTD_CLEVEL_DEFAULT}; }

Result<std::unique_ptr<Compressor>> make_zstd_compressor(const CompressionOptions& options) {
  const int level = options.level == -1 ? zstd_levels().standard : options.level;
  auto compressor = std::make_unique<ZstdCompressor>();
  if (!compressor->start(level, options.threads)) {
    return fail(ErrorKind::kInternal, "zstd cannot start");
  }
  return compressor;
}

}  // namespace weir
