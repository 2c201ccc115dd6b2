// match: rows in a row that make a pattern, one result each (MATCH_RECOGNIZE).

#include "operators/match.h"

#include "operators/operator_list.h"

namespace weir {

namespace {

class MatchPlan final : public OperatorPlan {
 public:
  explicit MatchPlan(std::unique_ptr<Match> match)
      : OperatorPlan("match", match->input, match->output), match_(std::move(match)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>&) const override {
    std::vector<bool> needed(match_->input.size(), false);
    const auto collect = [&](const MatchExpression& expression) {
      std::vector<bool> used(match_->input.size() + expression.terms.size(), false);
      expression.expression->collect_columns(used);
      for (size_t c = 0; c < needed.size(); ++c) needed[c] = needed[c] || used[c];
      for (const auto& term : expression.terms)
        if (term.program) term.program->collect_columns(needed);
    };
    for (const auto& condition : match_->conditions)
      if (condition) collect(*condition);
    for (const auto& measure : match_->measures) collect(measure);
    for (const auto& value : match_->values) value->collect_columns(needed);
    match_->order.collect_columns(needed);
    for (const size_t c : match_->partition) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return "match: " + match_->text; }
  bool can_reject() const override { return true; }
  bool keeps_event_time() const override { return match_->by_time; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_matcher(*match_, context);
  }

 private:
  std::unique_ptr<Match> match_;
};

std::unique_ptr<OperatorPlan> bind_match_step(const ComponentSpec& spec, const Schema& input,
                                              const BindContext& context, Errors& errors) {
  std::unique_ptr<Match> match = bind_match(spec, input, context, errors);
  if (!match) return nullptr;
  return std::make_unique<MatchPlan>(std::move(match));
}

}  // namespace

const OperatorDescriptor kMatchOperator = {
    "match",
    "Finds rows that follow one another in a pattern, and gives one row for each match.",
    match_docs,
    bind_match_step,
    Arity::kOne,
    true,
};

}  // namespace weir
