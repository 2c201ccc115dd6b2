// The first rows so far, of a stream: what is among them changes as rows come.
#pragma once

#include <memory>
#include <vector>

#include "operators/operator.h"
#include "operators/order_by.h"

namespace weir {

// What a top step is bound to, shared by the plan and all that runs.
struct Top {
  OrderBy order;
  uint64_t limit = 0;
  std::vector<size_t> per;
  std::vector<Type> per_types;
  bool rank = false;
  bool streaming = false;
  bool retracts = false;  // rows may be taken back
};

// With a rank every row whose rank changes is updated; without, rows come in and go. All references must outlive it.
std::unique_ptr<Ordered> make_top_stream(const Top& top, const Schema& input, const Schema& output,
                                         const OperatorContext& context);

}  // namespace weir
