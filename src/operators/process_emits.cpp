#include "operators/process_emits.h"

#include <algorithm>

#include "expr/leaf.h"
#include "expr/meeting.h"
#include "operators/process_declare.h"

namespace weir {

namespace {

class Emits {
 public:
  Emits(const ProcessSpec& spec, const Position& step, const ProcessScopes& scopes,
        const BindValue& bind_value, ProcessProgram& program, ProcessErrors& errors)
      : spec_(spec),
        step_(step),
        scopes_(scopes),
        bind_value_(bind_value),
        program_(program),
        errors_(errors) {}

  void bind() {
    std::vector<Emitting> rules = emitting();
    if (rules.empty()) {
      errors_.add(step_, "no rule emits anything",
                  "add emit = { column = \"expression\", ... } to a rule, or emit = \"*\"");
      return;
    }
    std::vector<std::vector<std::pair<std::string, ExprPtr>>> emits;
    for (const Emitting& one : rules) emits.push_back(bind_emit(one));
    if (errors_.any()) return;
    for (size_t e = 1; e < emits.size(); ++e) order_like(emits[0], emits[e], rules[e]);
    if (errors_.any()) return;
    for (size_t c = 0; c < emits[0].size(); ++c) {
      std::vector<ExprPtr> values;
      for (const auto& emit : emits) values.push_back(emit[c].second);
      auto type = meet(values, "the values of `" + emits[0][c].first + "` in the rules' emits");
      if (!type) {
        Error error = type.error();
        error.position = rules.back().spec->emit_position;
        errors_.all().push_back(std::move(error));
        continue;
      }
      program_.output.add(emits[0][c].first, *type);
      for (size_t e = 0; e < rules.size(); ++e)
        rules[e].rule->emit.emplace_back(Formula(values[e]));
    }
  }

 private:
  struct Emitting {
    const RuleSpec* spec;
    ProcessRule* rule;
    const Schema* scope;
  };

  std::vector<Emitting> emitting() {
    std::vector<Emitting> found;
    const auto look = [&](const std::vector<RuleSpec>& specs, std::vector<ProcessRule>& rules,
                          const Schema& schema) {
      for (size_t r = 0; r < specs.size(); ++r)
        if (specs[r].emit || specs[r].emit_record) found.push_back({&specs[r], &rules[r], &schema});
    };
    look(spec_.rules, program_.rules, scopes_.record);
    for (const OnTimerSpec& on : spec_.on_timer)
      look(on.rules, program_.on_timer[find_timer(program_, on.timer)], scopes_.timer);
    return found;
  }

  // The emit as named expressions; "*" names the input's columns.
  std::vector<std::pair<std::string, ExprPtr>> bind_emit(const Emitting& one) {
    std::vector<std::pair<std::string, ExprPtr>> columns;
    if (one.spec->emit_record) {
      if (one.scope == &scopes_.timer) {
        errors_.add(one.spec->emit_position, "there is no record when a timer fires",
                    "name the columns: emit = { column = \"expression\" }");
        return columns;
      }
      const Schema& input = program_.input;
      for (size_t c = 0; c < input.size(); ++c)
        columns.emplace_back(input[c].name, make_column_ref(c, input[c].type));
      return columns;
    }
    for (const NamedText& text : *one.spec->emit)
      columns.emplace_back(text.name, bind_value_(text.value, *one.scope));
    return columns;
  }

  // Brings the columns into the order of the first emit's.
  void order_like(const std::vector<std::pair<std::string, ExprPtr>>& first,
                  std::vector<std::pair<std::string, ExprPtr>>& columns, const Emitting& rule) {
    std::vector<std::pair<std::string, ExprPtr>> ordered;
    for (const auto& [name, expr] : first) {
      const auto at =
          std::find_if(columns.begin(), columns.end(),
                       [&, &wanted = name](const auto& c) { return c.first == wanted; });
      if (at == columns.end()) {
        errors_.add(rule.spec->emit_position,
                    "this rule does not emit `" + name + "`, an earlier one does",
                    "all rules emit the same columns");
        return;
      }
      ordered.push_back(*at);
    }
    if (columns.size() != first.size()) {
      for (const auto& [name, expr] : columns) {
        const auto at =
            std::find_if(first.begin(), first.end(),
                         [&, &wanted = name](const auto& c) { return c.first == wanted; });
        if (at == first.end())
          errors_.add(rule.spec->emit_position,
                      "this rule emits `" + name + "`, an earlier one does not",
                      "all rules emit the same columns");
      }
    }
    columns = std::move(ordered);
  }

  const ProcessSpec& spec_;
  const Position& step_;
  const ProcessScopes& scopes_;
  const BindValue& bind_value_;
  ProcessProgram& program_;
  ProcessErrors& errors_;
};

}  // namespace

void bind_emits(const ProcessSpec& spec, const Position& step, const ProcessScopes& scopes,
                const BindValue& bind_value, ProcessProgram& program, ProcessErrors& errors) {
  Emits(spec, step, scopes, bind_value, program, errors).bind();
}

}  // namespace weir
