#include "operators/row_bytes.h"

#include "expr/aggregates/row_codec.h"

namespace weir {

void encode_row(const std::vector<ColumnPtr>& columns, size_t i, std::string& out) {
  for (const auto& column : columns) {
    if (column) {
      encode_value(*column, i, out);
    } else {
      out.push_back('\0');
    }
  }
}

std::string encode_row(const std::vector<ColumnPtr>& columns, size_t i) {
  std::string bytes;
  encode_row(columns, i, bytes);
  return bytes;
}

bool decode_row(std::string_view bytes, std::span<const ColumnPtr> columns, Arena& arena) {
  for (const auto& column : columns)
    if (!decode_value(bytes, *column, arena)) return false;
  return bytes.empty();
}

Batch rows_to_batch(const Schema& schema, std::span<const std::string_view> rows) {
  Batch batch;
  for (const auto& column : schema) {
    batch.columns.push_back(make_column(column.type));
    batch.columns.back()->reserve(rows.size());
  }
  for (const auto row : rows) {
    const bool ok = decode_row(row, batch.columns, batch.arena());
    WEIR_CHECK(ok);
  }
  batch.rows = rows.size();
  return batch;
}

void emit_rejects(const Batch& batch, Emitter& out) {
  if (batch.rejects.empty()) return;
  Batch refused = batch.shell();
  refused.rows = 0;
  refused.event_time.clear();
  refused.running_max.clear();
  refused.kinds.clear();
  refused.raw.clear();
  refused.ordinals.clear();
  out.emit(std::move(refused));
}

void RowWriter::start() {
  batch_ = Batch();
  for (const auto& column : schema_) batch_.columns.push_back(make_column(column.type));
  column_ = 0;
}

void RowWriter::put(std::string_view bytes, size_t columns) {
  const bool ok = decode_row(
      bytes, std::span<const ColumnPtr>(batch_.columns).subspan(column_, columns), batch_.arena());
  WEIR_CHECK(ok);
  column_ += columns;
}

void RowWriter::put_nulls(size_t columns) {
  for (size_t c = 0; c < columns; ++c) batch_.columns[column_++]->push_null();
}

void RowWriter::put_value(const Column& column, size_t i) {
  std::string bytes;
  encode_value(column, i, bytes);
  put(bytes, 1);
}

void RowWriter::end_row(RowKind kind) {
  WEIR_DCHECK(column_ == schema_.size());
  column_ = 0;
  ++batch_.rows;
  if (changes_) batch_.kinds.push_back(kind);
}

void RowWriter::flush(Emitter& out) {
  if (batch_.rows == 0) return;
  out.emit(std::move(batch_));
  start();
}

}  // namespace weir
