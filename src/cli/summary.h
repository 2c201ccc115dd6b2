// What is said at the end of a run.
#pragma once

#include <string>

#include "run/run.h"

namespace weir {

// "weir: 2,000 in, 12 out, 3 late, 1 bad, 412 KB in 0.013 s (31 MB/s)"; late and bad when there are
// any.
std::string summary_line(const RunStats& stats);
// The same and the rows of each step as one JSON object on one line.
std::string stats_json(const RunResult& result);

}  // namespace weir
