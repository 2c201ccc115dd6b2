// One column of a batch: typed values side by side, and a byte per row only where there are NULLs.
//
// Layout:  values() holds size() values of Type::width() bytes; a NULL's value bytes are defined but
//          meaningless. ROW has no values, only children; ARRAY and MAP hold ListRefs into children.
//          A constant column holds one value that stands for every row; only expressions make
//          them, batches never hold one.
// Strings: borrowed. Batch::keep holds what they point into.
// Threads: one at a time; immutable once shared through a ColumnPtr to const.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/vec.h"
#include "data/type.h"

namespace weir {

class Column;
using ColumnPtr = std::shared_ptr<Column>;

class Column {
 public:
  explicit Column(Type type) : type_(std::move(type)) { make_children(); }
  Column(Type type, size_t rows) : type_(std::move(type)) {
    make_children();
    resize(rows);
  }

  const Type& type() const { return type_; }
  void set_type(Type type) { type_ = std::move(type); }  // same layout only
  size_t size() const { return size_; }

  // A column whose one value stands for `size()` rows.
  bool is_constant() const { return constant_; }
  void make_constant(size_t rows) {  // holds exactly one value
    constant_ = true;
    size_ = rows;
  }

  // Sets the number of rows; new values are uninitialised and not NULL.
  void resize(size_t rows);
  void reserve(size_t rows);
  void clear();

  template <class T>
  T* values() {
    WEIR_DCHECK(sizeof(T) == width_);
    return reinterpret_cast<T*>(bytes_.data());
  }
  template <class T>
  const T* values() const {
    WEIR_DCHECK(sizeof(T) == width_);
    return reinterpret_cast<const T*>(bytes_.data());
  }
  // The value of row i, constants included.
  template <class T>
  const T& at(size_t i) const {
    return values<T>()[constant_ ? 0 : i];
  }

  // NULLs. valid() is nullptr when no row is NULL, else a byte per row (1 byte if constant): 1 = not NULL.
  const uint8_t* valid() const { return valid_.empty() ? nullptr : valid_.data(); }
  bool may_have_nulls() const { return !valid_.empty(); }
  bool is_null(size_t i) const { return !valid_.empty() && valid_[constant_ ? 0 : i] == 0; }
  uint8_t* make_valid();  // gives the bytes, all 1 if there were none
  void set_null(size_t i) { make_valid()[i] = 0; }
  void drop_valid_if_full();  // forgets the bytes when no row is NULL

  // Appending, for decoders and operators that build row by row. Not for constants.
  template <class T>
  void push(T value) {
    WEIR_DCHECK(sizeof(T) == width_);
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
    if (!valid_.empty()) valid_.push_back(1);
    ++size_;
  }
  void push_null();  // children of a ROW get a NULL too
  void push_from(const Column& other,
                 size_t i);  // one row of a column of the same type; nested: deep
  // A ROW's next row is complete: its children have been pushed already.
  void push_row() {
    if (!valid_.empty()) valid_.push_back(1);
    ++size_;
  }

  std::vector<ColumnPtr>& children() { return children_; }
  const std::vector<ColumnPtr>& children() const { return children_; }
  Column& child(size_t i) { return *children_[i]; }
  const Column& child(size_t i) const { return *children_[i]; }

  // New columns from this one. The children of ARRAY and MAP are shared, not copied.
  ColumnPtr gather(std::span<const uint32_t> rows) const;
  ColumnPtr slice(size_t begin, size_t end) const;  // half-open
  ColumnPtr flatten() const;                        // a constant written out; else a copy
  void append(const Column& other);                 // same type; nested: children appended too

  // Copies the bytes that string values (nested ones too) point to into `arena`, and re-points them.
  void own_strings(class Arena& arena);

  // Bytes of memory that the values, validity and children hold (without the strings' bytes).
  size_t memory_bytes() const;

 private:
  void make_children();

  Type type_;
  size_t width_ = 0;
  size_t size_ = 0;
  bool constant_ = false;
  Vec<char> bytes_;
  Vec<uint8_t> valid_;
  std::vector<ColumnPtr> children_;
};

inline ColumnPtr make_column(Type type, size_t rows = 0) {
  return std::make_shared<Column>(std::move(type), rows);
}
// `rows` NULLs of a type, as a constant.
ColumnPtr make_null_constant(Type type, size_t rows);
// `flat`: the column itself, or a constant written out.
ColumnPtr flat(ColumnPtr column);

// Calls f with a value of a C++ type of as many bytes as a flat column's width says; 16: Int128.
template <class F>
void with_width(size_t width, F&& f) {
  switch (width) {
    case 1: f(uint8_t{}); break;
    case 2: f(uint16_t{}); break;
    case 4: f(uint32_t{}); break;
    case 8: f(uint64_t{}); break;
    default: f(Int128{}); break;
  }
}

}  // namespace weir
