// Blocks of an Avro file into batches.
//
// Columns are found by name in each file's own schema; one that a file lacks is NULL. A number goes into any column of numbers that
// holds it, a time into one of another precision; other types must be the same, else every block of that file is refused. A block
// that is damaged is a bad record: what was read before the damage counts, what is behind it in the block is lost.
#pragma once

#include <memory>
#include <vector>

#include "formats/avro_file.h"
#include "formats/format.h"

namespace weir::avro {

std::unique_ptr<Decoder> make_decoder(const Schema& schema, const DecodeRequest& request);

}  // namespace weir::avro
