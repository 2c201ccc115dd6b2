// What the file source and stdin share: paths read through a feed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/input.h"
#include "sources/folder_columns.h"
#include "sources/source.h"

namespace weir {

// For files that are read on as they grow: what the user has named, found again and again.
struct Following {
  std::vector<std::string> paths;
  int64_t rotate_wait_us = 0;
};

// Binds a source that reads `paths` ("-": stdin) in this order. `kind` begins its explanation. With
// `context.sample` the paths exist; else they are found (globs expanded) when it is opened. `folder_columns`: names and types of
// columns that stand in the paths (folder_columns.h).
std::unique_ptr<SourcePlan> bind_files(std::string kind, std::vector<std::string> paths,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors,
                                       std::optional<Following> following = std::nullopt,
                                       const NamedTexts& folder_columns = {});

}  // namespace weir
