// Flags that change a pipeline's ends: FILE arguments, -i, -o, -t, --overwrite, --dead-letter,
// --limit.
#include <fmt/format.h>

#include <initializer_list>

#include "config/environment.h"
#include "config/merge.h"
#include "config/pipeline_tree.h"
#include "config/place.h"

namespace weir {
namespace {

// Flags have no line to show.
const Position kNoPlace{};

Node string_node(std::string_view text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = escape_dollars(text);
  return node;
}

std::string text_of(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  return node != nullptr && node->kind == Node::Kind::kString ? node->text : std::string();
}

// The table [one] or the only one of [many.*]; made when there is neither. nullptr after an error.
Node* the_one(Node& root, const std::string& one, const std::string& many, std::string_view flag,
              Errors& errors) {
  if (Node* named = find_entry(root, many); named != nullptr && named->kind == Node::Kind::kTable) {
    if (named->entries.size() == 1) return &named->entries[0].second;
    errors.push_back(Error{ErrorKind::kUsage,
                           fmt::format("{} cannot be used with a pipeline of {} {}", flag,
                                       named->entries.size(), many),
                           {},
                           fmt::format("name one of them: --set {}.NAME.path=...", many),
                           {}});
    return nullptr;
  }
  if (find_entry(root, one) == nullptr) set_entry(root, one, Node{}, kNoPlace);
  Node* table = find_entry(root, one);
  return table->kind == Node::Kind::kTable ? table : nullptr;  // read_pipeline reports the latter
}

// Makes the component one of another type; of its keys only `kept` mean the same there.
void change_type(Node& table, const std::string& type,
                 std::initializer_list<std::string_view> kept) {
  Node changed;
  changed.position = table.position;
  set_entry(changed, "type", string_node(type), kNoPlace);
  for (size_t i = 0; i < table.entries.size(); ++i)
    for (const auto& key : kept)
      if (table.entries[i].first == key)
        set_entry(changed, table.entries[i].first, std::move(table.entries[i].second),
                  table.key_positions[i]);
  table = std::move(changed);
}

// `format = "csv"`; the options of a table stay if it names the same format or none.
void set_format(Node& component, const std::string& name) {
  Node* format = find_entry(component, "format");
  if (format != nullptr && format->kind == Node::Kind::kTable &&
      (format->find("name") == nullptr || text_of(*format, "name") == name)) {
    set_entry(*format, "name", string_node(name), kNoPlace);
    return;
  }
  set_entry(component, "format", string_node(name), kNoPlace);
}

void set_inputs(Node& source, const std::vector<std::string>& inputs) {
  const bool standard_input = inputs.size() == 1 && inputs[0] == "-";
  const std::string type = text_of(source, "type");
  const std::string kind(inputs.size() == 1 ? kind_of_place(inputs[0]) : std::string_view());
  if (!kind.empty()) {
    if (!type.empty() && type != kind)
      change_type(source, kind, {"format", "schema", "event_time"});
    remove_entry(source, "path");
    set_entry(source, std::string(place_key(kind)), string_node(inputs[0]), kNoPlace);
    return;
  }
  const bool was_file = type == "file" || (type.empty() && source.find("path") != nullptr);
  if (standard_input) {
    if (type != "stdin") change_type(source, "stdin", {"format", "schema", "event_time"});
    return;
  }
  if (!was_file) change_type(source, "file", {"format", "schema", "event_time"});
  Node paths;
  if (inputs.size() == 1) {
    paths = string_node(inputs[0]);
  } else {
    paths.kind = Node::Kind::kArray;
    for (const auto& input : inputs) paths.items.push_back(string_node(input));
  }
  set_entry(source, "path", std::move(paths), kNoPlace);
}

void set_output(Node& sink, const std::string& output) {
  const std::string type = text_of(sink, "type");
  if (output == "-") {
    if (type != "stdout") change_type(sink, "stdout", {"format"});
    return;
  }
  if (const std::string kind(kind_of_place(output)); !kind.empty()) {
    if (!type.empty() && type != kind) change_type(sink, kind, {"format"});
    remove_entry(sink, "path");
    set_entry(sink, std::string(place_key(kind)), string_node(output), kNoPlace);
    return;
  }
  // A sink without a type becomes a file by its path: append, level and so on are a file's keys.
  if (type != "file" && !type.empty()) change_type(sink, "file", {"format"});
  set_entry(sink, "path", string_node(output), kNoPlace);
}

// A last step `limit`: behind the window if there is one, else behind the transforms.
void add_limit(Node& root, int64_t limit) {
  Node step;
  set_entry(step, "op", string_node("limit"), kNoPlace);
  Node count;
  count.kind = Node::Kind::kInteger;
  count.integer = limit;
  set_entry(step, "limit", std::move(count), kNoPlace);
  const bool late = root.find("window") != nullptr || root.find("then") != nullptr;
  const std::string key = late ? "then" : "transform";
  if (find_entry(root, key) == nullptr) {
    Node list;
    list.kind = Node::Kind::kArray;
    set_entry(root, key, std::move(list), kNoPlace);
  }
  Node* list = find_entry(root, key);
  if (list->kind == Node::Kind::kArray) list->items.push_back(std::move(step));
}

}  // namespace

void apply_flags(Node& root, const PipelineFlags& flags, Errors& errors) {
  if (!flags.inputs.empty())
    if (Node* source = the_one(root, "source", "sources", "FILE", errors))
      set_inputs(*source, flags.inputs);
  if (!flags.input_format.empty())
    if (Node* source = the_one(root, "source", "sources", "-i", errors))
      set_format(*source, flags.input_format);
  if (!flags.output.empty())
    if (Node* sink = the_one(root, "sink", "sinks", "-o", errors)) set_output(*sink, flags.output);
  if (!flags.output_format.empty())
    if (Node* sink = the_one(root, "sink", "sinks", "-t", errors))
      set_format(*sink, flags.output_format);
  Node yes;
  yes.kind = Node::Kind::kBoolean;
  yes.boolean = true;
  if (flags.follow) {
    if (Node* source = the_one(root, "source", "sources", "-F", errors))
      set_entry(*source, "follow", yes, kNoPlace);
  }
  if (flags.overwrite) {
    if (Node* sink = the_one(root, "sink", "sinks", "--overwrite", errors))
      set_entry(*sink, "overwrite", std::move(yes), kNoPlace);
  }
  if (!flags.dead_letter.empty()) {
    if (find_entry(root, "dead_letter") == nullptr)
      set_entry(root, "dead_letter", Node{}, kNoPlace);
    if (Node* table = find_entry(root, "dead_letter"); table->kind == Node::Kind::kTable)
      set_output(*table, flags.dead_letter);
  }
  if (flags.limit) add_limit(root, *flags.limit);
}

}  // namespace weir
