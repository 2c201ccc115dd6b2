// Rows on stdout in any format; stdout and print are this.
#pragma once

#include <memory>
#include <string>

#include "sinks/byte_sink.h"

namespace weir {

std::unique_ptr<SinkPlan> make_stdout_plan(std::string kind, SinkFormat format,
                                           const SinkContext& context);

}  // namespace weir
