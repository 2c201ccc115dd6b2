#include "formats/column_names.h"

#include <set>

#include <fmt/format.h>

namespace weir {

std::vector<std::string> unique_column_names(std::vector<std::string> names) {
  // Names as written come first, so that making one unique never takes a later column's name.
  std::set<std::string> taken(names.begin(), names.end());
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string& name = names[i];
    if (!name.empty() && seen.insert(name).second) continue;
    const std::string stem = name.empty() ? fmt::format("c{}", i + 1) : name;
    std::string candidate = stem;
    for (int n = 2; taken.contains(candidate); ++n) candidate = fmt::format("{}_{}", stem, n);
    taken.insert(candidate);
    seen.insert(candidate);
    name = candidate;
  }
  return names;
}

}  // namespace weir
