#include "plan/step_list.h"

#include <algorithm>

#include "plan/event_time_step.h"
#include "plan/split_step.h"
#include "plan/sql_step.h"
#include "windows/window.h"

namespace weir {

const std::vector<const OperatorDescriptor*>& steps() {
  static const std::vector<const OperatorDescriptor*> list = [] {
    std::vector<const OperatorDescriptor*> all(operators().begin(), operators().end());
    all.insert(all.end(), window_operators().begin(), window_operators().end());
    all.push_back(&kSqlStep);
    all.push_back(&kSplitStep);
    all.push_back(&kEventTimeStep);
    std::sort(all.begin(), all.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return all;
  }();
  return list;
}

const OperatorDescriptor* find_step(std::string_view name) {
  for (const auto* step : steps()) {
    if (step->name == name) return step;
  }
  return nullptr;
}

}  // namespace weir
