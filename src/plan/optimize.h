// Makes a bound plan cheaper without changing what it gives: prunes columns down to the decoder, pushes
// filters into it.
#pragma once

#include "plan/plan.h"

namespace weir {

void optimize(Plan& plan);

}  // namespace weir
