// A bound window that takes records one at a time: what its two halves, the preparation in the workers and
// the operator, go by.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "windows/assigner.h"
#include "windows/evictor.h"
#include "windows/pane_contents.h"
#include "windows/trigger.h"
#include "windows/window_binding.h"

namespace weir {

struct RowWindowRules {
  std::string name;  // "tumbling window"
  const WindowBinding* binding = nullptr;
  std::unique_ptr<WindowAssigner> assigner;
  TriggerPtr trigger;
  EvictorPtr evictor;  // null: none
  bool event_time = true;
  int64_t gap_us = 0;
  int64_t early_us = 0;  // early results so often, in processing time; 0: none

  // What is computed of every record besides its results, in this order behind the computed columns of
  // the batch; null: not needed.
  ExprPtr gap;            // BIGINT milliseconds or INTERVAL; its column is in microseconds
  ExprPtr trigger_value;  // DOUBLE
  ExprPtr evict_value;    // DOUBLE
  size_t extra_columns() const {
    return (gap ? 1u : 0u) + (trigger_value ? 1u : 0u) + (evict_value ? 1u : 0u);
  }
};

// Computes the aggregates' arguments and the extra columns; records for which one fails are bad.
std::unique_ptr<Transform> make_row_preparation(const RowWindowRules& rules,
                                                const OperatorContext& context);
std::unique_ptr<PaneContents> make_row_contents(const RowWindowRules& rules);
std::unique_ptr<Ordered> make_row_operator(const RowWindowRules& rules,
                                           const OperatorContext& context);

}  // namespace weir
