#include "windows/row_window.h"

#include "expr/binder.h"
#include "windows/row_window_rules.h"
#include "windows/value_expression.h"

namespace weir {

namespace {

class RowWindowPlan final : public WindowPlan {
 public:
  RowWindowPlan(std::string name, std::string text, WindowBinding binding, RowWindowRules rules)
      : WindowPlan(std::move(name), std::move(binding)),
        rules_(std::move(rules)),
        text_(std::move(text) + window().text) {
    rules_.binding = &window();
  }

  std::string explain() const override { return text_; }

  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = WindowPlan::columns_needed(output_needed);
    for (const ExprPtr& expr : {rules_.gap, rules_.trigger_value, rules_.evict_value}) {
      if (expr) expr->collect_columns(needed);
    }
    return needed;
  }

  bool can_reject() const override {
    const auto fails = [](const ExprPtr& expr) { return expr && expr->can_fail(); };
    return WindowPlan::can_reject() || rules_.gap || fails(rules_.trigger_value) ||
           fails(rules_.evict_value) || (window().reduction && window().reduction->general);
  }

  bool keeps_event_time() const override {
    return rules_.event_time && !rules_.assigner->is_global();
  }
  bool uses_clock() const override {
    return !rules_.event_time || rules_.early_us > 0 || rules_.trigger->uses_clock();
  }
  bool makes_changelog(bool streaming) const override {
    return rules_.early_us > 0 || WindowPlan::makes_changelog(streaming);
  }

  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_row_preparation(rules_, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_row_operator(rules_, context);
  }

 private:
  RowWindowRules rules_;
  std::string text_;
};

class RowWindowBinder {
 public:
  RowWindowBinder(RowWindowSpec spec, const WindowOptions& options, WindowBinding binding,
                  const BindContext& context, WindowComplaints& complaints)
      : spec_(std::move(spec)),
        options_(options),
        binding_(std::move(binding)),
        context_(context),
        complaints_(complaints) {}

  std::unique_ptr<OperatorPlan> bind() {
    rules_.name = spec_.name;
    rules_.assigner = std::move(spec_.assigner);
    rules_.event_time = binding_.event_time && context_.has_event_time;
    rules_.gap_us = spec_.gap_us;
    bind_gap();
    bind_early();
    bind_trigger_rule();
    bind_evictor_rule();
    if (complaints_.any()) return nullptr;
    return std::make_unique<RowWindowPlan>(spec_.name, text(), std::move(binding_),
                                           std::move(rules_));
  }

 private:
  void bind_gap() {
    if (!spec_.gap) return;
    auto bound = bind_text(*spec_.gap, binding_.input, context_.zone);
    if (!bound) return complaints_.add(bound.error());
    const Type type = (*bound)->type();
    if (type.id == TypeId::kIntervalMillis) {
      rules_.gap = std::move(*bound);
      return;
    }
    if (!type.is_integer())
      return complaints_.at("gap",
                            "a session's gap is a duration, an INTERVAL or a number of "
                            "milliseconds, not a " +
                                type.to_string(),
                            "gap = \"30m\", or an expression such as INTERVAL '5' MINUTE");
    auto gap = cast_to(std::move(*bound), Type::bigint());
    if (!gap) return complaints_.add(gap.error());
    rules_.gap = std::move(*gap);
  }

  struct EmitOptions {
    Duration every;
  };

  void bind_early() {
    if (!options_.emit) return;
    const Node& node = *options_.emit;
    if (node.kind == Node::Kind::kString) {
      if (node.text != "on_close")
        complaints_.at("emit", "no way to emit `" + node.text + "`",
                       "`on_close`, or { every = \"10s\" }");
      return;
    }
    if (node.kind != Node::Kind::kTable)
      return complaints_.at(
          "emit", "expected `on_close` or a table, found " + std::string(node.kind_name()),
          "{ every = \"10s\" }");
    static const OptionTable<EmitOptions> table = {
        {"every", &EmitOptions::every, "the time on the clock between two early results", true}};
    EmitOptions emit;
    const size_t before = complaints_.errors().size();
    read_options(table, node, emit, complaints_.errors(), "emit");
    if (complaints_.errors().size() != before) return;
    if (emit.every.us < kMillisecond)
      return complaints_.at("emit", "early results come at most once in 1ms");
    if (!context_.streaming)
      return complaints_.at("emit", "early results need unbounded input, or mode = \"streaming\"",
                            "over bounded input every window closes: leave `emit` out");
    if (options_.trigger)
      return complaints_.at("emit", "`emit` and `trigger` both say when results are given",
                            "trigger = { type = \"continuous\", every = ... } gives them as they "
                            "are, without taking earlier ones back");
    rules_.early_us = emit.every.us;
  }

  void bind_trigger_rule() {
    const TriggerBinding binding{&binding_.input, context_.zone, rules_.event_time,
                                 !rules_.assigner->is_global()};
    Node standard;
    standard.kind = Node::Kind::kString;
    standard.text = "on_close";
    BoundTrigger bound = bind_trigger(options_.trigger ? *options_.trigger : standard, binding,
                                      complaints_.errors());
    if (!bound.trigger) return;
    if (rules_.assigner->merges() && !bound.trigger->can_merge())
      complaints_.at("trigger",
                     "a delta trigger cannot serve sessions: when two of them merge, "
                     "there is no one last value",
                     "use another trigger, or another window");
    rules_.trigger = std::move(bound.trigger);
    rules_.trigger_value = std::move(bound.value);
  }

  void bind_evictor_rule() {
    if (!options_.evict) return;
    BoundEvictor bound =
        bind_evictor(*options_.evict, binding_.input, context_.zone, complaints_.errors());
    rules_.evictor = std::move(bound.evictor);
    rules_.evict_value = std::move(bound.value);
  }

  std::string text() const {
    std::string text = spec_.text;
    if (!rules_.assigner->is_global())
      text += rules_.event_time ? " in event time" : " in processing time";
    if (options_.trigger) text += ", fires " + rules_.trigger->text();
    if (rules_.early_us > 0) text += ", early results every " + format_duration({rules_.early_us});
    if (rules_.evictor) text += ", forgets " + rules_.evictor->text();
    return text;
  }

  RowWindowSpec spec_;
  const WindowOptions& options_;
  WindowBinding binding_;
  const BindContext& context_;
  WindowComplaints& complaints_;
  RowWindowRules rules_;
};

}  // namespace

bool needs_rows(const WindowOptions& options, const WindowBinding& binding) {
  return options.time == "processing" || options.trigger || options.evict ||
         (options.emit && options.emit->text != "on_close") ||
         (binding.reduction && binding.reduction->general);
}

std::unique_ptr<OperatorPlan> make_row_window(RowWindowSpec spec, const WindowOptions& options,
                                              WindowBinding binding, const BindContext& context,
                                              WindowComplaints& complaints) {
  return RowWindowBinder(std::move(spec), options, std::move(binding), context, complaints).bind();
}

}  // namespace weir
