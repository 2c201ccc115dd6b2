// The queries of a pipeline written as the steps that they become: what weir sql --emit-toml prints.
#pragma once

#include "config/node.h"
#include "plan/step_record.h"

namespace weir {

// True if a query holds ${NAME}: what it becomes is only known when the pipeline is run.
bool has_open_queries(const Node& tree);

// `tree`: a pipeline as written, ${} unreplaced. `record`: what binding it without an error has noted. Gives a
// tree without `op = "sql"` that makes the same plan.
Node spell_queries(const Node& tree, const StepRecord& record);

}  // namespace weir
