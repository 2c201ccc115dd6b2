// Avro object container files as they stand in bytes.
//
//   Obj 1 | map of metadata: avro.schema, avro.codec | 16 bytes of sync marker
//   records | bytes | data, by the codec | sync marker           again and again
//
// Numbers are zigzag varints. To a cutter a block is a record; what is in it is the decoder's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/vec.h"
#include "formats/avro_schema.h"
#include "io/codec.h"
#include "io/cutter.h"

namespace weir::avro {

constexpr size_t kSyncBytes = 16;

enum class Status { kDone, kShort, kDamaged };

// The number at `at`; moves `at` behind it.
Status read_long(std::string_view bytes, size_t& at, int64_t& value);
void append_long(std::string& out, int64_t value);

enum class Codec { kNull, kDeflate, kZstandard, kBzip2, kXz };

struct Header {
  Node schema;
  Codec codec = Codec::kNull;
  std::string sync;
};
// Of bytes that begin with a whole header. Error: kData.
Result<Header> parse_header(std::string_view bytes);

struct FileBlock {
  int64_t records = 0;
  std::string_view data;
  std::string_view sync;
};
Status read_block(std::string_view bytes, size_t& at, FileBlock& block);

std::unique_ptr<RecordCutter> make_block_cutter();

// "null", "deflate", "zstandard", "bzip2", "xz". Error: kData, another.
Result<Codec> parse_codec(std::string_view name);
// Error: kData; `limit`: at most so many bytes come out.
Result<void> unpack(Codec codec, std::string_view data, size_t limit, Vec<char>& out);
Result<void> pack(Codec codec, std::string_view data, std::string& out);

}  // namespace weir::avro
