// The file sink's other half: output in many files, by partition, size, age or number of rows.
//
// A file is written under a temporary name beside its own, ".NAME.weir-ID.tmp", and gets its own when it is
// finished: by `roll`, or at the end of the run. Files that are not being written are closed, so that
// only `max_open` descriptors are in use, and go on later (compressed ones with another frame).
//
// With checkpoints a position lists all unfinished files and their lengths, and the finished ones that get their
// names when the checkpoint is on disk. A later run cuts the unfinished back to that, finishes the renames, and
// removes temporary files of ours that the checkpoint does not know. So a finished file never changes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/output.h"
#include "sinks/byte_sink.h"
#include "sinks/partition_path.h"

namespace weir {

struct PartsOptions {
  std::string pattern;  // as written
  CompressionOptions compression;
  uint64_t roll_bytes = 0;  // 0: not by size; so below
  int64_t roll_every_us = 0;
  uint64_t roll_rows = 0;
  int max_open = 100;
  bool overwrite = false;
  std::vector<size_t> columns;  // that the files have; the others are said by their folders
  bool numbers = false;         // a file that exists already stays, the next one gets a number
  std::string id;               // tells this sink's temporary files from others'
};

std::unique_ptr<SinkPlan> make_parts_plan(PartsOptions options, PartitionPath path,
                                          SinkFormat format, const Schema& schema,
                                          const SinkContext& context);

}  // namespace weir
