#include "operators/packed_rows.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "operators/key_hash.h"

namespace weir {

namespace {

using UInt128 = unsigned __int128;

constexpr size_t kSlabBytes = size_t{2} << 20;
constexpr size_t kRowsAtOnce = 1024;
constexpr size_t kMaxColumns = 64;
constexpr size_t kFieldsPerByte = 4;
constexpr size_t kLeastText = 8;
constexpr size_t kMostText = 16;

bool is_wide_integer(const Type& type) {
  return !type.is_string_like() && type.id != TypeId::kDouble && type.width() >= 8;
}

// The bytes that a text of a column takes: the longest that there are now, and the length.
size_t text_bytes(const Column& column) {
  const StringRef* const texts = column.values<StringRef>();
  size_t longest = 0;
  for (size_t i = 0; i < column.size(); ++i) {
    if (!column.is_null(i)) longest = std::max<size_t>(longest, texts[i].len);
  }
  return std::clamp(longest + 1, kLeastText, kMostText);
}

// True if all values are well below what half their bytes can hold.
template <class Wide, class Narrow>
bool are_small(const Column& column) {
  constexpr Wide kSmall = Wide{1} << (8 * sizeof(Narrow) - 2);
  const Wide* const values = column.values<Wide>();
  for (size_t i = 0; i < column.size(); ++i) {
    if (!column.is_null(i) && (values[i] >= kSmall || values[i] < -kSmall)) return false;
  }
  return true;
}

size_t value_bytes(const Type& type, const Column& column) {
  if (type.is_string_like()) return text_bytes(column);
  const size_t width = type.width();
  if (!is_wide_integer(type)) return width;
  const bool small =
      width == 8 ? are_small<int64_t, int32_t>(column) : are_small<Int128, int64_t>(column);
  return small ? width / 2 : width;
}

}  // namespace

bool PackedRows::can_pack(std::span<const Type> types) {
  return types.size() <= kMaxColumns && std::all_of(types.begin(), types.end(), [](const Type& t) {
           return t.id != TypeId::kNull && !t.is_nested();
         });
}

PackedRows::PackedRows(std::vector<Type> types, bool ordinals, size_t partitions,
                       std::span<const ColumnPtr> first)
    : ordinals_(ordinals), tails_(partitions), partitions_(partitions) {
  for (size_t c = 0; c < types.size(); ++c) {
    Field field;
    field.offset = row_bytes_;
    field.bytes = value_bytes(types[c], *first[c]);
    field.type = std::move(types[c]);
    row_bytes_ += field.bytes;
    fields_.push_back(std::move(field));
  }
  flags_offset_ = row_bytes_;
  for (size_t c = 0; c < fields_.size(); ++c) {
    fields_[c].flag_byte = flags_offset_ + c / kFieldsPerByte;
    fields_[c].null_bit = static_cast<uint8_t>(1 << (c % kFieldsPerByte * 2));
    fields_[c].large_bit = static_cast<uint8_t>(2 << (c % kFieldsPerByte * 2));
  }
  row_bytes_ += (fields_.size() + kFieldsPerByte - 1) / kFieldsPerByte;
  ordinal_offset_ = row_bytes_;
  if (ordinals_) row_bytes_ += sizeof(uint64_t);
  block_rows_ = kBlockBytes / row_bytes_;
  WEIR_CHECK(block_rows_ > 0);
}

void PackedRows::begin_block(size_t partition) {
  if (free_.empty()) {
    slabs_.emplace_back(kSlabBytes);
    for (size_t at = kSlabBytes; at > 0; at -= kBlockBytes)
      free_.push_back(slabs_.back().data() + at - kBlockBytes);
  }
  char* const block = free_.back();
  free_.pop_back();
  partitions_[partition].blocks.push_back(block);
  tails_[partition] = {block, block + block_rows_ * row_bytes_};
  grown_.push_back(static_cast<uint16_t>(partition));
}

void PackedRows::add(std::span<const ColumnPtr> columns, const uint16_t* partitions,
                     const Batch& batch) {
  for (size_t c = 0; c < columns.size(); ++c) {
    WEIR_CHECK(!columns[c]->is_constant() && columns[c]->type().width() == fields_[c].type.width());
  }
  std::array<char*, kRowsAtOnce> rows;
  for (size_t begin = 0; begin < batch.rows; begin += kRowsAtOnce) {
    const size_t n = std::min(kRowsAtOnce, batch.rows - begin);
    for (size_t i = 0; i < n; ++i) {
      const size_t p = partitions[begin + i];
      if (tails_[p].at == tails_[p].end) [[unlikely]]
        begin_block(p);
      rows[i] = tails_[p].at;
      tails_[p].at += row_bytes_;
      __builtin_prefetch(tails_[p].at + 64, 1);  // for the next rows
    }
    for (size_t b = flags_offset_; b < ordinal_offset_; ++b) {
      for (size_t i = 0; i < n; ++i) rows[i][b] = 0;
    }
    for (size_t c = 0; c < fields_.size(); ++c)
      pack(fields_[c], *columns[c], begin, n, partitions + begin, rows.data());
    if (!ordinals_) continue;
    for (size_t i = 0; i < n; ++i) {
      const uint64_t ordinal = batch.ordinal(begin + i);
      std::memcpy(rows[i] + ordinal_offset_, &ordinal, sizeof(ordinal));
    }
  }
}

void PackedRows::pack(const Field& field, const Column& column, size_t begin, size_t n,
                      const uint16_t* partitions, char* const* rows) {
  const uint8_t* const valid = column.valid() == nullptr ? nullptr : column.valid() + begin;
  if (valid != nullptr) {
    for (size_t i = 0; i < n; ++i) {
      if (valid[i] == 0)
        rows[i][field.flag_byte] = static_cast<char>(rows[i][field.flag_byte] | field.null_bit);
    }
  }
  const size_t width = field.type.width();
  if (field.type.is_string_like()) {
    pack_texts(field, column.values<StringRef>() + begin, valid, n, partitions, rows);
  } else if (field.bytes == width) {
    with_width(width, [&]<class T>(T) {
      const T* const values = column.values<T>() + begin;
      for (size_t i = 0; i < n; ++i) std::memcpy(rows[i] + field.offset, &values[i], sizeof(T));
    });
  } else if (width == 8) {
    pack_narrow<int64_t, int32_t>(field, column.values<int64_t>() + begin, n, partitions, rows);
  } else {
    pack_narrow<Int128, int64_t>(field, column.values<Int128>() + begin, n, partitions, rows);
  }
}

void PackedRows::pack_texts(const Field& field, const StringRef* texts, const uint8_t* valid,
                            size_t n, const uint16_t* partitions, char* const* rows) {
  // Two words, the second one ending where the text does: nothing beyond is written.
  const size_t second = field.bytes - sizeof(uint64_t);
  const size_t length_shift = 8 * (field.bytes - 1);
  for (size_t i = 0; i < n; ++i) {
    UInt128 bytes = 0;
    if (valid == nullptr || valid[i] != 0) {  // a NULL's StringRef is not to be followed
      uint64_t length = texts[i].len;
      uint64_t low;
      uint64_t high = 0;
      if (length < field.bytes) [[likely]] {
        load_short(texts[i].ptr, texts[i].len, low, high);
      } else {
        low = keep_long(texts[i], partitions[i]);
        length = kLong;
      }
      bytes = UInt128{high} << 64 | low | UInt128{length} << length_shift;
    }
    const auto low = static_cast<uint64_t>(bytes);
    const auto high = static_cast<uint64_t>(bytes >> (8 * second));
    std::memcpy(rows[i] + field.offset, &low, sizeof(low));
    std::memcpy(rows[i] + field.offset + second, &high, sizeof(high));
  }
}

uint64_t PackedRows::keep_long(const StringRef& text, size_t partition) {
  auto& arena = partitions_[partition].long_strings;
  if (!arena) arena = std::make_unique<Arena>(kBlockBytes);
  if (text.len > kBlockBytes / 8) grown_.push_back(static_cast<uint16_t>(partition));
  char* const copy = arena->allocate(sizeof(text.len) + text.len);
  std::memcpy(copy, &text.len, sizeof(text.len));
  std::memcpy(copy + sizeof(text.len), text.ptr, text.len);
  return reinterpret_cast<uint64_t>(copy);
}

template <class Wide, class Narrow>
void PackedRows::pack_narrow(const Field& field, const Wide* values, size_t n,
                             const uint16_t* partitions, char* const* rows) {
  for (size_t i = 0; i < n; ++i) {
    auto narrow = static_cast<Narrow>(values[i]);
    if (narrow != values[i]) [[unlikely]] {  // a NULL's value may be anything
      auto& large = partitions_[partitions[i]].large_values;
      narrow = static_cast<Narrow>(large.size());
      large.push_back(values[i]);
      rows[i][field.flag_byte] = static_cast<char>(rows[i][field.flag_byte] | field.large_bit);
    }
    std::memcpy(rows[i] + field.offset, &narrow, sizeof(narrow));
  }
}

ColumnPtr PackedRows::unpack(const Field& field, const Partition& partition, const char* rows,
                             size_t n) const {
  auto column = make_column(field.type, n);
  const size_t width = field.type.width();
  if (field.type.is_string_like()) {
    unpack_texts(field, rows, *column);
  } else if (field.bytes == width) {
    with_width(width, [&]<class T>(T) {
      T* const values = column->template values<T>();
      const char* at = rows + field.offset;
      for (size_t i = 0; i < n; ++i, at += row_bytes_) std::memcpy(&values[i], at, sizeof(T));
    });
  } else if (width == 8) {
    unpack_narrow<int64_t, int32_t>(field, partition, rows, *column);
  } else {
    unpack_narrow<Int128, int64_t>(field, partition, rows, *column);
  }
  const char* flags = rows + field.flag_byte;
  for (size_t i = 0; i < n; ++i, flags += row_bytes_) {
    if ((static_cast<uint8_t>(*flags) & field.null_bit) != 0) column->set_null(i);
  }
  return column;
}

void PackedRows::unpack_texts(const Field& field, const char* rows, Column& column) const {
  StringRef* const texts = column.values<StringRef>();
  const char* at = rows + field.offset;
  for (size_t i = 0; i < column.size(); ++i, at += row_bytes_) {
    const auto length = static_cast<uint8_t>(at[field.bytes - 1]);
    if (length != kLong) [[likely]] {
      texts[i] = StringRef(at, length);
      continue;
    }
    uint64_t address;
    std::memcpy(&address, at, sizeof(address));
    const char* const copy = reinterpret_cast<const char*>(address & ~(uint64_t{kLong} << 56));
    uint32_t size;
    std::memcpy(&size, copy, sizeof(size));
    texts[i] = StringRef(copy + sizeof(size), size);
  }
}

template <class Wide, class Narrow>
void PackedRows::unpack_narrow(const Field& field, const Partition& partition, const char* rows,
                               Column& column) const {
  Wide* const values = column.values<Wide>();
  const char* at = rows;
  for (size_t i = 0; i < column.size(); ++i, at += row_bytes_) {
    Narrow narrow;
    std::memcpy(&narrow, at + field.offset, sizeof(narrow));
    values[i] = narrow;
    if ((static_cast<uint8_t>(at[field.flag_byte]) & field.large_bit) != 0) [[unlikely]]
      values[i] = static_cast<Wide>(partition.large_values[static_cast<size_t>(narrow)]);
  }
}

size_t PackedRows::rows(size_t partition) const {
  const auto& blocks = partitions_[partition].blocks;
  if (blocks.empty()) return 0;
  return (blocks.size() - 1) * block_rows_ +
         static_cast<size_t>(tails_[partition].at - blocks.back()) / row_bytes_;
}

size_t PackedRows::bytes(size_t partition) const {
  const Partition& p = partitions_[partition];
  return p.blocks.size() * kBlockBytes + (p.long_strings ? p.long_strings->used_bytes() : 0) +
         p.large_values.capacity() * sizeof(Int128);
}

void PackedRows::read(size_t partition, const Visit& visit) const {
  const Partition& p = partitions_[partition];
  std::vector<ColumnPtr> columns(fields_.size());
  size_t left = rows(partition);
  for (const char* const block : p.blocks) {
    Batch part;
    part.rows = std::min(left, block_rows_);
    left -= part.rows;
    for (size_t c = 0; c < fields_.size(); ++c)
      columns[c] = unpack(fields_[c], p, block, part.rows);
    if (ordinals_) {
      part.ordinals.resize(part.rows);
      for (size_t i = 0; i < part.rows; ++i)
        std::memcpy(&part.ordinals[i], block + i * row_bytes_ + ordinal_offset_, sizeof(uint64_t));
    }
    visit(columns, part);
  }
}

void PackedRows::forget(size_t partition) {
  Partition& p = partitions_[partition];
  free_.insert(free_.end(), p.blocks.begin(), p.blocks.end());
  p = Partition();
  tails_[partition] = {};
}

}  // namespace weir
