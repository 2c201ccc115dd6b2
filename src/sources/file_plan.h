// What the file source and stdin share: paths read through a feed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/input.h"
#include "sources/source.h"

namespace weir {

// Binds a source that reads `paths` ("-": stdin) in this order. `kind` begins its explanation. With
// `context.sample` the paths exist; else they are found (globs expanded) when it is opened.
std::unique_ptr<SourcePlan> bind_files(std::string kind, std::vector<std::string> paths,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors);

}  // namespace weir
