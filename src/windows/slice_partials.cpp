#include "windows/slice_partials.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

class SlicePartials final : public Transform {
 public:
  SlicePartials(const SliceSpec& spec, std::shared_ptr<SlicePartialPool> pool,
                const OperatorContext& context)
      : spec_(spec),
        binding_(*spec.binding),
        pool_(std::move(pool)),
        context_(context),
        eval_(context.eval_context()),
        drops_late_(binding_.one_partition && !spec.keeps_blocks()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    if (binding_.program->can_fail()) {
      binding_.program->compute(batch, eval_);
      if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "aggregate", context_);
    }
    auto partial = pool_->take([&] { return std::make_unique<SlicePartial>(spec_); });
    assign(batch, *partial);
    if (stay_.size() == batch.rows) {
      aggregate(batch, slices_, *partial);
    } else {
      Batch rest = batch;
      rest.rejects.clear();
      const std::span<const uint32_t> stay(stay_.data(), stay_.size());
      rest.select(stay);
      aggregate(rest, slices_->gather(stay), *partial);
    }
    keep_rows(batch, *partial);
    batch.prepared = std::move(partial);
  }

 private:
  static constexpr uint32_t kChunk = 64;

  // A slice and from which largest time of the block on its rows wait or are dropped.
  struct Fate {
    int64_t begin = 0;
    int64_t end = 0;
    int64_t slice = 0;
    int64_t wait_from = 0;
    int64_t drop_from = 0;

    bool holds(int64_t time) const { return time >= begin && time < end; }
  };

  Fate fate_of(int64_t time) const {
    const auto slice = spec_.layout.slice_of(time);
    if (!slice) return {time, time, SlicePartial::kGap, kMinTime, kMaxTime};
    const int64_t behind = binding_.out_of_orderness_us;
    Fate fate{slice->start, slice->end, slice->start, 0, kMaxTime};
    // The watermark, 1 ms and `behind` less, has reached the first window's last instant, 1 ms less.
    fate.wait_from = saturating_add(spec_.layout.first_end(slice->start), behind);
    if (drops_late_) {
      const int64_t last = spec_.layout.last_end(slice->start);
      fate.drop_from = saturating_add(saturating_add(last, binding_.allowed_lateness_us), behind);
    }
    return fate;
  }

  // Most rows are in the slice of the row before, most others in the one before that.
  const Fate& meet(int64_t time) {
    if (!fate_.holds(time)) {
      std::swap(fate_, other_fate_);
      if (!fate_.holds(time)) fate_ = fate_of(time);
    }
    return fate_;
  }

  // Event times of a batch's rows and the largest of the block before each; null: kMinTime.
  struct Times {
    const int64_t* times;
    const int64_t* maxima;

    int64_t max(uint32_t row) const { return maxima != nullptr ? maxima[row] : kMinTime; }
  };

  // Fills slices_, stay_ and what the partial knows of rows that do not stay.
  void assign(const Batch& batch, SlicePartial& partial) {
    slices_ = make_column(Type::timestamp(6), batch.rows);
    stay_.resize(batch.rows);
    staying_ = 0;
    const Times times{batch.event_time.data(),
                      batch.running_max.empty() ? nullptr : batch.running_max.data()};
    const auto rows = static_cast<uint32_t>(batch.rows);
    for (uint32_t begin = 0; begin < rows; begin += kChunk) {
      const uint32_t end = std::min(begin + kChunk, rows);
      if (!assign_alike(times, begin, end, partial)) assign_each(times, begin, end, partial);
    }
    stay_.resize(staying_);
  }

  // All rows of the chunk, if they stay and are of one slice; else false.
  bool assign_alike(const Times& times, uint32_t begin, uint32_t end, SlicePartial& partial) {
    const Fate& fate = meet(times.times[begin]);
    if (times.maxima != nullptr && times.maxima[end - 1] >= fate.wait_from) return false;
    // A sign for each time before or behind the slice: times are far from where that would overflow.
    const auto first = static_cast<uint64_t>(fate.begin);
    const uint64_t last = static_cast<uint64_t>(fate.end) - 1;
    uint64_t outside = 0;
    for (uint32_t i = begin; i < end; ++i) {
      const auto time = static_cast<uint64_t>(times.times[i]);
      outside |= (time - first) | (last - time);
    }
    if (outside >> 63 != 0) return false;
    int64_t* const slices = slices_->values<int64_t>() + begin;
    uint32_t* const stay = stay_.data() + staying_;
    for (uint32_t i = 0; i < end - begin; ++i) {
      slices[i] = static_cast<int64_t>(first);
      stay[i] = begin + i;
    }
    staying_ += end - begin;
    add_to_runs(partial, end - begin, begin, times);
    return true;
  }

  void assign_each(const Times& times, uint32_t begin, uint32_t end, SlicePartial& partial) {
    int64_t* slices = slices_->values<int64_t>();
    for (uint32_t i = begin; i < end; ++i) {
      const Fate& fate = meet(times.times[i]);
      slices[i] = fate.slice;
      const int64_t max = times.max(i);
      if (max < fate.wait_from) [[likely]] {
        stay_[staying_++] = i;
        add_to_runs(partial, 1, i, times);
      } else if (max >= fate.drop_from) {
        add_to_run(partial.late, i, times.times[i], max);
      } else {
        partial.waiting.push_back(i);
      }
    }
  }

  // Rows of the slice met last, from `first` on.
  void add_to_runs(SlicePartial& partial, uint64_t rows, uint32_t first, const Times& times) const {
    if (partial.runs.empty() || partial.runs.back().slice != fate_.slice) {
      partial.runs.push_back({fate_.slice, rows, first, times.times[first], times.max(first)});
    } else {
      partial.runs.back().rows += rows;
    }
  }

  static void add_to_run(SlicePartial::Run& run, uint32_t row, int64_t time, int64_t max) {
    if (run.rows++ > 0) return;
    run.first_row = row;
    run.first_time = time;
    run.first_max = max;
  }

  void aggregate(const Batch& rows, const ColumnPtr& slices, SlicePartial& partial) {
    if (partial.runs.size() != 1) return partial.by_slice.update(rows, slices, eval_);
    for (const size_t c : binding_.key_columns) keys_.push_back(rows.columns[c]);
    partial.of_one_slice.update(rows, keys_, eval_);
    keys_.clear();
  }

  void keep_rows(Batch& batch, SlicePartial& partial) {
    if (spec_.keeps_blocks()) {
      partial.slices = std::move(slices_);
      return;
    }
    if (!partial.waiting.empty()) {
      const std::span<const uint32_t> waiting(partial.waiting.data(), partial.waiting.size());
      partial.held = batch;
      partial.held.rejects.clear();
      partial.held.select(waiting);
      partial.slices = slices_->gather(waiting);
    }
    slices_.reset();
    // The groups own their keys and states: the block's bytes are free for the next block.
    batch.columns.clear();
    if (batch.rejects.empty()) batch.owners.clear();
  }

  const SliceSpec& spec_;
  const WindowBinding& binding_;
  std::shared_ptr<SlicePartialPool> pool_;
  const OperatorContext context_;
  EvalContext eval_;
  const bool drops_late_;
  ColumnPtr slices_;
  Vec<uint32_t> stay_;
  uint32_t staying_ = 0;
  Fate fate_;
  Fate other_fate_;
  std::vector<ColumnPtr> keys_;
};

}  // namespace

void SlicePartial::clear() {
  by_slice.clear();
  of_one_slice.clear();
  runs.clear();
  late = Run();
  waiting.clear();
  held = Batch();
  slices.reset();
}

std::unique_ptr<Transform> make_slice_partials(const SliceSpec& spec,
                                               std::shared_ptr<SlicePartialPool> pool,
                                               const OperatorContext& context) {
  return std::make_unique<SlicePartials>(spec, std::move(pool), context);
}

}  // namespace weir
