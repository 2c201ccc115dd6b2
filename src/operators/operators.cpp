#include <array>

#include "operators/operator_list.h"

namespace weir {

namespace {

constexpr std::array kOperators = {
    &kAggregateOperator,   &kDeduplicateOperator, &kDistinctOperator, &kDropOperator,
    &kExceptOperator,      &kExpandOperator,      &kExtendOperator,   &kFilterOperator,
    &kFlatMapOperator,     &kIntersectOperator,   &kJoinOperator,     &kLimitOperator,
    &kLookupJoinOperator,  &kMapOperator,         &kMatchOperator,    &kOverOperator,
    &kParseOperator,       &kProcessOperator,     &kReduceOperator,   &kRenameOperator,
    &kSampleOperator,      &kSingleRowOperator,   &kSortOperator,     &kTemporalJoinOperator,
    &kToChangelogOperator, &kTopOperator,         &kUnionOperator,
};

}  // namespace

std::span<const OperatorDescriptor* const> operators() { return kOperators; }

const OperatorDescriptor* find_operator(std::string_view name) {
  for (const auto* descriptor : kOperators) {
    if (descriptor->name == name) return descriptor;
  }
  return nullptr;
}

void reject_failed_rows(Batch& batch, EvalContext& eval, std::string_view field,
                        const OperatorContext& context) {
  if (eval.errors.empty()) return;
  batch.reject(eval.errors, field, context.fail_fast);
  eval.errors.clear();
}

}  // namespace weir
