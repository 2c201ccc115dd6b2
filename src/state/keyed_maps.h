// A map from encoded keys to encoded values for every group; each entry expires by itself.
//
// Entries are in order of their keys' bytes. What is expired is skipped by readers and removed by a write of
// the same entry or by expire(). Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "state/time_to_live.h"

namespace weir {

class KeyedMaps {
 public:
  struct Entry {
    int64_t stamp = 0;  // when it was written
    std::string value;
    bool operator==(const Entry&) const = default;
  };
  using Map = std::map<std::string, Entry, std::less<>>;
  using MapPtr = std::unique_ptr<Map>;  // null: empty

  explicit KeyedMaps(TimeToLive ttl) : ttl_(ttl) {}

  const TimeToLive& ttl() const { return ttl_; }
  size_t groups() const { return maps_.size(); }
  void resize(size_t groups) { maps_.resize(groups); }

  const Map* map(uint32_t group) const { return maps_[group].get(); }
  // The value of a key alive at `now`; null when there is none. Valid until the next write.
  const std::string* find(uint32_t group, int64_t now, std::string_view key) {
    if (!maps_[group]) return nullptr;
    const auto found = maps_[group]->find(key);
    if (found == maps_[group]->end() || ttl_.expired(found->second.stamp, now)) return nullptr;
    if (ttl_.refresh_on_read) found->second.stamp = now;
    return &found->second.value;
  }
  // Calls visit(key, value) for every entry alive at `now`, in key order.
  template <class Visit>
  void read(uint32_t group, int64_t now, Visit&& visit) {
    if (!maps_[group]) return;
    for (auto& [key, e] : *maps_[group]) {
      if (ttl_.expired(e.stamp, now)) continue;
      if (ttl_.refresh_on_read) e.stamp = now;
      visit(std::string_view(key), std::string_view(e.value));
    }
  }
  size_t count(uint32_t group, int64_t now) const {
    if (!maps_[group]) return 0;
    if (!ttl_.limited()) return maps_[group]->size();
    size_t n = 0;
    for (const auto& [key, e] : *maps_[group]) n += ttl_.expired(e.stamp, now) ? 0 : 1;
    return n;
  }

  // Sets an entry (or removes it: nullopt) and gives what was there.
  std::optional<Entry> exchange(uint32_t group, std::string_view key, std::optional<Entry> entry) {
    std::optional<Entry> before;
    MapPtr& map = maps_[group];
    if (!map && !entry) return before;
    if (!map) map = std::make_unique<Map>();
    auto at = map->lower_bound(key);
    if (at != map->end() && at->first == key) {
      bytes_ -= cost(at->first, at->second);
      before = std::move(at->second);
      if (!entry) {
        map->erase(at);
        if (map->empty()) map.reset();
        return before;
      }
      at->second = std::move(*entry);
    } else if (entry) {
      at = map->emplace_hint(at, std::string(key), std::move(*entry));
    } else {
      return before;
    }
    bytes_ += cost(at->first, at->second);
    return before;
  }
  MapPtr exchange(uint32_t group, MapPtr map) {
    if (map)
      for (const auto& [key, e] : *map) bytes_ += cost(key, e);
    if (maps_[group])
      for (const auto& [key, e] : *maps_[group]) bytes_ -= cost(key, e);
    return std::exchange(maps_[group], std::move(map));
  }
  bool is_empty(uint32_t group) const { return !maps_[group]; }
  void expire(uint32_t group, int64_t now) {
    MapPtr& map = maps_[group];
    if (!map || !ttl_.limited()) return;
    std::erase_if(*map, [&](const auto& item) {
      const bool gone = ttl_.expired(item.second.stamp, now);
      if (gone) bytes_ -= cost(item.first, item.second);
      return gone;
    });
    if (map->empty()) map.reset();
  }

  // Keeps the given groups, renumbered in this order.
  void keep(std::span<const uint32_t> groups) {
    std::vector<MapPtr> kept;
    kept.reserve(groups.size());
    for (const uint32_t g : groups) kept.push_back(std::move(maps_[g]));
    maps_ = std::move(kept);
  }
  size_t memory_bytes() const { return bytes_ + maps_.capacity() * sizeof(MapPtr); }

 private:
  static size_t cost(const std::string& key, const Entry& e) {
    constexpr size_t kNode = 40 + sizeof(std::string) + sizeof(Entry);
    return kNode + (key.size() > 15 ? key.size() : 0) + (e.value.size() > 15 ? e.value.size() : 0);
  }

  const TimeToLive ttl_;
  std::vector<MapPtr> maps_;
  size_t bytes_ = 0;
};

}  // namespace weir
