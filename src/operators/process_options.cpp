#include "operators/process_options.h"

namespace weir {

namespace {

struct Tables {
  std::vector<SourceText> key_by;
  Node state;
  Node rules;
  Node on_timer;
};

const OptionTable<Tables>& step_options() {
  static const OptionTable<Tables> table = [] {
    OptionTable<Tables> t = {
        {"key_by", &Tables::key_by,
         "columns whose values have state of their own; none: one state"},
        {"state", &Tables::state, "what is kept for each key: [transform.state.NAME]"},
        {"rules", &Tables::rules, "what happens to a record, in order: [[transform.rules]]", true},
        {"on_timer", &Tables::on_timer,
         "the rules of a timer that fires: [transform.on_timer.NAME], in double brackets if "
         "several"},
    };
    t[1].type = t[3].type = [] { return std::string("tables by name"); };
    t[2].type = [] { return std::string("list of tables"); };
    return t;
  }();
  return table;
}

const OptionTable<StateSpec>& state_options() {
  static const OptionTable<StateSpec> table = {
      {"kind", &StateSpec::kind, std::vector<std::string>{"value", "list", "map"},
       "one value, a bounded list, or a map"},
      {"type", &StateSpec::type,
       "the SQL type of the value, of a list's elements, of a map's values", true},
      {"key_type", &StateSpec::key_type, "the SQL type of a map's keys"},
      {"default", &StateSpec::fallback,
       "what a value is while it is not set, a constant expression; NULL if not given"},
      {"limit", &StateSpec::limit, "how many elements a list keeps; beyond it the oldest leaves"},
      {"ttl", &StateSpec::ttl,
       "how long it is kept after it was written, list elements and map entries one by one; for "
       "ever if not given"},
      {"ttl_refresh", &StateSpec::ttl_refresh, std::vector<std::string>{"write", "read_write"},
       "what makes it live longer"},
      {"ttl_clock", &StateSpec::ttl_clock, std::vector<std::string>{"processing", "event"},
       "the clock that `ttl` goes by"},
  };
  return table;
}

struct RuleTables {
  std::optional<SourceText> when;
  NamedTexts set;
  NamedTexts append;
  Node put;
  NamedTexts remove;
  std::vector<SourceText> clear;
  Node timer;
  std::vector<SourceText> cancel;
  Node emit;
  bool stop = false;
};

const OptionTable<RuleTables>& rule_options() {
  static const OptionTable<RuleTables> table = [] {
    OptionTable<RuleTables> t = {
        {"when", &RuleTables::when, "the rule's condition; always true if not given"},
        {"remove", &RuleTables::remove, "map entries to remove: { MAP = \"key\" }"},
        {"set", &RuleTables::set, "values to set: { VALUE = \"expression\" }; NULL clears"},
        {"append", &RuleTables::append, "elements to append: { LIST = \"expression\" }"},
        {"put", &RuleTables::put,
         "map entries to set: { MAP = { key = \"expression\", value = \"expression\" } }"},
        {"cancel", &RuleTables::cancel, "timers to cancel"},
        {"timer", &RuleTables::timer,
         "timers to set: { NAME = { after = \"1m\" } }, with at = \"a TIMESTAMP\" instead of "
         "after, "
         "and clock = \"event\" (if not given) or \"processing\""},
        {"emit", &RuleTables::emit,
         "a row to give: { COLUMN = \"expression\" }, or \"*\": the record as it is"},
        {"clear", &RuleTables::clear, "states to empty, after all else"},
        {"stop", &RuleTables::stop, "true: the record's later rules are not tried"},
    };
    t[4].type = t[6].type = [] { return std::string("tables by name"); };
    t[7].type = [] { return std::string("table of expressions"); };
    return t;
  }();
  return table;
}

struct TimerTable {
  std::optional<SourceText> at;
  std::optional<Duration> after;
  std::string clock = "event";
};

const OptionTable<TimerTable>& timer_options() {
  static const OptionTable<TimerTable> table = {
      {"at", &TimerTable::at, "when it fires, a TIMESTAMP; NULL sets none"},
      {"after", &TimerTable::after,
       "when it fires, from the record's time, or from the time of the timer that fires"},
      {"clock", &TimerTable::clock, std::vector<std::string>{"event", "processing"},
       "the clock that fires it"},
  };
  return table;
}

const OptionTable<PutSpec>& put_options() {
  static const OptionTable<PutSpec> table = {
      {"key", &PutSpec::key, "the entry's key", true},
      {"value", &PutSpec::value, "the entry's value", true},
  };
  return table;
}

class Reader {
 public:
  explicit Reader(Errors& errors) : errors_(errors) {}

  std::vector<StateSpec> states(const Node& node) {
    std::vector<StateSpec> states;
    each_table(node, "[transform.state.NAME]",
               [&](const std::string& name, const Position& at, const Node& table) {
                 StateSpec state;
                 state.name = name;
                 state.name_position = at;
                 state.table = table;
                 read_options(state_options(), table, state, errors_, "the state `" + name + "`");
                 states.push_back(std::move(state));
               });
    return states;
  }

  std::vector<RuleSpec> rules(const Node& node, const std::string& where) {
    std::vector<RuleSpec> rules;
    if (node.kind == Node::Kind::kArray) {
      for (const Node& item : node.items) {
        if (item.kind == Node::Kind::kTable) {
          rules.push_back(rule(item));
        } else {
          add(item.position,
              "expected a table in " + where + ", found " + std::string(item.kind_name()));
        }
      }
      return rules;
    }
    if (node.kind == Node::Kind::kTable) {
      rules.push_back(rule(node));
    } else {
      add(node.position, "expected " + where + ", found " + std::string(node.kind_name()));
    }
    return rules;
  }

  std::vector<OnTimerSpec> on_timer(const Node& node) {
    std::vector<OnTimerSpec> timers;
    each_entry(node, "[transform.on_timer.NAME]",
               [&](const std::string& name, const Position& at, const Node& value) {
                 timers.push_back({name, at, rules(value, "[transform.on_timer." + name + "]")});
               });
    return timers;
  }

 private:
  void add(const Position& position, std::string message, std::string hint = {}) {
    errors_.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  }

  template <class Visit>
  void each_entry(const Node& node, const std::string& spelling, Visit&& visit) {
    if (node.kind != Node::Kind::kTable) {
      add(node.position, "expected tables by name, found " + std::string(node.kind_name()),
          "write " + spelling);
      return;
    }
    for (size_t i = 0; i < node.entries.size(); ++i) {
      const Node& value = node.entries[i].second;
      visit(node.entries[i].first,
            i < node.key_positions.size() ? node.key_positions[i] : value.position, value);
    }
  }
  template <class Visit>
  void each_table(const Node& node, const std::string& spelling, Visit&& visit) {
    each_entry(node, spelling, [&](const std::string& name, const Position& at, const Node& value) {
      if (value.kind == Node::Kind::kTable) {
        visit(name, at, value);
      } else {
        add(value.position,
            "expected a table for `" + name + "`, found " + std::string(value.kind_name()),
            "write " + spelling);
      }
    });
  }

  RuleSpec rule(const Node& node) {
    RuleTables tables;
    read_options(rule_options(), node, tables, errors_, "the rule");
    RuleSpec rule;
    rule.position = node.position;
    rule.when = std::move(tables.when);
    rule.set = std::move(tables.set);
    rule.append = std::move(tables.append);
    rule.remove = std::move(tables.remove);
    rule.clear = std::move(tables.clear);
    rule.cancel = std::move(tables.cancel);
    rule.stop = tables.stop;
    each_table(tables.put, "put = { MAP = { key = \"...\", value = \"...\" } }",
               [&](const std::string& name, const Position& at, const Node& table) {
                 PutSpec put;
                 put.state = name;
                 put.state_position = at;
                 read_options(put_options(), table, put, errors_, "put");
                 rule.put.push_back(std::move(put));
               });
    each_table(tables.timer, "timer = { NAME = { after = \"1m\" } }",
               [&](const std::string& name, const Position& at, const Node& table) {
                 rule.timers.push_back(timer(name, at, table));
               });
    read_emit(node, rule);
    return rule;
  }

  TimerSpec timer(const std::string& name, const Position& at, const Node& table) {
    TimerTable options;
    read_options(timer_options(), table, options, errors_, "the timer `" + name + "`");
    const Node* clock = table.find("clock");
    TimerSpec timer{name,
                    at,
                    std::move(options.at),
                    options.after,
                    std::move(options.clock),
                    clock != nullptr ? clock->position : at};
    if (table.find("at") != nullptr && table.find("after") != nullptr) {
      add(table.find("after")->position,
          "the timer `" + name + "` has both `at` and `after`: one says when it fires");
    } else if (table.find("at") == nullptr && table.find("after") == nullptr) {
      add(at, "the timer `" + name + "` needs `after` or `at`",
          "after = \"1m\", or at = \"time + INTERVAL '1' MINUTE\"");
    } else if (timer.after && timer.after->us < 0) {
      add(table.find("after")->position, "`after` cannot be negative");
    }
    return timer;
  }

  void read_emit(const Node& node, RuleSpec& rule) {
    const Node* emit = node.find("emit");
    if (emit == nullptr) return;
    rule.emit_position = emit->position;
    if (emit->kind == Node::Kind::kString && emit->text == "*") {
      rule.emit_record = true;
      return;
    }
    if (emit->kind != Node::Kind::kTable) {
      add(emit->position, "expected a table or \"*\", found " + std::string(emit->kind_name()),
          "write { column = \"expression\", ... }, or \"*\" for the record as it is");
      return;
    }
    NamedTexts columns;
    if (auto r = read_value(*emit, columns); !r) {
      errors_.push_back(r.error());
      return;
    }
    if (columns.empty()) add(emit->position, "`emit` names no column");
    rule.emit = std::move(columns);
  }

  Errors& errors_;
};

template <class S>
void add_docs(std::vector<OptionDoc>& docs, const OptionTable<S>& table, const std::string& under) {
  for (OptionDoc doc : option_docs(table)) {
    doc.name = under + doc.name;
    if (doc.required) doc.help += " (required)";
    doc.required = false;  // of the step itself it is no key
    docs.push_back(std::move(doc));
  }
}

}  // namespace

ProcessSpec read_process(const ComponentSpec& spec, Errors& errors) {
  Tables tables;
  read_options(step_options(), spec.options, tables, errors, "the process operator", {"op"});
  Reader reader(errors);
  ProcessSpec process;
  process.key_by = std::move(tables.key_by);
  process.states = reader.states(tables.state);
  if (spec.options.find("rules") != nullptr)
    process.rules = reader.rules(tables.rules, "[[transform.rules]]");
  process.on_timer = reader.on_timer(tables.on_timer);
  return process;
}

std::vector<OptionDoc> process_option_docs() {
  std::vector<OptionDoc> docs = option_docs(step_options());
  add_docs(docs, state_options(), "state.NAME.");
  add_docs(docs, rule_options(), "rules.");
  return docs;
}

}  // namespace weir
