// Windows of fixed lengths in event time with the default trigger, aggregated once per slice: tumbling,
// sliding and cumulating ones.
#pragma once

#include <memory>
#include <string>

#include "windows/slice_layout.h"
#include "windows/window_binding.h"

namespace weir {

// `name`: "tumbling window"; `text` is for explain: "tumbling window of 1m". The binding has aggregates.
std::unique_ptr<OperatorPlan> make_slice_window(std::string name, std::string text,
                                                SliceLayout layout, WindowBinding binding);

}  // namespace weir
