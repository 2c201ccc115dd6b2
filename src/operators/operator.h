// The contract of operators.
//
// A pipeline's step is bound once into an OperatorPlan (immutable: schemas, expressions), which makes the
// objects that run. There are three kinds, by where they may run:
//
//   Transform   batch in, batch out, nothing kept between batches. Every worker has its own and runs
//               it as part of the fused chain, blocks in any order.
//   Ordered     sees batches in input order, one at a time, keeps state, may emit any number of batches,
//               hears watermarks and the end. There is one, run by whichever worker owns the ordered stage.
//   Collector   swallows batches, blocks in any order, one per worker; at the end of bounded input all
//               of them together become a BatchSource whose batches the following steps share out
//               among the workers again (aggregate, sort).
//
// An operator knows batches, a watermark and the end; it never knows threads, files or clocks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "config/spec.h"
#include "data/batch.h"
#include "data/schema.h"
#include "expr/expr.h"
#include "state/snapshot.h"

namespace weir {

// What a run tells its operators. Immutable during the run.
struct OperatorContext {
  const TimeZone* zone = utc();
  int64_t now_us = 0;
  bool fail_fast = true;  // the first bad row ends the run
  bool wrap_overflow = false;
  bool streaming = false;  // unbounded input: running results are a changelog
  uint64_t seed = 0;
  int workers = 1;
  EvalContext eval_context() const {
    EvalContext c;
    c.zone = zone;
    c.now_us = now_us;
    c.wrap_overflow = wrap_overflow;
    c.seed = seed;
    return c;
  }
};

class Transform {
 public:
  virtual ~Transform() = default;
  virtual void apply(Batch& batch) = 0;
};

// Takes what an Ordered operator emits, in order.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void emit(Batch batch) = 0;
};

class Ordered {
 public:
  virtual ~Ordered() = default;
  virtual void process(Batch batch, Emitter& out) = 0;
  // Everything with an event time up to `watermark` (microseconds) has been processed. Increasing.
  virtual void watermark(int64_t watermark, Emitter& out) {
    (void)watermark;
    (void)out;
  }
  virtual void end(Emitter& out) { (void)out; }
  // True once no further input can change the output: upstream stops (LIMIT).
  virtual bool done() const { return false; }
  virtual void snapshot(SnapshotWriter& writer) const { (void)writer; }
  virtual void restore(SnapshotReader& reader) { (void)reader; }
  // Rows that were late, when the operator knows such.
  virtual uint64_t late_rows() const { return 0; }
};

// Batches in a fixed order, handed out to any number of workers.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // The next batch, with sequence numbers from 0 without gaps. False at the end. Thread-safe.
  virtual bool claim(Batch& batch) = 0;
};

class Collector {
 public:
  virtual ~Collector() = default;
  virtual void consume(Batch batch) = 0;
  virtual size_t memory_bytes() const { return 0; }
  // Rows refused while finishing are not possible; rejects of a batch are the executor's business.
};

enum class Placement { kTransform, kOrdered, kCollector };

// Bound step: what it needs, what it gives, how it is made.
class OperatorPlan {
 public:
  OperatorPlan(std::string name, Schema input, Schema output)
      : name_(std::move(name)), input_(std::move(input)), output_(std::move(output)) {}
  virtual ~OperatorPlan() = default;

  const std::string& name() const { return name_; }  // "filter"
  const Schema& input() const { return input_; }
  const Schema& output() const { return output_; }

  virtual Placement placement() const = 0;
  // Which input columns are read if the given output columns are needed. The optimiser prunes with it.
  virtual std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const = 0;
  // Told the outcome before anything is made: columns not needed stay absent (null).
  virtual void set_output_needed(const std::vector<bool>& needed) { output_needed_ = needed; }
  // One line for `explain`: "filter: status >= 500".
  virtual std::string explain() const = 0;
  // True if rows may be rejected here, so that records' bytes should be kept.
  virtual bool can_reject() const { return false; }
  // True if it changes its batches' rows only by dropping some of them on `pushable()` conditions.
  virtual std::vector<PushedPredicate> pushable() const { return {}; }
  // True if a column of the output is, unchanged, column `*input` of the input: lets predicates move up.
  virtual int passes_column(size_t output_column) const {
    (void)output_column;
    return -1;
  }
  // True if every input row gives exactly one output row (map, extend), unless it is rejected.
  virtual bool keeps_rows() const { return false; }
  // True if it needs Batch::raw although it rejects nothing (a record's place decides).
  virtual bool needs_raw() const { return false; }
  // True if output rows are changelog rows (kinds filled).
  virtual bool makes_changelog(bool streaming) const {
    (void)streaming;
    return false;
  }

  // A Transform step's transform; an Ordered step may give one too, which the workers run on a batch
  // before its turn comes (partial aggregation) and which leaves its result in Batch::prepared. So may a
  // Collector step: its transform runs on every batch right before consume() and rejects the rows that
  // the collector could not evaluate, because a collector cannot reject.
  virtual std::unique_ptr<Transform> make_transform(const OperatorContext&) const {
    return nullptr;
  }
  virtual std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const { return nullptr; }
  virtual std::unique_ptr<Collector> make_collector(const OperatorContext&) const {
    return nullptr;
  }
  // Merges all workers' collectors (in any order: the result does not depend on it).
  virtual std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                              const OperatorContext&) const {
    (void)collectors;
    return nullptr;
  }

 protected:
  bool output_needed(size_t i) const { return output_needed_.empty() || output_needed_[i]; }

 private:
  std::string name_;
  Schema input_;
  Schema output_;
  std::vector<bool> output_needed_;
};

// What a step is bound against.
struct BindContext {
  const TimeZone* zone = utc();
  bool has_event_time = false;
  int64_t out_of_orderness_us = 0;  // of the source's watermark
  bool streaming = false;
  int64_t now_us = 0;
};

struct OperatorDescriptor {
  std::string_view name;  // value of `op`
  std::string_view doc;
  std::vector<OptionDoc> (*options)();
  // Reads the step's own options and binds them. Adds all problems to `errors`; nullptr then.
  std::unique_ptr<OperatorPlan> (*bind)(const ComponentSpec& spec, const Schema& input,
                                        const BindContext& context, Errors& errors);
};

// The one list, sorted by name.
std::span<const OperatorDescriptor* const> operators();
const OperatorDescriptor* find_operator(std::string_view name);

// Moves the eval errors into the batch's rejects, takes those rows out, clears the errors.
void reject_failed_rows(Batch& batch, EvalContext& eval, std::string_view field,
                        const OperatorContext& context);

}  // namespace weir
