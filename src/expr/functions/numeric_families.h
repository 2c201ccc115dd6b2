// The parts of the numeric family, joined by numeric.cpp.
#pragma once

#include "expr/function.h"

namespace weir {

FunctionList numeric_round_functions();   // ABS, SIGN, CEIL, FLOOR, ROUND, TRUNCATE, MOD
FunctionList numeric_base_functions();    // BIN, HEX, UNHEX
FunctionList numeric_random_functions();  // RAND, RAND_INTEGER, UUID

}  // namespace weir
