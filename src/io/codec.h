// Compressed formats, one member (gzip), frame (zstd) or stream (bzip2, xz) at a time.
//
// zlib, libbz2, liblzma and libzstd are used directly and not through Boost.Iostreams' filters: those
// throw from the read in which they notice damage, so the bytes decoded before it are lost; they take
// trailing zeros for a broken member, do not say how far they came, and cannot flush a member on the way.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "io/input.h"
#include "io/output.h"

namespace weir {

class Decompressor {
 public:
  enum class Status { kMore, kEnd, kError };

  virtual ~Decompressor() = default;
  // Gets ready for the next member.
  virtual Result<void> begin() = 0;
  // Moves `in` and `out` on as far as input, room or the member's end allow. kMore without any progress
  // means that more input is needed. kError fills `problem`; what stands before `out` is still good.
  virtual Status decode(const char*& in, const char* in_end, char*& out, char* out_end,
                        std::string& problem) = 0;
};

class Compressor {
 public:
  enum class Action { kRun, kFlush, kFinish };

  virtual ~Compressor() = default;
  // Takes in [in, in_end) and writes to `out`, both moved on. True when the action is complete: all
  // input taken and, for flush and finish, all output written; else call again with more room.
  virtual Result<bool> encode(const char*& in, const char* in_end, char*& out, char* out_end,
                              Action action) = 0;
};

std::unique_ptr<Decompressor> make_gzip_decompressor();
std::unique_ptr<Decompressor> make_bzip2_decompressor();
std::unique_ptr<Decompressor> make_xz_decompressor();
std::unique_ptr<Decompressor> make_zstd_decompressor();
std::unique_ptr<Decompressor> make_decompressor(Compression kind);  // not kNone

// Deflate without a frame around it, as containers of other formats hold it.
std::unique_ptr<Decompressor> make_deflate_decompressor();
Result<std::unique_ptr<Compressor>> make_deflate_compressor();

// Options that check_compression has passed.
Result<std::unique_ptr<Compressor>> make_gzip_compressor(const CompressionOptions& options);
Result<std::unique_ptr<Compressor>> make_bzip2_compressor(const CompressionOptions& options);
Result<std::unique_ptr<Compressor>> make_xz_compressor(const CompressionOptions& options);
Result<std::unique_ptr<Compressor>> make_zstd_compressor(const CompressionOptions& options);
Result<std::unique_ptr<Compressor>> make_compressor(const CompressionOptions& options);

// The levels of a kind, and the one taken for -1.
struct LevelRange {
  int lowest = 0;
  int highest = 0;
  int standard = 0;
};
LevelRange gzip_levels();
LevelRange bzip2_levels();
LevelRange xz_levels();
LevelRange zstd_levels();

// Decoding may use windows up to this (zstd --long=27; xz needs 64 MiB for -9).
inline constexpr uint64_t kWindowLimitBytes = uint64_t{128} << 20;

}  // namespace weir
