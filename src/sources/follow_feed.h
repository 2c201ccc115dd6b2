// Files that grow, are rotated, replaced and joined by others, read for as long as the run lasts.
//
// A file stays open under whatever name it gets, so that what is written to it after a rename is read too; it is
// given up when no path names it any more and it has been silent for `rotate_wait`. Names that were ours are
// followed through their renames, so that a file which was rotated away before it was first opened is
// found. A file that became shorter is read from its start on, as another partition.
//
// Whoever claims a block holds the token: reads what has grown, or waits for the kernel to say that
// something has (inotify); once a second it looks for itself, for file systems whose changes the kernel does not
// tell. An unfinished last line waits for its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/cutter.h"
#include "sources/file_position.h"
#include "sources/source.h"

namespace weir {

struct FollowOptions {
  std::vector<std::string> paths;  // files, folders and globs; they need not exist yet
  int64_t rotate_wait_us = 5'000'000;
  // Of an earlier run; empty in a first one.
  std::vector<FilePosition> saved;
  bool keeps_positions = false;  // position() will be asked for
};

// `schema`: of its rows.
Result<std::unique_ptr<Source>> make_follow_source(const FollowOptions& options,
                                                   std::shared_ptr<const RecordCutter> cutter,
                                                   const Schema& schema, const FeedOptions& feed,
                                                   std::vector<std::string>& warnings);

}  // namespace weir
