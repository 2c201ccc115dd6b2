// What is said at the end of a run.
#pragma once

#include <string>
#include <vector>

#include "run/run.h"

namespace weir {

// "weir: 2,000 in, 12 out, 3 late, 1 bad, 412 KB in 0.013 s (31 MB/s)"; late and bad when there are
// any.
std::string summary_line(const RunStats& stats);
// A line for each step: its rows, what was late, windows, and how far time has come there.
std::vector<std::string> step_lines(const RunStats& stats);
// All of it as one JSON object on one line.
std::string stats_json(const RunResult& result);

}  // namespace weir
