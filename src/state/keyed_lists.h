// A bounded list of encoded elements for every group; each element expires by itself.
//
// What is expired is skipped by readers and removed on the next write or by expire(). Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "state/time_to_live.h"

namespace weir {

class KeyedLists {
 public:
  struct Element {
    int64_t stamp = 0;  // when it was written
    std::string bytes;
    bool operator==(const Element&) const = default;
  };
  using List = std::vector<Element>;  // the oldest first

  KeyedLists(TimeToLive ttl, size_t limit) : ttl_(ttl), limit_(limit) {}

  const TimeToLive& ttl() const { return ttl_; }
  size_t groups() const { return lists_.size(); }
  void resize(size_t groups) { lists_.resize(groups); }

  const List& list(uint32_t group) const { return lists_[group]; }
  // Reads in order: calls visit(bytes) for every element alive at `now`.
  template <class Visit>
  void read(uint32_t group, int64_t now, Visit&& visit) {
    for (auto& e : lists_[group]) {
      if (ttl_.expired(e.stamp, now)) continue;
      if (ttl_.refresh_on_read) e.stamp = now;
      visit(std::string_view(e.bytes));
    }
  }
  size_t count(uint32_t group, int64_t now) const {
    if (!ttl_.limited()) return lists_[group].size();
    size_t n = 0;
    for (const auto& e : lists_[group]) n += ttl_.expired(e.stamp, now) ? 0 : 1;
    return n;
  }
  // Beyond the limit the oldest element leaves, and is given.
  std::optional<Element> append(uint32_t group, int64_t now, std::string bytes) {
    List& list = lists_[group];
    drop_expired(list, now);
    std::optional<Element> left;
    if (list.size() >= limit_) {
      bytes_ -= cost(list.front());
      left = std::move(list.front());
      list.erase(list.begin());
    }
    list.push_back({now, std::move(bytes)});
    bytes_ += cost(list.back());
    return left;
  }
  // Takes back the last append(), which gave `left`.
  void undo_append(uint32_t group, std::optional<Element> left) {
    List& list = lists_[group];
    bytes_ -= cost(list.back());
    list.pop_back();
    if (!left) return;
    bytes_ += cost(*left);
    list.insert(list.begin(), std::move(*left));
  }
  // Replaces the whole list and gives the one before.
  List exchange(uint32_t group, List list) {
    for (const auto& e : list) bytes_ += cost(e);
    for (const auto& e : lists_[group]) bytes_ -= cost(e);
    return std::exchange(lists_[group], std::move(list));
  }
  bool is_empty(uint32_t group) const { return lists_[group].empty(); }
  void expire(uint32_t group, int64_t now) { drop_expired(lists_[group], now); }

  // Keeps the given groups, renumbered in this order.
  void keep(std::span<const uint32_t> groups) {
    std::vector<List> kept;
    kept.reserve(groups.size());
    for (const uint32_t g : groups) kept.push_back(std::move(lists_[g]));
    lists_ = std::move(kept);
  }
  size_t memory_bytes() const { return bytes_ + lists_.capacity() * sizeof(List); }

 private:
  static size_t cost(const Element& e) {
    return sizeof(Element) + (e.bytes.size() > 15 ? e.bytes.size() : 0);
  }
  void drop_expired(List& list, int64_t now) {
    if (!ttl_.limited() || list.empty()) return;
    std::erase_if(list, [&](const Element& e) {
      const bool gone = ttl_.expired(e.stamp, now);
      if (gone) bytes_ -= cost(e);
      return gone;
    });
  }

  const TimeToLive ttl_;
  const size_t limit_;
  std::vector<List> lists_;
  size_t bytes_ = 0;
};

}  // namespace weir
