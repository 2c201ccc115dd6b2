// [checkpoint]: where a run's positions and state are kept, and what it takes to go on from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/spec.h"

namespace weir {

struct Plan;

struct CheckpointPlan {
  std::string dir;
  int64_t interval_us = 10'000'000;
  uint64_t stop_after_bytes = 0;  // 0: never
};

// Reads the options, and checks that every source, step and sink of the bound plan can take part.
std::optional<CheckpointPlan> bind_checkpoint(const ComponentSpec& spec, Plan& plan,
                                              Errors& errors);
std::vector<OptionDoc> checkpoint_docs();

// What a step's state was made by: state fits a step only if this is the same.
std::string step_signature(const Plan& plan, size_t step);
// What a step is called in a checkpoint: its name, or its kind and its number among those of its kind.
std::string step_id(const Plan& plan, size_t step);

}  // namespace weir
