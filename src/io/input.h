// Bytes in, one after another: files, stdin, decompressed streams.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace weir {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Reads up to `size` bytes, at least 1; 0 at the end. Blocks while there is nothing yet. Errors:
  // kIo with the path; kData for damaged compressed input, with the decoded offset, after all bytes that
  // could be decoded have been given out.
  virtual Result<size_t> read(char* to, size_t size) = 0;
  // True if a read would give bytes (or the end) at once; regular files: always.
  virtual bool ready() { return true; }
  // After an error of read: true if it is compressed data that may still be being written, as it ends in a member.
  virtual bool cut_off() const { return false; }
  // Bytes taken from the file itself (compressed ones), for progress.
  virtual uint64_t bytes_consumed() const = 0;
};

enum class Compression { kNone, kGzip, kBzip2, kXz, kZstd };
std::string_view compression_name(Compression compression);
// By the first bytes, at least 6 of them unless the stream is shorter.
Compression detect_compression(std::string_view head);

// Opens a file or, for "-", stdin, as a stream of decoded bytes: compression is recognised by content;
// concatenated members and frames are read whole; trailing zeros are ignored, other trailing junk is a
// data error.
Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path);
// The first bytes of the decoded content (up to `size`), for guessing formats. For stdin the bytes stay
// readable: the returned stream gives them again.
struct Peek {
  std::string head;
  bool whole = false;  // the input ends within `head`
};
Result<Peek> peek_file(const std::string& path, size_t size);
// Ends peeks that wait for a pipe, now and later, with an error. For signal handlers: async-signal-safe.
void interrupt_peeks();

// Paths, globs and directories -> files, sorted by name (bytes) and without duplicates. A directory stands
// for its plain files (not hidden ones), not recursively; `**` is recursive. Error: kIo "no such file",
// or a glob without a match.
Result<std::vector<std::string>> expand_paths(const std::vector<std::string>& paths);

}  // namespace weir
