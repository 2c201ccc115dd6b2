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

#include "expr/binder.h"
#include "expr/parser.h"
#include "operators/aggregation.h"
#include "windows/time_window.h"
#include "windows/window_list.h"

namespace weir {

namespace {

struct TumblingOptions {
  std::string time = "event";
  Duration size;
  Duration offset;
  std::vector<SourceText> key_by;
  Duration allowed_lateness;
  NamedTexts aggregate;
  std::optional<SourceText> having;
  std::string order = "key";
};

const OptionTable<TumblingOptions>& tumbling_options() {
  static const OptionTable<TumblingOptions> table = {
      {"time", &TumblingOptions::time, std::vector<std::string>{"event"},
       "the clock: `event`, the records' own time"},
      {"size", &TumblingOptions::size, "the length of a window, at least 1ms", true},
      {"offset", &TumblingOptions::offset, "shifts the windows' starts"},
      {"key_by", &TumblingOptions::key_by, "columns to group by; none: one result per window"},
      {"allowed_lateness", &TumblingOptions::allowed_lateness,
       "how long after its end a window still takes records; must be 0s in this version"},
      {"aggregate", &TumblingOptions::aggregate, "the result's columns: name = \"expression\"",
       true},
      {"having", &TumblingOptions::having, "keeps the result rows for which this is true"},
      {"order", &TumblingOptions::order, std::vector<std::string>{"key", "arrival", "none"},
       "of the rows of one window: by key, by first appearance, or as it comes"},
  };
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
  int64_t size_us = 0;
  int64_t offset_us = 0;
  int64_t out_of_orderness_us = 0;
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  std::vector<Type> partial_key_types;  // TIMESTAMP, then key_types
  std::unique_ptr<AggregateProgram> program;
  ExprPtr having;
  GroupOrder order = GroupOrder::kKey;
  std::vector<bool> needed;  // output columns
  bool track_arrival() const { return order == GroupOrder::kArrival; }
  bool is_needed(size_t column) const { return needed.empty() || needed[column]; }
};

class TumblingPartials : public Transform {
 public:
  TumblingPartials(const Tumbling& window, std::shared_ptr<PartialPool> pool,
                   const OperatorContext& context)
      : window_(window), pool_(std::move(pool)), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    if (window_.program->can_fail()) {
      window_.program->compute(batch, eval_);
      if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "aggregate", context_);
    }
    auto partial = pool_->take([&] {
      return std::make_unique<Partial>(*window_.program, window_.partial_key_types,
                                       window_.track_arrival());
    });
    const ColumnPtr starts = assign(batch, *partial);
    keys_.clear();
    keys_.push_back(starts);
    for (const size_t c : window_.key_columns) keys_.push_back(batch.columns[c]);
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
      if (end <= maxima[i] - window_.out_of_orderness_us) {
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
      : window_(window), context_(context), eval_(context.eval_context()) {}

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
      groups = std::make_unique<GroupedAggregation>(*window_.program, window_.key_types,
                                                    run_hash_seed(), window_.track_arrival());
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

    const Vec<uint32_t> order = groups->order(window_.order);
    Batch rows = groups->result({order.data(), order.size()}, eval_, true);
    std::vector<ColumnPtr> columns;
    columns.push_back(window_.is_needed(0) ? time_column(start, rows.rows) : nullptr);
    columns.push_back(window_.is_needed(1) ? time_column(end_of(start), rows.rows) : nullptr);
    for (auto& c : rows.columns) columns.push_back(std::move(c));
    rows.columns = std::move(columns);
    if (!eval_.errors.empty()) reject_failed_rows(rows, eval_, "aggregate", context_);
    if (window_.having) {
      eval_.arena = &rows.arena();
      eval_filter(*window_.having, rows, eval_, keep_);
      if (!eval_.errors.empty()) {
        reject_failed_rows(rows, eval_, "having", context_);
        eval_filter(*window_.having, rows, eval_, keep_);
        eval_.errors.clear();
      }
      rows.select({keep_.data(), keep_.size()});
    }
    groups->clear();
    if (free_.size() < 4) free_.push_back(std::move(groups));
    out.emit(std::move(rows));
  }

  static ColumnPtr time_column(int64_t time, size_t rows) {
    auto column = make_column(Type::timestamp(3), rows);
    std::fill_n(column->values<int64_t>(), rows, time);
    return column;
  }

  const Tumbling& window_;
  const OperatorContext context_;
  EvalContext eval_;
  std::map<int64_t, std::unique_ptr<GroupedAggregation>> open_;  // by start
  std::vector<std::unique_ptr<GroupedAggregation>> free_;
  int64_t watermark_ = kMinTime;
  uint64_t late_ = 0;
  Vec<uint32_t> ids_;
  Vec<uint32_t> keep_;
};

class TumblingPlan : public OperatorPlan {
 public:
  TumblingPlan(const Schema& input, Schema output, AggregateBinding binding, Tumbling window,
               TumblingOptions options)
      : OperatorPlan("tumbling window", input, std::move(output)),
        binding_(std::move(binding)),
        window_(std::move(window)),
        options_(std::move(options)),
        pool_(std::make_shared<PartialPool>()) {
    plan_aggregates({});
  }

  Placement placement() const override { return Placement::kOrdered; }

  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (const size_t c : window_.key_columns) needed[c] = true;
    std::vector<bool> outputs = output_needed;
    if (window_.having) window_.having->collect_columns(outputs);
    const AggregateProgram program(binding_, window_.key_types.size(), input().size(),
                                   aggregates_of(outputs));
    program.collect_columns(needed);
    return needed;
  }

  void set_output_needed(const std::vector<bool>& needed) override {
    OperatorPlan::set_output_needed(needed);
    std::vector<bool> outputs = needed;
    if (window_.having) window_.having->collect_columns(outputs);
    window_.needed = outputs;
    plan_aggregates(aggregates_of(outputs));
  }

  std::string explain() const override {
    std::string text = "tumbling window of " + format_duration(options_.size) + " in event time";
    if (options_.offset.us != 0) text += ", offset " + format_duration(options_.offset);
    for (size_t i = 0; i < options_.key_by.size(); ++i)
      text += (i == 0 ? ", by " : ", ") + options_.key_by[i].text;
    for (size_t i = 0; i < options_.aggregate.size(); ++i)
      text += (i == 0 ? ": " : ", ") + options_.aggregate[i].name + " = " +
              options_.aggregate[i].value.text;
    if (options_.having) text += ", having " + options_.having->text;
    return text;
  }
  bool can_reject() const override { return window_.program->can_fail(); }

  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return std::make_unique<TumblingPartials>(window_, pool_, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<TumblingWindow>(window_, context);
  }

 private:
  // The part of the output columns that are aggregates.
  std::vector<bool> aggregates_of(const std::vector<bool>& outputs) const {
    if (outputs.empty()) return {};
    return {outputs.begin() + static_cast<int64_t>(2 + window_.key_types.size()), outputs.end()};
  }
  void plan_aggregates(const std::vector<bool>& needed) {
    const size_t keys = window_.key_types.size();
    window_.program = std::make_unique<AggregateProgram>(binding_, keys, input().size(), needed);
  }

  AggregateBinding binding_;
  Tumbling window_;
  TumblingOptions options_;
  std::shared_ptr<PartialPool> pool_;
};

std::unique_ptr<OperatorPlan> bind_tumbling(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  TumblingOptions options;
  read_options(tumbling_options(), spec.options, options, errors, "the tumbling window",
               {"type", "name"});
  const auto value_position = [&](const char* key) {
    const Node* node = spec.options.find(key);
    return node != nullptr ? node->position : spec.position;
  };
  const auto complain = [&](const char* key, std::string message, std::string hint = {}) {
    errors.push_back(
        {ErrorKind::kConfig, std::move(message), value_position(key), std::move(hint), "[window]"});
  };
  if (!context.has_event_time)
    complain("time", "an event-time window needs [source.event_time]",
             "name the column that holds the records' time: [source.event_time] column = \"time\"");
  if (spec.options.find("size") != nullptr && errors.size() == before &&
      options.size.us < kMillisecond)
    complain("size", "a window must be at least 1ms long");
  if (options.size.us > 0 && std::abs(options.offset.us) >= options.size.us)
    complain("offset", "the offset must be shorter than the window");
  if (options.allowed_lateness.us != 0)
    complain("allowed_lateness", "allowed lateness other than 0s is not available in this version",
             "a larger max_out_of_orderness lets the same records in");

  Tumbling window;
  Schema output;
  output.add("window_start", Type::timestamp(3));
  output.add("window_end", Type::timestamp(3));
  std::vector<std::string> keys;
  for (const auto& key : options.key_by) {
    auto bound = bind_text(key, input, context.zone);
    if (!bound) {
      errors.push_back(bound.error());
      continue;
    }
    if ((*bound)->as_column() < 0) {
      errors.push_back({ErrorKind::kConfig, "key_by takes columns, not expressions",
                        key.at(0, key.text.size()),
                        "compute it before the window: [[transform]] op = \"extend\"", "[window]"});
      continue;
    }
    const auto index = static_cast<size_t>((*bound)->as_column());
    window.key_columns.push_back(index);
    window.key_types.push_back(input[index].type);
    keys.push_back(input[index].name);
    output.add(input[index].name, input[index].type);
  }
  if (errors.size() != before) return nullptr;

  auto binding = bind_aggregates(options.aggregate, input, keys, context.zone);
  if (!binding) {
    errors.push_back(binding.error());
    return nullptr;
  }
  for (const auto& c : binding->output) output.add(c.name, c.type);
  if (options.having) {
    auto having = bind_predicate(*options.having, output, context.zone);
    if (!having) {
      errors.push_back(having.error());
      return nullptr;
    }
    window.having = *having;
  }
  window.size_us = options.size.us;
  window.offset_us = options.offset.us;
  window.out_of_orderness_us = context.out_of_orderness_us;
  window.partial_key_types = window.key_types;
  window.partial_key_types.insert(window.partial_key_types.begin(), Type::timestamp(6));
  window.order = options.order == "key"       ? GroupOrder::kKey
                 : options.order == "arrival" ? GroupOrder::kArrival
                                              : GroupOrder::kNone;
  return std::make_unique<TumblingPlan>(input, std::move(output), std::move(*binding),
                                        std::move(window), std::move(options));
}

}  // namespace

const OperatorDescriptor kTumblingWindow = {
    "tumbling",
    "Groups records by time into windows of one length that follow each other without gaps.",
    [] { return option_docs(tumbling_options()); },
    bind_tumbling,
};

}  // namespace weir
