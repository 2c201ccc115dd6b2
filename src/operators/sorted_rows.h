// What sort keeps of its input, and all of it in order.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/order_by.h"

namespace weir {

// Both must outlive what is made from them. Rows that the order cannot be told of have been refused before.
std::unique_ptr<Collector> make_sort_collector(const OrderBy& order, const Schema& schema,
                                               const OperatorContext& context);
std::unique_ptr<BatchSource> make_sorted_rows(const Schema& schema,
                                              std::vector<std::unique_ptr<Collector>> collectors);

}  // namespace weir
