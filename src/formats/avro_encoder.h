// Batches into an Avro object container file.
//
// Every field may be null. TIMESTAMP and TIMESTAMP_LTZ become local-timestamp-* and timestamp-* by their precision, DECIMAL bytes,
// TIME time-millis, intervals text; the keys of a MAP are text. A batch makes one block or some, so that workers encode at once.
// The sync marker follows from the schema and the codec: the same rows give the same bytes, and rows can be added to a file of
// the same columns.
#pragma once

#include <memory>

#include "formats/avro_file.h"
#include "formats/format.h"

namespace weir::avro {

std::unique_ptr<Encoder> make_encoder(const Schema& schema, const std::string& codec);

}  // namespace weir::avro
