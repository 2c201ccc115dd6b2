// All rows of bounded input in an order, and where partitions of them begin.
//
// A collector keeps what its worker meets, in memory and beyond its share of it in files; in the end what all of them
// have is one order. Equal rows keep the order of the input.
// Errors: throws SpillError, as state/spill.h.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/order_by.h"

namespace weir {

// Rows of a partition stand together, partitions in order of their columns' bytes.
struct RowOrder {
  std::vector<size_t> partition;  // columns; none: all rows are one
  const OrderBy* by = nullptr;
  bool whole = false;  // partitions are given as a whole
};

class RowsInOrder {
 public:
  virtual ~RowsInOrder() = default;
  // The next rows, in batches with sequence numbers from 0 without gaps; false at the end. Of whole partitions
  // `partitions` becomes where in the batch each begins, then the number of rows. Any thread.
  virtual bool claim(Batch& batch, std::vector<size_t>& partitions) = 0;
};

// All of these must outlive what is made from them. Rows that cannot be ordered have been refused before. The
// collectors have snapshots.
std::unique_ptr<Collector> make_sort_collector(const RowOrder& order, const Schema& schema,
                                               const OperatorContext& context);
// Of such collectors.
std::unique_ptr<RowsInOrder> rows_in_order(const RowOrder& order, const Schema& schema,
                                           std::vector<std::unique_ptr<Collector>> collectors);

}  // namespace weir
