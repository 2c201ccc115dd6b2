// What a run says of itself when it has ended.
#pragma once

#include <string>
#include <vector>

#include "run/run.h"

namespace weir {

// Why nothing came out, in one sentence; empty if something did. `goes_on`: a later run reads what follows.
std::string explain_silence(const RunStats& stats, bool interrupted, bool goes_on);

// Marks the source whose watermark is behind those of the others.
void mark_holder(std::vector<SourceStats>& sources);

}  // namespace weir
