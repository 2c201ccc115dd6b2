// The options that every kind of window has, and the complaints about them.
//
// A kind derives its own options from WindowOptions, reads them with read_options() over
// window_option_table(own), checks its own, and binds the common ones with bind_window().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "config/spec.h"

namespace weir {

struct WindowOptions {
  std::string time = "event";
  std::vector<SourceText> key_by;
  NamedTexts aggregate;
  NamedTexts reduce;
  std::optional<SourceText> having;
  std::string order = "key";
  Duration allowed_lateness;
  std::optional<std::vector<SourceText>> window_columns;
  // Read by the windows that take records one at a time.
  std::optional<Node> emit;
  std::optional<Node> trigger;
  std::optional<Node> evict;
};

// `own`: the options of the kind itself, in the order of the documentation. S is derived from
// WindowOptions.
template <class S>
OptionTable<S> window_option_table(OptionTable<S> own) {
  const auto member = []<class T>(T WindowOptions::* m) { return static_cast<T S::*>(m); };
  OptionTable<S> table = {
      {"time", member(&WindowOptions::time), std::vector<std::string>{"event", "processing"},
       "the clock: `event`, the records' own time, or `processing`, the time they are read"},
  };
  for (auto& option : own) table.push_back(std::move(option));
  const OptionTable<S> common = {
      {"key_by", member(&WindowOptions::key_by),
       "columns to group by; none: one result per window"},
      {"aggregate", member(&WindowOptions::aggregate),
       "the result's columns: name = \"expression\"; this or `reduce`"},
      {"reduce", member(&WindowOptions::reduce),
       "columns and how two rows become one, `a` so far and `b` new: n = \"a.n + b.n\""},
      {"having", member(&WindowOptions::having), "keeps the result rows for which this is true"},
      {"order", member(&WindowOptions::order), std::vector<std::string>{"key", "arrival", "none"},
       "of the rows of one window: by key, by first appearance, or as it comes"},
      {"allowed_lateness", member(&WindowOptions::allowed_lateness),
       "how long after its end a window still takes records; each one gives its result anew"},
      {"window_columns", member(&WindowOptions::window_columns),
       "which columns say when the window was: window_start, window_end, window_time (its last "
       "millisecond); window_start and window_end when not given"},
      {"emit", member(&WindowOptions::emit),
       "when results are given: `on_close`, or early ones too, { every = \"10s\" }"},
      {"trigger", member(&WindowOptions::trigger), "fires windows by another rule than their end"},
      {"evict", member(&WindowOptions::evict), "which records a window forgets when it fires"},
  };
  for (const auto& option : common) table.push_back(option);
  return table;
}

// Adds errors at the places of a window's keys.
class WindowComplaints {
 public:
  WindowComplaints(const ComponentSpec& spec, Errors& errors)
      : spec_(spec), errors_(errors), before_(errors.size()) {}

  bool any() const { return errors_.size() != before_; }
  bool has(const char* key) const { return spec_.options.find(key) != nullptr; }
  Errors& errors() { return errors_; }
  // At the value of `key`, or at the window where the key is not given.
  void at(const char* key, std::string message, std::string hint = {});
  void add(Error error);

 private:
  const ComponentSpec& spec_;
  Errors& errors_;
  const size_t before_;
};

}  // namespace weir
