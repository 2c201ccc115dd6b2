#include "operators/row_store.h"

namespace weir {

namespace {

size_t string_bytes(const Column& column) {
  size_t total = 0;
  if (column.type().is_string_like()) {
    const StringRef* values = column.values<StringRef>();
    for (size_t i = 0; i < column.size(); ++i) total += column.is_null(i) ? 0 : values[i].len;
  }
  for (const auto& child : column.children()) total += string_bytes(*child);
  return total;
}

template <class T>
void gather_values(const std::vector<Batch>& batches, size_t column, std::span<const RowPlace> rows,
                   T* out) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const Column& from = *batches[rows[i] >> 32].columns[column];
    out[i] = from.values<T>()[rows[i] & 0xffffffff];
  }
}

}  // namespace

uint32_t RowStore::place(Batch batch, size_t bytes) {
  bytes_ += bytes;
  if (free_.empty()) {
    batches_.push_back(std::move(batch));
    sizes_.push_back(bytes);
    return static_cast<uint32_t>(batches_.size() - 1);
  }
  const uint32_t number = free_.back();
  free_.pop_back();
  batches_[number] = std::move(batch);
  sizes_[number] = bytes;
  return number;
}

void RowStore::release(uint32_t number) {
  bytes_ -= sizes_[number];
  batches_[number] = Batch();
  sizes_[number] = 0;
  free_.push_back(number);
}

uint32_t RowStore::add(Batch batch, bool copy_strings) {
  size_t strings = 0;
  size_t values = 0;
  for (auto& column : batch.columns) {
    if (!column) continue;
    if (column->is_constant()) column = column->flatten();
    strings += string_bytes(*column);
    values += column->memory_bytes();
  }
  const uint64_t block_bytes = batch.origin.end - batch.origin.begin;
  if (copy_strings || strings * 2 < block_bytes) {
    Batch own;
    own.rows = batch.rows;
    own.sequence = batch.sequence;
    own.ordinals = std::move(batch.ordinals);
    for (auto& column : batch.columns) {
      if (!column) {
        own.columns.push_back(nullptr);
        continue;
      }
      ColumnPtr copy =
          column.use_count() > 1 ? column->slice(0, column->size()) : std::move(column);
      copy->own_strings(own.arena());
      own.columns.push_back(std::move(copy));
    }
    return place(std::move(own), values + strings);
  }
  batch.raw = {};
  batch.event_time = {};
  batch.running_max = {};
  return place(std::move(batch), values + block_bytes);
}

uint32_t RowStore::take(RowStore& other) {
  const auto shift = static_cast<uint32_t>(batches_.size());
  for (auto& batch : other.batches_) batches_.push_back(std::move(batch));
  sizes_.insert(sizes_.end(), other.sizes_.begin(), other.sizes_.end());
  for (const uint32_t number : other.free_) free_.push_back(shift + number);
  bytes_ += other.bytes_;
  other.batches_.clear();
  other.sizes_.clear();
  other.free_.clear();
  other.bytes_ = 0;
  return shift;
}

ColumnPtr RowStore::gather(size_t column, const Type& type, std::span<const RowPlace> rows) const {
  if (type.is_nested() || type.id == TypeId::kNull) {
    auto out = make_column(type);
    for (const RowPlace row : rows)
      out->push_from(*batches_[row >> 32].columns[column], row & 0xffffffff);
    return out;
  }
  auto out = make_column(type, rows.size());
  switch (type.width()) {
    case 1: gather_values(batches_, column, rows, out->values<uint8_t>()); break;
    case 2: gather_values(batches_, column, rows, out->values<uint16_t>()); break;
    case 4: gather_values(batches_, column, rows, out->values<uint32_t>()); break;
    case 8: gather_values(batches_, column, rows, out->values<uint64_t>()); break;
    default: gather_values(batches_, column, rows, out->values<StringRef>()); break;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (batches_[rows[i] >> 32].columns[column]->is_null(rows[i] & 0xffffffff)) out->set_null(i);
  }
  return out;
}

}  // namespace weir
