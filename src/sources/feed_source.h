// A source of blocks: files, stdin and memory differ only in their feed.
#pragma once

#include <memory>

#include "io/feed.h"
#include "sources/file_position.h"
#include "sources/source.h"

namespace weir {

// `schema`: of its rows.
std::unique_ptr<Source> make_feed_source(std::unique_ptr<Feed> feed, const Schema& schema);
// The same for files that a later run reads on: `work` is what it reads, with partitions given.
Result<std::unique_ptr<Source>> make_resumable_source(std::unique_ptr<Feed> feed, FileWork work,
                                                      const Schema& schema);

}  // namespace weir
