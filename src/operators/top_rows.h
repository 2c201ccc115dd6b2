// The first rows of bounded input, of all or of each group.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/top_stream.h"

namespace weir {

// All of these must outlive what is made from them. Rows that the order cannot be told of have been refused before.
std::unique_ptr<Collector> make_top_collector(const Top& top, const Schema& input,
                                              const OperatorContext& context);
std::unique_ptr<BatchSource> make_top_result(const Top& top, const Schema& input,
                                             std::vector<std::unique_ptr<Collector>> collectors);

}  // namespace weir
