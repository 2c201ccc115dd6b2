// Guesses what format a sample of input is in.
#pragma once

#include <string_view>

#include "config/spec.h"

namespace weir {

// The format and the options that it needs: csv with { delimiter = ";", header = false }, ...
// "text" when nothing else fits. Never fails; an empty sample is text.
FormatSpec sniff_spec(std::string_view sample);

}  // namespace weir
