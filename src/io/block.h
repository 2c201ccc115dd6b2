// A run of input bytes that holds whole records, and the buffer it lives in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/vec.h"
#include "data/batch.h"

namespace weir {

// Bytes that may be read up to kPadding past the end of a block, so that decoders load whole vectors
// without a bounds check. The padding's content is unspecified but initialised.
inline constexpr size_t kPadding = 128;

using Buffer = Vec<char>;

struct Block {
  uint64_t sequence = 0;           // position in input order, from 0 without gaps
  BlockOrigin origin;              // origin.begin is the offset of bytes.data()
  std::string_view bytes;          // whole records; may be empty; kPadding readable bytes follow
  std::shared_ptr<Buffer> buffer;  // keeps `bytes` alive
  // What the cutter found before the first record of the partition, where a format has such; else null.
  std::shared_ptr<const std::string> head;
  uint64_t first_line = 0;  // line number of bytes' first line where it is known (streams), else 0
  bool starts_partition = false;  // the partition's first block: a header may stand here
  bool ends_partition = false;    // its last: the last record may lack its newline
  bool catches_up = false;        // the partition has nothing more for now (followed files)
};

}  // namespace weir
