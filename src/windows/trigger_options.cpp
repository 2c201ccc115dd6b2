// `trigger = "never"`, `trigger = { type = "count", n = 100, purge = true }`: the kinds of triggers and
// their options.

#include <array>

#include "base/spelling.h"
#include "expr/binder.h"
#include "windows/trigger.h"
#include "windows/value_expression.h"

namespace weir {

namespace {

struct TriggerOptions {
  bool purge = false;
  int64_t n = 0;
  Duration every;
  std::string time;
  double threshold = 0;
  SourceText value;
  Duration after;
  std::optional<Node> inner;
  bool restart = false;
};
using TriggerTable = OptionTable<TriggerOptions>;

struct TriggerKind {
  std::string_view name;
  TriggerTable options;
  BoundTrigger (*make)(const TriggerOptions& options, const Node& node,
                       const TriggerBinding& binding, Errors& errors);
};

void complain_of_trigger(const Node& node, const char* key, std::string message, std::string hint,
                         Errors& errors) {
  const Node* value = node.find(key);
  errors.push_back({ErrorKind::kConfig, std::move(message),
                    value != nullptr ? value->position : node.position, std::move(hint),
                    "[window] trigger"});
}

TriggerPtr default_trigger(const TriggerBinding& binding) {
  if (!binding.has_end) return make_end_trigger();
  return binding.event_time ? make_event_time_trigger() : make_processing_time_trigger();
}

BoundTrigger make_count(const TriggerOptions& options, const Node& node, const TriggerBinding&,
                        Errors& errors) {
  if (options.n < 1)
    complain_of_trigger(node, "n", "a count trigger fires every 1 or more records", {}, errors);
  return {make_count_trigger(options.n), nullptr};
}

BoundTrigger make_continuous(const TriggerOptions& options, const Node& node,
                             const TriggerBinding& binding, Errors& errors) {
  if (options.every.us < kMillisecond)
    complain_of_trigger(node, "every", "a continuous trigger fires at most once in 1ms", {},
                        errors);
  const bool event_time = options.time.empty() ? binding.event_time : options.time == "event";
  if (event_time && !binding.event_time)
    complain_of_trigger(node, "time", "a window in processing time has no trigger in event time",
                        "time = \"processing\", or give the window time = \"event\"", errors);
  return {make_continuous_trigger(std::max<int64_t>(options.every.us, 1), event_time,
                                  binding.event_time),
          nullptr};
}

BoundTrigger make_delta(const TriggerOptions& options, const Node& node,
                        const TriggerBinding& binding, Errors& errors) {
  if (!(options.threshold >= 0))
    complain_of_trigger(node, "threshold", "the threshold must not be negative",
                        "a delta is the distance between two values", errors);
  BoundTrigger bound{make_delta_trigger(options.threshold), nullptr};
  bound.value = bind_value(options.value, *binding.input, binding.zone, errors);
  return bound;
}

BoundTrigger make_timeout(const TriggerOptions& options, const Node& node,
                          const TriggerBinding& binding, Errors& errors) {
  if (options.after.us < kMillisecond)
    complain_of_trigger(node, "after", "a timeout is at least 1ms", {}, errors);
  BoundTrigger inner{default_trigger(binding), nullptr};
  if (options.inner) inner = bind_trigger(*options.inner, binding, errors);
  if (!inner.trigger) return {};
  return {make_timeout_trigger(std::move(inner.trigger), options.after.us, options.restart),
          std::move(inner.value)};
}

const std::array<TriggerKind, 7>& trigger_kinds() {
  static const std::array<TriggerKind, 7> all = {{
      {"continuous",
       {{"every", &TriggerOptions::every, "the time between two firings", true},
        {"time", &TriggerOptions::time, std::vector<std::string>{"event", "processing"},
         "the clock; the window's when not given"}},
       make_continuous},
      {"count",
       {{"n", &TriggerOptions::n, "the records of a window between two firings", true}},
       make_count},
      {"delta",
       {{"threshold", &TriggerOptions::threshold, "how far the value must have moved", true},
        {"of", &TriggerOptions::value, "the value: a numeric expression over the record", true}},
       make_delta},
      {"end",
       {},
       [](const TriggerOptions&, const Node&, const TriggerBinding&, Errors&) {
         return BoundTrigger{make_end_trigger(), nullptr};
       }},
      {"never",
       {},
       [](const TriggerOptions&, const Node&, const TriggerBinding&, Errors&) {
         return BoundTrigger{make_never_trigger(), nullptr};
       }},
      {"on_close",
       {},
       [](const TriggerOptions&, const Node&, const TriggerBinding& binding, Errors&) {
         return BoundTrigger{default_trigger(binding), nullptr};
       }},
      {"timeout",
       {{"after", &TriggerOptions::after, "the time on the clock after a record", true},
        {"of", &TriggerOptions::inner, "another trigger, which fires as well; `on_close`"},
        {"restart", &TriggerOptions::restart, "every record starts the time anew"}},
       make_timeout},
  }};
  return all;
}

std::vector<std::string> trigger_names() {
  std::vector<std::string> names;
  for (const auto& kind : trigger_kinds()) names.emplace_back(kind.name);
  return names;
}

const TriggerKind* find_trigger_kind(const Node& node, Errors& errors) {
  const Node* name = node.kind == Node::Kind::kString ? &node : node.find("type");
  if (name == nullptr || name->kind != Node::Kind::kString) {
    errors.push_back({ErrorKind::kConfig, "a trigger has a type", node.position,
                      "for example { type = \"count\", n = 100 }", "[window] trigger"});
    return nullptr;
  }
  for (const auto& kind : trigger_kinds()) {
    if (kind.name == name->text) return &kind;
  }
  errors.push_back({ErrorKind::kConfig, "no trigger `" + name->text + "`", name->position,
                    spelling_hint(name->text, trigger_names()), "[window] trigger"});
  return nullptr;
}

}  // namespace

BoundTrigger bind_trigger(const Node& node, const TriggerBinding& binding, Errors& errors) {
  const size_t before = errors.size();
  const TriggerKind* kind = find_trigger_kind(node, errors);
  if (kind == nullptr) return {};
  TriggerTable table = kind->options;
  table.push_back({"purge", &TriggerOptions::purge,
                   "a firing forgets the records: the next one has only those after it"});
  TriggerOptions options;
  Node none;  // a bare name is a table without entries
  none.position = node.position;
  const Node& written = node.kind == Node::Kind::kTable ? node : none;
  read_options(table, written, options, errors, "the trigger `" + std::string(kind->name) + "`",
               {"type"});
  if (errors.size() != before) return {};
  BoundTrigger bound = kind->make(options, written, binding, errors);
  if (errors.size() != before) return {};
  if (options.purge) bound.trigger = make_purging_trigger(std::move(bound.trigger));
  return bound;
}

}  // namespace weir
