// How far files have been read, so that the next run goes on there: after growth, rotation by renaming,
// compression after rotation, and truncation.
//
// A file is known again by device, inode and time of birth, or, when it was copied (compressed), by the hash
// of its decoded head. That it is still the same content is checked by the hash of the bytes just before the
// place. Inode alone and head alone each lose data: inodes are used again, and heads are alike.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/feed.h"

namespace weir {

struct FilePosition {
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_ns = 0;     // 0: the file system does not know it
  uint64_t offset = 0;      // decoded bytes read: a record's start
  uint64_t head_bytes = 0;  // hashed: at most 1 KiB, never beyond the offset
  uint64_t head_hash = 0;
  uint64_t tail_bytes = 0;  // hashed before the offset; 0 for compressed files
  uint64_t tail_hash = 0;
};

// The position at `offset` of a file. Error: kIo.
Result<FilePosition> position_of(const std::string& path, uint64_t offset);

// The position of the same file further on, also when it was renamed beside its old name since.
Result<FilePosition> moved_on(const FilePosition& from, uint64_t offset);

std::string encode_positions(const std::vector<FilePosition>& positions);
Result<std::vector<FilePosition>> decode_positions(std::string_view bytes);

// What a run reads, given what earlier runs have read: known files from their places on, unfinished ones that
// have been renamed in their folder first, new ones from the start. `others` are positions of files that
// are not there now, to be kept. `warnings`: truncated, replaced or vanished files, a sentence each.
struct FileWork {
  std::vector<FeedInput> inputs;
  std::vector<FilePosition> others;
  std::vector<std::string> warnings;
};
Result<FileWork> plan_files(const std::vector<std::string>& paths,
                            const std::vector<FilePosition>& saved);

}  // namespace weir
