// What columns a sample of MessagePack maps has.
//
// Integers are BIGINT (DECIMAL(20, 0) when some do not fit), with floats among them DOUBLE; timestamp extensions are
// TIMESTAMP_LTZ(6), or (9) when some are finer; maps are ROW, or MAP when a key is no string; what has nothing in common,
// or is always nil, is a STRING. Columns come in the order of first appearance.
#pragma once

#include <string_view>

#include "data/schema.h"

namespace weir::msgpack {

// Looks at most at the first 1,000 records.
Schema infer_schema(std::string_view sample);

}  // namespace weir::msgpack
