// A checkpoint on disk: named sections in one self-contained, checksummed file.
//
//   8   magic "WEIRCKPT"
//   u32 format version        u32 oldest version of a reader that can read it
//   u64 epoch                 u64 pipeline id
//   the sections' bytes
//   u32 number of sections, then for each of them
//     u32 length of the name, the name, u64 offset in the file, u64 length, u64 xxh3 of its bytes
//   u64 offset of that table
//   u64 length of all before this footer, u64 xxh3 of all before this footer, 8 magic "WEIRCEND"
//
// Version 1 has the table before the sections, and no offset of it. The table stands behind them so that a file is
// written in one go, however large the state is.
// Little-endian. Every length is checked before it is used.
// Errors: kState for a damaged file, a newer format or another pipeline's; kIo, kDiskFull for the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/snapshot.h"

namespace weir {

struct CheckpointFile {
  static constexpr uint32_t kVersion = 2;

  struct Section {
    std::string name;
    std::string_view bytes;
    std::shared_ptr<const void> owner;  // of the bytes
  };

  uint64_t epoch = 0;
  uint64_t pipeline_id = 0;
  std::vector<Section> sections;  // in order

  void add(std::string name, std::string bytes);
  // Other bytes for a section that is there; false if there is none of that name.
  bool replace(std::string_view name, std::string bytes);
  // The bytes of a section; nullopt if there is none of that name.
  std::optional<std::string_view> find(std::string_view name) const;
};

// Writes a checkpoint piece by piece.
class CheckpointWriter {
 public:
  using Output = std::function<Result<void>(std::string_view)>;

  CheckpointWriter(Output output, uint64_t epoch, uint64_t pipeline_id);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  void add(std::string_view name, std::string_view bytes);
  void add(std::string_view name, const std::function<void(SnapshotWriter&)>& fill);
  // The table and the footer. Error: the first that the output gave.
  Result<void> finish();
  uint64_t written() const { return written_; }

 private:
  struct Sums;
  struct Entry {
    std::string name;
    uint64_t offset;
    uint64_t length;
    uint64_t sum;
  };
  void put(std::string_view bytes);

  const Output output_;
  std::unique_ptr<Sums> sums_;
  std::vector<Entry> entries_;
  uint64_t written_ = 0;
  std::optional<Error> error_;
};

std::string encode_checkpoint(const CheckpointFile& checkpoint);
// `owner` keeps the bytes, which the sections then point into; without one they are copied. `name` is for
// messages.
Result<CheckpointFile> decode_checkpoint(std::string_view bytes, const std::string& name,
                                         std::shared_ptr<const void> owner = nullptr);

}  // namespace weir
