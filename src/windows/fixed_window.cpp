#include "windows/fixed_window.h"

#include <cstdlib>

#include "windows/row_window.h"
#include "windows/slice_window.h"

namespace weir {

std::unique_ptr<OperatorPlan> bind_fixed_window(FixedWindow fixed, const WindowOptions& options,
                                                const Schema& input, const BindContext& context,
                                                WindowComplaints& complaints) {
  auto binding = bind_window(options, {"the " + fixed.name}, input, context, complaints);
  if (!binding) return nullptr;
  if (needs_rows(options, *binding)) {
    RowWindowSpec window;
    window.name = std::move(fixed.name);
    window.text = std::move(fixed.text);
    window.assigner = std::move(fixed.assigner);
    return make_row_window(std::move(window), options, std::move(*binding), context, complaints);
  }
  return make_slice_window(fixed.name, fixed.text, fixed.layout, std::move(*binding));
}

void check_length(const char* key, Duration length, WindowComplaints& complaints) {
  if (!complaints.has(key) || length.us >= kMillisecond) return;
  const std::string_view name = key;
  const std::string what = name == "size" ? "a window" : "the " + std::string(name);
  complaints.at(key, what + " must be at least 1ms long");
}

void check_offset(Duration offset, Duration period, const char* what,
                  WindowComplaints& complaints) {
  if (std::abs(offset.us) >= period.us)
    complaints.at("offset", std::string("the offset must be shorter than the ") + what);
}

}  // namespace weir
