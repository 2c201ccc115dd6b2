#include "operators/reduce_state.h"

#include <cstring>

#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

size_t fixed_width(const Type& type) {
  return type.is_nested() || type.is_string_like() ? 0 : type.width();
}

}  // namespace

ReduceState::ReduceState(Type type) : type_(std::move(type)), width_(fixed_width(type_)) {}

void ReduceState::resize(size_t groups) {
  valid_.resize(groups);
  if (width_ > 0) {
    fixed_.resize(groups * width_);
  } else {
    encoded_.resize(groups);
  }
  for (size_t g = size_; g < groups; ++g) {
    valid_[g] = 0;
    if (width_ > 0) std::memset(fixed_.data() + g * width_, 0, width_);
  }
  size_ = groups;
}

void ReduceState::set(uint32_t group, const Column& column, size_t i) {
  const bool null = column.is_null(i);
  valid_[group] = null ? 0 : 1;
  if (null) return;
  if (width_ == 0) {
    encoded_[group].clear();
    encode_value(column, i, encoded_[group]);
    return;
  }
  const size_t row = column.is_constant() ? 0 : i;
  char* const to = fixed_.data() + group * width_;
  switch (width_) {
    case 1: std::memcpy(to, column.values<uint8_t>() + row, 1); break;
    case 2: std::memcpy(to, column.values<uint16_t>() + row, 2); break;
    case 4: std::memcpy(to, column.values<uint32_t>() + row, 4); break;
    case 8: std::memcpy(to, column.values<uint64_t>() + row, 8); break;
    default: std::memcpy(to, column.values<Int128>() + row, 16); break;
  }
}

ColumnPtr ReduceState::gather(std::span<const uint32_t> groups, Arena& arena) const {
  auto column = make_column(type_);
  column->reserve(groups.size());
  for (const uint32_t g : groups) {
    if (valid_[g] == 0) {
      column->push_null();
    } else if (width_ == 0) {
      std::string_view bytes = encoded_[g];
      decode_value(bytes, *column, arena);
    } else {
      const char* from = fixed_.data() + g * width_;
      const auto push = [&]<class T>(T value) {
        std::memcpy(&value, from, sizeof(T));
        column->push<T>(value);
      };
      switch (width_) {
        case 1: push(uint8_t{}); break;
        case 2: push(uint16_t{}); break;
        case 4: push(uint32_t{}); break;
        case 8: push(uint64_t{}); break;
        default: push(Int128{}); break;
      }
    }
  }
  return column;
}

size_t ReduceState::memory_bytes() const {
  size_t total = fixed_.size() + valid_.size() + encoded_.capacity() * sizeof(std::string);
  for (const auto& text : encoded_) total += text.size() > 15 ? text.capacity() + 1 : 0;
  return total;
}

void ReduceState::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(size_);
  writer.put_text({reinterpret_cast<const char*>(valid_.data()), size_});
  writer.put_text({fixed_.data(), size_ * width_});
  for (const auto& text : encoded_) writer.put_text(text);
}

void ReduceState::restore(SnapshotReader& reader) {
  const uint64_t groups = reader.get_u64();
  const std::string_view valid = reader.get_text();
  const std::string_view fixed = reader.get_text();
  if (valid.size() != groups || fixed.size() != groups * width_) return reader.refuse();
  resize(groups);
  if (groups == 0) return;
  std::memcpy(valid_.data(), valid.data(), valid.size());
  if (width_ > 0) std::memcpy(fixed_.data(), fixed.data(), fixed.size());
  for (auto& text : encoded_) text = std::string(reader.get_text());
}

}  // namespace weir
