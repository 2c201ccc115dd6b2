// State that does not fit into memory, on the disk: keys and values as bytes, the keys in order.
//
// RocksDB does it, loaded when it is first needed, so that runs whose state fits do not pay for its start. Nothing
// here outlives the run: what is to last goes into checkpoints. So nothing is logged or synced.
// Errors: throws SpillError (operators have no other way to end a run).
// Threads: a SpillStore belongs to one thread at a time, but once it is flushed and only read any may have a Cursor; a
// SpillSpace to any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir {

class SpillError : public std::runtime_error {
 public:
  explicit SpillError(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

// For what has come back from a store and is not what was put there.
inline SpillError unreadable_spill() {
  return SpillError({ErrorKind::kIo, "the state on the disk cannot be read", {}, {}, {}});
}

class SpillStore {
 public:
  // Opens an empty store in a new folder, which its destruction removes.
  explicit SpillStore(std::string folder);
  ~SpillStore();
  SpillStore(const SpillStore&) = delete;
  SpillStore& operator=(const SpillStore&) = delete;

  void put(std::string_view key, std::string_view value);
  void erase(std::string_view key);
  // Writes wait for one another in memory until then, or until they are many.
  void flush();
  std::vector<std::optional<std::string>> get(std::span<const std::string> keys);

  // Goes through the entries from `from` on, in order of their keys, as they are when it begins.
  class Cursor {
   public:
    Cursor(SpillStore& store, std::string_view from);
    ~Cursor();
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    bool valid() const;
    std::string_view key() const;
    std::string_view value() const;
    void next();
    void seek(std::string_view from);

   private:
    void* iterator_;
  };

 private:
  friend class Cursor;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Where a run's stores are.
class SpillSpace {
 public:
  // `parent`: the folder in which one is made, once it is needed.
  explicit SpillSpace(std::string parent) : parent_(std::move(parent)) {}
  ~SpillSpace();

  std::unique_ptr<SpillStore> make_store();
  // Of a file or folder that is not there yet.
  std::string make_path();
  bool used() const { return paths_ > 0; }

 private:
  const std::string parent_;
  std::string folder_;
  std::atomic<unsigned> paths_{0};
};

}  // namespace weir
