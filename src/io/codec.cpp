#include "io/codec.h"

#include <array>
#include <cstring>

#include "base/check.h"

namespace weir {

std::string_view compression_name(Compression compression) {
  static constexpr std::array<std::string_view, 5> kNames = {"none", "gzip", "bzip2", "xz", "zstd"};
  return kNames[static_cast<size_t>(compression)];
}

Compression compression_of_path(std::string_view path) {
  if (path.ends_with(".gz")) return Compression::kGzip;
  if (path.ends_with(".zst")) return Compression::kZstd;
  if (path.ends_with(".bz2")) return Compression::kBzip2;
  if (path.ends_with(".xz")) return Compression::kXz;
  return Compression::kNone;
}

Result<Compression> parse_compression(std::string_view name) {
  for (const auto kind : {Compression::kNone, Compression::kGzip, Compression::kBzip2,
                          Compression::kXz, Compression::kZstd}) {
    if (name == compression_name(kind)) return kind;
  }
  return fail(ErrorKind::kConfig, "unknown compression `" + std::string(name) + "`",
              "known: none, gzip, zstd, bzip2, xz");
}

std::unique_ptr<Decompressor> make_decompressor(Compression kind) {
  switch (kind) {
    case Compression::kGzip: return make_gzip_decompressor();
    case Compression::kBzip2: return make_bzip2_decompressor();
    case Compression::kXz: return make_xz_decompressor();
    case Compression::kZstd: return make_zstd_decompressor();
    case Compression::kNone: break;
  }
  WEIR_CHECK(false);
}

Result<std::unique_ptr<Compressor>> make_compressor(const CompressionOptions& options) {
  switch (options.kind) {
    case Compression::kGzip: return make_gzip_compressor(options);
    case Compression::kBzip2: return make_bzip2_compressor(options);
    case Compression::kXz: return make_xz_compressor(options);
    case Compression::kZstd: return make_zstd_compressor(options);
    case Compression::kNone: break;
  }
  WEIR_CHECK(false);
}

Result<int> checked_level(int level, int lowest, int highest, int standard, std::string_view name) {
  if (level == -1) return standard;
  if (level >= lowest && level <= highest) return level;
  return fail(ErrorKind::kConfig,
              std::string(name) + " has no compression level " + std::to_string(level),
              "levels " + std::to_string(lowest) + " to " + std::to_string(highest));
}

}  // namespace weir
