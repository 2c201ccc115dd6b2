// op = "window": a window as a step, wherever one may stand: windows of windows.

#include "base/spelling.h"
#include "windows/window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

std::unique_ptr<OperatorPlan> bind_window_step(const ComponentSpec& spec, const Schema& input,
                                               const BindContext& context, Errors& errors) {
  ComponentSpec window = spec;
  auto& entries = window.options.entries;
  auto& positions = window.options.key_positions;
  for (size_t i = entries.size(); i-- > 0;) {
    const auto& [key, value] = entries[i];
    if (key == "type") {
      window.kind = value.text;
      window.kind_position = value.position;
    }
    if (key != "op") continue;
    entries.erase(entries.begin() + static_cast<int64_t>(i));
    positions.erase(positions.begin() + static_cast<int64_t>(i));
  }
  const Node* type = window.options.find("type");
  if (type == nullptr) {
    errors.push_back(missing_key(spec.position, "type", "the window"));
    errors.back().hint = "for example type = \"tumbling\"";
    return nullptr;
  }
  const OperatorDescriptor* descriptor = find_window(window.kind);
  if (descriptor == nullptr) {
    std::vector<std::string> names;
    for (const auto* w : windows()) names.emplace_back(w->name);
    errors.push_back({ErrorKind::kConfig,
                      "no window type `" + window.kind + "`",
                      window.kind_position,
                      spelling_hint(window.kind, names),
                      {}});
    return nullptr;
  }
  return descriptor->bind(window, input, context, errors);
}

struct WindowStepOptions {
  std::string type;
};

const OptionTable<WindowStepOptions>& window_step_options() {
  static const OptionTable<WindowStepOptions> table = {
      {"type", &WindowStepOptions::type,
       "the kind of window, with that kind's own keys beside it; `weir operators` lists the "
       "windows",
       true},
  };
  return table;
}

}  // namespace

const OperatorDescriptor kWindowOperator = {
    "window",
    "A window as a step, with the keys of [window]; behind a window it groups that window's "
    "results.",
    [] { return option_docs(window_step_options()); },
    bind_window_step,
    Arity::kOne,
    true,
};

}  // namespace weir
