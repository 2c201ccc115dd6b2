// A source of blocks: files, stdin and memory differ only in their feed.
#pragma once

#include <memory>

#include "io/feed.h"
#include "sources/source.h"

namespace weir {

std::unique_ptr<Source> make_feed_source(std::unique_ptr<Feed> feed);

}  // namespace weir
