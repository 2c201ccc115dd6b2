// A piece of work in input order, on its way from a source to the ordered stage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "io/block.h"

namespace weir {

struct Piece {
  Batch batch;
  Block block;  // to decode; no bytes when the feed gives batches
  bool has_block = false;
  std::string encoded;
  bool is_encoded = false;
  std::optional<Error> error;
  uint64_t skipped = 0;       // records that the decoder skipped for the pushed filter
  std::vector<Piece> before;  // what else has become of the block, to be taken first
  bool ends_block = true;     // false: one of those
};

}  // namespace weir
