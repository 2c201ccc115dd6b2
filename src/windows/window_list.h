// The descriptors that windows.cpp lists.
#pragma once

#include "operators/operator.h"

namespace weir {

extern const OperatorDescriptor kGlobalWindow;
extern const OperatorDescriptor kTumblingWindow;

}  // namespace weir
