// Runs a window over records of (time, key, value), cut into batches, and beside it a reference that takes one
// record at a time and knows nothing of batches, slices or partials.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "config/spec.h"
#include "windows/time_window.h"
#include "windows/window.h"

namespace weir {

struct TimedRecord {
  int64_t time = 0;
  int32_t key = 0;
  int32_t value = 0;
  bool filtered = false;  // moves the watermark, but a filter takes it out before the window
};

// What came out, in order, as text: "+I start end key count sum", and the late records.
struct TimedOutcome {
  std::vector<std::string> rows;
  std::vector<std::string> late;  // "time key value watermark late_by"
  uint64_t late_count = 0;
  bool operator==(const TimedOutcome&) const = default;
};

inline std::string shown_window(const char* kind, int64_t start, int64_t end, int64_t key,
                                int64_t n, int64_t sum) {
  return std::string(kind) + " " + std::to_string(start) + " " + std::to_string(end) + " k" +
         std::to_string(key) + " " + std::to_string(n) + " " + std::to_string(sum);
}

inline int64_t whole_ms(int64_t us) { return us - floor_mod(us, 1000); }

class TimedWindowRunner {
 public:
  // `options`: the window's, without key_by and aggregate. Times in microseconds.
  TimedWindowRunner(const std::string& options, int64_t out_of_orderness, bool want_late = true,
                    bool one_partition = true)
      : out_of_orderness_(out_of_orderness) {
    PipelineText text;
    text.fragments = {
        "[window]\n" + options +
        "\nkey_by = [\"k\"]\n"
        "aggregate = { n = \"COUNT(*)\", s = \"SUM(v)\", d = \"COUNT(DISTINCT v)\" }"};
    auto spec = read_pipeline(text);
    REQUIRE(spec.has_value());
    const OperatorDescriptor* descriptor = find_window(spec->window->kind);
    REQUIRE(descriptor != nullptr);
    Schema schema;
    schema.add("t", Type::timestamp(6));
    schema.add("k", Type::integer());
    schema.add("v", Type::integer());
    BindContext bind;
    bind.has_event_time = true;
    bind.out_of_orderness_us = out_of_orderness;
    bind.one_partition = one_partition;
    Errors errors;
    plan_ = descriptor->bind(*spec->window, schema, bind, errors);
    for (const auto& e : errors) UNSCOPED_INFO(format_error(e));
    REQUIRE(plan_ != nullptr);
    if (want_late) plan_->want_late_rows();
    const std::vector<bool> all(plan_->output().size(), true);
    plan_->set_output_needed(all);
  }

  const OperatorPlan& plan() const { return *plan_; }

  // Batches of up to `most` records, of random sizes; the state goes through a snapshot after every batch
  // if `snapshots`.
  TimedOutcome run(const std::vector<TimedRecord>& records, size_t most, uint64_t seed,
                   bool snapshots) {
    std::mt19937_64 random(seed);
    TimedOutcome outcome;
    Collector out(outcome);
    OperatorContext context;
    context.fail_fast = false;
    auto transform = plan_->make_transform(context);
    auto ordered = plan_->make_ordered(context);
    int64_t max = kMinTime;
    int64_t watermark = kMinTime;
    uint64_t sequence = 0;
    for (size_t begin = 0; begin < records.size();) {
      const size_t n = std::min(records.size() - begin, size_t{1} + random() % most);
      Batch batch = make_batch({records.data() + begin, n}, sequence++);
      const int64_t block_max = batch.max_event_time;
      if (transform) transform->apply(batch);
      batch.watermark = watermark;
      batch.watermark_delay = out_of_orderness_ + 1000;
      ordered->process(std::move(batch), out);
      if (block_max > max) {
        max = block_max;
        watermark = max - out_of_orderness_ - 1000;
        ordered->watermark(watermark, out);
      }
      begin += n;
      if (!snapshots) continue;
      SnapshotWriter writer;
      ordered->snapshot(writer);
      ordered = plan_->make_ordered(context);
      SnapshotReader reader(writer.bytes());
      ordered->restore(reader);
      REQUIRE(reader.ok());
      REQUIRE(reader.at_end());
    }
    ordered->end(out);
    outcome.late_count = ordered->stats().late;
    CHECK(ordered->stats().open == 0);
    return outcome;
  }

 private:
  class Collector : public Emitter {
   public:
    explicit Collector(TimedOutcome& outcome) : outcome_(outcome) {}
    void emit(Batch batch) override {
      for (size_t i = 0; i < batch.rows; ++i) {
        const auto at = [&](size_t c) { return batch.columns[c]->at<int64_t>(i); };
        CHECK(batch.event_time[i] == last_instant(at(1)));
        CHECK(batch.running_max.empty());
        const auto kind = batch.kinds.empty() ? RowKind::kInsert : batch.kinds[i];
        outcome_.rows.push_back(shown_window(std::string(row_kind_text(kind)).c_str(), at(0), at(1),
                                             batch.columns[2]->at<int32_t>(i), at(3), at(4)) +
                                " d" + std::to_string(at(5)));
      }
    }
    void emit_late(Batch batch) override {
      for (size_t i = 0; i < batch.rows; ++i) {
        std::string row;
        for (const size_t c : {0, 1, 2, 3, 4, 5}) {
          const Column& column = *batch.columns[c];
          row += std::to_string(c == 1 || c == 2 ? column.at<int32_t>(i) : column.at<int64_t>(i));
          row += " ";
        }
        outcome_.late.push_back(row);
      }
    }
    void advance(int64_t) override {}

   private:
    TimedOutcome& outcome_;
  };

  static Batch make_batch(std::span<const TimedRecord> records, uint64_t sequence) {
    Batch batch;
    batch.sequence = sequence;
    auto t = make_column(Type::timestamp(6));
    auto k = make_column(Type::integer());
    auto v = make_column(Type::integer());
    int64_t max = kMinTime;
    uint64_t place = sequence << 32;
    for (const auto& r : records) {
      const int64_t before = max;
      max = std::max(max, r.time);
      const uint64_t ordinal = place++;
      if (r.filtered) continue;
      batch.event_time.push_back(r.time);
      batch.running_max.push_back(before);
      batch.ordinals.push_back(ordinal);
      t->push<int64_t>(r.time);
      k->push<int32_t>(r.key);
      v->push<int32_t>(r.value);
      ++batch.rows;
    }
    batch.max_event_time = max;
    batch.columns = {t, k, v};
    return batch;
  }

  std::unique_ptr<OperatorPlan> plan_;
  int64_t out_of_orderness_;
};

// One record at a time, after Flink's WindowOperator.
class TimedReference {
 public:
  using Assign = std::function<std::vector<WindowBounds>(int64_t time)>;  // in order of their ends

  // `gap` > 0: sessions; `assign` is not asked then.
  TimedReference(Assign assign, int64_t gap, int64_t out_of_orderness, int64_t lateness)
      : assign_(std::move(assign)),
        gap_(gap),
        out_of_orderness_(out_of_orderness),
        lateness_(lateness) {}

  TimedOutcome run(const std::vector<TimedRecord>& records) {
    for (const auto& r : records) {
      if (!r.filtered) add(r);
      if (r.time > max_) {
        max_ = r.time;
        advance(max_ - out_of_orderness_ - 1000);
      }
    }
    advance(kMaxTime);
    return outcome_;
  }

 private:
  struct Contents {
    int64_t n = 0;
    int64_t sum = 0;
    std::map<int32_t, int> values;
    bool fired = false;  // some part of it has given a result
    bool due = false;    // its timer is still to fire
  };
  struct Key {
    int64_t end;
    int64_t start;
    int32_t key;
    auto operator<=>(const Key&) const = default;
  };

  bool is_forgotten(int64_t end) const { return end - 1000 + lateness_ <= watermark_; }

  void add(const TimedRecord& r) {
    bool taken = false;
    bool any_window = false;
    for (const WindowBounds& w : gap_ > 0 ? session_of(r) : assign_(r.time)) {
      any_window = true;
      if (watermark_ != kMinTime && is_forgotten(w.end)) continue;
      taken = true;
      Contents& c = open_[{w.end, w.start, r.key}];
      ++c.n;
      c.sum += r.value;
      c.values[r.value] = 1;
      if (watermark_ != kMinTime && w.end - 1000 <= watermark_) {
        give({w.end, w.start, r.key}, c);
      } else {
        c.due = true;
      }
    }
    const bool behind = watermark_ != kMinTime && whole_ms(r.time) + lateness_ <= watermark_;
    if (taken || (!any_window && !behind)) return;
    ++outcome_.late_count;
    std::string row;
    for (const int64_t x : {r.time, int64_t{r.key}, int64_t{r.value}, whole_ms(r.time),
                            whole_ms(watermark_), (watermark_ - r.time) / 1000})
      row += std::to_string(x) + " ";
    outcome_.late.push_back(row);
  }

  // Merges what the record's window touches; the merged window is among open_ then.
  std::vector<WindowBounds> session_of(const TimedRecord& r) {
    WindowBounds w{r.time, r.time + gap_};
    Contents merged;
    bool any = false;
    for (bool again = true; again;) {
      again = false;
      for (auto it = open_.begin(); it != open_.end(); ++it) {
        if (it->first.key != r.key || it->first.start > w.end || w.start > it->first.end) continue;
        w.start = std::min(w.start, it->first.start);
        w.end = std::max(w.end, it->first.end);
        merged.n += it->second.n;
        merged.sum += it->second.sum;
        merged.values.insert(it->second.values.begin(), it->second.values.end());
        merged.fired = merged.fired || it->second.fired;
        any = true;
        open_.erase(it);
        again = true;
        break;
      }
    }
    if (any) open_[{w.end, w.start, r.key}] = merged;
    return {w};
  }

  void give(const Key& key, Contents& c) {
    outcome_.rows.push_back(
        shown_window(c.fired ? "+U" : "+I", key.start, key.end, key.key, c.n, c.sum) + " d" +
        std::to_string(c.values.size()));
    c.fired = true;
    c.due = false;
  }

  void advance(int64_t watermark) {
    watermark_ = watermark;
    for (auto it = open_.begin(); it != open_.end() && it->first.end - 1000 <= watermark;) {
      if (it->second.due) give(it->first, it->second);
      it = is_forgotten(it->first.end) || watermark == kMaxTime ? open_.erase(it) : std::next(it);
    }
  }

  Assign assign_;
  int64_t gap_;
  int64_t out_of_orderness_;
  int64_t lateness_;
  std::map<Key, Contents> open_;
  int64_t watermark_ = kMinTime;
  int64_t max_ = kMinTime;
  TimedOutcome outcome_;
};

// Records in rough time order: steps of up to `step`, some of them up to `disorder` behind.
inline std::vector<TimedRecord> random_records(uint64_t seed, size_t n, int64_t step,
                                               int64_t disorder, int32_t keys) {
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(std::max<int64_t>(limit, 1)));
  };
  // Whole milliseconds now and then, so that boundaries are met exactly; before and after 1970.
  const int64_t unit = below(2) == 0 ? 1000 : 1;
  int64_t now = below(4) == 0 ? below(1'000'000'000'000) : -below(50'000'000);
  std::vector<TimedRecord> records;
  for (size_t i = 0; i < n; ++i) {
    now += below(20) == 0 ? below(step * 30) : below(step);
    TimedRecord r;
    r.time = below(3) == 0 ? now - below(disorder) : now;
    if (unit > 1) r.time -= floor_mod(r.time, unit);
    r.key = static_cast<int32_t>(below(keys));
    r.value = static_cast<int32_t>(below(5));
    r.filtered = below(8) == 0;
    records.push_back(r);
  }
  return records;
}

}  // namespace weir
