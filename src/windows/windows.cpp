#include <array>

#include "windows/window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

// Sorted by name.
constexpr std::array kWindows = {&kCountWindow,   &kCumulateWindow, &kGlobalWindow,
                                 &kSessionWindow, &kSlidingWindow,  &kTumblingWindow};

constexpr std::array kWindowOperators = {&kAssignWindowOperator, &kWindowOperator,
                                         &kWindowJoinOperator};

}  // namespace

std::span<const OperatorDescriptor* const> windows() { return kWindows; }

std::span<const OperatorDescriptor* const> window_operators() { return kWindowOperators; }

const OperatorDescriptor* find_window(std::string_view name) {
  for (const auto* w : kWindows) {
    if (w->name == name) return w;
  }
  return nullptr;
}

}  // namespace weir
