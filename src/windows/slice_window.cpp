// The ordered half of sliced windows: adds the workers' partials to the open slices and fires windows when the
// watermark passes their ends. The result is that of one record at a time, because
//   - what earlier blocks left decides about a whole slice of a block: all of its windows are closed (its
//     rows are late), or some have fired and are kept (its rows are taken one by one), or its partial
//     is added;
//   - rows that wait (slice_partials.h) are taken one by one in input order, each after the windows due
//     before it have fired;
//   - no partial that is added is in a window that fires on behalf of such a row: the windows of its rows
//     end behind every watermark of the block up to them, or they would wait too.

#include "windows/slice_window.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "expr/aggregates/row_codec.h"
#include "operators/state_limit.h"
#include "windows/slice_partials.h"
#include "windows/spilled_slices.h"
#include "windows/window_results.h"

namespace weir {

namespace {

constexpr size_t kSliceResultRows = 8192;  // of one batch of results
constexpr uint64_t kSlicesAreSpilled =
    ~uint64_t{0};  // in a snapshot, before the number of slices in memory

class SliceWindow final : public Ordered {
 public:
  SliceWindow(const SliceSpec& spec, const OperatorContext& context)
      : spec_(spec),
        layout_(spec.layout),
        binding_(*spec.binding),
        lateness_(binding_.allowed_lateness_us),
        eval_(context.eval_context()),
        results_(binding_, context),
        late_(binding_),
        combined_(make_groups()),
        gathered_(binding_),
        spilled_(binding_, context.spill),
        limit_(context, !binding_.key_types.empty()) {}

  void process(Batch batch, Emitter& out) override {
    emit_rejects(batch, out);
    if (!batch.prepared) return;
    const auto partial = std::static_pointer_cast<SlicePartial>(batch.prepared);
    if (batch.watermark > watermark_) advance(batch.watermark, out);
    count_late(batch, partial->late);
    add_partial(batch, *partial);
    if (spec_.keeps_blocks()) {
      take_rows(batch, *partial, out);
    } else if (!partial->waiting.empty()) {
      Batch& held = partial->held;
      held.watermark = batch.watermark;
      held.watermark_cap = batch.watermark_cap;
      held.watermark_delay = batch.watermark_delay;
      rows_.resize(held.rows);
      for (uint32_t k = 0; k < held.rows; ++k) rows_[k] = k;
      take_rows(held, *partial, out);
    }
    if (limit_.is_passed(
            batch.rows, [this] { return groups_in_memory(); }, [this] { return state_bytes(); }))
      spill();
  }

  void watermark(int64_t watermark, Emitter& out) override { advance(watermark, out); }
  void end(Emitter& out) override { advance(kMaxTime, out); }

  OperatorStats stats() const override {
    return {late_.total(), open_windows(), fired_, refired_, late_.first_late_by_us()};
  }

  uint64_t state_bytes() const override {
    uint64_t total = combined_->memory_bytes() + gathered_.memory_bytes();
    for (const auto& [slice, groups] : open_) total += groups->memory_bytes();
    for (const auto& groups : free_) total += groups->memory_bytes();
    return total;
  }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_i64(watermark_);
    writer.put_u64(fired_);
    writer.put_u64(refired_);
    late_.snapshot(writer);
    if (spilled_.any()) {
      writer.put_u64(kSlicesAreSpilled);
      spilled_.snapshot(writer);
    }
    writer.put_u64(open_.size());
    const auto& gathered = gathered_.by_start();
    auto part = gathered.begin();
    for (const auto& [start, groups] : open_) {
      writer.put_i64(start);
      if (part == gathered.end() || part->start != start) {
        groups->snapshot(writer);
        continue;
      }
      const Groups all = make_groups();
      all->merge_copies(*groups);
      gathered_.give_copy(*part++, *all);
      all->snapshot(writer);
    }
    WEIR_CHECK(part == gathered.end());
  }
  void restore(SnapshotReader& reader) override {
    watermark_ = reader.get_i64();
    fired_ = reader.get_u64();
    refired_ = reader.get_u64();
    late_.restore(reader);
    uint64_t slices = reader.get_u64();
    if (slices == kSlicesAreSpilled) {
      spilled_.restore(reader);
      slices = reader.get_u64();
    }
    for (uint64_t i = 0; i < slices && reader.ok(); ++i) {
      const int64_t start = reader.get_i64();
      slice(start).restore(reader);
    }
  }

 private:
  using Groups = std::unique_ptr<GroupedAggregation>;
  using Slices = std::map<int64_t, Groups>;  // by start

  Groups make_groups() const {
    return std::make_unique<GroupedAggregation>(*binding_.program, binding_.key_types,
                                                run_hash_seed(), binding_.track_arrival());
  }

  // --- what the watermark says ---

  // The largest end of windows that have fired, or of those that are forgotten.
  int64_t fired_through() const {
    return watermark_ == kMinTime ? kMinTime : saturating_add(watermark_, kMillisecond);
  }
  int64_t forgotten_through() const {
    return watermark_ == kMinTime ? kMinTime : saturating_sub(fired_through(), lateness_);
  }
  bool is_closed(int64_t slice) const { return layout_.last_end(slice) <= forgotten_through(); }
  // A row of such a slice makes a window fire again.
  bool is_touched(int64_t slice) const {
    return lateness_ > 0 && layout_.first_end(slice) <= fired_through();
  }

  // --- memory: when it is full, what all slices have goes to the disk ---

  uint64_t groups_in_memory() const {
    uint64_t groups = gathered_.groups();
    for (const auto& [slice, in_memory] : open_) groups += in_memory->groups();
    return groups;
  }
  void spill() {
    settle();
    gathered_.release();
    for (auto& [slice, in_memory] : open_) spill(slice, in_memory);
    free_.clear();
    combined_ = make_groups();
  }
  // The table is another one afterwards: an emptied one would keep its memory.
  void spill(int64_t slice, Groups& groups) {
    if (groups->groups() == 0) return;
    spilled_.add(slice, *groups);
    groups = make_groups();
  }

  // --- adding ---

  GroupedAggregation& slice(int64_t start) {
    if (const auto found = open_.find(start); found != open_.end()) return *found->second;
    // No slice is ever without its groups, also when there is no memory for them.
    if (free_.empty()) free_.push_back(make_groups());
    auto& groups = *open_.emplace(start, std::move(free_.back())).first->second;
    free_.pop_back();
    const auto end = layout_.next_end(start, fired_through());
    if (end && (!next_end_ || *end < *next_end_)) next_end_ = end;
    return groups;
  }

  // Adds the partial's slices; rows_ becomes those rows of a kept block that are taken one by one.
  void add_partial(const Batch& batch, SlicePartial& partial) {
    one_by_one_.clear();
    if (partial.runs.size() == 1) {
      const int64_t start = partial.runs[0].slice;
      if (takes_partial(batch, start, partial)) slice(start).merge_from(partial.of_one_slice);
    } else if (!partial.runs.empty()) {
      add_slices(batch, partial);
    }
    if (spec_.keeps_blocks()) pick_rows(batch, partial);
  }

  void add_slices(const Batch& batch, SlicePartial& partial) {
    SlicedGroups& groups = partial.by_slice;
    if (groups.slices() >= kManySlices && gathers(groups)) return gather(groups);
    if (direct_blocks_ > 0) --direct_blocks_;
    for (const auto& part : groups.by_start()) {
      if (takes_partial(batch, part.start, partial)) groups.give(part, slice(part.start));
    }
  }

  // Blocks of many slices, as event times in no order give them, are added to each other first: to add a few rows
  // to each of many slices costs more. Not if the slices' windows fire soon, as then that was for nothing, nor if
  // some have fired or are closed.
  bool gathers(const SlicedGroups& groups) const {
    if (direct_blocks_ > 0) return false;
    const std::vector<int64_t> starts = groups.starts();
    const int64_t first = *std::min_element(starts.begin(), starts.end());
    return !is_closed(first) && !is_touched(first);
  }
  void gather(SlicedGroups& groups) {
    ++gathered_blocks_;
    const size_t known = gathered_.slices();
    gathered_.merge_from(groups);
    for (const int64_t start : gathered_.starts(known)) slice(start);
  }
  // Adds what is gathered to its slices.
  void settle() {
    if (gathered_.groups() == 0) return;
    for (const auto& part : gathered_.by_start()) gathered_.give(part, slice(part.start));
    gathered_.clear();
    if (gathered_blocks_ < kWorthwhile) direct_blocks_ = 8 * kWorthwhile;
    gathered_blocks_ = 0;
  }

  // True if the slice's partial is to be added; else its rows are late or are taken one by one.
  bool takes_partial(const Batch& batch, int64_t start, const SlicePartial& partial) {
    const bool closed = is_closed(start);
    if (is_touched(start) || (closed && binding_.want_late)) {
      one_by_one_.push_back(start);
      return false;
    }
    if (!closed) return true;
    for (const auto& run : partial.runs) {
      if (run.slice == start) count_late(batch, run);
    }
    return false;
  }

  void count_late(const Batch& batch, const SlicePartial::Run& run) {
    if (run.rows == 0) return;
    int64_t watermark = watermark_;
    if (run.first_max >= kMinTime + batch.watermark_delay)
      watermark = std::max(watermark, run.first_max - batch.watermark_delay);
    late_.count(run.rows, saturating_sub(watermark, run.first_time), batch.ordinal(run.first_row));
  }

  // The waiting rows and those of the slices one_by_one_, in input order.
  void pick_rows(const Batch& batch, const SlicePartial& partial) {
    rows_.clear();
    if (one_by_one_.empty()) {
      for (const uint32_t row : partial.waiting) rows_.push_back(row);
      return;
    }
    const int64_t* slices = partial.slices->values<int64_t>();
    size_t waiting = 0;
    for (uint32_t i = 0; i < batch.rows; ++i) {
      const bool waits = waiting < partial.waiting.size() && partial.waiting[waiting] == i;
      if (waits) ++waiting;
      if (waits || std::binary_search(one_by_one_.begin(), one_by_one_.end(), slices[i]))
        rows_.push_back(i);
    }
  }

  // --- one row after another ---

  void take_rows(const Batch& batch, const SlicePartial& partial, Emitter& out) {
    if (!rows_.empty()) settle();
    const int64_t* slices = partial.slices ? partial.slices->values<int64_t>() : nullptr;
    for (const uint32_t i : rows_) {
      const int64_t watermark = batch.watermark_at(i);
      if (watermark > watermark_) {
        advance(watermark, out);
        out.advance(watermark);
      }
      if (slices[i] == SlicePartial::kGap) {
        const int64_t time =
            saturating_sub(batch.event_time[i], floor_mod(batch.event_time[i], kMillisecond));
        if (saturating_add(time, lateness_) <= watermark_) late_.add(batch, i, watermark_);
      } else if (is_closed(slices[i])) {
        late_.add(batch, i, watermark_);
      } else {
        add_row(batch, i, slices[i], out);
      }
    }
    late_.flush(batch, out);
  }

  void add_row(const Batch& batch, uint32_t i, int64_t start, Emitter& out) {
    Batch row;
    row.rows = 1;
    row.sequence = batch.sequence;
    row.ordinals.push_back(batch.ordinal(i));
    for (const auto& column : batch.columns)
      row.columns.push_back(column ? column->slice(i, i + 1) : nullptr);
    keys_.clear();
    for (const size_t c : binding_.key_columns) keys_.push_back(row.columns[c]);

    again_.clear();
    if (lateness_ > 0) {
      for (auto end = layout_.next_end(start, forgotten_through()); end && *end <= fired_through();
           end = layout_.next_end(start, *end))
        again_.push_back({*end, has_key(layout_.window_of_end(*end))});
    }
    eval_.arena = &row.arena();
    slice(start).update(row, keys_, eval_);
    for (const auto& [end, known] : again_) fire_again(end, known, out);
    keys_.clear();
  }

  Slices::iterator first_slice(const WindowBounds& window) {
    return open_.lower_bound(window.start);
  }
  Slices::iterator slices_end(const WindowBounds& window) { return open_.lower_bound(window.end); }

  // Whether the window has a result for the key in keys_.
  bool has_key(const WindowBounds& window) {
    const std::string encoded = spilled_.any() ? encoded_key() : std::string();
    for (auto it = first_slice(window); it != slices_end(window); ++it) {
      if (it->second->find(keys_, 0) != GroupedAggregation::kNoGroup ||
          spilled_.has_key(it->first, encoded))
        return true;
    }
    return false;
  }
  std::string encoded_key() const {
    std::string encoded;
    for (const auto& column : keys_) encode_value(*column, 0, encoded);
    return encoded;
  }

  // The window's result for the key in keys_; an update if it had one.
  void fire_again(int64_t end, bool known, Emitter& out) {
    const WindowBounds window = layout_.window_of_end(end);
    const std::string encoded = spilled_.any() ? encoded_key() : std::string();
    combined_->clear();
    for (auto it = first_slice(window); it != slices_end(window); ++it) {
      spilled_.merge_key(it->first, encoded, *combined_);
      const uint32_t group = it->second->find(keys_, 0);
      if (group != GroupedAggregation::kNoGroup) combined_->merge_copies(*it->second, {&group, 1});
    }
    const uint32_t first = 0;
    Batch rows = results_.of_groups(*combined_, {&first, 1}, window);
    if (known) rows.kinds.resize(rows.rows);
    std::fill(rows.kinds.begin(), rows.kinds.end(), RowKind::kUpdateAfter);
    ++fired_;
    ++refired_;
    out.emit(std::move(rows));
  }

  // --- firing ---

  void advance(int64_t watermark, Emitter& out) {
    if (next_end_ && last_instant(*next_end_) <= watermark) settle();
    while (next_end_ && last_instant(*next_end_) <= watermark) {
      const int64_t end = *next_end_;
      fire(end, out);
      next_end_ = next_end_after(end);
    }
    watermark_ = watermark;
    while (!open_.empty() && is_closed(open_.begin()->first)) drop(open_.begin());
  }

  std::optional<int64_t> next_end_after(int64_t time) const {
    // Slices that start earlier are in no window that ends later.
    for (auto it = open_.lower_bound(saturating_sub(time, layout_.size())); it != open_.end();
         ++it) {
      if (const auto end = layout_.next_end(it->first, time)) return end;
    }
    return std::nullopt;
  }

  void fire(int64_t end, Emitter& out) {
    const WindowBounds window = layout_.window_of_end(end);
    const auto first = first_slice(window);
    const auto last = slices_end(window);
    if (first == last) return;
    ++fired_;
    if (std::any_of(first, last, [&](const auto& slice) { return spilled_.has(slice.first); }))
      return fire_spilled(first, last, window, out);
    GroupedAggregation* groups = first->second.get();
    if (std::next(first) != last) {
      if (layout_.cumulates() && lateness_ == 0) {
        // No window that is still to come tells these slices apart.
        for (auto it = std::next(first); it != last; it = drop(it)) groups->merge_from(*it->second);
      } else {
        groups = &combine(first, last, end);
      }
    }
    give(*groups, window, out);
  }

  void give(const GroupedAggregation& groups, const WindowBounds& window, Emitter& out) {
    const Vec<uint32_t> order = groups.order(binding_.order);
    for (size_t begin = 0; begin < order.size(); begin += kSliceResultRows) {
      const size_t n = std::min(kSliceResultRows, order.size() - begin);
      out.emit(results_.of_groups(groups, {order.data() + begin, n}, window));
    }
  }

  void fire_spilled(Slices::iterator first, Slices::iterator last, const WindowBounds& window,
                    Emitter& out) {
    std::vector<int64_t> slices;
    for (auto it = first; it != last; ++it) {
      spill(it->first, it->second);
      slices.push_back(it->first);
    }
    spilled_.read(slices, [&](const GroupedAggregation& groups) { give(groups, window, out); });
  }

  GroupedAggregation& combine(Slices::iterator first, Slices::iterator last, int64_t end) {
    combined_->clear();
    for (auto it = first; it != last; ++it) {
      if (lateness_ == 0 && layout_.last_end(it->first) <= end) {
        combined_->merge_from(*it->second);  // its last window
      } else {
        combined_->merge_copies(*it->second);
      }
    }
    return *combined_;
  }

  Slices::iterator drop(Slices::iterator it) {
    spilled_.drop(it->first);
    if (free_.size() < kFreeSlices) {
      it->second->clear();
      free_.push_back(std::move(it->second));
    }
    return open_.erase(it);
  }

  uint64_t open_windows() const {
    uint64_t windows = 0;
    int64_t counted = fired_through();
    for (const auto& [start, groups] : open_) {
      const auto end = layout_.next_end(start, counted);
      if (!end) continue;
      const int64_t last = layout_.last_end(start);
      windows += static_cast<uint64_t>(saturating_sub(last, *end) / layout_.end_step()) + 1;
      counted = last;
    }
    return windows;
  }

  static constexpr size_t kFreeSlices = 4;
  static constexpr size_t kManySlices = 8;    // of one block
  static constexpr uint32_t kWorthwhile = 4;  // blocks to be gathered before their windows fire

  const SliceSpec& spec_;
  const SliceLayout& layout_;
  const WindowBinding& binding_;
  const int64_t lateness_;
  EvalContext eval_;
  WindowResults results_;
  LateRows late_;
  Slices open_;
  std::vector<Groups> free_;
  Groups combined_;        // of the slices of the window that fires
  SlicedGroups gathered_;  // to be added to the open slices, which are there already
  uint32_t gathered_blocks_ = 0;
  uint32_t direct_blocks_ = 0;       // so many are not gathered
  std::optional<int64_t> next_end_;  // of the windows that have not fired
  SpilledSlices spilled_;
  StateLimit limit_;
  int64_t watermark_ = kMinTime;
  uint64_t fired_ = 0;
  uint64_t refired_ = 0;

  struct Again {
    int64_t end;
    bool known;
  };
  std::vector<Again> again_;
  std::vector<int64_t> one_by_one_;  // slices of the batch
  Vec<uint32_t> rows_;
  std::vector<ColumnPtr> keys_;
};

class SliceWindowPlan final : public WindowPlan {
 public:
  SliceWindowPlan(std::string name, std::string text, SliceLayout layout, WindowBinding binding)
      : WindowPlan(std::move(name), std::move(binding)),
        spec_{&window(), layout},
        text_(std::move(text) + " in event time" + window().text),
        pool_(std::make_shared<SlicePartialPool>()) {}

  std::string explain() const override { return text_; }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_slice_partials(spec_, pool_, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<SliceWindow>(spec_, context);
  }

 private:
  SliceSpec spec_;
  std::string text_;
  std::shared_ptr<SlicePartialPool> pool_;
};

}  // namespace

std::unique_ptr<OperatorPlan> make_slice_window(std::string name, std::string text,
                                                SliceLayout layout, WindowBinding binding) {
  return std::make_unique<SliceWindowPlan>(std::move(name), std::move(text), layout,
                                           std::move(binding));
}

}  // namespace weir
