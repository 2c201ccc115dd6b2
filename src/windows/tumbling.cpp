// Tumbling windows in event time.
//
// Workers aggregate each block per (window, key); the ordered stage adds these partials to the open windows
// and fires a window when the watermark passes its end. The result is that of one record at a time,
// because lateness splits in two: a record that is late by the largest time of its own block so far is late
// in any case, and is dropped by the worker; for the others lateness depends on their window and on
// the watermark that earlier blocks left, so the ordered stage drops a late window's partial as a whole.

#include <algorithm>
#include <map>
#include <mutex>

#include "operators/aggregation.h"
#include "windows/time_window.h"
#include "windows/window_list.h"
#include "windows/window_results.h"

namespace weir {

namespace {

struct TumblingOptions : WindowOptions {
  Duration size;
  Duration offset;
};

const OptionTable<TumblingOptions>& tumbling_options() {
  static const OptionTable<TumblingOptions> table = window_option_table<TumblingOptions>({
      {"size", &TumblingOptions::size, "the length of a window, at least 1ms", true},
      {"offset", &TumblingOptions::offset, "shifts the windows' starts"},
  });
  return table;
}

// What a worker made of one block.
struct Partial {
  Partial(const AggregateProgram& program, std::vector<Type> key_types, bool track_arrival)
      : groups(program, std::move(key_types), run_hash_seed(), track_arrival) {}

  struct Run {
    int64_t start;
    uint64_t rows;
  };
  GroupedAggregation groups;  // by window start, then the keys
  std::vector<Run> runs;      // rows per window, neighbours joined
  uint64_t late = 0;          // rows late by their own block alone

  void clear() {
    groups.clear();
    runs.clear();
    late = 0;
  }
};

// Partials go round between the workers and the ordered stage, so that their memory is reused.
class PartialPool : public std::enable_shared_from_this<PartialPool> {
 public:
  template <class Make>
  std::shared_ptr<Partial> take(Make&& make) {
    std::unique_ptr<Partial> partial;
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        partial = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!partial) partial = make();
    return {partial.release(), [pool = shared_from_this()](Partial* p) {
              p->clear();
              std::lock_guard lock(pool->mutex_);
              pool->free_.emplace_back(p);
            }};
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Partial>> free_;
};

// The bound window, shared by its two halves.
struct Tumbling {
  const WindowBinding* binding = nullptr;
  int64_t size_us = 0;
  int64_t offset_us = 0;
  std::vector<Type> partial_key_types;  // TIMESTAMP, then the keys'
};

class TumblingPartials : public Transform {
 public:
  TumblingPartials(const Tumbling& window, std::shared_ptr<PartialPool> pool,
                   const OperatorContext& context)
      : window_(window), pool_(std::move(pool)), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    if (window_.binding->program->can_fail()) {
      window_.binding->program->compute(batch, eval_);
      if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "aggregate", context_);
    }
    auto partial = pool_->take([&] {
      return std::make_unique<Partial>(*window_.binding->program, window_.partial_key_types,
                                       window_.binding->track_arrival());
    });
    const ColumnPtr starts = assign(batch, *partial);
    keys_.clear();
    keys_.push_back(starts);
    for (const size_t c : window_.binding->key_columns) keys_.push_back(batch.columns[c]);
    partial->groups.update(batch, keys_, eval_);
    batch.prepared = std::move(partial);
    // The groups own their keys and states: the block's bytes are free for the next block.
    keys_.clear();
    batch.columns.clear();
    if (batch.rejects.empty()) batch.owners.clear();
  }

 private:
  // The start of each row's window; rows that are late by their own block leave the batch.
  ColumnPtr assign(Batch& batch, Partial& partial) {
    keep_.clear();
    auto starts = make_column(Type::timestamp(6), batch.rows);
    int64_t* out = starts->values<int64_t>();
    const int64_t* times = batch.event_time.data();
    const int64_t* maxima = batch.running_max.data();
    int64_t start = 0;
    int64_t end = 0;  // the last row's window; most rows are in the same
    bool any_late = false;
    for (size_t i = 0; i < batch.rows; ++i) {
      if (times[i] < start || times[i] >= end) {
        start = window_start(times[i], window_.offset_us, window_.size_us);
        end = start + window_.size_us;
      }
      out[i] = start;
      if (end <= maxima[i] - window_.binding->out_of_orderness_us) {
        if (!any_late) {
          for (uint32_t k = 0; k < i; ++k) keep_.push_back(k);
          any_late = true;
        }
        ++partial.late;
        continue;
      }
      if (any_late) keep_.push_back(static_cast<uint32_t>(i));
      if (partial.runs.empty() || partial.runs.back().start != start) {
        partial.runs.push_back({start, 1});
      } else {
        ++partial.runs.back().rows;
      }
    }
    if (!any_late) return starts;
    starts = starts->gather({keep_.data(), keep_.size()});
    batch.select({keep_.data(), keep_.size()});
    return starts;
  }

  const Tumbling& window_;
  std::shared_ptr<PartialPool> pool_;
  const OperatorContext context_;
  EvalContext eval_;
  std::vector<ColumnPtr> keys_;
  Vec<uint32_t> keep_;
};

class TumblingWindow : public Ordered {
 public:
  TumblingWindow(const Tumbling& window, const OperatorContext& context)
      : window_(window), results_(*window.binding, context) {}

  void process(Batch batch, Emitter& out) override {
    if (!batch.rejects.empty()) {
      Batch rejected;
      rejected.rejects = std::move(batch.rejects);
      out.emit(std::move(rejected));
    }
    if (!batch.prepared) return;
    auto& partial = *std::static_pointer_cast<Partial>(batch.prepared);
    late_ += partial.late;
    const size_t n = partial.groups.groups();
    if (n == 0) return;

    ids_.resize(n);
    for (uint32_t g = 0; g < n; ++g) ids_[g] = g;
    const ColumnPtr starts = partial.groups.keys({ids_.data(), n})[0];
    const int64_t* start = starts->values<int64_t>();
    const bool one_window = std::all_of(start, start + n, [&](int64_t s) { return s == start[0]; });
    if (!one_window)
      std::stable_sort(ids_.begin(), ids_.end(),
                       [&](uint32_t a, uint32_t b) { return start[a] < start[b]; });
    for (size_t i = 0; i < n;) {
      size_t j = i + 1;
      while (j < n && start[ids_[j]] == start[ids_[i]]) ++j;
      add(start[ids_[i]], partial, {ids_.data() + i, j - i});
      i = j;
    }
  }

  void watermark(int64_t watermark, Emitter& out) override {
    watermark_ = watermark;
    while (!open_.empty() && end_of(open_.begin()->first) - kMillisecond <= watermark_)
      fire_first(out);
  }

  void end(Emitter& out) override {
    while (!open_.empty()) fire_first(out);
  }

  OperatorStats stats() const override { return {.late = late_, .open = open_.size()}; }

  void snapshot(SnapshotWriter& writer) const override {
    writer.put_i64(watermark_);
    writer.put_u64(late_);
    writer.put_u64(open_.size());
    for (const auto& [start, groups] : open_) {
      writer.put_i64(start);
      groups->snapshot(writer);
    }
  }
  void restore(SnapshotReader& reader) override {
    watermark_ = reader.get_i64();
    late_ = reader.get_u64();
    const uint64_t windows = reader.get_u64();
    for (uint64_t i = 0; i < windows && reader.ok(); ++i) {
      const int64_t start = reader.get_i64();
      open_window(start).restore(reader);
    }
  }

 private:
  int64_t end_of(int64_t start) const { return start + window_.size_us; }

  GroupedAggregation& open_window(int64_t start) {
    auto& groups = open_[start];
    if (!groups && !free_.empty()) {
      groups = std::move(free_.back());
      free_.pop_back();
    }
    if (!groups)
      groups = std::make_unique<GroupedAggregation>(*window_.binding->program,
                                                    window_.binding->key_types, run_hash_seed(),
                                                    window_.binding->track_arrival());
    return *groups;
  }

  void add(int64_t start, Partial& partial, std::span<const uint32_t> groups) {
    if (end_of(start) - kMillisecond <= watermark_) {
      for (const auto& run : partial.runs) {
        if (run.start == start) late_ += run.rows;
      }
      return;
    }
    open_window(start).merge_groups(partial.groups, groups, 1);
  }

  void fire_first(Emitter& out) {
    const int64_t start = open_.begin()->first;
    std::unique_ptr<GroupedAggregation> groups = std::move(open_.begin()->second);
    open_.erase(open_.begin());

    const Vec<uint32_t> order = groups->order(window_.binding->order);
    Batch rows = results_.of_groups(*groups, {order.data(), order.size()}, {start, end_of(start)});
    groups->clear();
    if (free_.size() < 4) free_.push_back(std::move(groups));
    out.emit(std::move(rows));
  }

  const Tumbling& window_;
  WindowResults results_;
  std::map<int64_t, std::unique_ptr<GroupedAggregation>> open_;  // by start
  std::vector<std::unique_ptr<GroupedAggregation>> free_;
  int64_t watermark_ = kMinTime;
  uint64_t late_ = 0;
  Vec<uint32_t> ids_;
};

class TumblingPlan : public WindowPlan {
 public:
  TumblingPlan(WindowBinding binding, const TumblingOptions& options)
      : WindowPlan("tumbling window", std::move(binding)),
        text_("tumbling window of " + format_duration(options.size) + " in event time"),
        pool_(std::make_shared<PartialPool>()) {
    window_.binding = &window();
    window_.size_us = options.size.us;
    window_.offset_us = options.offset.us;
    window_.partial_key_types = window().key_types;
    window_.partial_key_types.insert(window_.partial_key_types.begin(), Type::timestamp(6));
    if (options.offset.us != 0) text_ += ", offset " + format_duration(options.offset);
    text_ += window().text;
  }

  std::string explain() const override { return text_; }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return std::make_unique<TumblingPartials>(window_, pool_, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<TumblingWindow>(window_, context);
  }

 private:
  Tumbling window_;
  std::string text_;
  std::shared_ptr<PartialPool> pool_;
};

std::unique_ptr<OperatorPlan> bind_tumbling(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  WindowComplaints complaints(spec, errors);
  TumblingOptions options;
  read_options(tumbling_options(), spec.options, options, errors, "the tumbling window",
               {"type", "name"});
  if (complaints.has("size") && !complaints.any() && options.size.us < kMillisecond)
    complaints.at("size", "a window must be at least 1ms long");
  if (options.size.us > 0 && std::abs(options.offset.us) >= options.size.us)
    complaints.at("offset", "the offset must be shorter than the window");
  if (const auto key = option_that_needs_rows(options); !key.empty())
    complaints.at(std::string(key).c_str(),
                  "`" + std::string(key) + "` is not available here in this version");
  if (options.allowed_lateness.us != 0)
    complaints.at("allowed_lateness",
                  "allowed lateness other than 0s is not available in this version",
                  "a larger max_out_of_orderness lets the same records in");
  auto binding = bind_window(options, {"the tumbling window"}, input, context, complaints);
  if (!binding) return nullptr;
  if (binding->reduction && binding->reduction->general) {
    complaints.at("reduce", "a general `reduce` is not available here in this version");
    return nullptr;
  }
  return std::make_unique<TumblingPlan>(std::move(*binding), options);
}

}  // namespace

const OperatorDescriptor kTumblingWindow = {
    "tumbling",
    "Groups records by time into windows of one length that follow each other without gaps.",
    [] { return option_docs(tumbling_options()); },
    bind_tumbling,
};

}  // namespace weir
