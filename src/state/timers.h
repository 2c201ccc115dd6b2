// Timers of keyed state: at most one per group and name; setting it again replaces it.
//
// What is due is found through a heap that may hold outdated entries; the times by group decide.
// Groups are dense numbers that the owner gives to keys. Nothing here depends on the order of groups:
// who fires timers of one time orders them by key.
// Units:   times in microseconds; kNoTimer: none.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/vec.h"

namespace weir {

inline constexpr int64_t kNoTimer = INT64_MAX;

class Timers {
 public:
  explicit Timers(size_t names) : times_(names) {}

  size_t names() const { return times_.size(); }
  size_t groups() const { return groups_; }
  void resize(size_t groups);  // new ones have no timers

  int64_t at(size_t name, uint32_t group) const { return times_[name][group]; }
  void set(size_t name, uint32_t group, int64_t time);
  void cancel(size_t name, uint32_t group);

  bool empty() const { return live_ == 0; }
  size_t size() const { return live_; }
  // The earliest time of all, kNoTimer when there is none.
  int64_t next();
  // Appends the groups that have timers up to `until` to `groups`, in the order of these timers, stops
  // after about `limit` of them but never between timers of one time, and gives the time up to which they
  // are complete. The timers stay: the caller takes them with cancel(). A group may come twice.
  int64_t find_due(int64_t until, size_t limit, Vec<uint32_t>& groups);

  // The name of the group's earliest timer up to `until` (of equal ones the first name); names()
  // when there is none.
  size_t first_due(uint32_t group, int64_t until) const;

  // Keeps the given groups, renumbered in this order.
  void keep(std::span<const uint32_t> groups);
  size_t memory_bytes() const;

 private:
  struct Entry {
    int64_t time;
    uint32_t group;
    uint32_t name;
  };
  static bool later(const Entry& a, const Entry& b) { return a.time > b.time; }
  bool is_current(const Entry& e) const { return times_[e.name][e.group] == e.time; }
  void push(const Entry& entry);
  void rebuild_heap();

  std::vector<Vec<int64_t>> times_;  // by name, then group
  std::vector<Entry> heap_;          // the earliest first
  size_t groups_ = 0;
  size_t live_ = 0;
};

}  // namespace weir
