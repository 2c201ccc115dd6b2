#include "operators/process_candidates.h"

#include "expr/binder.h"
#include "expr/logic.h"
#include "expr/parser.h"

namespace weir {

namespace {

// The expression over the input alone; nullptr if it reads state, may fail, or is no condition.
ExprPtr of_record(const Ast& ast, const Schema& input, const TimeZone* zone) {
  auto bound = bind(ast, BindScope{&input, zone, nullptr, {}});
  if (!bound || (*bound)->type().id != TypeId::kBoolean) return nullptr;
  if ((*bound)->can_fail() || !(*bound)->is_deterministic()) return nullptr;
  return *bound;
}

// What of a conjunction the record alone decides; nullptr: nothing.
ExprPtr necessary(const Ast& ast, const Schema& input, const TimeZone* zone) {
  if (ast.kind != AstKind::kBinary || ast.name != "AND") return of_record(ast, input, zone);
  ExprPtr left = necessary(*ast.args[0], input, zone);
  ExprPtr right = necessary(*ast.args[1], input, zone);
  if (!left || !right) return left ? left : right;
  return make_and(std::move(left), std::move(right));
}

}  // namespace

ExprPtr candidate_condition(const std::vector<RuleSpec>& rules, const Schema& input,
                            const TimeZone* zone) {
  ExprPtr any;
  for (const RuleSpec& rule : rules) {
    if (!rule.when) return nullptr;
    auto ast = parse_expression(*rule.when);
    ExprPtr one = ast ? necessary(**ast, input, zone) : nullptr;
    if (!one) return nullptr;
    any = any ? make_or(std::move(any), std::move(one)) : std::move(one);
  }
  return any;
}

bool is_of_record(const SourceText& when, const Schema& input, const TimeZone* zone) {
  auto ast = parse_expression(when);
  return ast && of_record(**ast, input, zone) != nullptr;
}

}  // namespace weir
