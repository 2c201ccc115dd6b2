// The descriptors that operators.cpp lists, one per file.
#pragma once

#include "operators/operator.h"

namespace weir {

extern const OperatorDescriptor kAggregateOperator;
extern const OperatorDescriptor kDeduplicateOperator;
extern const OperatorDescriptor kDistinctOperator;
extern const OperatorDescriptor kDropOperator;
extern const OperatorDescriptor kExceptOperator;
extern const OperatorDescriptor kExpandOperator;
extern const OperatorDescriptor kExtendOperator;
extern const OperatorDescriptor kFilterOperator;
extern const OperatorDescriptor kFlatMapOperator;
extern const OperatorDescriptor kIntersectOperator;
extern const OperatorDescriptor kJoinOperator;
extern const OperatorDescriptor kLimitOperator;
extern const OperatorDescriptor kLookupJoinOperator;
extern const OperatorDescriptor kMapOperator;
extern const OperatorDescriptor kOverOperator;
extern const OperatorDescriptor kMatchOperator;
extern const OperatorDescriptor kParseOperator;
extern const OperatorDescriptor kProcessOperator;
extern const OperatorDescriptor kReduceOperator;
extern const OperatorDescriptor kRenameOperator;
extern const OperatorDescriptor kSampleOperator;
extern const OperatorDescriptor kSingleRowOperator;
extern const OperatorDescriptor kSortOperator;
extern const OperatorDescriptor kTemporalJoinOperator;
extern const OperatorDescriptor kToChangelogOperator;
extern const OperatorDescriptor kTopOperator;
extern const OperatorDescriptor kUnionOperator;

}  // namespace weir
