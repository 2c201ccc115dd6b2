// The descriptors that windows.cpp lists.
#pragma once

#include "operators/operator.h"

namespace weir {

extern const OperatorDescriptor kCountWindow;
extern const OperatorDescriptor kCumulateWindow;
extern const OperatorDescriptor kGlobalWindow;
extern const OperatorDescriptor kSessionWindow;
extern const OperatorDescriptor kSlidingWindow;
extern const OperatorDescriptor kTumblingWindow;

extern const OperatorDescriptor kAssignWindowOperator;
extern const OperatorDescriptor kWindowJoinOperator;
extern const OperatorDescriptor kWindowOperator;

}  // namespace weir
