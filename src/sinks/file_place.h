// Where a file that is written goes on after a restart: how much of it is certain, and which file it was.
//
// A file is known again by device and inode, or, when it was copied, by the hash of what stands before the place.
// So a file that somebody has renamed (log rotation), cut or replaced is told from the one that was written.
//
// As text: "LENGTH PATH" by the first version; "@LENGTH DEVICE INODE TAIL_BYTES TAIL_HASH PATH" since.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

struct FilePlace {
  uint64_t length = 0;
  uint64_t device = 0;  // both 0: not known
  uint64_t inode = 0;
  uint64_t tail_bytes = 0;  // hashed before `length`, at most 64 KiB
  uint64_t tail_hash = 0;
  std::string path;

  bool knows_file() const { return inode != 0; }
};

std::string encode_file_place(const FilePlace& place);
std::optional<FilePlace> decode_file_place(std::string_view text);

// The place at `length` of the file open as `fd`.
Result<FilePlace> file_place(int fd, const std::string& path, uint64_t length);

// Where to go on, given the last checkpoint's place.
struct FoundPlace {
  std::string
      path;  // of the file that the place is in; another name than the place's after rotation
  bool rotated = false;  // it was renamed away: after it has been cut back, a new file begins
};
// Error: kState if the file was changed by somebody else, or is gone.
Result<FoundPlace> find_file_place(const FilePlace& place);

}  // namespace weir
