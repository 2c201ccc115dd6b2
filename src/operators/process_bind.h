// A process step's tables -> its program: names and types resolved.
#pragma once

#include <optional>

#include "operators/operator.h"
#include "operators/process_options.h"
#include "operators/process_program.h"

namespace weir {

// Adds all problems to `errors`; nullopt then.
std::optional<ProcessProgram> bind_process(const ComponentSpec& step, const ProcessSpec& spec,
                                           const Schema& input, const BindContext& context,
                                           Errors& errors);

}  // namespace weir
