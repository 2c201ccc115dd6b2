// The global window: all records of a key. Without a trigger it has one result, at the end of bounded
// input.

#include "windows/row_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

const OptionTable<WindowOptions>& global_options() {
  static const OptionTable<WindowOptions> table = {
      {"key_by", &WindowOptions::key_by, "columns to group by; none: one result over all records"},
      {"aggregate", &WindowOptions::aggregate,
       "the result's columns: name = \"expression\"; this or `reduce`"},
      {"reduce", &WindowOptions::reduce,
       "columns and how two rows become one, `a` so far and `b` new: n = \"a.n + b.n\""},
      {"having", &WindowOptions::having, "keeps the result rows for which this is true"},
      {"order", &WindowOptions::order, std::vector<std::string>{"key", "arrival", "none"},
       "of the result rows: by key, by first appearance, or as it comes"},
      {"trigger", &WindowOptions::trigger,
       "when results are given before the end of the input, for example { type = \"count\", n = "
       "100 }"},
      {"emit", &WindowOptions::emit,
       "`on_close`, at the end of the input, or { every = \"10s\" }: changes of the results so "
       "far"},
      {"evict", &WindowOptions::evict, "which records are forgotten when a result is given"},
      {"time", &WindowOptions::time, std::vector<std::string>{"event", "processing"},
       "the clock of triggers: the records' own time, or the time they are read"},
  };
  return table;
}

bool global_needs_rows(const WindowOptions& options) {
  return options.trigger || options.evict || !options.reduce.empty() ||
         (options.emit && options.emit->kind == Node::Kind::kTable);
}

std::unique_ptr<OperatorPlan> bind_global(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  WindowOptions options;
  read_options(global_options(), spec.options, options, errors, "the global window",
               {"type", "op", "name"});
  const bool early = options.emit && options.emit->kind == Node::Kind::kTable;
  if (context.streaming && !options.trigger && !early) {
    complaints.add({ErrorKind::kConfig,
                    "a global window over unbounded input never ends",
                    spec.kind_position,
                    "give it a trigger, for example { type = \"count\", n = 100 }, or use type = "
                    "\"tumbling\"",
                    {}});
  }
  if (complaints.any()) return nullptr;
  if (!global_needs_rows(options)) {
    // It is the aggregation of the whole input.
    ComponentSpec aggregate = spec;
    auto& entries = aggregate.options.entries;
    auto& positions = aggregate.options.key_positions;
    for (size_t i = entries.size(); i-- > 0;) {
      const std::string& key = entries[i].first;
      if (key != "type" && key != "op" && key != "name" && key != "time" && key != "emit") continue;
      entries.erase(entries.begin() + static_cast<int64_t>(i));
      if (i < positions.size()) positions.erase(positions.begin() + static_cast<int64_t>(i));
    }
    return find_operator("aggregate")->bind(aggregate, input, context, errors);
  }
  auto binding =
      bind_window(options, {"the global window", false, false}, input, context, complaints);
  if (!binding) return nullptr;
  RowWindowSpec window;
  window.name = "global window";
  window.text = "global window";
  window.assigner = make_global_assigner();
  return make_row_window(std::move(window), options, std::move(*binding), context, complaints);
}

}  // namespace

const OperatorDescriptor kGlobalWindow = {
    "global",
    "Takes all records of a key as one window, which ends with the input; triggers give results "
    "before.",
    [] { return option_docs(global_options()); },
    bind_global,
};

}  // namespace weir
