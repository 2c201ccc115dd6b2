#include <bzlib.h>

#include <algorithm>
#include <climits>

#include "io/codec.h"

namespace weir {
namespace {

unsigned bzip2_piece(const char* begin, const char* end) {
  return static_cast<unsigned>(std::min<ptrdiff_t>(end - begin, INT_MAX));
}

class Bzip2Decompressor final : public Decompressor {
 public:
  Bzip2Decompressor() = default;
  ~Bzip2Decompressor() override { end(); }

  Result<void> begin() override {
    end();
    stream_ = {};
    if (::BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
      return fail(ErrorKind::kInternal, "bzip2 cannot start");
    }
    made_ = true;
    return {};
  }

  Status decode(const char*& in, const char* in_end, char*& out, char* out_end,
                std::string& problem) override {
    stream_.next_in = const_cast<char*>(in);  // never written to
    stream_.avail_in = bzip2_piece(in, in_end);
    stream_.next_out = out;
    stream_.avail_out = bzip2_piece(out, out_end);
    const int rc = ::BZ2_bzDecompress(&stream_);
    in = stream_.next_in;
    out = stream_.next_out;
    if (rc == BZ_STREAM_END) return Status::kEnd;
    if (rc == BZ_OK) return Status::kMore;
    problem = rc == BZ_MEM_ERROR ? "out of memory" : "a checksum or code is wrong";
    return Status::kError;
  }

 private:
  void end() {
    if (made_) ::BZ2_bzDecompressEnd(&stream_);
    made_ = false;
  }

  bz_stream stream_{};
  bool made_ = false;
};

class Bzip2Compressor final : public Compressor {
 public:
  Bzip2Compressor() = default;
  ~Bzip2Compressor() override {
    if (made_) ::BZ2_bzCompressEnd(&stream_);
  }
  bool start(int level) {
    made_ = ::BZ2_bzCompressInit(&stream_, level, 0, 0) == BZ_OK;
    return made_;
  }

  Result<bool> encode(const char*& in, const char* in_end, char*& out, char* out_end,
                      Action action) override {
    // While a flush or finish is under way, libbz2 wants the same input count again; callers pass
    // none then. BZ_RUN refuses calls that can make no progress.
    if (action == Action::kRun && in == in_end) return true;
    stream_.next_in = const_cast<char*>(in);  // never written to
    stream_.avail_in = bzip2_piece(in, in_end);
    stream_.next_out = out;
    stream_.avail_out = bzip2_piece(out, out_end);
    const int code = action == Action::kRun     ? BZ_RUN
                     : action == Action::kFlush ? BZ_FLUSH
                                                : BZ_FINISH;
    const int rc = ::BZ2_bzCompress(&stream_, code);
    in = stream_.next_in;
    out = stream_.next_out;
    if (rc < 0) return fail(ErrorKind::kInternal, "bzip2 cannot compress");
    if (action == Action::kFinish) return rc == BZ_STREAM_END;
    return in == in_end && rc == BZ_RUN_OK;  // a finished flush gives BZ_RUN_OK as well
  }

 private:
  bz_stream stream_{};
  bool made_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_bzip2_decompressor() {
  return std::make_unique<Bzip2Decompressor>();
}

LevelRange bzip2_levels() { return {1, 9, 9}; }

Result<std::unique_ptr<Compressor>> make_bzip2_compressor(const CompressionOptions& options) {
  const int level = options.level == -1 ? bzip2_levels().standard : options.level;
  auto compressor = std::make_unique<Bzip2Compressor>();
  if (!compressor->start(level)) return fail(ErrorKind::kInternal, "bzip2 cannot start");
  return compressor;
}

}  // namespace weir
