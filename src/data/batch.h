// What flows between operators: columns of equal length, cut from one input block.
//
// A batch is dense: a filter compacts it (rows that later steps never see cost nothing there, and no
// kernel needs to know about selections). A column that no later step reads is absent (null).
// Batches keep the order of the input: row i comes before row i+1, batch `sequence` before the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/vec.h"
#include "data/column.h"
#include "data/schema.h"

namespace weir {

// The smallest event time or watermark: before every record.
inline constexpr int64_t kMinTime = INT64_MIN;
// After every record: the watermark at the end of bounded input.
inline constexpr int64_t kMaxTime = INT64_MAX;

// How a row changes the result so far (Flink's changelog kinds).
enum class RowKind : uint8_t { kInsert, kUpdateBefore, kUpdateAfter, kDelete };
std::string_view row_kind_text(RowKind kind);  // "+I", "-U", "+U", "-D"

// A record that could not be decoded or evaluated. It is data, not an Error: the run's policy decides.
struct Reject {
  uint64_t offset =
      0;               // of the record's first byte in its source, decoded bytes; see Batch::source
  uint32_t row = 0;    // rows of the batch before it (in fail mode the batch is cut here)
  std::string raw;     // the record's bytes, at most 64 KiB of them
  std::string field;   // the column or expression, empty when the whole record is wrong
  std::string reason;  // "not a BIGINT: `12x`"
};

// Where a batch's bytes came from, for messages and checkpoints.
struct BlockOrigin {
  uint32_t source = 0;     // which source of the pipeline
  uint32_t partition = 0;  // file number, Kafka partition, connection
  uint64_t begin = 0;      // offset of the block's first byte in the partition (decoded)
  uint64_t end = 0;        // one past its last byte
};

// A row that a step refuses, and why.
struct RowFault {
  uint32_t row = 0;
  std::string reason;
};

struct Batch {
  std::vector<ColumnPtr> columns;  // as long as the schema; absent ones are null
  size_t rows = 0;

  uint64_t sequence = 0;  // number of the block in input order
  BlockOrigin origin;
  uint64_t records = 0;         // records the source read for this batch (rows, filtered, bad)
  std::vector<Reject> rejects;  // in order of their place
  bool stopped = false;         // fail mode: a reject ended the batch early

  // Event time (microseconds), when the pipeline has one; then both are as long as the batch.
  Vec<int64_t> event_time;
  // The largest event time of the block before row i (kMinTime: none), records filtered out later
  // included: what the watermark needs at the moment row i is read.
  Vec<int64_t> running_max;
  int64_t max_event_time = kMinTime;  // of all records of the block

  // What the watermark at each row follows from; set by the runtime where the ordered stage begins.
  int64_t watermark = kMinTime;      // in force before the first row
  int64_t watermark_cap = kMaxTime;  // other partitions hold it back to this
  int64_t watermark_delay =
      0;  // how far it follows behind the largest time: out-of-orderness + 1 ms
  // The watermark in force when row i is read.
  int64_t watermark_at(size_t i) const {
    if (running_max.empty() || running_max[i] < kMinTime + watermark_delay) return watermark;
    return std::max(watermark, std::min(watermark_cap, running_max[i] - watermark_delay));
  }

  Vec<RowKind> kinds;  // empty: every row is +I

  // What an Ordered step's own Transform made of the batch in the parallel stage (a window's partial
  // aggregates); only that step looks into it.
  std::shared_ptr<void> prepared;

  // Places of rows in the whole input, increasing: sequence << 32 | (row of the block). Filled by
  // the source so that FIRST_VALUE, LISTAGG and sample do not depend on how work was split.
  // Empty: row i has ordinal sequence << 32 | i.
  Vec<uint64_t> ordinals;
  uint64_t ordinal(size_t i) const { return ordinals.empty() ? (sequence << 32 | i) : ordinals[i]; }

  // The records' bytes (views into the block), one per row, when the plan asked for them because a
  // later step may reject rows. A row's offset is raw[i].ptr - block_begin + origin.begin.
  Vec<StringRef> raw;
  const char* block_begin = nullptr;
  uint64_t first_line = 0;  // line number of the block's first record, from 1; 0: not known

  // Keeps memory alive that string values point into.
  void keep(std::shared_ptr<const void> owner) { owners.push_back(std::move(owner)); }
  std::vector<std::shared_ptr<const void>> owners;
  // Memory for strings that kernels make; lives as long as the batch (and its copies).
  Arena& arena();

  // Keeps only the given rows (increasing) of every column and of the row-wise vectors.
  void select(std::span<const uint32_t> rows_to_keep);
  // The rows [begin, end) as a batch of their own, without rejects.
  Batch slice(size_t begin, size_t end) const;
  // Cuts the batch to its first n rows.
  void truncate(size_t n);
  // Takes rows out (increasing indexes) and records why; in fail mode also cuts the batch at the first.
  void reject(std::span<const RowFault> faults, std::string_view field, bool fail_fast);
  // The record of a row that is refused, with its bytes and place.
  Reject refusal(const RowFault& fault, std::string_view field) const;
  // A batch with the same owners, row-wise vectors, sequence and so on, and no columns.
  Batch shell() const;

 private:
  std::shared_ptr<Arena> arena_;
};

}  // namespace weir
