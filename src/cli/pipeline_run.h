// Runs the pipeline of a command with its messages: what `weir run` and `weir sql` share.
#pragma once

#include "cli/command.h"
#include "cli/console.h"
#include "config/spec.h"

namespace weir {

// Plans and runs; the summary goes to stderr. Gives the exit code. A signal ends the run in order.
int run_pipeline(const PipelineText& text, const Invocation& invocation, Console& console);
// --fresh, --drain, --reset-step, --if-busy, --emit-toml, --stats, --progress
std::vector<Flag> run_only_flags();

}  // namespace weir
