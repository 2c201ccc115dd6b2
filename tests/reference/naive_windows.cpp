#include "naive_windows.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

namespace naive {

namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t modulo(int64_t a, int64_t b) { return ((a % b) + b) % b; }
int64_t add(int64_t a, int64_t b) { return a > kMax - b ? kMax : a + b; }

std::string timestamp(int64_t ms) {
  const int64_t rest = modulo(ms, 1000);
  const std::time_t seconds = (ms - rest) / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const size_t n = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  std::string out(text, n);
  const std::string digits = std::to_string(1000 + rest);
  return out + "." + digits.substr(1);
}

using Key = std::pair<std::string, int64_t>;

struct Window {
  Key key;
  int64_t start = 0;
  int64_t end = 0;
  std::vector<Record> records;
  std::set<int64_t> timers;
  bool fired = false;  // and not purged since
  // The trigger's.
  int64_t count = 0;
  std::optional<int64_t> next;
  std::optional<int64_t> last_value;
  bool changed = false;
  int64_t first_id = 0;  // of the record that opened it
  // What `reduce` has made of the records so far; sessions that merge are reduced like two records.
  std::optional<std::pair<int64_t, int64_t>> reduced;

  int64_t last() const { return end == kMax ? kMax : end - 1; }
};

class Naive {
 public:
  Naive(const Setup& setup) : setup_(setup) {}

  Outcome run(const std::vector<Record>& records) {
    for (const auto& record : records) {
      if (!setup_.filtered || record.v != 3) {
        if (setup_.kind == Kind::kCount) {
          count(record);
        } else {
          take(record);
        }
      }
      advance(record.time - setup_.out_of_orderness - 1);
    }
    advance(kMax);
    if (setup_.kind == Kind::kCount && setup_.partial) count_rest();
    return std::move(outcome_);
  }

 private:
  Key key_of(const Record& r) const {
    return {setup_.keys >= 1 ? r.k : "", setup_.keys >= 2 ? r.j : 0};
  }
  int64_t cleanup(const Window& w) const { return add(w.last(), setup_.lateness); }
  bool sessions() const {
    return setup_.kind == Kind::kSession || setup_.kind == Kind::kDynamicSession;
  }

  std::vector<std::pair<int64_t, int64_t>> assign(const Record& r) const {
    std::vector<std::pair<int64_t, int64_t>> windows;
    const int64_t t = r.time;
    switch (setup_.kind) {
      case Kind::kTumbling: {
        const int64_t start = t - modulo(t - setup_.offset, setup_.size);
        windows.emplace_back(start, start + setup_.size);
        break;
      }
      case Kind::kSliding:
        for (int64_t start = t - modulo(t - setup_.offset, setup_.slide); start > t - setup_.size;
             start -= setup_.slide)
          windows.emplace_back(start, start + setup_.size);
        break;
      case Kind::kCumulate: {
        const int64_t start = t - modulo(t - setup_.offset, setup_.size);
        for (int64_t end = start + setup_.slide; end <= start + setup_.size; end += setup_.slide) {
          if (t < end) windows.emplace_back(start, end);
        }
        break;
      }
      case Kind::kSession: windows.emplace_back(t, t + setup_.slide); break;
      case Kind::kDynamicSession: windows.emplace_back(t, t + r.gap); break;
      case Kind::kGlobal: windows.emplace_back(kMin, kMax); break;
      case Kind::kCount: break;
    }
    std::sort(windows.begin(), windows.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second, a.first) < std::tie(b.second, b.first);
    });
    return windows;
  }

  void take(const Record& r) {
    bool skipped = true;
    for (const auto& [start, end] : assign(r)) {
      Window* window = sessions() ? merge(r, start, end) : find(r, start, end);
      if (window == nullptr) continue;
      skipped = false;
      window->records.push_back(r);
      window->reduced = reduce(window->reduced, {r.v, r.id});
      window->changed = true;
      apply(*window, on_record(*window, r));
    }
    if (skipped && r.time + setup_.lateness <= watermark_) outcome_.late.push_back(r.id);
  }

  Window* find(const Record& r, int64_t start, int64_t end) {
    const Key key = key_of(r);
    for (auto& w : windows_) {
      if (w.key == key && w.start == start && w.end == end) return &w;
    }
    Window w;
    w.key = key;
    w.start = start;
    w.end = end;
    w.first_id = r.id;
    if (cleanup(w) <= watermark_) return nullptr;
    w.timers.insert(cleanup(w));
    windows_.push_back(w);
    return &windows_.back();
  }

  Window* merge(const Record& r, int64_t start, int64_t end) {
    Window merged;
    merged.key = key_of(r);
    merged.start = start;
    merged.end = end;
    merged.first_id = r.id;
    std::vector<Window> parts;
    std::vector<Window> rest;
    for (auto& w : windows_) {
      const bool touches = w.key == merged.key && w.start <= end && start <= w.end;
      (touches ? parts : rest).push_back(w);
    }
    if (parts.size() == 1 && parts[0].start <= start && end <= parts[0].end) {
      for (auto& w : windows_) {
        if (w.key == merged.key && w.start == parts[0].start) return &w;
      }
    }
    std::sort(parts.begin(), parts.end(),
              [](const Window& a, const Window& b) { return a.first_id < b.first_id; });
    if (!parts.empty()) merged.first_id = parts[0].first_id;
    for (const auto& w : parts) {
      merged.start = std::min(merged.start, w.start);
      merged.end = std::max(merged.end, w.end);
      merged.records.insert(merged.records.end(), w.records.begin(), w.records.end());
      if (w.reduced) merged.reduced = reduce(merged.reduced, *w.reduced);
      merged.fired = merged.fired || w.fired;
      merged.changed = merged.changed || w.changed;
      merged.count += w.count;
      if (w.next) merged.next = merged.next ? std::min(*merged.next, *w.next) : *w.next;
    }
    if (cleanup(merged) <= watermark_) return nullptr;
    merged.timers.insert(cleanup(merged));
    if (merged.next) merged.timers.insert(*merged.next);
    windows_ = rest;
    windows_.push_back(merged);
    return &windows_.back();
  }

  // --- triggers ---

  enum Result { kContinue, kFire };

  Result on_record(Window& w, const Record& r) {
    switch (setup_.trigger) {
      case Trigger::kDefault:
        if (w.last() <= watermark_) return kFire;
        w.timers.insert(w.last());
        return kContinue;
      case Trigger::kCount:
        if (++w.count < setup_.trigger_limit) return kContinue;
        w.count = 0;
        return kFire;
      case Trigger::kContinuous:
        if (w.last() <= watermark_) return kFire;
        w.timers.insert(w.last());
        if (!w.next) next_firing(w, r.time - modulo(r.time, setup_.trigger_limit));
        return kContinue;
      case Trigger::kDelta: {
        if (!w.last_value) {
          w.last_value = r.v;
          return kContinue;
        }
        if (std::abs(r.v - *w.last_value) <= setup_.trigger_limit) return kContinue;
        w.last_value = r.v;
        return kFire;
      }
      case Trigger::kNever:
      case Trigger::kEnd: break;
    }
    return kContinue;
  }

  void next_firing(Window& w, int64_t from) {
    w.next = std::min(add(from, setup_.trigger_limit), w.last());
    w.timers.insert(*w.next);
  }

  Result on_timer(Window& w, int64_t time) {
    const bool at_end = time == w.last();
    if (setup_.trigger == Trigger::kDefault) return at_end ? kFire : kContinue;
    if (setup_.trigger == Trigger::kContinuous) {
      if (at_end) return kFire;
      // Over endless windows the end of the input is the only further firing.
      if (w.next != time || (w.end == kMax && watermark_ == kMax)) return kContinue;
      next_firing(w, time);
      return kFire;
    }
    const bool over = watermark_ == kMax && time == cleanup(w);
    return setup_.trigger == Trigger::kEnd && over && w.changed ? kFire : kContinue;
  }

  void apply(Window& w, Result result) {
    if (result != kFire || w.records.empty()) return;
    emit(w);
    w.fired = !setup_.purge;
    w.changed = false;
    if (!setup_.purge) return;
    w.records.clear();
    w.reduced.reset();
  }

  // --- time ---

  void advance(int64_t watermark) {
    if (watermark <= watermark_) return;
    watermark_ = watermark;
    while (true) {
      Window* first = nullptr;
      for (auto& w : windows_) {
        if (w.timers.empty() || *w.timers.begin() > watermark_) continue;
        if (first == nullptr || order(w) < order(*first)) first = &w;
      }
      if (first == nullptr) break;
      const int64_t time = *first->timers.begin();
      first->timers.erase(first->timers.begin());
      apply(*first, on_timer(*first, time));
      if (time != cleanup(*first)) continue;
      windows_.erase(windows_.begin() + (first - windows_.data()));
    }
  }
  static std::tuple<int64_t, int64_t, int64_t, Key> order(const Window& w) {
    return {*w.timers.begin(), w.end, w.start, w.key};
  }

  // --- results ---

  std::vector<Record> evicted(const std::vector<Record>& records) const {
    std::vector<Record> kept;
    int64_t latest = kMin;
    for (const auto& r : records) latest = std::max(latest, r.time);
    for (size_t i = 0; i < records.size(); ++i) {
      bool gone = false;
      if (setup_.evict == Evict::kCount)
        gone = static_cast<int64_t>(records.size() - i) > setup_.evict_limit;
      if (setup_.evict == Evict::kTime) gone = records[i].time <= latest - setup_.evict_limit;
      if (setup_.evict == Evict::kDelta)
        gone = std::abs(records[i].v - records.back().v) >= setup_.evict_limit;
      if (!gone) kept.push_back(records[i]);
    }
    return kept;
  }

  void emit(Window& w) {
    std::sort(w.records.begin(), w.records.end(),
              [](const Record& a, const Record& b) { return a.id < b.id; });
    const bool evicts = setup_.evict != Evict::kNone;
    if (evicts && !setup_.evict_after) w.records = evicted(w.records);
    if (w.records.empty()) return;
    const bool update = w.fired && setup_.lateness > 0;
    const bool bounds = setup_.kind != Kind::kCount && setup_.kind != Kind::kGlobal;
    std::string row = update ? "+U[" : "+I[";
    if (bounds) row += timestamp(w.start) + ", " + timestamp(w.end) + ", ";
    if (setup_.keys >= 1) row += w.key.first + ", ";
    if (setup_.keys >= 2) row += std::to_string(w.key.second) + ", ";
    outcome_.rows.push_back(row + results(w, evicts || setup_.kind == Kind::kCount) + "]");
    if (evicts && setup_.evict_after) w.records = evicted(w.records);
  }

  using Pair = std::pair<int64_t, int64_t>;
  static Pair reduce(const std::optional<Pair>& a, const Pair& b) {
    return a ? Pair{(a->first * 3 + b.first) % 1000, b.second} : b;
  }

  // `anew`: `reduce` starts over, from the records that are left.
  std::string results(const Window& w, bool anew) const {
    const std::vector<Record>& records = w.records;
    if (setup_.reduce) {
      std::optional<Pair> reduced = w.reduced;
      if (anew) {
        reduced.reset();
        for (const auto& r : records) reduced = reduce(reduced, {r.v, r.id});
      }
      return std::to_string(reduced->first) + ", " + std::to_string(reduced->second);
    }
    std::string ids;
    int64_t sum = 0;
    int64_t most = kMin;
    for (const auto& r : records) {
      ids += (ids.empty() ? "" : ".") + std::to_string(r.id);
      sum += r.v;
      most = std::max(most, r.v);
    }
    return ids + ", " + std::to_string(records.size()) + ", " + std::to_string(sum) + ", " +
           std::to_string(most) + ", " + std::to_string(records[0].v);
  }

  // --- count windows ---

  struct Counted {
    Key key;
    std::vector<Record> records;
  };

  void count(const Record& r) {
    Counted* of = nullptr;
    for (auto& c : counted_) {
      if (c.key == key_of(r)) of = &c;
    }
    if (of == nullptr) {
      counted_.push_back({key_of(r), {}});
      of = &counted_.back();
    }
    of->records.push_back(r);
    const auto n = static_cast<int64_t>(of->records.size());
    const bool fires = setup_.full ? n >= setup_.size && (n - setup_.size) % setup_.slide == 0
                                   : n % setup_.slide == 0;
    if (fires) emit_counted(*of, n - setup_.size, n);
  }

  void count_rest() {
    std::sort(counted_.begin(), counted_.end(),
              [](const Counted& a, const Counted& b) { return a.key < b.key; });
    for (const auto& c : counted_) {
      const auto n = static_cast<int64_t>(c.records.size());
      // Windows that hold records and close later.
      for (int64_t end = n + 1; end - setup_.size < n; ++end) {
        const bool is_one = setup_.full
                                ? end >= setup_.size && (end - setup_.size) % setup_.slide == 0
                                : end % setup_.slide == 0;
        if (is_one) emit_counted(c, end - setup_.size, n);
      }
    }
  }

  void emit_counted(const Counted& c, int64_t begin, int64_t end) {
    Window w;
    w.key = c.key;
    w.records.assign(c.records.begin() + std::max<int64_t>(begin, 0), c.records.begin() + end);
    emit(w);
  }

  const Setup& setup_;
  Outcome outcome_;
  std::vector<Window> windows_;
  std::vector<Counted> counted_;
  int64_t watermark_ = kMin;
};

}  // namespace

Outcome run(const Setup& setup, const std::vector<Record>& records) {
  return Naive(setup).run(records);
}

}  // namespace naive
