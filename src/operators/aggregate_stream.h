// Aggregation of a stream: every row changes the result of its key, and the changes are what comes out.
#pragma once

#include <memory>
#include <vector>

#include "operators/aggregation.h"
#include "operators/operator.h"

namespace weir {

// What an aggregate step is bound to, shared by the plan and all that runs.
struct Aggregation {
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  AggregateBinding binding;
  ExprPtr having;  // over [keys..., outputs...]; may be null
  GroupOrder order = GroupOrder::kKey;
  bool streaming = false;
  bool retracts = false;  // rows may be taken back
};

// Gives +I for a key's first row, -U and +U when its result changes, -D when it has no rows any more or `having`
// drops it. All references must outlive it.
std::unique_ptr<Ordered> make_group_stream(const Aggregation& aggregation,
                                           const AggregateProgram& program, const Schema& input,
                                           const Schema& output, const OperatorContext& context);

}  // namespace weir
