// A step's part of a checkpoint: what made its state, how far it had come, and the state itself.
//
// Views point into the section's bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "state/checkpoint_file.h"
#include "state/snapshot.h"

namespace weir {

struct StepSection {
  std::string_view signature;  // its first line is the step as `explain` shows it
  int64_t watermark = 0;       // of the inputs together
  int64_t passed_on = 0;       // what its readers know of it
  uint64_t arrived = 0;        // batches taken, where inputs meet
  uint64_t emitted = 0;        // batches given
  std::string_view state;      // as the operator wrote it; empty: nothing is kept
};

std::string encode_step_section(const StepSection& section);
// What stands before the state, which then follows as it is up to the section's end.
void begin_step_section(const StepSection& head, SnapshotWriter& writer);
// nullopt: damaged.
std::optional<StepSection> decode_step_section(std::string_view bytes);

// Sections of steps are called by their ids: "step tumbling window 1".
constexpr std::string_view kStepPrefix = "step ";

// Forgets the state of the step that `name` means: its id, or the name that the pipeline gives it. Where it stands
// in its input stays. Error: kState if there is no such step, with the names of those there are.
Result<void> reset_step(CheckpointFile& checkpoint, std::string_view name);

}  // namespace weir
