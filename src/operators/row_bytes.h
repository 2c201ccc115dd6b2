// Rows as bytes, for state that lives longer than batches: equal rows have equal bytes.
//
// A column that nothing needs (absent in batches) is kept as NULL.
// Source: the codec is that of keys and snapshots (expr/aggregates/row_codec.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/schema.h"
#include "operators/operator.h"

namespace weir {

// Appends row i of some columns; absent ones count as NULL.
void encode_row(const std::vector<ColumnPtr>& columns, size_t i, std::string& out);
std::string encode_row(const std::vector<ColumnPtr>& columns, size_t i);
// Appends a row's values to columns; strings are copied into `arena`. False after damage.
bool decode_row(std::string_view bytes, std::span<const ColumnPtr> columns, Arena& arena);
// Rows as columns of a batch.
Batch rows_to_batch(const Schema& schema, std::span<const std::string_view> rows);

// Builds batches row by row and emits them when they are long enough.
class RowWriter {
 public:
  // `changes`: rows have kinds.
  explicit RowWriter(const Schema& schema, bool changes = false)
      : schema_(schema), changes_(changes) {
    start();
  }

  // Adds values of the row at hand, in the order of the schema.
  void put(std::string_view bytes, size_t columns);
  void put_nulls(size_t columns);
  void put_value(const Column& column, size_t i);
  Column& next_column() { return *batch_.columns[column_++]; }  // to push one value to
  Arena& arena() { return batch_.arena(); }
  // Ends the row at hand.
  void end_row(RowKind kind = RowKind::kInsert);
  void end_row_at(int64_t event_time) {
    batch_.event_time.push_back(event_time);
    end_row();
  }

  // A whole row of the schema.
  void add(std::string_view bytes, RowKind kind = RowKind::kInsert) {
    put(bytes, schema_.size());
    end_row(kind);
  }
  // An update: both rows stay in one batch.
  void update(std::string_view before, std::string_view after) {
    add(before, RowKind::kUpdateBefore);
    add(after, RowKind::kUpdateAfter);
  }

  bool full() const { return batch_.rows >= kRows; }
  void flush(Emitter& out);

 private:
  static constexpr size_t kRows = 4096;
  void start();

  const Schema& schema_;
  const bool changes_;
  Batch batch_;
  size_t column_ = 0;
};

// What a step emits besides its rows: the records of a batch that have been refused.
void emit_rejects(const Batch& batch, Emitter& out);

inline bool adds_row(RowKind kind) {
  return kind == RowKind::kInsert || kind == RowKind::kUpdateAfter;
}
inline RowKind kind_of(const Batch& batch, size_t i) {
  return batch.kinds.empty() ? RowKind::kInsert : batch.kinds[i];
}

}  // namespace weir
