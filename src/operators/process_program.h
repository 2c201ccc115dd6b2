// What a process step is bound to: its state, timers and rules, immutable and shared.
//
// Every expression of a step reads one layout of columns, whether a record or a timer is at hand:
//
//   [the input's columns][one column a state][group][now][timer_time]
//
// A state's column is its value, an ARRAY (list) or a MAP (map). The last three are for lookups in lists and
// maps (process_lookup.h) and for on_timer rules. When a timer fires only the key columns of the input are there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/schema.h"
#include "data/value.h"
#include "expr/expr.h"
#include "state/time_to_live.h"

namespace weir {

enum class StateKind { kValue, kList, kMap };

struct StateDef {
  std::string name;
  StateKind kind = StateKind::kValue;
  Type type;         // of the value, a list's elements, a map's values
  Type key_type;     // of a map
  Value fallback;    // of a value: what is read where nothing is set
  size_t limit = 0;  // of a list
  TimeToLive ttl;
  bool event_ttl = false;  // by event time; else by processing time

  Type column_type() const {
    if (kind == StateKind::kList) return Type::array(type);
    if (kind == StateKind::kMap) return Type::map(key_type, type);
    return type;
  }
};

struct TimerDef {
  std::string name;
  bool event_time = true;  // else by processing time
};

// An expression and the columns of the layout that it reads.
struct Formula {
  ExprPtr expr;  // null: none
  std::vector<size_t> columns;

  Formula() = default;
  explicit Formula(ExprPtr e) : expr(std::move(e)) {
    std::vector<bool> used;
    expr->collect_columns(used);
    for (size_t c = 0; c < used.size(); ++c)
      if (used[c]) columns.push_back(c);
  }
  explicit operator bool() const { return expr != nullptr; }
};

struct StateWrite {
  enum class Kind { kRemove, kSet, kAppend, kPut };  // in the order of their effect
  Kind kind = Kind::kSet;
  size_t state = 0;
  Formula key;  // kRemove, kPut
  Formula value;
};

struct TimerSetting {
  size_t timer = 0;
  Formula at;  // a TIMESTAMP; none: `after_us` from now
  int64_t after_us = 0;
};

// Expressions of writes see the state before the rule; those of timers and emit the state after its writes.
// What is cleared is cleared last.
struct ProcessRule {
  Formula when;  // none: always
  // True if `when` reads the record alone and cannot fail: known for a whole batch at once.
  bool when_of_record = false;
  std::vector<StateWrite> writes;
  std::vector<TimerSetting> timers;
  std::vector<size_t> cancels;
  std::vector<size_t> clears;
  std::vector<Formula> emit;  // one for each output column; empty: emits nothing
  bool stop = false;
  // True if something of a record may fail after this rule has written.
  bool may_fail_later = false;
  bool later_rules_may_fail = false;
};

struct ProcessLoopPlan;  // process_loop.h

struct ProcessProgram {
  Schema input;
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  std::vector<StateDef> states;
  std::vector<TimerDef> timers;
  std::vector<ProcessRule> rules;
  std::vector<std::vector<ProcessRule>> on_timer;  // by timer
  Schema output;
  std::shared_ptr<const ProcessLoopPlan> loop;  // null: the rules are not simple enough
  ExprPtr candidates;  // true for every record that some rule may match; null: all
  int64_t out_of_orderness_us = 0;

  size_t state_column(size_t state) const { return input.size() + state; }
  size_t group_column() const { return input.size() + states.size(); }
  size_t now_column() const { return group_column() + 1; }
  size_t timer_time_column() const { return group_column() + 2; }
  size_t columns() const { return group_column() + 3; }

  bool has_timers(bool event_time) const {
    for (const auto& t : timers)
      if (t.event_time == event_time) return true;
    return false;
  }
  bool has_ttl(bool event_time) const {
    for (const auto& s : states)
      if (s.ttl.limited() && s.event_ttl == event_time) return true;
    return false;
  }
};

}  // namespace weir
