// Rows that wait for their time, the first ones taken first; those that do not fit into memory are on the disk.
//
// A row's place decides: its time, an order within that, then which came first. Places must differ.
// Errors: throws SpillError, as state/spill.h.
// Threads: one at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "state/snapshot.h"
#include "state/spill.h"

namespace weir {

class SpillingRows {
 public:
  struct Place {
    int64_t time = 0;   // microseconds
    std::string order;  // bytes that end by themselves, as OrderBy::encode writes them
    uint64_t arrival = 0;
    auto operator<=>(const Place&) const = default;
  };
  using Visit = std::function<void(const Place& place, std::string row)>;

  // `step` is for messages: "over". `space` may be null: then spill() may not be called.
  SpillingRows(std::string step, std::shared_ptr<SpillSpace> space)
      : step_(std::move(step)), space_(std::move(space)) {}

  bool any_spilled() const { return spilled_ > 0; }
  void put(Place place, std::string row);
  // Takes the rows with a time up to `until`, in order; a few megabytes of them at most where some are on the disk.
  // True: there may be more of them.
  bool take(int64_t until, const Visit& visit);

  void spill();  // all to the disk
  uint64_t memory_bytes() const { return bytes_; }
  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  SpillStore& store();
  void put_on_disk(std::string_view place, std::string_view row);
  bool take_from_both(int64_t until, const Visit& visit);

  const std::string step_;
  const std::shared_ptr<SpillSpace> space_;
  std::map<Place, std::string> rows_;
  uint64_t bytes_ = 0;  // of these, about
  // By place: time, order, arrival. `begin_`: nothing is there before it.
  std::unique_ptr<SpillStore> store_;
  uint64_t spilled_ = 0;
  std::string begin_;
};

// A row behind the key it belongs to, as bytes, and both again.
std::string with_key(std::string_view key, std::string_view row);
std::pair<std::string_view, std::string_view> split_key(std::string_view row);

}  // namespace weir
