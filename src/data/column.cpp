#include "data/column.h"

#include "base/arena.h"

namespace weir {

void Column::make_children() {
  width_ = type_.width();
  if (!type_.fields) return;
  children_.reserve(type_.fields->size());
  for (const auto& field : *type_.fields) children_.push_back(std::make_shared<Column>(field.type));
}

void Column::resize(size_t rows) {
  WEIR_DCHECK(!constant_);
  bytes_.resize(rows * width_);
  if (!valid_.empty()) {
    const size_t old = valid_.size();
    valid_.resize(rows);
    for (size_t i = old; i < rows; ++i) valid_[i] = 1;
  }
  if (type_.id == TypeId::kRow) {
    for (auto& c : children_) c->resize(rows);
  }
  size_ = rows;
}

void Column::reserve(size_t rows) {
  bytes_.reserve(rows * width_);
  if (type_.id == TypeId::kRow) {
    for (auto& c : children_) c->reserve(rows);
  }
}

void Column::clear() {
  constant_ = false;
  bytes_.clear();
  valid_.clear();
  size_ = 0;
  for (auto& c : children_) c->clear();
}

uint8_t* Column::make_valid() {
  if (valid_.empty()) valid_.assign(constant_ ? 1 : size_, 1);
  return valid_.data();
}

void Column::drop_valid_if_full() {
  for (const uint8_t v : valid_) {
    if (v == 0) return;
  }
  valid_.clear();
}

void Column::push_null() {
  // Validity covers the rows so far, then the new one; an empty column starts it here.
  if (valid_.empty()) {
    valid_.resize(size_ + 1);
    for (size_t i = 0; i < size_; ++i) valid_[i] = 1;
    valid_[size_] = 0;
  } else {
    valid_.push_back(0);
  }
  const size_t at = bytes_.size();
  bytes_.resize(at + width_);
  if (width_ > 0) std::memset(bytes_.data() + at, 0, width_);
  if (type_.id == TypeId::kRow) {
    for (auto& c : children_) c->push_null();
  }
  ++size_;
}

void Column::push_from(const Column& other, size_t i) {
  if (other.constant_) i = 0;
  if (!other.valid_.empty() && other.valid_[i] == 0) {
    push_null();
    return;
  }
  switch (type_.id) {
    case TypeId::kRow:
      for (size_t c = 0; c < children_.size(); ++c) children_[c]->push_from(*other.children_[c], i);
      break;
    case TypeId::kArray:
    case TypeId::kMap: {
      const ListRef from = other.values<ListRef>()[i];
      const ListRef to{static_cast<uint32_t>(children_[0]->size()), from.len};
      for (size_t c = 0; c < children_.size(); ++c) {
        for (uint32_t k = 0; k < from.len; ++k)
          children_[c]->push_from(*other.children_[c], from.offset + k);
      }
      bytes_.append(reinterpret_cast<const char*>(&to), sizeof(to));
      break;
    }
    default: bytes_.append(other.bytes_.data() + i * width_, width_);
  }
  if (!valid_.empty()) valid_.push_back(1);
  ++size_;
}

namespace {

template <class T>
void gather_values(const char* from, std::span<const uint32_t> rows, char* to) {
  const T* in = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  for (size_t i = 0; i < rows.size(); ++i) out[i] = in[rows[i]];
}

}  // namespace

ColumnPtr Column::gather(std::span<const uint32_t> rows) const {
  auto out = std::make_shared<Column>(type_);
  if (constant_) {
    out->bytes_ = bytes_;
    out->valid_ = valid_;
    out->children_ = children_;
    out->make_constant(rows.size());
    return out;
  }
  out->size_ = rows.size();
  out->bytes_.resize(rows.size() * width_);
  switch (width_) {
    case 1: gather_values<uint8_t>(bytes_.data(), rows, out->bytes_.data()); break;
    case 2: gather_values<uint16_t>(bytes_.data(), rows, out->bytes_.data()); break;
    case 4: gather_values<uint32_t>(bytes_.data(), rows, out->bytes_.data()); break;
    case 8: gather_values<uint64_t>(bytes_.data(), rows, out->bytes_.data()); break;
    case 16: gather_values<StringRef>(bytes_.data(), rows, out->bytes_.data()); break;
    default: break;
  }
  if (!valid_.empty()) {
    out->valid_.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) out->valid_[i] = valid_[rows[i]];
    out->drop_valid_if_full();
  }
  if (type_.id == TypeId::kRow) {
    for (size_t c = 0; c < children_.size(); ++c) out->children_[c] = children_[c]->gather(rows);
  } else {
    out->children_ = children_;
  }
  return out;
}

ColumnPtr Column::slice(size_t begin, size_t end) const {
  auto out = std::make_shared<Column>(type_);
  if (constant_) {
    out->bytes_ = bytes_;
    out->valid_ = valid_;
    out->children_ = children_;
    out->make_constant(end - begin);
    return out;
  }
  out->size_ = end - begin;
  out->bytes_.append(bytes_.data() + begin * width_, (end - begin) * width_);
  if (!valid_.empty()) {
    out->valid_.append(valid_.data() + begin, end - begin);
    out->drop_valid_if_full();
  }
  if (type_.id == TypeId::kRow) {
    for (size_t c = 0; c < children_.size(); ++c)
      out->children_[c] = children_[c]->slice(begin, end);
  } else {
    out->children_ = children_;
  }
  return out;
}

ColumnPtr Column::flatten() const {
  if (!constant_) return slice(0, size_);
  if (size_ == 0) return std::make_shared<Column>(type_);
  auto out = std::make_shared<Column>(type_);
  out->size_ = size_;
  out->bytes_.resize(size_ * width_);
  for (size_t i = 0; i < size_ && width_ > 0; ++i)
    std::memcpy(out->bytes_.data() + i * width_, bytes_.data(), width_);
  if (!valid_.empty()) out->valid_.assign(size_, valid_[0]);
  if (type_.id == TypeId::kRow) {
    Vec<uint32_t> zeros(size_, 0);
    for (size_t c = 0; c < children_.size(); ++c) {
      out->children_[c] = children_[c]->is_constant()
                              ? children_[c]->flatten()
                              : children_[c]->gather({zeros.data(), zeros.size()});
    }
  } else {
    out->children_ = children_;
  }
  return out;
}

void Column::append(const Column& other) {
  if (other.constant_) {
    append(*other.flatten());
    return;
  }
  const size_t old = size_;
  if (!valid_.empty() || !other.valid_.empty()) {
    if (valid_.empty()) valid_.assign(old, 1);
    if (other.valid_.empty()) {
      uint8_t* v = valid_.extend(other.size_);
      for (size_t i = 0; i < other.size_; ++i) v[i] = 1;
    } else {
      valid_.append(other.valid_.data(), other.size_);
    }
  }
  if (type_.id == TypeId::kArray || type_.id == TypeId::kMap) {
    const auto shift = static_cast<uint32_t>(children_[0]->size());
    const ListRef* from = other.values<ListRef>();
    bytes_.resize((old + other.size_) * width_);
    ListRef* to = values<ListRef>() + old;
    for (size_t i = 0; i < other.size_; ++i) to[i] = {from[i].offset + shift, from[i].len};
    for (size_t c = 0; c < children_.size(); ++c) {
      // The children may be shared with other columns: write to a copy of our own.
      if (children_[c].use_count() > 1) children_[c] = children_[c]->slice(0, children_[c]->size());
      children_[c]->append(*other.children_[c]);
    }
  } else {
    bytes_.append(other.bytes_.data(), other.bytes_.size());
    for (size_t c = 0; c < children_.size(); ++c) children_[c]->append(*other.children_[c]);
  }
  size_ = old + other.size_;
}

void Column::own_strings(Arena& arena) {
  if (type_.is_string_like()) {
    StringRef* v = values<StringRef>();
    const size_t n = constant_ ? (bytes_.empty() ? 0 : 1) : size_;
    for (size_t i = 0; i < n; ++i) {
      if (!valid_.empty() && valid_[i] == 0) {
        v[i] = StringRef();
      } else if (v[i].len > 0) {
        v[i].ptr = arena.copy(v[i].view()).data();
      }
    }
  }
  for (auto& c : children_) {
    if (c.use_count() > 1) c = c->slice(0, c->size());
    c->own_strings(arena);
  }
}

size_t Column::memory_bytes() const {
  size_t total = sizeof(Column) + bytes_.capacity() + valid_.capacity();
  for (const auto& c : children_) total += c->memory_bytes();
  return total;
}

ColumnPtr make_null_constant(Type type, size_t rows) {
  auto c = std::make_shared<Column>(std::move(type));
  c->push_null();
  c->make_constant(rows);
  return c;
}

ColumnPtr flat(ColumnPtr column) { return column->is_constant() ? column->flatten() : column; }

}  // namespace weir
