// Batches into lines of JSON objects.
//
// BOOLEAN, numbers and DECIMAL as they are (NaN, Infinity and -Infinity, which JSON lacks, as
// strings); STRING escaped, with U+FFFD for bytes that are not UTF-8; BYTES in base64; ROW and MAP
// as objects, ARRAY as an array; TIMESTAMP "2021-09-24 12:34:56.100" and TIMESTAMP_LTZ the same in
// UTC with a Z, or with a T for the blank; DATE, TIME and intervals as text. NULL is null.
#pragma once

#include <memory>

#include "formats/format.h"

namespace weir {

struct JsonEncodeStyle {
  bool iso_times = false;        // T between date and time
  bool leave_out_nulls = false;  // top-level fields that are NULL are not written
};

std::unique_ptr<Encoder> make_json_encoder(const Schema& schema, const JsonEncodeStyle& style);

}  // namespace weir
