// Batches into MessagePack: a map a row.
//
// Integers in their shortest form; FLOAT and DOUBLE as such; STRING str, BYTES bin; TIMESTAMP_LTZ the timestamp extension;
// ROW and MAP maps, ARRAY an array. DECIMAL, DATE, TIME, TIMESTAMP and intervals, which MessagePack lacks, as text.
#pragma once

#include <memory>

#include "formats/format.h"

namespace weir::msgpack {

// `leave_out_nulls`: fields of the row itself that are NULL are not written; else they are nil.
std::unique_ptr<Encoder> make_encoder(const Schema& schema, bool leave_out_nulls);

}  // namespace weir::msgpack
