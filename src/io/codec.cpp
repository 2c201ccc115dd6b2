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

Result<void> check_compression(const CompressionOptions& options) {
  const std::string name(compression_name(options.kind));
  if (options.threads < 0) return fail(ErrorKind::kConfig, "threads cannot be negative");
  if (options.threads > 0 && options.kind != Compression::kZstd) {
    return fail(ErrorKind::kConfig, "only zstd compresses with threads, not " + name);
  }
  if (options.level == -1) return {};
  LevelRange range;
  switch (options.kind) {
    case Compression::kGzip: range = gzip_levels(); break;
    case Compression::kBzip2: range = bzip2_levels(); break;
    case Compression::kXz: range = xz_levels(); break;
    case Compression::kZstd: range = zstd_levels(); break;
    case Compression::kNone:
      return fail(ErrorKind::kConfig, "a level without compression",
                  "compression = \"zstd\", or a path that ends in .gz, .zst, .bz2 or .xz");
  }
  if (options.level >= range.lowest && options.level <= range.highest) return {};
  return fail(ErrorKind::kConfig, name + " has no level " + std::to_string(options.level),
              "levels " + std::to_string(range.lowest) + " to " + std::to_string(range.highest));
}

}  // namespace weir
