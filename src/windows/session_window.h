// Session windows in event time with one fixed gap and the default trigger.
#pragma once

#include <memory>
#include <string>

#include "windows/window_binding.h"

namespace weir {

// `text` is for explain: "session window with a gap of 30m". The binding has aggregates.
std::unique_ptr<OperatorPlan> make_session_window(std::string text, int64_t gap_us,
                                                  WindowBinding binding);

}  // namespace weir
