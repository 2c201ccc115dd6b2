// The shape of a pipeline: which tables and keys there are, and what kind each value has.
#include <fmt/format.h>

#include <algorithm>

#include "config/emit_toml.h"
#include "config/environment.h"
#include "config/event_time_options.h"
#include "config/pipeline_tree.h"
#include "config/place.h"
#include "config/spec.h"

namespace weir {
namespace {

const std::vector<std::string> kTopKeys = {
    "name",       "mode",    "timezone", "source",  "sources", "transform",
    "window",     "then",    "sink",     "sinks",   "late",    "dead_letter",
    "checkpoint", "runtime", "on_error", "max_bad", "strict",  "test"};

// The scalars of the top level.
struct TopOptions {
  std::string name;
  std::string mode = "auto";
  SourceText timezone{"UTC"};
  std::string on_error = "fail";
  std::optional<int64_t> max_bad;
  bool strict = false;
};

const OptionTable<TopOptions>& top_options() {
  static const OptionTable<TopOptions> table = {
      {"name", &TopOptions::name, "the pipeline's name in messages"},
      {"mode",
       &TopOptions::mode,
       {"auto", "batch", "streaming"},
       "auto: batch when every source is bounded, else streaming"},
      {"timezone", &TopOptions::timezone,
       "the session zone: an IANA name or an offset; \"UTC\" when not given"},
      {"on_error",
       &TopOptions::on_error,
       {"fail", "skip"},
       "what a bad record does; skip when max_bad or [dead_letter] is given"},
      {"max_bad", &TopOptions::max_bad, "skip at most so many bad records, then exit 3"},
      {"strict", &TopOptions::strict, "any bad record makes the run end with exit code 3"},
  };
  return table;
}

const OptionTable<SchemaColumnSpec>& schema_column_options() {
  static const OptionTable<SchemaColumnSpec> table = {
      {"type", &SchemaColumnSpec::type, "the SQL type", true},
      {"format", &SchemaColumnSpec::format, "the time format of a TIMESTAMP column"},
      {"path", &SchemaColumnSpec::path, "the key or field it is read from when not its name"},
  };
  return table;
}

const OptionTable<RuntimeSpec>& runtime_options() {
  static const OptionTable<RuntimeSpec> table = {
      {"parallelism", &RuntimeSpec::parallelism, "worker threads; 0: every usable core"},
      {"pin", &RuntimeSpec::pin, "pin workers to cores"},
      {"memory_limit", &RuntimeSpec::memory_limit,
       "the memory that a run may take; half of the machine's if not given. State beyond goes to "
       "the "
       "disk where a step can do that, else the run ends with exit code 6"},
      {"spill", &RuntimeSpec::spill, "false: state never goes to the disk"},
      {"state_limit", &RuntimeSpec::state_limit,
       "the state that one step keeps in memory, where it can go to the disk; a third of "
       "memory_limit "
       "shared out among the steps with state if not given"},
      {"block_size", &RuntimeSpec::block_size,
       "bytes of input a worker takes at once; a quarter of a core's second-level cache, 128 KiB "
       "to 512 KiB, if not given"},
      {"overflow",
       &RuntimeSpec::overflow,
       {"error", "wrap"},
       "what integer overflow does; wrap is Flink's way"},
      {"optimize", &RuntimeSpec::optimize, "false: run the steps as written"},
  };
  return table;
}

// The type of a source or sink whose table has none: by its `url` or `path`, which becomes the `url` where it
// is one.
std::string kind_by_place(Node& table, const char* standard) {
  for (auto& [key, value] : table.entries) {
    if ((key != "url" && key != "path") || value.kind != Node::Kind::kString) continue;
    const std::string kind(kind_of_place(value.text));
    if (kind.empty()) continue;
    key = place_key(kind);
    return kind;
  }
  return table.find("path") != nullptr ? "file" : standard;
}

class PipelineReader {
 public:
  PipelineReader(const Node& root, Errors& errors) : root_(root), errors_(errors) {}

  PipelineSpec read() {
    TopOptions top;
    read_options(top_options(), root_, top, errors_, "the pipeline", kTopKeys);
    spec_.name = top.name;
    spec_.mode = top.mode;
    spec_.timezone = top.timezone;
    spec_.errors.max_bad = top.max_bad;
    spec_.errors.strict = top.strict;
    if (top.max_bad && *top.max_bad < 0)
      add(root_.find("max_bad")->position, "max_bad cannot be negative");
    read_sources();
    read_steps("transform", spec_.transforms);
    read_window();
    read_steps("then", spec_.then);
    read_sinks();
    spec_.late = read_side_sink("late");
    spec_.dead_letter = read_side_sink("dead_letter");
    read_checkpoint();
    if (const Node* runtime = table("runtime")) {
      read_options(runtime_options(), *runtime, spec_.runtime, errors_, "[runtime]");
      const Node* parallelism = runtime->find("parallelism");
      if (parallelism != nullptr &&
          (spec_.runtime.parallelism < 0 || spec_.runtime.parallelism > 1024))
        add(parallelism->position, "parallelism must be from 0 to 1024");
    }
    if (const Node* test = root_.find("test"); test != nullptr && test->kind != Node::Kind::kArray)
      add(test->position, fmt::format("expected [[test]], found {}", test->kind_name()));
    const bool keeps_bad = top.max_bad.has_value() || spec_.dead_letter.has_value();
    spec_.errors.skip = root_.find("on_error") != nullptr ? top.on_error == "skip" : keeps_bad;
    return std::move(spec_);
  }

  // False if a component is missing from the spec because of an error: what follows it cannot be
  // judged.
  bool complete() const { return complete_; }

 private:
  // An error that leaves a component out.
  void drop(const Position& position, std::string message, std::string hint = {}) {
    complete_ = false;
    add(position, std::move(message), std::move(hint));
  }
  void drop(Error error, std::string hint) {
    complete_ = false;
    error.hint = std::move(hint);
    errors_.push_back(std::move(error));
  }
  void add(const Position& position, std::string message, std::string hint = {}) {
    errors_.push_back(Error{ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  }

  // A table of the top level; nullptr if absent or, after an error, if it is something else.
  const Node* table(std::string_view key) {
    const Node* node = root_.find(key);
    if (node == nullptr || node->kind == Node::Kind::kTable) return node;
    const bool repeated = node->kind == Node::Kind::kArray;
    drop(node->position, fmt::format("expected the table [{}], found {}", key, node->kind_name()),
         repeated ? fmt::format("write [{}] once, in single brackets", key) : std::string());
    return nullptr;
  }

  // The value of `type` or `op`; false after an error.
  bool read_kind(const Node& node, std::string_view key, std::string_view where,
                 ComponentSpec& out) {
    const Node* kind = node.find(key);
    if (kind == nullptr) return false;
    out.kind_position = kind->position;
    if (auto r = read_value(*kind, out.kind); !r) {
      errors_.push_back(r.error());
      errors_.back().context = where;
      out.kind.clear();
      complete_ = false;
      return false;
    }
    return true;
  }

  // Takes `name`, `input` and `inputs` out of a component's table: they join the pipeline's parts and are
  // no options of a kind.
  void take_wiring(ComponentSpec& component) {
    Node& table = component.options;
    for (size_t i = 0; i < table.entries.size();) {
      const auto& [key, value] = table.entries[i];
      Result<void> read;
      if (key == "name") {
        read = read_value(value, component.given_name);
      } else if (key == "input") {
        read = read_value(value, component.inputs.emplace_back());
      } else if (key == "inputs") {
        read = read_value(value, component.inputs);
      } else {
        ++i;
        continue;
      }
      if (!read) errors_.push_back(read.error());
      const auto at = static_cast<ptrdiff_t>(i);
      table.entries.erase(table.entries.begin() + at);
      table.key_positions.erase(table.key_positions.begin() + at);
    }
  }

  FormatSpec read_format(const Node& component) {
    FormatSpec format;
    const Node* node = component.find("format");
    if (node == nullptr) return format;
    format.position = node->position;
    format.options.position = node->position;
    if (node->kind == Node::Kind::kString) {
      format.name = node->text;
    } else if (node->kind == Node::Kind::kTable) {
      format.options = *node;
      for (size_t i = 0; i < node->entries.size(); ++i) {
        if (node->entries[i].first != "name") continue;
        if (auto r = read_value(node->entries[i].second, format.name); !r)
          errors_.push_back(r.error());
        format.position = node->entries[i].second.position;
        format.options.entries.erase(format.options.entries.begin() + static_cast<ptrdiff_t>(i));
        format.options.key_positions.erase(format.options.key_positions.begin() +
                                           static_cast<ptrdiff_t>(i));
      }
    } else {
      drop(node->position, fmt::format("expected a format's name or a table with `name`, found {}",
                                       node->kind_name()));
    }
    return format;
  }

  std::vector<SchemaColumnSpec> read_schema(const Node& source) {
    std::vector<SchemaColumnSpec> columns;
    const Node* node = source.find("schema");
    if (node == nullptr) return columns;
    if (node->kind != Node::Kind::kTable) {
      drop(node->position,
           fmt::format("expected a table of columns and types, found {}", node->kind_name()),
           "write { status = \"INT\", url = \"STRING\" }");
      return columns;
    }
    for (size_t i = 0; i < node->entries.size(); ++i) {
      const auto& [name, value] = node->entries[i];
      SchemaColumnSpec column;
      column.name = name;
      column.position = node->key_positions[i];
      if (value.kind == Node::Kind::kTable) {
        read_options(schema_column_options(), value, column, errors_,
                     fmt::format("the column `{}`", name));
      } else if (value.kind == Node::Kind::kString) {
        column.type = value.source_text();
      } else {
        drop(value.position,
             fmt::format("expected the type of the column `{}`, found {}", name, value.kind_name()),
             "write a SQL type in quotes: \"INT\"");
        continue;
      }
      columns.push_back(std::move(column));
    }
    return columns;
  }

  std::optional<EventTimeSpec> read_event_time(const Node& source) {
    const Node* node = source.find("event_time");
    if (node == nullptr) return std::nullopt;
    EventTimeSpec time;
    time.position = node->position;
    if (node->kind == Node::Kind::kString) {
      time.column = node->source_text();
    } else if (node->kind == Node::Kind::kTable) {
      time = weir::read_event_time(*node, "event_time", errors_);
      if (node->find("column") == nullptr) complete_ = false;
    } else {
      drop(node->position,
           fmt::format("expected a column or a table with `column`, found {}", node->kind_name()));
    }
    return time;
  }

  void read_source(const Node& node, const std::string& name) {
    SourceSpec source;
    source.name = name;
    source.position = node.position;
    source.kind_position = node.position;
    source.options = node;
    if (node.find("type") == nullptr)
      source.kind = kind_by_place(source.options, "stdin");
    else
      read_kind(node, "type", "the source", source);
    source.format = read_format(node);
    source.schema = read_schema(node);
    source.event_time = read_event_time(node);
    spec_.sources.push_back(std::move(source));
  }

  void read_sources() {
    const Node* one = table("source");
    const Node* many = table("sources");
    if (one != nullptr && many != nullptr) {
      drop(many->position, "a pipeline has either [source] or [sources.NAME]",
           "write [sources.input] for [source]");
      return;
    }
    if (one != nullptr) return read_source(*one, "input");
    if (many == nullptr) {
      // Without any source a pipeline reads stdin, as every filter does.
      if (root_.find("source") == nullptr && root_.find("sources") == nullptr) {
        read_source(Node{}, "input");
        spec_.sources.back().implied = true;
      }
      return;
    }
    if (many->entries.empty())
      drop(many->position, "[sources] names no source", "write [sources.NAME]");
    for (const auto& [name, node] : many->entries) {
      if (node.kind == Node::Kind::kTable)
        read_source(node, name);
      else
        drop(node.position,
             fmt::format("expected the table [sources.{}], found {}", name, node.kind_name()),
             "with one source write [source]");
    }
  }

  void read_steps(const std::string& key, std::vector<ComponentSpec>& out) {
    const Node* list = root_.find(key);
    if (list == nullptr) return;
    if (list->kind != Node::Kind::kArray) {
      drop(list->position, fmt::format("expected [[{}]], found {}", key, list->kind_name()),
           fmt::format("write [[{}]] in double brackets: steps are a list", key));
      return;
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
      const Node& node = list->items[i];
      const std::string where = fmt::format("[[{}]] {}", key, i + 1);
      if (node.kind != Node::Kind::kTable) {
        drop(node.position,
             fmt::format("expected a table in {}, found {}", where, node.kind_name()));
        continue;
      }
      ComponentSpec step;
      step.position = node.position;
      step.options = node;
      if (!read_kind(node, "op", where, step)) {
        if (node.find("op") == nullptr)
          drop(missing_key(node.position, "op", where),
               node.find("type") != nullptr && node.find("type")->kind == Node::Kind::kString
                   ? fmt::format("write op = \"{}\" in place of type", node.find("type")->text)
                   : "for example op = \"filter\"; `weir operators` lists them");
        continue;
      }
      take_wiring(step);
      step.name = fmt::format("{} ({})", where, step.kind);
      out.push_back(std::move(step));
    }
  }

  void read_window() {
    const Node* node = table("window");
    if (node == nullptr) return;
    ComponentSpec window;
    window.name = "[window]";
    window.position = node->position;
    window.options = *node;
    if (read_kind(*node, "type", "[window]", window)) {
      take_wiring(window);
      spec_.window = std::move(window);
    } else if (node->find("type") == nullptr) {
      drop(missing_key(node->position, "type", "[window]"), "for example type = \"tumbling\"");
    }
  }

  // A sink's table; `where` names it. False after an error.
  bool read_sink(const Node& node, const std::string& name, const std::string& where,
                 SinkSpec& sink) {
    sink.name = name;
    sink.position = node.position;
    sink.kind_position = node.position;
    sink.options = node;
    if (node.find("type") != nullptr) {
      if (!read_kind(node, "type", where, sink)) return false;
    } else if (node.find("path") != nullptr || node.find("url") != nullptr) {
      sink.kind = kind_by_place(sink.options, "file");
    } else if (name == "late" || name == "dead_letter") {
      drop(missing_key(node.position, "type", where), "for example type = \"file\" and a path");
      return false;
    } else {
      sink.kind = "stdout";
    }
    take_wiring(sink);
    sink.format = read_format(node);
    return true;
  }

  void read_sinks() {
    const Node* one = table("sink");
    const Node* many = table("sinks");
    if (one != nullptr && many != nullptr) {
      drop(many->position, "a pipeline has either [sink] or [sinks.NAME]",
           "write [sinks.output] for [sink]");
      return;
    }
    const auto take = [&](const Node& node, const std::string& name, const std::string& where) {
      SinkSpec sink;
      if (read_sink(node, name, where, sink)) spec_.sinks.push_back(std::move(sink));
    };
    if (one != nullptr) take(*one, "sink", "[sink]");
    if (many == nullptr) return;
    for (const auto& [name, node] : many->entries) {
      if (node.kind == Node::Kind::kTable)
        take(node, name, fmt::format("[sinks.{}]", name));
      else
        drop(node.position,
             fmt::format("expected the table [sinks.{}], found {}", name, node.kind_name()),
             "with one sink write [sink]");
    }
  }

  std::optional<SinkSpec> read_side_sink(const std::string& key) {
    const Node* node = table(key);
    SinkSpec sink;
    if (node == nullptr || !read_sink(*node, key, fmt::format("[{}]", key), sink))
      return std::nullopt;
    return sink;
  }

  void read_checkpoint() {
    const Node* node = table("checkpoint");
    if (node == nullptr) return;
    ComponentSpec checkpoint;
    checkpoint.name = "[checkpoint]";
    checkpoint.kind = "checkpoint";
    checkpoint.position = node->position;
    checkpoint.options = *node;
    spec_.checkpoint = std::move(checkpoint);
  }

  const Node& root_;
  Errors& errors_;
  PipelineSpec spec_;
  bool complete_ = true;
};

}  // namespace

std::vector<PipelineTableDoc> pipeline_table_docs() {
  std::vector<PipelineTableDoc> tables = {
      {"", "Keys outside of any table.", option_docs(top_options())},
      {"source.schema.NAME",
       "A column of a source's schema, when its type alone does not say enough.",
       option_docs(schema_column_options())},
      {"source.event_time", "Where a record's time is. A string names the column alone.",
       option_docs(event_time_options())},
      {"runtime", "How the pipeline runs.", option_docs(runtime_options())},
  };
  // Texts with a place, but no expressions.
  for (auto& table : tables)
    for (auto& option : table.options)
      if (option.type == "expression") option.type = "string";
  return tables;
}

PipelineReading read_pipeline_leniently(const PipelineText& text) {
  PipelineReading reading;
  auto root = read_tree(text);
  if (!root) {
    reading.errors = std::move(root.error());
    return reading;
  }
  replace_environment(*root, reading.errors);
  const bool values_known = reading.errors.empty();
  PipelineReader reader(*root, reading.errors);
  PipelineSpec spec = reader.read();
  spec.file = text.file;
  if (reader.complete() && values_known) reading.spec = std::move(spec);
  std::stable_sort(reading.errors.begin(), reading.errors.end(),
                   [](const Error& a, const Error& b) {
                     return a.position.file == b.position.file && a.position.line < b.position.line;
                   });
  return reading;
}

std::expected<PipelineSpec, Errors> read_pipeline(const PipelineText& text) {
  PipelineReading reading = read_pipeline_leniently(text);
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return std::move(*reading.spec);
}

std::expected<std::string, Errors> emit_pipeline(const PipelineText& text) {
  auto root = read_tree(text);
  if (!root) return std::unexpected(std::move(root.error()));
  return emit_toml(*root);
}

}  // namespace weir
