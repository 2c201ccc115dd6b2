// The rows that rules run on: records of different keys, or timers of different keys.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/batch.h"
#include "operators/process_lookup.h"
#include "operators/process_program.h"
#include "operators/process_state.h"

namespace weir {

struct ProcessRows {
  Vec<uint32_t> places;  // the record's row of the batch; of a timer: the row before which it fires
  Vec<uint32_t> groups;  // no group twice
  Vec<int64_t> times;    // the record's event time (kMinTime if it has none), the timer's time
  Vec<int64_t> event_now;  // event time as it is for state that expires

  size_t size() const { return groups.size(); }
  void push(uint32_t place, uint32_t group, int64_t time, int64_t now) {
    places.push_back(place);
    groups.push_back(group);
    times.push_back(time);
    event_now.push_back(now);
  }
  ProcessRows subset(std::span<const uint32_t> rows) const;
};

// Such rows as a batch in the layout of process_program.h, whose columns are made when they are asked for.
class RowView {
 public:
  // `input`: the batch that the records are rows of; nullptr for timers.
  RowView(const ProcessProgram& program, StateContext& context, const Batch* input,
          ProcessRows rows)
      : program_(&program), context_(&context), input_(input), rows_(std::move(rows)) {
    batch_.rows = rows_.size();
    batch_.columns.resize(program.columns());
  }

  const ProcessRows& rows() const { return rows_; }
  size_t size() const { return rows_.size(); }

  // The formula's value for every row, not constant. Row errors go to the context, numbered as here.
  ColumnPtr eval(const Formula& formula);
  // After writes: states are read again.
  void forget_states();
  RowView subset(std::span<const uint32_t> rows) const {
    return {*program_, *context_, input_, rows_.subset(rows)};
  }

 private:
  ColumnPtr make(size_t column);
  ColumnPtr make_key(size_t column);

  const ProcessProgram* program_;
  StateContext* context_;
  const Batch* input_;
  ProcessRows rows_;
  Batch batch_;
};

}  // namespace weir
