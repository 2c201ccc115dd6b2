// Windows of fixed length: tumbling, sliding, cumulating. The kinds read their options; the rest is common.
#pragma once

#include <memory>
#include <string>

#include "windows/assigner.h"
#include "windows/slice_layout.h"
#include "windows/window_binding.h"

namespace weir {

struct FixedWindow {
  std::string name;  // "tumbling window"
  std::string text;  // for explain: "tumbling window of 1m"
  SliceLayout layout;
  std::unique_ptr<WindowAssigner> assigner;  // the same windows, for single records
};

// Binds the common options and takes the way that they allow: slices, or single records.
std::unique_ptr<OperatorPlan> bind_fixed_window(FixedWindow fixed, const WindowOptions& options,
                                                const Schema& input, const BindContext& context,
                                                WindowComplaints& complaints);

// A length that a window's options must give: at least 1ms.
void check_length(const char* key, Duration length, WindowComplaints& complaints);
// |offset| must be less than `period`, the time from one window's start to the next.
void check_offset(Duration offset, Duration period, const char* what, WindowComplaints& complaints);

// A window is made of at most so many steps or slides.
inline constexpr int64_t kMaxSteps = 10'000'000;

}  // namespace weir
