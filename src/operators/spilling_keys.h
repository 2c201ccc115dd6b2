// The keys of a step that keeps something for each of them: numbered, and on the disk where they do not fit into
// memory.
//
// A key is either in memory and has a number, or is on the disk as a whole (state/spilled_keys.h). Beyond the step's
// share of memory all of them go to the disk and numbers begin anew; a key comes back when a row has it, or when it is
// due. What is kept for a key is its owner's: KeptByKey.
// Errors: throws SpillError, as state/spill.h.
// Threads: one at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operators/group_table.h"
#include "operators/state_limit.h"
#include "state/spilled_keys.h"

namespace weir {

// What a step keeps for its keys, by their numbers. Bytes that save() has written are read by load().
class KeptByKey {
 public:
  virtual ~KeptByKey() = default;
  // Makes room for so many keys; for new ones nothing is kept.
  virtual void grow_kept(size_t keys) = 0;
  // False: nothing is kept for the key, which may be forgotten.
  virtual bool keeps(uint32_t key) const {
    (void)key;
    return true;
  }
  virtual void save_kept(uint32_t key, SnapshotWriter& writer) const = 0;
  virtual void load_kept(uint32_t key, SnapshotReader& reader) = 0;
  // When the key must come back although no row has it.
  virtual SpilledKeys::Due due(uint32_t key) const {
    (void)key;
    return {};
  }
  virtual void clear_kept() = 0;  // of all keys, and gives up the memory
  // Memory, about. May take as long as a walk over all that is kept: so many things, beside one a key.
  virtual uint64_t kept_bytes() const = 0;
  virtual size_t kept_items() const { return 0; }
};

class SpillingKeys {
 public:
  // `step` is for messages: "distinct". No types: one key, number 0, that never leaves memory.
  // `kept` must outlive this, and is not called here.
  SpillingKeys(std::string step, std::vector<Type> types, const OperatorContext& context,
               KeptByKey& kept);

  size_t size() const { return table_ ? table_->size() : 1; }  // in memory
  bool any_spilled() const { return spilled_.any(); }
  // Writes the number of each row's key. New ones get the next numbers, in order of the rows, also those that come
  // back from the disk, with what is kept for them.
  void find(std::span<const ColumnPtr> keys, size_t rows, uint32_t* numbers);
  // The same for keys as bytes (expr/aggregates/row_codec.h).
  void find_encoded(std::span<const std::string_view> keys, uint32_t* numbers);
  // The rows of the last find(), whose numbers these are, that have brought a key that was not there, in memory or on
  // the disk.
  void first_rows(std::span<const uint32_t> numbers, Vec<uint32_t>& rows) const;
  const GroupTable& table() const { return *table_; }  // only with types

  // After so many rows, when no number is in use any more: all keys go to the disk if they do not fit into memory.
  void look_at_memory(uint64_t rows) {
    if (limit_.is_passed(
            rows, [this] { return size() + kept_.kept_items(); },
            [this] { return memory_bytes(); }))
      spill();
  }
  void spill();

  // Brings back the keys that are due up to `until`, some of them at a time: as SpilledKeys::take_due.
  std::optional<SpilledKeys::Moment> take_due(int64_t until);
  // At the end of the input: visits what is kept for the keys that have a moment, in order of these, as bytes of the
  // key and what save_kept() wrote. Nothing is kept afterwards.
  void take_all(const std::function<void(std::string_view, SnapshotReader&)>& visit);

  uint64_t memory_bytes() const {
    return (table_ ? table_->memory_bytes() : 0) + kept_.kept_bytes();
  }
  // The keys with all that is kept for them, in memory and on the disk.
  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  void grow();
  void take_back();

  const std::vector<Type> types_;
  KeptByKey& kept_;
  std::unique_ptr<GroupTable> table_;  // null: one key
  size_t grown_ = 0;                   // keys that have been made room for
  SpilledKeys spilled_;
  StateLimit limit_;
  size_t known_ = 0;         // keys in memory before the last find()
  Vec<uint32_t> came_back_;  // in the last find(), ascending
};

// Memory of a string beside the string itself, about.
inline uint64_t bytes_of(const std::string& text) {
  constexpr size_t kWithin = 15;
  constexpr size_t kOfAllocator = 16;
  return text.capacity() > kWithin ? text.capacity() + kOfAllocator : 0;
}

}  // namespace weir
