// Bytes out: stdout, files written through a temporary name, compressed streams.
//
// Threads: one at a time. Errors: kIo, or kDiskFull for ENOSPC and EDQUOT; a closed pipe gives
// ErrorKind::kIo with message "EPIPE" only through is_closed_pipe().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/input.h"

namespace weir {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;  // writes all; small writes are buffered
  virtual Result<void> flush() = 0;  // everything written so far reaches the kernel
  // Makes all that was written so far last (ends frames, flushes, syncs) and gives the length up to there.
  // Writing goes on behind it.
  virtual Result<uint64_t> checkpoint() = 0;
  // From now on checkpoint() does not sync, but adds its descriptor to `files`; nullptr: it syncs again.
  virtual void sync_later(std::vector<int>* files) { (void)files; }
  virtual Result<void> commit() = 0;  // ends frames, flushes, syncs, renames; the last call
  virtual void abort() = 0;           // removes what was not committed
  virtual uint64_t bytes_written() const = 0;
  // The file that is written; -1: none, or closed.
  virtual int descriptor() const { return -1; }
  // True after a write failed because the reader closed the pipe.
  virtual bool closed_pipe() const { return false; }
};

// Descriptor 1 (or another). Never closed. Handles short writes, EINTR, EAGAIN.
std::unique_ptr<ByteSink> make_descriptor_sink(int fd, std::string name);

struct FileSinkOptions {
  bool overwrite = false;  // replace an existing file, at commit
  bool append = false;     // add to an existing file (no temporary name)
  bool sync = true;        // fdatasync before the rename, fsync of the folder after it
};
// Error: kConfig when the path's last name is a symbolic link to a file or to nothing: somebody may have put it
// there to have another file written. Links to devices and pipes are not refused, nor /dev/stderr and /dev/fd/N.
// All that follows refuses such links by itself; this is for saying so before a run.
Result<void> refuse_link(const std::string& path);
// Cuts a file back to `length` bytes. Error: kState if it is shorter.
Result<void> cut_back(const std::string& path, uint64_t length);
// A file that is written in place, for runs that go on where an earlier one stopped: cut back to `length`,
// the last checkpoint's. Error: kState if it is shorter. Never cut back afterwards: abort() leaves it.
Result<std::unique_ptr<ByteSink>> make_resumed_file_sink(const std::string& path, uint64_t length);
// Gives a finished, synced file its name, for good: the folder is synced too. Unless `overwrite`, a file that has
// the name is an error.
Result<void> publish_file(const std::string& temporary, const std::string& path, bool overwrite);
// Writes to ".NAME.weir-PID.tmp" beside the file and renames at commit. An existing file without
// overwrite or append is an error at opening, with the hint.
Result<std::unique_ptr<ByteSink>> make_file_sink(const std::string& path,
                                                 const FileSinkOptions& options);

struct CompressionOptions {
  Compression kind = Compression::kNone;
  int level = -1;   // -1: the library's default
  int threads = 0;  // zstd only: worker threads
};
// Compresses into another sink; commit ends the frame and commits the inner one.
Result<std::unique_ptr<ByteSink>> make_compressing_sink(std::unique_ptr<ByteSink> inner,
                                                        const CompressionOptions& options);
// Error: kConfig for a level that the kind does not have, a level without compression, threads for
// another kind than zstd.
Result<void> check_compression(const CompressionOptions& options);
// By suffix: .gz .zst .bz2 .xz.
Compression compression_of_path(std::string_view path);
Result<Compression> parse_compression(std::string_view name);

}  // namespace weir
