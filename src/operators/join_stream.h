// The join of two streams: both sides are kept, and each row meets what the other side holds.
#pragma once

#include "operators/join.h"

namespace weir {

// `join` must outlive it.
std::unique_ptr<Ordered> make_join_stream(const Join& join, const OperatorContext& context);

}  // namespace weir
