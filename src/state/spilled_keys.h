// Keys that do not fit into memory, each as a whole: what a step keeps for it, and when time is up for it.
//
// A key is either in memory or here. It comes back when a record has it, or when the first of its moments is due;
// for that its first moments, in event time and by the clock, stand in order beside the keys. So many keys may be
// due at one time that they do not fit into memory together: they come back in parts, in an order of the owner's.
// Keys are any bytes; what iterates does so in their order.
// Errors: throws SpillError, as spill.h.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/snapshot.h"
#include "state/spill.h"

namespace weir {

class SpilledKeys {
 public:
  enum class Axis : uint8_t { kEventTime = 0, kClock = 1 };
  // When a key is due: microseconds, and bytes that sort keys of one time; those of one rank are sorted by key.
  struct Moment {
    int64_t time = 0;
    std::string rank;
    bool operator<(const Moment& other) const {
      return time != other.time ? time < other.time : rank < other.rank;
    }
  };
  // By axis; absent: never.
  using Due = std::array<std::optional<Moment>, 2>;

  // `step` is for messages: "the session window". `space` may be null: then nothing can be put.
  SpilledKeys(std::string step, std::shared_ptr<SpillSpace> space)
      : step_(std::move(step)), space_(std::move(space)) {}

  bool any() const { return keys_ > 0; }
  // The key must not be here.
  void put(std::string_view key, const Due& due, std::string_view value);
  // Calls visit(i, value) for those of the keys that are here, which are gone afterwards.
  void take(std::span<const std::string> keys,
            const std::function<void(size_t, SnapshotReader&)>& visit);
  // The same for the keys that are due up to `until`, in their order, a few megabytes of them at most. If there are
  // more: the moment of the last one, its key behind its rank; nothing is left here up to that.
  std::optional<Moment> take_due(
      Axis axis, int64_t until,
      const std::function<void(std::string_view, SnapshotReader&)>& visit);
  // When the first key is due, or earlier.
  std::optional<int64_t> first_due(Axis axis) const { return first_[static_cast<size_t>(axis)]; }

  // In key order. The keys stay here.
  void each(const std::function<void(std::string_view, SnapshotReader&)>& visit) const;
  void clear();

  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  SpillStore& store();

  const std::string step_;
  const std::shared_ptr<SpillSpace> space_;
  // ('k', key): moments and value. ('e', event time, rank, key) and ('c', clock time, rank, key): the sizes of the
  // rank and of the value.
  std::unique_ptr<SpillStore> store_;
  uint64_t keys_ = 0;
  std::array<std::optional<int64_t>, 2> first_;  // of all keys, or earlier; by axis
};

}  // namespace weir
