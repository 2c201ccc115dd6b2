// The running process step: records in rounds, timers before the records that they precede.
//
// Keys do not know of each other, so a batch runs in rounds over whole columns: the first record of every
// key, then the second of every key, and so on; before a record of a key fire the timers of that key which
// the watermark has passed, and after the last round those of all other keys. ProcessOutput puts
// what was emitted into the order of one record at a time.
// An event-time timer is always set for a time that the watermark has not reached yet, so it is due
// exactly once, wherever batches begin and end.
#pragma once

#include <vector>

#include "operators/operator.h"
#include "operators/process_loop.h"
#include "operators/process_rules.h"

namespace weir {

class Process final : public Ordered {
 public:
  Process(const ProcessProgram& program, const OperatorContext& context, std::vector<bool> needed);

  void process(Batch batch, Emitter& out) override;
  void watermark(int64_t watermark, Emitter& out) override;
  void clock(int64_t now_us, Emitter& out) override;
  int64_t next_clock() const override { return next_clock_; }
  void end(Emitter& out) override;
  void snapshot(SnapshotWriter& writer) const override;
  void restore(SnapshotReader& reader) override;
  // Memory of what is kept between batches.
  uint64_t state_bytes() const override { return rules_.state().memory_bytes(); }

 private:
  void run_records(const Batch& batch);
  void make_rounds(const Batch& batch, size_t from);
  void run_round(const Batch& batch, std::span<const uint32_t> rows);
  void fire_before(const Batch& batch, std::span<const uint32_t> rows);
  // Fires all timers up to `until` of the groups, each group's in order. `batch`: where they have
  // their places; nullptr: place 0.
  void fire(Timers& timers, Vec<uint32_t> groups, std::span<const int64_t> until,
            const Batch* batch);
  // Fires all timers up to `until` outside of a batch and emits what they give.
  void fire_all(Timers& timers, int64_t until, Emitter& out);
  uint32_t place_of(int64_t time, const Batch* batch) const;
  void emit(Batch batch, Emitter& out);

  const ProcessProgram& program_;
  const OperatorContext context_;
  ProcessRules rules_;
  ProcessLoop loop_;
  const bool event_timers_;  // some timer is by event time
  int64_t watermark_ = kMinTime;
  int64_t next_clock_ = kMaxTime;
  bool stopped_ = false;  // a bad record has ended the run

  Vec<uint32_t> groups_;          // of the batch's rows
  Vec<uint32_t> rounds_of_;       // by group: records of it so far in this batch
  Vec<uint32_t> order_;           // rows, round by round
  std::vector<uint32_t> starts_;  // where each round begins in `order_`, and the end
};

}  // namespace weir
