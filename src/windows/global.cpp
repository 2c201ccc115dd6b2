// The global window: all records of a key, one result at the end of bounded input.

#include "windows/window_list.h"

namespace weir {

namespace {

std::unique_ptr<OperatorPlan> bind_global(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  if (context.streaming) {
    errors.push_back({ErrorKind::kConfig, "a global window over unbounded input never ends",
                      spec.kind_position, "use type = \"tumbling\", or mode = \"batch\"",
                      "[window]"});
    return nullptr;
  }
  // It is the aggregation of the whole input.
  ComponentSpec aggregate = spec;
  auto& entries = aggregate.options.entries;
  auto& positions = aggregate.options.key_positions;
  for (size_t i = entries.size(); i-- > 0;) {
    if (entries[i].first == "type") {
      entries.erase(entries.begin() + static_cast<int64_t>(i));
      if (i < positions.size()) positions.erase(positions.begin() + static_cast<int64_t>(i));
    }
  }
  return find_operator("aggregate")->bind(aggregate, input, context, errors);
}

}  // namespace

const OperatorDescriptor kGlobalWindow = {
    "global",
    "Takes all records of a key as one window, which ends with the input.",
    [] { return find_operator("aggregate")->options(); },
    bind_global,
};

}  // namespace weir
