// What a pipeline promises of its outputs when it is stopped, killed or started again.
#pragma once

#include <string>
#include <vector>

namespace weir {

struct Plan;

// One sentence for each output: "out.csv: exactly once: ...". For `explain` and `check -v`.
std::vector<std::string> delivery_lines(const Plan& plan);

}  // namespace weir
