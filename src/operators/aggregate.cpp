// aggregate: one row per key with aggregates over all input.
//
// Every worker aggregates the batches that it meets in a table of its own; at the end of the input the workers'
// tables are merged. A worker that sees many keys that hardly repeat goes over to groups that all
// workers share (shared_groups.h); where the result has no order, its rows wait there until a small part of the keys
// can be worked on at a time. How rows were split over workers cannot be seen in the result.

#include <algorithm>
#include <mutex>

#include "expr/binder.h"
#include "operators/aggregate_stream.h"
#include "operators/column_list.h"
#include "operators/completed_parts.h"
#include "operators/group_ranges.h"
#include "operators/operator_list.h"
#include "operators/shared_groups.h"
#include "operators/spilled_groups.h"

namespace weir {

namespace {

// A table of its own costs a worker one merge for each group in the end, the shared ones cost every row its way
// to a shard. They are about even when one row in eight brings a new key.
constexpr size_t kManyGroups = size_t{1} << 17;
constexpr size_t kRowsPerNewGroup = 8;
constexpr size_t kRowsLookedAt = size_t{1} << 16;
constexpr uint64_t kWaitingBytes = uint64_t{1} << 30;  // of rows that shared groups let wait
constexpr size_t kShardsApart = 4;  // where the workers' rounds over the shards begin
constexpr size_t kGroupsLookedAt = size_t{1} << 12;  // new ones, before memory is looked at again
constexpr size_t kRowsBetweenLooks = size_t{1} << 18;
constexpr uint64_t kIsSpilled = ~uint64_t{0};  // in a snapshot, in place of the number of groups

struct AggregateOptions {
  std::vector<SourceText> key_by;
  NamedTexts aggregate;
  std::optional<SourceText> having;
  std::string order = "key";
};

const OptionTable<AggregateOptions>& aggregate_options() {
  static const OptionTable<AggregateOptions> table = {
      {"key_by", &AggregateOptions::key_by, "columns to group by; none: one result over all rows"},
      {"aggregate", &AggregateOptions::aggregate, "the result's columns: name = \"expression\"",
       true},
      {"having", &AggregateOptions::having, "keeps the result rows for which this is true"},
      {"order", &AggregateOptions::order, std::vector<std::string>{"key", "arrival", "none"},
       "of the result: by key, by first appearance, or as it comes (fastest)"},
  };
  return table;
}

// What the collectors of one run have together: the shared groups, made by the first worker that needs them, and
// those on the disk.
class LazySharedGroups {
 public:
  LazySharedGroups(const Aggregation& aggregation, const AggregateProgram& program,
                   const OperatorContext& context)
      : aggregation_(aggregation),
        program_(program),
        workers_(context.workers),
        waiting_bytes_(aggregation.order == GroupOrder::kNone
                           ? std::min(kWaitingBytes, context.state_limit_bytes / 2)
                           : 0),
        spilled_(program, aggregation.key_types, aggregation.order, context.spill) {}

  SpilledGroups& spilled() { return spilled_; }

  SharedGroups& get() {
    std::call_once(once_, [this] {
      groups_ = std::make_unique<SharedGroups>(program_, aggregation_.key_types, run_hash_seed(),
                                               aggregation_.order == GroupOrder::kArrival, workers_,
                                               waiting_bytes_);
    });
    return *groups_;
  }
  int workers() const { return workers_; }
  SharedGroups* get_if_made() { return groups_.get(); }  // when all workers have finished

 private:
  const Aggregation& aggregation_;
  const AggregateProgram& program_;
  const int workers_;
  const uint64_t waiting_bytes_;  // of rows
  SpilledGroups spilled_;
  std::once_flag once_;
  std::unique_ptr<SharedGroups> groups_;
};

class AggregateCollector final : public Collector {
 public:
  AggregateCollector(const Aggregation& aggregation, const AggregateProgram& program,
                     const OperatorContext& context, std::shared_ptr<LazySharedGroups> shared,
                     size_t number)
      : aggregation_(aggregation),
        eval_(context.eval_context()),
        groups_(program, aggregation.key_types, run_hash_seed(),
                aggregation.order == GroupOrder::kArrival),
        shared_(std::move(shared)),
        may_share_(context.workers > 1 && !aggregation.key_types.empty() && !context.checkpointed),
        limit_(context.spill && !aggregation.key_types.empty()
                   ? context.state_limit_bytes /
                         static_cast<uint64_t>(context.checkpointed ? 1 : context.workers)
                   : UINT64_MAX) {
    scratch_.first_shard = number;
  }

  void consume(Batch batch) override {
    eval_.arena = &batch.arena();
    keys_.clear();
    for (const size_t c : aggregation_.key_columns) keys_.push_back(batch.columns[c]);
    if (sharing_) {
      shared_->get().update(batch, keys_, eval_, scratch_);
    } else {
      groups_.update(batch, keys_, eval_);
      rows_ += batch.rows;
      if (may_share_ && rows_ >= kRowsLookedAt) look_at_keys();
    }
    rows_since_look_ += batch.rows;
    keys_.clear();
    if (limit_ != UINT64_MAX) look_at_memory();
    WEIR_CHECK(eval_.errors.empty());  // rows that fail have been refused by the preparation
  }
  size_t memory_bytes() const override { return groups_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override {
    if (shared_->spilled().any()) {
      writer.put_u64(kIsSpilled);
      shared_->spilled().snapshot(writer);
    } else if (groups_.groups() == 0) {
      return;
    }
    groups_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    SnapshotReader head = reader;
    if (head.get_u64() == kIsSpilled) {
      reader = head;
      shared_->spilled().restore(reader);
    }
    groups_.restore(reader);
  }
  SpilledGroups& spilled() { return shared_->spilled(); }
  GroupedAggregation& groups() { return groups_; }
  SharedGroups* shared() { return shared_->get_if_made(); }
  void share() {
    shared_->get().merge_from(groups_, scratch_);
    sharing_ = true;
  }

 private:
  void look_at_memory() {
    const bool grown =
        groups_.groups() >= groups_at_look_ + std::max(kGroupsLookedAt, groups_at_look_ / 8);
    if (!grown && rows_since_look_ < kRowsBetweenLooks) return;
    rows_since_look_ = 0;
    groups_at_look_ = groups_.groups();
    if (is_full(groups_, limit_, full_groups_)) {
      shared_->spilled().add(groups_);
      groups_at_look_ = 0;
      groups_before_ = 0;
    }
    if (!sharing_) return;
    // All workers' limits together, without what rows may take, by part.
    SharedGroups& shared = shared_->get();
    const uint64_t limit =
        (limit_ * static_cast<uint64_t>(shared_->workers()) - shared.waiting_bytes()) /
        shared.part_count();
    shared.each_part([&](GroupedAggregation& groups) {
      if (is_full(groups, limit, full_part_)) shared_->spilled().add(groups);
    });
  }

  // A table keeps its memory when it is emptied: from the first time on the number of groups tells as well.
  static bool is_full(const GroupedAggregation& groups, uint64_t limit, size_t& full) {
    if (full > 0 && groups.groups() < full) return false;
    if (groups.memory_bytes() <= limit) return false;
    full = std::max<size_t>(groups.groups(), 1);
    return true;
  }

  void look_at_keys() {
    const size_t new_groups = groups_.groups() - groups_before_;
    if (groups_.groups() >= kManyGroups && new_groups * kRowsPerNewGroup > rows_) share();
    groups_before_ = groups_.groups();
    rows_ = 0;
  }

  const Aggregation& aggregation_;
  EvalContext eval_;
  GroupedAggregation groups_;
  std::vector<ColumnPtr> keys_;

  const std::shared_ptr<LazySharedGroups> shared_;
  SharedGroups::Scratch scratch_;
  const bool may_share_;
  bool sharing_ = false;
  const uint64_t limit_;  // of this worker's memory
  size_t full_groups_ = 0;
  size_t full_part_ = 0;
  size_t rows_since_look_ = 0;
  size_t groups_at_look_ = 0;
  size_t rows_ = 0;  // since the keys were last looked at
  size_t groups_before_ = 0;
};

// Runs in the workers before the collector when an argument may fail: such rows are refused there.
class AggregatePreparation final : public Transform {
 public:
  AggregatePreparation(const AggregateProgram& program, const OperatorContext& context)
      : program_(program), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    program_.compute(batch, eval_);
    reject_failed_rows(batch, eval_, "aggregate", context_);
  }

 private:
  const AggregateProgram& program_;
  const OperatorContext context_;
  EvalContext eval_;
};

// The groups of all workers, handed out as result rows.
class AggregateResult final : public BatchSource {
 public:
  using Collectors = std::vector<std::unique_ptr<Collector>>;

  AggregateResult(const Aggregation& aggregation,
                  std::vector<std::unique_ptr<Collector>> collectors,
                  const OperatorContext& context)
      : aggregation_(aggregation),
        context_(context),
        collectors_(std::make_shared<Collectors>(std::move(collectors))),
        shared_(as_aggregate(collectors_->front()).shared()),
        spilled_(spill_rest()),
        ranges_(spilled_ == nullptr ? merge() : std::vector<GroupedAggregation*>{},
                aggregation.order) {
    if (shared_ != nullptr && shared_->waiting_bytes() > 0) parts_.emplace(*shared_);
  }

  bool claim(Batch& batch) override {
    EvalContext eval = context_.eval_context();
    const bool any = spilled_ != nullptr  ? spilled_->claim(batch, eval)
                     : parts_.has_value() ? parts_->claim(batch, eval)
                                          : ranges_.claim(batch, eval);
    if (!any) return false;
    batch.keep(collectors_);  // the keys' strings are in there
    reject_failed_rows(batch, eval, "aggregate", context_);
    if (aggregation_.having) filter(batch, eval);
    return true;
  }

 private:
  static AggregateCollector& as_aggregate(std::unique_ptr<Collector>& collector) {
    return dynamic_cast<AggregateCollector&>(*collector);
  }

  // Where some groups are on the disk, all of them go there.
  SpilledGroups* spill_rest() const {
    SpilledGroups& spilled = as_aggregate(collectors_->front()).spilled();
    if (!spilled.any()) return nullptr;
    for (auto& collector : *collectors_) spilled.add(as_aggregate(collector).groups());
    if (shared_ == nullptr) return &spilled;
    EvalContext eval = context_.eval_context();
    const auto parts = shared_->parts();
    for (size_t p = 0; p < parts.size(); ++p) {
      shared_->complete(p, eval);
      spilled.add(*parts[p]);
    }
    return &spilled;
  }

  std::vector<GroupedAggregation*> merge() const {
    if (shared_ != nullptr) {
      for (auto& collector : *collectors_) as_aggregate(collector).share();
      return shared_->parts();
    }
    GroupedAggregation* merged = nullptr;
    for (auto& collector : *collectors_) {
      auto& groups = as_aggregate(collector).groups();
      // The largest table takes in the others.
      if (merged == nullptr || groups.groups() > merged->groups()) merged = &groups;
    }
    for (auto& collector : *collectors_) {
      auto& groups = as_aggregate(collector).groups();
      if (&groups != merged) merged->merge_from(groups);
    }
    merged->add_empty_group();
    return {merged};
  }

  void filter(Batch& batch, EvalContext& eval) const {
    Vec<uint32_t> rows;
    eval.arena = &batch.arena();
    eval_filter(*aggregation_.having, batch, eval, rows);
    while (!eval.errors.empty()) {
      reject_failed_rows(batch, eval, "having", context_);
      eval_filter(*aggregation_.having, batch, eval, rows);
    }
    batch.select({rows.data(), rows.size()});
  }

  const Aggregation& aggregation_;
  const OperatorContext context_;
  const std::shared_ptr<Collectors> collectors_;
  SharedGroups* const shared_;    // nullptr: every worker has groups of its own
  SpilledGroups* const spilled_;  // nullptr: all are in memory
  GroupRanges ranges_;
  std::optional<CompletedParts> parts_;  // instead of ranges
};

class AggregatePlan final : public OperatorPlan {
 public:
  AggregatePlan(const Schema& input, Schema output, Aggregation aggregation, std::string text)
      : OperatorPlan("aggregate", input, std::move(output)),
        aggregation_(std::move(aggregation)),
        text_(std::move(text)),
        program_(make_program({})) {}

  Placement placement() const override {
    return aggregation_.streaming ? Placement::kOrdered : Placement::kCollector;
  }
  bool keeps_event_time() const override { return false; }
  bool takes_changelog() const override { return aggregation_.streaming; }
  bool makes_changelog(bool) const override { return aggregation_.streaming; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (const size_t c : aggregation_.key_columns) needed[c] = true;
    make_program(output_needed)->collect_columns(needed);
    return needed;
  }
  void set_output_needed(const std::vector<bool>& needed) override {
    OperatorPlan::set_output_needed(needed);
    program_ = make_program(needed);
  }
  std::string explain() const override { return "aggregate: " + text_; }
  bool can_reject() const override { return program_->can_fail(); }

  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    if (!program_->can_fail()) return nullptr;
    return std::make_unique<AggregatePreparation>(*program_, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_group_stream(aggregation_, *program_, input(), output(), context);
  }
  bool keeps_collected() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    const std::lock_guard lock(mutex_);
    auto shared = shared_.lock();
    if (!shared) {
      shared = std::make_shared<LazySharedGroups>(aggregation_, *program_, context);
      shared_ = shared;
      collectors_made_ = 0;
    }
    return std::make_unique<AggregateCollector>(aggregation_, *program_, context, std::move(shared),
                                                collectors_made_++ * kShardsApart);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext& context) const override {
    return std::make_unique<AggregateResult>(aggregation_, std::move(collectors), context);
  }

 private:
  // For the output columns needed (empty: all) and those that HAVING reads.
  std::unique_ptr<AggregateProgram> make_program(std::vector<bool> needed) const {
    needed.resize(output().size(), needed.empty());
    if (aggregation_.having) aggregation_.having->collect_columns(needed);
    const auto keys = static_cast<ptrdiff_t>(aggregation_.key_columns.size());
    return std::make_unique<AggregateProgram>(
        aggregation_.binding, aggregation_.key_columns.size(), input().size(),
        std::vector<bool>(needed.begin() + keys, needed.end()));
  }

  Aggregation aggregation_;
  std::string text_;
  std::unique_ptr<AggregateProgram> program_;

  // What the collectors of the run that is going on share: not a part of the plan, only found through it.
  mutable std::mutex mutex_;
  mutable std::weak_ptr<LazySharedGroups> shared_;
  mutable size_t collectors_made_ = 0;
};

std::unique_ptr<OperatorPlan> bind_aggregate(const ComponentSpec& spec, const Schema& input,
                                             const BindContext& context, Errors& errors) {
  AggregateOptions options;
  const size_t before = errors.size();
  read_options(aggregate_options(), spec.options, options, errors, "the aggregate operator",
               {"op"});
  Aggregation aggregation;
  aggregation.streaming = context.streaming;
  aggregation.retracts = !context.inputs.empty() && context.inputs[0].changelog;
  aggregation.key_columns = resolve_columns(options.key_by, input, errors);
  if (errors.size() != before) return nullptr;

  Schema output;
  std::vector<std::string> keys;
  for (const size_t c : aggregation.key_columns) {
    aggregation.key_types.push_back(input[c].type);
    keys.push_back(input[c].name);
    output.add(input[c].name, input[c].type);
  }
  auto binding = bind_aggregates(options.aggregate, input, keys, context.zone);
  if (!binding) {
    add_aggregate_errors(options.aggregate, input, keys, context.zone, errors);
    return nullptr;
  }
  aggregation.binding = std::move(*binding);
  for (size_t k = 0; k < aggregation.binding.output.size(); ++k) {
    const ColumnSpec& column = aggregation.binding.output[k];
    if (output.find(column.name)) {
      errors.push_back({ErrorKind::kConfig,
                        "`" + column.name + "` is a key and an aggregate",
                        options.aggregate[k].name_position,
                        "give the aggregate another name",
                        {}});
      return nullptr;
    }
    output.add(column.name, column.type);
  }
  if (options.having) {
    auto having = bind_predicate(*options.having, output, context.zone);
    if (!having) {
      errors.push_back(having.error());
      return nullptr;
    }
    aggregation.having = std::move(*having);
  }
  aggregation.order = options.order == "key"       ? GroupOrder::kKey
                      : options.order == "arrival" ? GroupOrder::kArrival
                                                   : GroupOrder::kNone;
  std::string text = join_texts(options.aggregate);
  if (!keys.empty()) text = join_names(aggregation.key_columns, input) + ": " + text;
  if (options.having) text += ", having " + options.having->text;
  return std::make_unique<AggregatePlan>(input, std::move(output), std::move(aggregation),
                                         std::move(text));
}

}  // namespace

const OperatorDescriptor kAggregateOperator = {
    "aggregate",
    "Gives one row per key with aggregates over all input: at the end of bounded input, as changes "
    "of "
    "the result so far on a stream.",
    [] { return option_docs(aggregate_options()); },
    bind_aggregate,
};

}  // namespace weir
