// The options of the over step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/options.h"

namespace weir {

struct OverOptions {
  std::vector<SourceText> partition_by;
  std::optional<SourceText> order_by;
  std::optional<SourceText> frame;
  NamedTexts columns;
};

const OptionTable<OverOptions>& over_options();

}  // namespace weir
