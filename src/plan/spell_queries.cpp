#include "plan/spell_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/units.h"
#include "config/merge.h"
#include "plan/event_time_step.h"
#include "plan/sql_step.h"
#include "plan/step_list.h"

namespace weir {

namespace {

constexpr size_t kNone = RecordedStep::kNone;

Node string_node(std::string text) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(text);
  return node;
}

void put(Node& table, const std::string& key, Node value) {
  set_entry(table, key, std::move(value), {});
}

// Texts that came out of a pipeline's texts: a dollar sign that would be replaced anew is written twice.
void keep_dollars(Node& node) {
  if (node.kind == Node::Kind::kString) {
    std::string out;
    for (size_t i = 0; i < node.text.size(); ++i) {
      const bool opens = node.text[i] == '$' && i + 1 < node.text.size() &&
                         (node.text[i + 1] == '$' || node.text[i + 1] == '{');
      out.append(opens ? 2 : 1, node.text[i]);
    }
    node.text = std::move(out);
  }
  for (auto& item : node.items) keep_dollars(item);
  for (auto& [key, value] : node.entries) keep_dollars(value);
}

// True for "${"; "$$" stands for a dollar sign.
bool is_open(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '$') continue;
    if (text[i + 1] == '{') return true;
    if (text[i + 1] == '$') ++i;
  }
  return false;
}

// A step of the result.
struct SpelledStep {
  Node table;
  std::vector<size_t> inputs;  // numbers of rows: outputs of the record, and more behind those
  size_t output = kNone;       // what a step behind it reads if it says nothing
  bool names_inputs = false;   // it did as it was written
  bool wired = true;           // false: its inputs stay as written
};

class Spelling {
 public:
  Spelling(const Node& tree, const StepRecord& record)
      : root_(tree), record_(record), next_(record.names.size()) {
    for (size_t i = 0; i < next_; ++i) {
      now_.push_back(i);
      names_.push_back(record.names[i]);
      if (!names_.back().empty()) taken_.insert(names_.back());
    }
  }

  Node take() {
    const Node* transforms = root_.find("transform");
    const Node* window = root_.find("window");
    const Node* then = root_.find("then");
    const size_t first_then =
        (transforms != nullptr ? transforms->items.size() : 0) + (window != nullptr ? 1 : 0);
    for (size_t i = 0; i < record_.steps.size(); ++i) {
      const bool is_then = i >= first_then;
      const bool is_window = window != nullptr && i + 1 == first_then;
      if (is_window || (is_then && split_at_ == kNone && window == nullptr))
        split_at_ = steps_.size();
      add(record_.steps[i], is_window ? *window
                            : is_then ? then->items[i - first_then]
                                      : transforms->items[i]);
    }
    has_window_ = window != nullptr;
    remove_entry(root_, "transform");
    remove_entry(root_, "window");
    remove_entry(root_, "then");
    settle_event_time();
    wire_sinks();
    name_what_is_read();
    write_sources();
    write_steps();
    return std::move(ordered_);
  }

 private:
  void add(const RecordedStep& step, const Node& written) {
    if (!step.is_query) {
      copy(step, written);
      return;
    }
    for (const QueryPart& part : step.parts) add(part);
    if (step.after == kNone || step.result == kNone) return;
    // The query's result is one of its steps or an input, under another name.
    now_[step.after] = now_[step.result];
    std::string& name = names_[now_[step.after]];
    if (name.empty()) name = record_.names[step.after];
    // What follows reads it although another step may stand last.
    current_result_ = now_[step.after];
  }

  void copy(const RecordedStep& step, const Node& written) {
    SpelledStep out;
    out.table = written;
    out.output = step.after == kNone ? kNone : now_[step.after];
    std::vector<std::string> named;
    for (const char* key : {"input", "inputs"}) {
      const Node* value = written.find(key);
      if (value == nullptr) continue;
      out.names_inputs = true;
      if (value->kind == Node::Kind::kString) named.push_back(value->text);
      for (const auto& item : value->items) named.push_back(item.text);
    }
    for (const auto& name : named) {
      const auto rows = rows_called(name);
      out.wired = out.wired && rows.has_value();
      if (rows) out.inputs.push_back(*rows);
    }
    if (!out.names_inputs) {
      out.wired = step.before != kNone;
      if (out.wired) out.inputs.push_back(now_[step.before]);
    }
    if (out.wired) {
      remove_entry(out.table, "input");
      remove_entry(out.table, "inputs");
    }
    current_result_ = out.output;
    steps_.push_back(std::move(out));
  }

  void add(const QueryPart& part) {
    for (size_t i = 0; i < part.inputs.size() && i < part.shown_as.size(); ++i)
      shown_as_.emplace(now_[part.inputs[i]], part.shown_as[i]);
    if (const auto* source = std::get_if<SourceSpec>(&part.what)) {
      sources_.emplace_back(part.output, source_table(*source));
      return;
    }
    SpelledStep out;
    for (const size_t input : part.inputs) out.inputs.push_back(now_[input]);
    if (const auto* time = std::get_if<EventTimeSpec>(&part.what)) {
      put(out.table, "op", string_node(std::string(kEventTimeStepName)));
      put(out.table, "column", string_node(time->column.text));
      put(out.table, "max_out_of_orderness",
          string_node(format_duration(time->max_out_of_orderness)));
      now_[part.output] = next_++;
      names_.emplace_back();
      out.output = now_[part.output];
    } else {
      out.table = std::get<ComponentSpec>(part.what).options;
      out.output = now_[part.output];
    }
    keep_dollars(out.table);
    steps_.push_back(std::move(out));
  }

  static Node source_table(const SourceSpec& spec) {
    Node table;
    put(table, "type", string_node(spec.kind));
    if (!spec.schema.empty()) {
      Node schema;
      for (const auto& column : spec.schema)
        put(schema, column.name, string_node(column.type.text));
      put(table, "schema", std::move(schema));
    }
    for (const auto& [key, value] : spec.options.entries) put(table, key, value);
    keep_dollars(table);
    return table;
  }

  std::optional<size_t> rows_called(const std::string& name) const {
    for (size_t i = record_.names.size(); i-- > 0;)
      if (!name.empty() && record_.names[i] == name) return now_[i];
    return std::nullopt;
  }

  size_t all_sources() const { return record_.sources + sources_.size(); }

  // A query that could ask for the times of records has them found out, steps only if they use them.
  void settle_event_time() {
    Node* table = find_entry(root_, "source");
    if (table == nullptr)
      if (Node* many = find_entry(root_, "sources"); many != nullptr && many->entries.size() == 1)
        table = &many->entries[0].second;
    if (table == nullptr || table->kind != Node::Kind::kTable) return;
    const Node* time = table->find("event_time");
    if (time == nullptr) return;
    const bool asks = all_sources() > 1 || has_window_ ||
                      std::any_of(steps_.begin(), steps_.end(), [](const SpelledStep& step) {
                        const Node* op = step.table.find("op");
                        const OperatorDescriptor* found =
                            op == nullptr ? nullptr : find_step(op->text);
                        return found != nullptr && found->uses_event_time;
                      });
    if (asks == record_.asks_for_time) return;
    if (!asks) {
      SpelledStep step;
      put(step.table, "op", string_node(std::string(kEventTimeStepName)));
      if (time->kind == Node::Kind::kString) {
        put(step.table, "column", *time);
      } else {
        for (const auto& [key, value] : time->entries) put(step.table, key, value);
      }
      step.inputs.push_back(0);
      step.output = next_++;
      names_.emplace_back();
      for (auto& other : steps_)
        std::replace(other.inputs.begin(), other.inputs.end(), size_t{0}, step.output);
      for (auto& other : steps_)
        if (other.output == 0) other.output = step.output;
      for (auto& now : now_)
        if (now == 0) now = step.output;
      if (current_result_ == 0) current_result_ = step.output;
      steps_.insert(steps_.begin(), std::move(step));
      if (split_at_ != kNone) ++split_at_;
    }
    remove_entry(*table, "event_time");
  }

  void wire_sinks() {
    std::vector<Node*> found;
    if (Node* one = find_entry(root_, "sink")) found.push_back(one);
    if (Node* many = find_entry(root_, "sinks"))
      for (auto& [name, sink] : many->entries) found.push_back(&sink);
    const size_t last = last_output();
    if (found.empty() && current_result_ != kNone && current_result_ != last) {
      put(root_, "sink", Node{});
      found.push_back(find_entry(root_, "sink"));
    }
    for (Node* sink : found) {
      if (sink->kind != Node::Kind::kTable) continue;
      std::optional<size_t> rows;
      if (const Node* input = sink->find("input")) {
        rows = rows_called(input->text);
        if (!rows) continue;
      } else if (current_result_ != last) {
        rows = current_result_;
      } else {
        continue;
      }
      sinks_.emplace_back(sink, *rows);
    }
  }

  size_t last_output() const {
    if (!steps_.empty()) return steps_.back().output;
    return all_sources() == 1 ? first_source() : kNone;
  }

  // Only rows that others than the next step read need a name.
  void name_what_is_read() {
    size_t current = all_sources() == 1 ? first_source() : kNone;
    if (record_.sources == 0 && sources_.size() == 1) names_[current] = "input";  // [source]
    for (auto& step : steps_) {
      const bool follows =
          !step.names_inputs && step.inputs.size() == 1 && step.inputs[0] == current;
      if (step.wired && follows) step.inputs.clear();
      for (const size_t input : step.inputs) name(input);
      current = step.output;
    }
    for (const auto& [sink, rows] : sinks_) {
      name(rows);
      put(*sink, "input", string_node(names_[rows]));
    }
  }

  size_t first_source() const { return record_.sources > 0 ? 0 : sources_[0].first; }

  void name(size_t rows) {
    std::string& name = names_[rows];
    if (!name.empty()) return;
    std::string wanted = "rows";
    if (const auto known = shown_as_.find(rows);
        known != shown_as_.end() && !known->second.empty()) {
      wanted = known->second;
    } else {
      for (const auto& step : steps_)
        if (step.output == rows) wanted = step.table.find("op")->text;
      for (const auto& source : sources_)
        if (source.first == rows) wanted = "values";
    }
    name = wanted;
    for (int n = 2; !taken_.insert(name).second; ++n) name = fmt::format("{}_{}", wanted, n);
  }

  void write_sources() {
    if (sources_.empty()) return;
    if (all_sources() == 1) {
      put(root_, "source", std::move(sources_[0].second));
      return;
    }
    if (const Node* one = root_.find("source")) {
      Node many;
      put(many, "input", *one);
      remove_entry(root_, "source");
      put(root_, "sources", std::move(many));
    }
    if (root_.find("sources") == nullptr) {
      Node many;
      if (record_.sources == 1) {  // which was implied
        Node standard;
        put(standard, "type", string_node("stdin"));
        put(many, "input", std::move(standard));
      }
      put(root_, "sources", std::move(many));
    }
    for (auto& [rows, table] : sources_) {
      name(rows);
      put(*find_entry(root_, "sources"), names_[rows], std::move(table));
    }
  }

  // One window in a row of steps is [window], with [[then]] behind it.
  void find_window() {
    if (split_at_ != kNone) return;
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].table.find("op")->text != "window") continue;
      if (split_at_ != kNone) {
        split_at_ = kNone;
        has_window_ = false;
        return;
      }
      split_at_ = i;
      has_window_ = true;
    }
  }

  void write_steps() {
    find_window();
    for (auto& [key, value] : root_.entries)
      if (key == "source" || key == "sources") put(ordered_, key, std::move(value));
    Node transforms;
    Node then;
    transforms.kind = then.kind = Node::Kind::kArray;
    std::optional<Node> window;
    for (size_t i = 0; i < steps_.size(); ++i) {
      Node table = written(steps_[i], has_window_ && i == split_at_);
      if (has_window_ && i == split_at_) {
        window = std::move(table);
      } else {
        (split_at_ != kNone && i >= split_at_ ? then : transforms)
            .items.push_back(std::move(table));
      }
    }
    if (!transforms.items.empty()) put(ordered_, "transform", std::move(transforms));
    if (window) put(ordered_, "window", std::move(*window));
    if (!then.items.empty()) put(ordered_, "then", std::move(then));
    for (auto& [key, value] : root_.entries)
      if (key != "source" && key != "sources") put(ordered_, key, std::move(value));
  }

  // Its wiring stands behind its kind.
  Node written(SpelledStep& step, bool as_window) const {
    Node out;
    const std::string& own = step.output == kNone ? std::string() : names_[step.output];
    for (auto& [key, value] : step.table.entries) {
      if (key == "name") continue;
      if (!(as_window && key == "op")) put(out, key, std::move(value));
      if (&key != &step.table.entries.front().first) continue;
      if (!own.empty()) put(out, "name", string_node(own));
      if (!step.wired || step.inputs.empty()) continue;
      Node inputs;
      inputs.kind = Node::Kind::kArray;
      for (const size_t input : step.inputs) inputs.items.push_back(string_node(names_[input]));
      const bool one = inputs.items.size() == 1;
      put(out, one ? "input" : "inputs", one ? inputs.items[0] : inputs);
    }
    return out;
  }

  Node root_;
  const StepRecord& record_;
  size_t next_;                     // number of the next rows that are no output of the record
  std::vector<size_t> now_;         // what reading an output of the record gives
  std::vector<std::string> names_;  // of rows
  std::set<std::string> taken_;
  std::map<size_t, std::string> shown_as_;
  std::vector<SpelledStep> steps_;
  std::vector<std::pair<size_t, Node>> sources_;  // of queries
  std::vector<std::pair<Node*, size_t>> sinks_;   // that name the rows they take
  size_t split_at_ = kNone;  // the step that is [window], or the first of [[then]]
  bool has_window_ = false;
  size_t current_result_ = kNone;
  Node ordered_;
};

}  // namespace

bool has_open_queries(const Node& tree) {
  for (const char* list : {"transform", "then"}) {
    const Node* steps = tree.find(list);
    if (steps == nullptr) continue;
    for (const auto& step : steps->items) {
      const Node* op = step.find("op");
      const Node* query = step.find("query");
      if (op != nullptr && query != nullptr && op->text == kSqlStepName && is_open(query->text))
        return true;
    }
  }
  return false;
}

Node spell_queries(const Node& tree, const StepRecord& record) {
  return Spelling(tree, record).take();
}

}  // namespace weir
