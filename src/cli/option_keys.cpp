#include "cli/option_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/format.h"
#include "plan/step_list.h"
#include "sinks/sink.h"
#include "windows/window.h"

namespace weir {
namespace {

bool same_place(const Position& a, const Position& b) {
  return a.line > 0 && a.line == b.line && a.file == b.file;
}

bool told(const Errors& errors, const Position& position) {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error& e) { return same_place(e.position, position); });
}

// `also` are keys that the pipeline itself reads: "op", "type", "format".
void check_keys(const ComponentSpec& spec, const std::vector<OptionDoc>& options,
                const std::vector<std::string>& also, const std::string& where, Errors& errors) {
  std::vector<std::string> known;
  for (const auto& o : options) known.push_back(o.name);
  for (const auto& key : also)
    if (std::find(known.begin(), known.end(), key) == known.end()) known.push_back(key);
  const Node& table = spec.options;
  for (size_t i = 0; i < table.entries.size(); ++i) {
    const std::string& key = table.entries[i].first;
    if (std::find(known.begin(), known.end(), key) != known.end() ||
        told(errors, table.key_positions[i]))
      continue;
    errors.push_back(unknown_key(table.key_positions[i], key, known, where));
  }
  for (const auto& o : options)
    if (o.required && table.find(o.name) == nullptr && !told(errors, table.position))
      errors.push_back(missing_key(table.position, o.name, where));
}

void check_operator(const ComponentSpec& spec, const OperatorDescriptor* descriptor,
                    const std::vector<std::string>& kind_keys, const char* what, Errors& errors) {
  if (descriptor == nullptr || descriptor->options == nullptr) return;
  const size_t before = errors.size();
  check_keys(spec, descriptor->options(), kind_keys,
             fmt::format("the {} {}", descriptor->name, what), errors);
  for (size_t i = before; i < errors.size(); ++i) errors[i].context = spec.name;
}

}  // namespace

void add_key_errors(const PipelineSpec& spec, Errors& errors) {
  const auto check_step = [&](const ComponentSpec& step) {
    if (step.kind != "window") {
      check_operator(step, find_step(step.kind), {"op"}, "operator", errors);
    } else if (const Node* type = step.options.find("type")) {  // its keys are that kind's
      check_operator(step, find_window(type->text), {"op", "type"}, "window", errors);
    }
  };
  for (const auto& step : spec.transforms) check_step(step);
  if (spec.window)
    check_operator(*spec.window, find_window(spec.window->kind), {"type"}, "window", errors);
  for (const auto& step : spec.then) check_step(step);
  for (const auto& sink : spec.sinks) {
    const SinkDescriptor* descriptor = find_sink(sink.kind);
    if (descriptor == nullptr || descriptor->options == nullptr) continue;
    check_keys(sink, descriptor->options(), {"type", "format"},
               fmt::format("the {} sink", descriptor->name), errors);
  }
  for (const auto& source : spec.sources)
    point_into_format(source.format, fmt::format("the {} source", source.kind), errors);
  for (const auto& sink : spec.sinks)
    point_into_format(sink.format, fmt::format("the {} sink", sink.kind), errors);
}

void sort_by_place(Errors& errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const Error& a, const Error& b) {
    return a.position.file == b.position.file && a.position.line < b.position.line;
  });
}

}  // namespace weir
