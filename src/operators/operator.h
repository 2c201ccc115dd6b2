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
// A Transform may have a second input that is read completely first, by collectors (join): see
// OperatorPlan::builds.
//
// An operator knows batches, a watermark and the end; it never knows threads, files or clocks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "config/options.h"
#include "config/spec.h"
#include "data/batch.h"
#include "data/schema.h"
#include "expr/expr.h"
#include "state/snapshot.h"

namespace weir {

class SpillSpace;  // state/spill.h

// What a run tells its operators. Immutable during the run.
struct OperatorContext {
  const TimeZone* zone = utc();
  int64_t now_us = 0;
  bool fail_fast = true;  // the first bad row ends the run
  bool wrap_overflow = false;
  bool streaming = false;  // unbounded input: running results are a changelog
  uint64_t seed = 0;
  int workers = 1;
  bool checkpointed = false;  // snapshots are taken while the run goes on
  // State beyond so many bytes, of one step, goes to the disk; where `spill` is null it stays.
  std::shared_ptr<SpillSpace> spill;
  uint64_t state_limit_bytes = UINT64_MAX;
  const Clock* clock = &wall_clock();  // for guards against times that lie in the future
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

  // One that may make many rows of one is called otherwise: begin() takes a batch, and next() gives what
  // becomes of it in parts of a handy size, at least one; it returns true when more follow. The last part
  // has what is said of the batch as a whole (records, largest time).
  virtual bool expands() const { return false; }
  virtual void begin(Batch batch) { (void)batch; }
  virtual bool next(Batch& part) {
    (void)part;
    return false;
  }
};

// Takes what an Ordered operator emits, in order.
class Emitter {
 public:
  virtual ~Emitter() = default;
  // Rows for the steps behind. An operator that gives rows a new event time fills Batch::event_time and
  // leaves Batch::running_max empty.
  virtual void emit(Batch batch) = 0;
  // Rows that came too late: the columns of OperatorPlan::late_output().
  virtual void emit_late(Batch batch) = 0;
  // Tells the steps behind the watermark before more is emitted. Only operators that take rows one after
  // another call it, where the steps behind must see time pass between two rows of one batch; after
  // process() and watermark() the runtime passes the watermark on by itself.
  virtual void advance(int64_t watermark) = 0;
};

// Gives on the rejects that a batch has brought, without its rows.
inline void emit_rejects(Batch& batch, Emitter& out) {
  if (batch.rejects.empty()) return;
  Batch rejected;
  rejected.rejects = std::exchange(batch.rejects, {});
  out.emit(std::move(rejected));
}

// What an Ordered operator knows of itself, for the closing summary and --stats.
struct OperatorStats {
  uint64_t late = 0;              // rows that came too late for every window
  uint64_t open = 0;              // windows open now
  uint64_t fired = 0;             // results given: windows, and updates of them
  uint64_t refired = 0;           // those of them that were updates
  int64_t first_late_by_us = -1;  // by how much the first late row was late; -1: none was
  uint64_t state_bytes = 0;       // memory kept between rows, filled in by the runtime
};

class Ordered {
 public:
  virtual ~Ordered() = default;
  // One batch of the (first) input. The watermark in force at each row is Batch::watermark_at.
  virtual void process(Batch batch, Emitter& out) = 0;
  // The same for a step with several inputs, numbered as in OperatorPlan::inputs.
  virtual void process_input(size_t input, Batch batch, Emitter& out) {
    (void)input;
    process(std::move(batch), out);
  }
  // Everything with an event time up to `watermark` (microseconds) has been processed, of all inputs.
  // Increasing.
  virtual void watermark(int64_t watermark, Emitter& out) {
    (void)watermark;
    (void)out;
  }
  // One of several inputs has ended; end() follows when the last one has.
  virtual void end_input(size_t input, Emitter& out) {
    (void)input;
    (void)out;
  }
  virtual void end(Emitter& out) { (void)out; }

  // Processing time, for operators whose plan says uses_clock(): the runtime calls clock() before every
  // process(), and when next_clock() has passed while no input comes. Microseconds since 1970, never
  // decreasing.
  virtual void clock(int64_t now_us, Emitter& out) {
    (void)now_us;
    (void)out;
  }
  virtual int64_t next_clock() const { return kMaxTime; }

  // True once no further input can change the output: upstream stops (LIMIT).
  virtual bool done() const { return false; }
  virtual void snapshot(SnapshotWriter& writer) const { (void)writer; }
  virtual void restore(SnapshotReader& reader) { (void)reader; }
  virtual OperatorStats stats() const { return {}; }
  // Memory that is kept between rows, about; 0: next to none. May take as long as a walk over the state.
  virtual uint64_t state_bytes() const { return 0; }
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
  // For plans that say keeps_collected(): what was consumed so far, and taking it up again.
  virtual void snapshot(SnapshotWriter& writer) const { (void)writer; }
  virtual void restore(SnapshotReader& reader) { (void)reader; }
  // Rows refused while finishing are not possible; rejects of a batch are the executor's business.
};

// What a step keeps of an input that it has read completely before another one begins. Made once, then
// shared by the workers.
class BuiltInput {
 public:
  virtual ~BuiltInput() = default;
  // Memory that it takes, about.
  virtual uint64_t memory_bytes() const { return 0; }
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
  // The same for a step with several inputs.
  virtual std::vector<bool> input_columns_needed(size_t input,
                                                 const std::vector<bool>& output_needed) const {
    (void)input;
    return columns_needed(output_needed);
  }
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
  // True if rows keep their event time, or get one, so that a window may follow. A step that does not
  // (aggregate, sort) ends event time.
  virtual bool keeps_event_time() const { return placement() != Placement::kCollector; }
  // By how much an Ordered step holds the watermark back that it passes on, because its rows may come later
  // than those that it takes.
  virtual int64_t watermark_delay_us() const { return 0; }
  // True if Ordered::clock must be called.
  virtual bool uses_clock() const { return false; }
  // The columns of rows given to Emitter::emit_late: the input's, then event_time, watermark and
  // late_by_ms. nullptr: the step knows no late rows, or those of want_late_rows() were not asked for.
  virtual const Schema* late_output() const { return nullptr; }
  // Asks for late rows as a whole: every input column is needed then. Before the optimiser.
  virtual void want_late_rows() {}
  // True if rows that take others back (kinds -U and -D) may come in; a Transform passes kinds on.
  virtual bool takes_changelog() const { return placement() == Placement::kTransform && !builds(); }
  // True of a Transform whose rows have no kinds in any case.
  virtual bool ends_changelog() const { return false; }
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
  // True if its collectors' state can be kept between runs: their result then comes when the input is drained.
  virtual bool keeps_collected() const { return false; }
  virtual std::unique_ptr<Collector> make_collector(const OperatorContext&) const {
    return nullptr;
  }
  // Merges all workers' collectors (in any order: the result does not depend on it).
  virtual std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                              const OperatorContext&) const {
    (void)collectors;
    return nullptr;
  }

  // True of a Transform whose input 1 is read completely, by collectors, before its input 0 begins.
  virtual bool builds() const { return false; }
  // Instead of finish() and make_transform() then. The transforms share what is built.
  virtual std::shared_ptr<BuiltInput> finish_build(
      std::vector<std::unique_ptr<Collector>> collectors, const OperatorContext&) const {
    (void)collectors;
    return nullptr;
  }
  virtual std::unique_ptr<Transform> make_probe(std::shared_ptr<BuiltInput> built,
                                                const OperatorContext&) const {
    (void)built;
    return nullptr;
  }
  // True if rows follow when input 0 has ended (those of an outer join without a partner), and these rows.
  virtual bool has_rest() const { return false; }
  virtual std::unique_ptr<BatchSource> rest(std::shared_ptr<BuiltInput> built,
                                            const OperatorContext&) const {
    (void)built;
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

// An input of a step: its name (a source's or a step's) and what comes from it.
struct BoundInput {
  std::string name;
  Schema schema;
  bool has_event_time = false;
  bool bounded = true;
  bool changelog = false;  // rows may take others back
};

// What a step is bound against.
struct BindContext {
  std::vector<BoundInput> inputs;  // all inputs; more than one only for steps that take several
  const TimeZone* zone = utc();
  bool has_event_time = false;
  int64_t out_of_orderness_us = 0;  // of the source's watermark; 0 behind a window
  // True if the rows come from one partition in input order through the workers alone, so that
  // Batch::running_max decides what is late by its own block (Batch::watermark_cap is never lower).
  bool one_partition = true;
  bool streaming = false;
  int64_t now_us = 0;
};

// How many inputs a step takes; `inputs = [...]` or its own keys name them.
enum class Arity { kOne, kMany };

struct OperatorDescriptor {
  std::string_view name;  // value of `op`
  std::string_view doc;
  std::vector<OptionDoc> (*options)();
  // Reads the step's own options and binds them. Adds all problems to `errors`; nullptr then.
  std::unique_ptr<OperatorPlan> (*bind)(const ComponentSpec& spec, const Schema& input,
                                        const BindContext& context, Errors& errors);
  // kMany: `input` is the first of BindContext::inputs.
  Arity arity = Arity::kOne;
  // True if it is a reason to find out the records' event times.
  bool uses_event_time = false;
};

// The one list, sorted by name.
std::span<const OperatorDescriptor* const> operators();
const OperatorDescriptor* find_operator(std::string_view name);

// Moves the eval errors into the batch's rejects, takes those rows out, clears the errors.
void reject_failed_rows(Batch& batch, EvalContext& eval, std::string_view field,
                        const OperatorContext& context);

}  // namespace weir
