// The over step on a stream: rows wait until the watermark reaches them, then they are given in order of time.
#pragma once

#include "operators/over.h"

namespace weir {

// What a stream cannot do: look ahead, or be ordered by anything but time.
void check_over_stream(const Over& over, const ComponentSpec& spec, const BindContext& context,
                       Errors& errors);

std::unique_ptr<Ordered> make_over_stream(const Over& over, const OperatorContext& context);

}  // namespace weir
