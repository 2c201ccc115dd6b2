#include "windows/slice_partials.h"

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
  // A slice and from which largest time of the block on its rows wait or are dropped.
  struct Fate {
    int64_t begin = 0;
    int64_t end = 0;
    int64_t slice = 0;
    int64_t wait_from = 0;
    int64_t drop_from = 0;
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

  // Fills slices_, stay_ and what the partial knows of rows that do not stay.
  void assign(const Batch& batch, SlicePartial& partial) {
    slices_ = make_column(Type::timestamp(6), batch.rows);
    int64_t* slices = slices_->values<int64_t>();
    const int64_t* times = batch.event_time.data();
    const int64_t* maxima = batch.running_max.empty() ? nullptr : batch.running_max.data();
    stay_.resize(batch.rows);
    uint32_t staying = 0;
    Fate fate;  // the last row's; most rows are in the same slice
    for (uint32_t i = 0; i < batch.rows; ++i) {
      const int64_t time = times[i];
      if (time < fate.begin || time >= fate.end) fate = fate_of(time);
      slices[i] = fate.slice;
      const int64_t max = maxima != nullptr ? maxima[i] : kMinTime;
      if (max >= fate.wait_from) [[unlikely]] {
        if (max >= fate.drop_from) {
          add_to_run(partial.late, i, time, max);
        } else {
          partial.waiting.push_back(i);
        }
        continue;
      }
      stay_[staying++] = i;
      if (partial.runs.empty() || partial.runs.back().slice != fate.slice) {
        partial.runs.push_back({fate.slice, 1, i, time, max});
      } else {
        ++partial.runs.back().rows;
      }
    }
    stay_.resize(staying);
  }

  static void add_to_run(SlicePartial::Run& run, uint32_t row, int64_t time, int64_t max) {
    if (run.rows++ > 0) return;
    run.first_row = row;
    run.first_time = time;
    run.first_max = max;
  }

  void aggregate(const Batch& rows, const ColumnPtr& slices, SlicePartial& partial) {
    const bool one_slice = partial.runs.size() == 1;
    keys_.clear();
    if (!one_slice) keys_.push_back(slices);
    for (const size_t c : binding_.key_columns) keys_.push_back(rows.columns[c]);
    (one_slice ? partial.of_one_slice : partial.by_slice).update(rows, keys_, eval_);
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
