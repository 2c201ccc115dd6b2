// The pipeline's texts, settings and flags as one tree.
#pragma once

#include <expected>

#include "base/error.h"
#include "config/node.h"
#include "config/spec.h"

namespace weir {

// Reads and merges everything `text` names, in the order file, fragments, settings, flags. ${}
// still stands in the strings.
std::expected<Node, Errors> read_tree(const PipelineText& text);

// Lays the flags over the tree (see PipelineFlags).
void apply_flags(Node& root, const PipelineFlags& flags, Errors& errors);

}  // namespace weir
