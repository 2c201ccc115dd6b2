// A checkpoint on disk: named sections in one self-contained, checksummed file.
//
//   8   magic "WEIRCKPT"
//   u32 format version        u32 oldest version of a reader that can read it
//   u64 epoch                 u64 pipeline id
//   u32 number of sections, then for each of them
//     u32 length of the name, the name, u64 offset in the file, u64 length, u64 xxh3 of its bytes
//   the sections' bytes
//   u64 length of all before this footer, u64 xxh3 of all before this footer, 8 magic "WEIRCEND"
//
// Little-endian. Every length is checked before it is used.
// Errors: kState for a damaged file, a newer format or another pipeline's; kIo, kDiskFull for the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace weir {

struct CheckpointFile {
  static constexpr uint32_t kVersion = 1;

  uint64_t epoch = 0;
  uint64_t pipeline_id = 0;
  std::vector<std::pair<std::string, std::string>> sections;  // name, bytes; in order

  // The bytes of a section; nullptr if there is none of that name.
  const std::string* find(std::string_view name) const;
};

std::string encode_checkpoint(const CheckpointFile& checkpoint);
// `name` is for messages.
Result<CheckpointFile> decode_checkpoint(std::string_view bytes, const std::string& name);

}  // namespace weir
