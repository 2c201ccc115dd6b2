// The descriptors that windows.cpp lists.
#pragma once

#include "operators/operator.h"

namespace weir {

extern const OperatorDescriptor kGlobalWindow;
extern const OperatorDescriptor kTumblingWindow;

extern const OperatorDescriptor kWindowJoinOperator;
extern const OperatorDescriptor kWindowOperator;

}  // namespace weir
