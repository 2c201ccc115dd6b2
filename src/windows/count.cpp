// Count windows: every `size` records of a key, or every `slide` records over the last `size`.
//
// There are two readings of a slide, and both are here. By default a window closes every `slide` records and
// holds up to `size` of the last ones (Flink's Java countWindow). With `full` a window starts every
// `slide` records and closes when it has `size` of them (PyFlink's and the Table API's). Either way a
// window is known by the count of its key's records at which it closes, and a record goes into the
// key's windows that are open then. A batch is taken in one sweep that only tells which rows go into which
// window; aggregating them and giving the results of those that closed are whole-column steps.

#include <algorithm>

#include "operators/state_limit.h"
#include "state/spilled_keys.h"
#include "windows/pane_contents.h"
#include "windows/row_window_rules.h"
#include "windows/window_keys.h"
#include "windows/window_list.h"
#include "windows/window_results.h"

namespace weir {

namespace {

constexpr size_t kCountedKeysAtOnce = 8192;  // that go to the disk or come back
constexpr uint64_t kCountsAreSpilled =
    ~uint64_t{0};  // in a snapshot, before the number of keys in memory

struct CountOptions : WindowOptions {
  int64_t size = 0;
  std::optional<int64_t> slide;
  bool full = false;
  bool emit_partial = false;
};

const OptionTable<CountOptions>& count_options() {
  const auto member = []<class T>(T WindowOptions::* m) {
    return static_cast<T CountOptions::*>(m);
  };
  static const OptionTable<CountOptions> table = {
      {"size", &CountOptions::size, "how many records of a key a window holds", true},
      {"slide", &CountOptions::slide,
       "a result every so many records of a key, over the last `size`; `size` when not given"},
      {"full", &CountOptions::full,
       "only windows of `size` records, which start every `slide` records; else the first results "
       "of a key are over fewer"},
      {"emit_partial", &CountOptions::emit_partial,
       "at the end of the input, windows that are not full yet give a result too, in key order"},
      {"key_by", member(&WindowOptions::key_by),
       "columns to group by; none: all records count together"},
      {"aggregate", member(&WindowOptions::aggregate),
       "the result's columns: name = \"expression\"; this or `reduce`"},
      {"reduce", member(&WindowOptions::reduce),
       "columns and how two rows become one, `a` so far and `b` new: n = \"a.n + b.n\""},
      {"having", member(&WindowOptions::having), "keeps the result rows for which this is true"},
  };
  return table;
}

struct CountRules {
  RowWindowRules rows;  // the binding, for the preparation
  uint64_t size = 0;
  uint64_t slide = 0;
  bool full = false;
  bool emit_partial = false;
};

class CountWindow final : public Ordered {
 public:
  CountWindow(const CountRules& rules, const OperatorContext& context)
      : rules_(rules),
        binding_(*rules.rows.binding),
        context_(context),
        eval_(context.eval_context()),
        keys_(binding_.key_columns, binding_.key_types),
        contents_(make_contents()),
        results_(binding_, context),
        spilled_("the count window", context.spill),
        limit_(context, !binding_.key_types.empty()) {}

  void process(Batch batch, Emitter& out) override {
    emit_rejects(batch, out);
    if (batch.rows == 0) return;
    give_up_keys();
    eval_.arena = &batch.arena();
    const auto known = static_cast<uint32_t>(keys_.size());
    keys_.find(batch, row_keys_);
    if (counts_.size() < keys_.size()) counts_.resize(keys_.size());
    if (spilled_.any()) take_back(known);
    for (uint32_t i = 0; i < batch.rows; ++i) {
      take(i);
      if (rows_.size() >= kManyRows) add_rows(batch);
    }
    add_rows(batch);
    give(out);
    if (!eval_.errors.empty()) {
      reject_failed_rows(batch, eval_, "reduce", context_);
      emit_rejects(batch, out);
    }
    if (limit_.is_passed(
            batch.rows, [this] { return windows_.size(); }, [this] { return state_bytes(); }))
      spill();
  }

  void end(Emitter& out) override {
    if (!rules_.emit_partial) return;
    if (!spilled_.any()) return give_partial(out);
    spill();
    spilled_.each([&](std::string_view bytes, SnapshotReader& value) {
      const uint32_t key = keys_.find_encoded(bytes);
      counts_.resize(keys_.size());
      restore_key(key, value);
      if (keys_.size() < kCountedKeysAtOnce) return;
      give_partial(out);
      keys_.clear();
    });
    give_partial(out);
    spilled_.clear();
    spilled_open_ = 0;
  }

  OperatorStats stats() const override {
    return {.open = open_windows() + spilled_open_, .fired = fired_};
  }

  uint64_t state_bytes() const override {
    return keys_.memory_bytes() + contents_->memory_bytes() + counts_.size() * sizeof(Count) +
           windows_.size() * sizeof(Window);
  }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u64(fired_);
    keys_.snapshot(writer);
    if (spilled_.any()) {
      writer.put_u64(kCountsAreSpilled);
      writer.put_u64(spilled_open_);
      spilled_.snapshot(writer);
    }
    writer.put_u64(counts_.size());
    for (uint32_t key = 0; key < counts_.size(); ++key) snapshot_key(key, writer);
  }
  void restore(SnapshotReader& reader) override {
    fired_ = reader.get_u64();
    if (!keys_.restore(reader)) return;
    uint64_t keys = reader.get_u64();
    if (keys == kCountsAreSpilled) {
      spilled_open_ = reader.get_u64();
      spilled_.restore(reader);
      keys = reader.get_u64();
    }
    for (uint32_t key = 0; key < keys && reader.ok(); ++key) {
      counts_.emplace_back();
      restore_key(key, reader);
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kManyRows = 1 << 16;

  // A key's records so far, and its open windows, the next to close first.
  struct Count {
    uint64_t rows = 0;
    uint32_t first = kNone;
    uint32_t last = kNone;
  };
  struct Window {
    uint64_t closes_at = 0;
    uint32_t key = 0;
    uint32_t next = kNone;
  };

  std::unique_ptr<PaneContents> make_contents() const {
    return binding_.reduction && binding_.reduction->general
               ? make_reduced_contents(*binding_.reduction)
               : make_aggregate_contents(*binding_.program);
  }
  uint64_t open_windows() const { return windows_.size() - free_.size(); }

  // --- in snapshots and on the disk ---

  void snapshot_key(uint32_t key, SnapshotWriter& writer) const {
    const Count& count = counts_[key];
    writer.put_u64(count.rows);
    uint32_t open = 0;
    for (uint32_t w = count.first; w != kNone; w = windows_[w].next) ++open;
    writer.put_u32(open);
    for (uint32_t w = count.first; w != kNone; w = windows_[w].next) {
      writer.put_u64(windows_[w].closes_at);
      contents_->snapshot(w, writer);
    }
  }
  void restore_key(uint32_t key, SnapshotReader& reader) {
    counts_[key].rows = reader.get_u64();
    const uint32_t open = reader.get_u32();
    for (uint32_t i = 0; i < open && reader.ok(); ++i)
      contents_->restore(open_window(key, reader.get_u64()), reader);
  }

  // All keys go to the disk, each with its windows. Between batches.
  void spill() {
    Vec<uint32_t> keys;
    for (uint32_t key = 0; key < counts_.size();) {
      keys.clear();
      for (; key < counts_.size() && keys.size() < kCountedKeysAtOnce; ++key) {
        if (!can_give_up(counts_[key])) keys.push_back(key);
      }
      const auto encoded = keys_.encoded({keys.data(), keys.size()});
      for (size_t i = 0; i < keys.size(); ++i) {
        SnapshotWriter value;
        snapshot_key(keys[i], value);
        spilled_.put(encoded[i], {}, value.bytes());
      }
    }
    spilled_open_ += open_windows();
    keys_.clear();
    counts_.clear();
    windows_.clear();
    free_.clear();
    contents_ = make_contents();
  }

  // Of the keys from `known` on, new in memory, those that are on the disk.
  void take_back(uint32_t known) {
    Vec<uint32_t> keys;
    for (uint32_t key = known; key < keys_.size(); ++key) keys.push_back(key);
    const uint64_t open = open_windows();
    spilled_.take(keys_.encoded({keys.data(), keys.size()}),
                  [&](size_t i, SnapshotReader& value) { restore_key(keys[i], value); });
    spilled_open_ -= open_windows() - open;
  }

  void take(uint32_t i) {
    const uint32_t key = row_keys_[i];
    Count& count = counts_[key];
    open_windows(key, count);
    ++count.rows;
    for (uint32_t w = count.first; w != kNone; w = windows_[w].next) {
      rows_.push_back(i);
      row_windows_.push_back(w);
    }
    if (count.first == kNone || windows_[count.first].closes_at != count.rows) return;
    closed_.push_back(count.first);
    count.first = windows_[count.first].next;
    if (count.first == kNone) count.last = kNone;
  }

  // Those whose first record is the next one.
  void open_windows(uint32_t key, const Count& count) {
    const uint64_t row = count.rows;
    if (rules_.full) {
      if (row % rules_.slide == 0) open_window(key, row + rules_.size);
      return;
    }
    if (row == 0) {
      for (uint64_t at = rules_.slide; at < rules_.size; at += rules_.slide) open_window(key, at);
    }
    if ((row + rules_.size) % rules_.slide == 0) open_window(key, row + rules_.size);
  }

  uint32_t open_window(uint32_t key, uint64_t closes_at) {
    uint32_t w = static_cast<uint32_t>(windows_.size());
    if (free_.empty()) {
      windows_.push_back({closes_at, key, kNone});
      contents_->grow(windows_.size());
    } else {
      w = free_.back();
      free_.pop_back();
      windows_[w] = {closes_at, key, kNone};
    }
    Count& count = counts_[key];
    if (count.last == kNone) {
      count.first = w;
    } else {
      windows_[count.last].next = w;
    }
    count.last = w;
    return w;
  }

  void add_rows(const Batch& batch) {
    if (rows_.empty()) return;
    contents_->add({batch, {rows_.data(), rows_.size()}, row_windows_.data()}, eval_);
    rows_.clear();
    row_windows_.clear();
  }

  void give(Emitter& out) {
    if (closed_.empty()) return;
    closed_keys_.clear();
    for (const uint32_t w : closed_) closed_keys_.push_back(windows_[w].key);
    auto arena = std::make_shared<Arena>();
    Batch rows =
        contents_->result(keys_.columns({closed_keys_.data(), closed_keys_.size()}, *arena),
                          {closed_.data(), closed_.size()}, results_.eval());
    rows.keep(std::move(arena));
    const WindowBounds bounds{kMinTime, kMaxTime};
    Batch given = results_.complete(std::move(rows), {&bounds, 1}, "aggregate");
    given.event_time.clear();
    fired_ += closed_.size();
    for (const uint32_t w : closed_) {
      contents_->clear(w);
      free_.push_back(w);
    }
    closed_.clear();
    out.emit(std::move(given));
  }

  // What is open, in key order.
  void give_partial(Emitter& out) {
    for (const auto& count : counts_) {
      for (uint32_t w = count.first; w != kNone; w = windows_[w].next) closed_.push_back(w);
    }
    keys_.sort(std::span(closed_.data(), closed_.size()),
               [&](uint32_t w) { return windows_[w].key; });
    give(out);
    counts_.clear();
  }

  // Where windows follow each other without overlap, a key between two of them can be forgotten.
  bool can_give_up(const Count& count) const {
    return count.first == kNone && rules_.slide == rules_.size;
  }
  void give_up_keys() {
    constexpr size_t kFew = 4096;
    if (rules_.slide != rules_.size || counts_.size() < kFew || counts_.size() < 4 * open_windows())
      return;
    Vec<uint32_t> kept;
    std::vector<Count> counts;
    for (uint32_t key = 0; key < counts_.size(); ++key) {
      if (can_give_up(counts_[key])) continue;
      for (uint32_t w = counts_[key].first; w != kNone; w = windows_[w].next)
        windows_[w].key = static_cast<uint32_t>(kept.size());
      kept.push_back(key);
      counts.push_back(counts_[key]);
    }
    keys_.keep({kept.data(), kept.size()});
    counts_ = std::move(counts);
  }

  const CountRules& rules_;
  const WindowBinding& binding_;
  const OperatorContext context_;
  EvalContext eval_;
  WindowKeys keys_;
  std::unique_ptr<PaneContents> contents_;
  WindowResults results_;
  std::vector<Count> counts_;  // by key
  std::vector<Window> windows_;
  Vec<uint32_t> free_;  // numbers of windows that have closed
  SpilledKeys spilled_;
  StateLimit limit_;
  uint64_t spilled_open_ = 0;  // windows on the disk
  uint64_t fired_ = 0;

  // Scratch.
  Vec<uint32_t> row_keys_;
  Vec<uint32_t> rows_;
  Vec<uint32_t> row_windows_;
  Vec<uint32_t> closed_;
  Vec<uint32_t> closed_keys_;
};

class CountWindowPlan final : public WindowPlan {
 public:
  CountWindowPlan(WindowBinding binding, const CountOptions& options)
      : WindowPlan("count window", std::move(binding)) {
    rules_.rows.binding = &window();
    rules_.size = static_cast<uint64_t>(options.size);
    rules_.slide = static_cast<uint64_t>(options.slide.value_or(options.size));
    rules_.full = options.full;
    rules_.emit_partial = options.emit_partial;
    text_ = "count window of " + format_count(rules_.size) + " records";
    if (rules_.slide != rules_.size) text_ += " every " + format_count(rules_.slide);
    if (rules_.full && rules_.slide != rules_.size) text_ += ", full ones only";
    if (rules_.emit_partial) text_ += ", partial ones at the end";
    text_ += window().text;
  }

  std::string explain() const override { return text_; }
  bool can_reject() const override {
    return WindowPlan::can_reject() || (window().reduction && window().reduction->general);
  }
  // A count says nothing about time.
  bool keeps_event_time() const override { return false; }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_row_preparation(rules_.rows, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<CountWindow>(rules_, context);
  }

 private:
  CountRules rules_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_count(const ComponentSpec& spec, const Schema& input,
                                         const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  CountOptions options;
  read_options(count_options(), spec.options, options, errors, "the count window",
               {"type", "op", "name"});
  if (complaints.has("size") && !complaints.any() && options.size < 1)
    complaints.at("size", "a count window holds 1 or more records");
  if (options.slide && *options.slide < 1) complaints.at("slide", "the slide is 1 or more records");
  auto binding =
      bind_window(options, {"the count window", false, false}, input, context, complaints);
  if (!binding) return nullptr;
  return std::make_unique<CountWindowPlan>(std::move(*binding), options);
}

}  // namespace

const OperatorDescriptor kCountWindow = {
    "count",
    "Groups the records of a key by their number: every so many, or the last so many.",
    [] { return option_docs(count_options()); },
    bind_count,
};

}  // namespace weir
