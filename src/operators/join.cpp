// join: the rows of two inputs that belong together.
//
// Bounded: the right side is read first, into a table; then the workers carry the left side's rows past it. Their
// order is kept; the partners of a row come in the order of the right side. Rows of the right side that have
// found no partner (right and full joins) come last. A right side that does not fit into memory goes to the disk:
// spilled_build.h. Streams: join_stream.h.

#include "operators/join.h"

#include <mutex>

#include "operators/interval_join.h"
#include "operators/join_probe.h"
#include "operators/join_stream.h"
#include "operators/operator_list.h"
#include "operators/spilled_build.h"

namespace weir {

namespace {

const OptionTable<JoinOptions>& join_options() {
  static const OptionTable<JoinOptions> table = {
      {"on", &JoinOptions::on,
       "the key: columns that both inputs have, [\"id\"], or pairs, { left = \"right\" }; NULLs "
       "are not equal; none: every row with every other"},
      {"join", &JoinOptions::join,
       std::vector<std::string>{"inner", "left", "right", "full", "semi", "anti", "mark"},
       "which rows without a partner are given: those of the left input, of the right or of both; "
       "semi and anti give left rows alone, with or without a partner; mark gives all left rows "
       "with the answer as a column"},
      {"where", &JoinOptions::where,
       "a further condition on pairs of rows, over the columns of both"},
      {"null_aware", &JoinOptions::null_aware,
       "anti and mark: as NOT IN and IN of SQL take it, where a NULL might be equal to anything"},
      {"as", &JoinOptions::as, "mark: the name of the BOOLEAN column"},
      {"within", &JoinOptions::within,
       "joins rows by their event times too, { lower = \"-5m\", upper = \"0s\" }: the right row's "
       "is "
       "from `lower` to `upper` later than the left one's"},
  };
  return table;
}

// A worker's rows of the right side.
class JoinCollector final : public Collector {
 public:
  JoinCollector(std::shared_ptr<SpilledBuild> spilled, uint64_t limit_bytes)
      : spilled_(std::move(spilled)), limit_(limit_bytes) {}

  void consume(Batch batch) override {
    store_.add(std::move(batch));
    if (store_.memory_bytes() > limit_) spilled_->add(store_);
  }
  size_t memory_bytes() const override { return store_.memory_bytes(); }
  RowStore& store() { return store_; }
  const std::shared_ptr<SpilledBuild>& spilled() const { return spilled_; }

 private:
  RowStore store_;
  const std::shared_ptr<SpilledBuild> spilled_;  // of all workers
  const uint64_t limit_;
};

class JoinPlan final : public JoinStepPlan {
 public:
  JoinPlan(std::string name, Join join)
      : JoinStepPlan(std::move(name), join), join_(std::move(join)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::string explain() const override { return name() + ": " + join_.text; }
  bool keeps_event_time() const override { return !join_.keeps_right(); }

  bool builds() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    const std::lock_guard lock(mutex_);
    auto spilled = spilled_.lock();
    if (!spilled) {
      spilled = std::make_shared<SpilledBuild>(join_, context.spill);
      spilled_ = spilled;
    }
    // The table of the rows takes about as much as they do.
    const bool may_spill = context.spill && SpilledBuild::can_hold(join_);
    const uint64_t limit =
        may_spill ? context.state_limit_bytes / 2 / static_cast<uint64_t>(context.workers)
                  : UINT64_MAX;
    return std::make_unique<JoinCollector>(std::move(spilled), limit);
  }
  std::shared_ptr<BuiltInput> finish_build(std::vector<std::unique_ptr<Collector>> collectors,
                                           const OperatorContext&) const override {
    const auto of = [](const auto& collector) -> JoinCollector& {
      return dynamic_cast<JoinCollector&>(*collector);
    };
    const auto spilled = of(collectors[0]).spilled();
    if (!spilled->any()) {
      RowStore rows;
      for (auto& collector : collectors) rows.take(of(collector).store());
      return std::make_shared<JoinTable>(join_, std::move(rows));
    }
    for (auto& collector : collectors) spilled->add(of(collector).store());
    spilled->finish();
    return spilled;
  }
  std::unique_ptr<Transform> make_probe(std::shared_ptr<BuiltInput> built,
                                        const OperatorContext& context) const override {
    if (auto spilled = std::dynamic_pointer_cast<SpilledBuild>(built))
      return make_spilled_probe(join_, std::move(spilled), needed(), context);
    auto table = std::static_pointer_cast<JoinTable>(std::move(built));
    if (join_.gives_pairs()) return make_pair_probe(join_, std::move(table), needed(), context);
    return make_answer_probe(join_, std::move(table), context);
  }
  bool has_rest() const override { return join_.keeps_right(); }
  std::unique_ptr<BatchSource> rest(std::shared_ptr<BuiltInput> built,
                                    const OperatorContext&) const override {
    if (auto spilled = std::dynamic_pointer_cast<SpilledBuild>(built))
      return make_spilled_rest(join_, std::move(spilled), needed());
    return make_join_rest(join_, std::static_pointer_cast<JoinTable>(std::move(built)), needed());
  }

 private:
  const Join& join() const override { return join_; }
  std::vector<bool> needed() const {
    std::vector<bool> columns;
    for (size_t c = 0; c < output().size(); ++c) columns.push_back(output_needed(c));
    return columns;
  }

  Join join_;

  // What the collectors of the run that is going on share: not a part of the plan, only found through it.
  mutable std::mutex mutex_;
  mutable std::weak_ptr<SpilledBuild> spilled_;
};

class JoinStreamPlan final : public JoinStepPlan {
 public:
  JoinStreamPlan(Join join, bool changes)
      : JoinStepPlan("join", join), join_(std::move(join)), changes_(changes) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::string explain() const override { return "join: " + join_.text + ", both sides kept"; }
  bool keeps_event_time() const override { return false; }
  bool takes_changelog() const override { return true; }
  bool makes_changelog(bool) const override { return changes_; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_join_stream(join_, context);
  }

 private:
  const Join& join() const override { return join_; }

  Join join_;
  bool changes_;
};

std::unique_ptr<OperatorPlan> bind_stream(Join join, const ComponentSpec& spec,
                                          const BindContext& context, Errors& errors) {
  if (join.kind == JoinKind::kMark || join.null_aware) {
    errors.push_back({ErrorKind::kConfig,
                      join.null_aware ? "a null_aware join needs bounded input"
                                      : "a mark join needs bounded input",
                      spec.position,
                      "op = \"lookup_join\" reads a bounded right input first",
                      {}});
    return nullptr;
  }
  const bool changes = context.inputs[0].changelog || context.inputs[1].changelog ||
                       (join.kind != JoinKind::kInner && join.kind != JoinKind::kSemi);
  return std::make_unique<JoinStreamPlan>(std::move(join), changes);
}

std::unique_ptr<OperatorPlan> bind_any_join(const ComponentSpec& spec, const BindContext& context,
                                            Errors& errors, bool lookup) {
  const size_t before = errors.size();
  const std::string name = lookup ? "lookup_join" : "join";
  JoinOptions options;
  read_options(join_options(), spec.options, options, errors, "the " + name + " operator", {"op"});
  if (errors.size() != before) return nullptr;
  Join join = bind_join(spec, options, context, errors);
  if (errors.size() != before) return nullptr;
  if (spec.options.find("within") != nullptr)
    return bind_interval_join(std::move(join), options.within, spec, context, errors);
  if (context.streaming && !lookup) return bind_stream(std::move(join), spec, context, errors);
  if (!context.inputs[1].bounded) {
    errors.push_back({ErrorKind::kConfig,
                      "the right input of a lookup_join is read first, and `" +
                          context.inputs[1].name + "` has no end",
                      spec.position,
                      "op = \"join\" joins rows of both inputs as they come",
                      {}});
    return nullptr;
  }
  if (lookup && context.streaming && join.keeps_right()) {
    errors.push_back({ErrorKind::kConfig,
                      "rows of the right input without a partner are known when the left one ends, "
                      "and a stream has no end",
                      spec.position,
                      "join = \"left\" or \"inner\"",
                      {}});
    return nullptr;
  }
  return std::make_unique<JoinPlan>(name, std::move(join));
}

}  // namespace

const OperatorDescriptor kJoinOperator = {
    "join",
    "Joins the rows of two inputs that have the same key; of streams both sides are kept.",
    [] { return option_docs(join_options()); },
    [](const ComponentSpec& spec, const Schema&, const BindContext& context, Errors& errors) {
      return bind_any_join(spec, context, errors, false);
    },
    Arity::kMany,
    true,
};

const OperatorDescriptor kLookupJoinOperator = {
    "lookup_join",
    "Joins rows, of a stream too, with a bounded right input that is read completely first.",
    [] { return option_docs(join_options()); },
    [](const ComponentSpec& spec, const Schema&, const BindContext& context, Errors& errors) {
      return bind_any_join(spec, context, errors, true);
    },
    Arity::kMany,
};

}  // namespace weir
