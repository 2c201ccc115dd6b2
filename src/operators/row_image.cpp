#include "operators/row_image.h"

#include <cstring>

namespace weir {

namespace {

template <class T>
void append_plain(T value, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <class T>
bool take_plain(std::string_view& in, T& value) {
  if (in.size() < sizeof(T)) return false;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return true;
}

template <class T>
bool push_plain(std::string_view& in, Column& column) {
  T value{};
  if (!take_plain(in, value)) return false;
  column.push<T>(value);
  return true;
}

void append_image(const Column& column, size_t i, std::string& out) {
  if (column.is_null(i) || column.type().id == TypeId::kNull) {
    out.push_back('\0');
    return;
  }
  out.push_back('\1');
  switch (column.type().id) {
    case TypeId::kString:
    case TypeId::kBytes: {
      const std::string_view text = column.at<StringRef>(i).view();
      append_plain(static_cast<uint32_t>(text.size()), out);
      out.append(text);
      return;
    }
    case TypeId::kArray:
    case TypeId::kMap: {
      const ListRef list = column.at<ListRef>(i);
      append_plain(list.len, out);
      for (uint32_t k = 0; k < list.len; ++k) {
        for (const auto& child : column.children()) append_image(*child, list.offset + k, out);
      }
      return;
    }
    case TypeId::kRow:
      for (const auto& child : column.children())
        append_image(*child, column.is_constant() ? 0 : i, out);
      return;
    default: break;
  }
  switch (column.type().width()) {
    case 1: return append_plain(column.at<uint8_t>(i), out);
    case 2: return append_plain(column.at<uint16_t>(i), out);
    case 4: return append_plain(column.at<uint32_t>(i), out);
    case 8: return append_plain(column.at<uint64_t>(i), out);
    default: return append_plain(column.at<Int128>(i), out);
  }
}

bool take_list(std::string_view& in, Column& column, Arena& arena);

bool take_image(std::string_view& in, Column& column, Arena& arena) {
  uint8_t marker = 0;
  if (!take_plain(in, marker)) return false;
  if (marker == 0) {
    column.push_null();
    return true;
  }
  switch (column.type().id) {
    case TypeId::kNull: return false;
    case TypeId::kString:
    case TypeId::kBytes: {
      uint32_t size = 0;
      if (!take_plain(in, size) || size > in.size()) return false;
      column.push<StringRef>(StringRef(arena.copy(in.substr(0, size))));
      in.remove_prefix(size);
      return true;
    }
    case TypeId::kArray:
    case TypeId::kMap: return take_list(in, column, arena);
    case TypeId::kRow:
      for (auto& child : column.children()) {
        if (!take_image(in, *child, arena)) return false;
      }
      column.push_row();
      return true;
    default: break;
  }
  switch (column.type().width()) {
    case 1: return push_plain<uint8_t>(in, column);
    case 2: return push_plain<uint16_t>(in, column);
    case 4: return push_plain<uint32_t>(in, column);
    case 8: return push_plain<uint64_t>(in, column);
    default: return push_plain<Int128>(in, column);
  }
}

bool take_list(std::string_view& in, Column& column, Arena& arena) {
  const auto offset = static_cast<uint32_t>(column.child(0).size());
  uint32_t len = 0;
  if (!take_plain(in, len)) return false;
  for (uint32_t k = 0; k < len; ++k) {
    for (auto& child : column.children()) {
      if (!take_image(in, *child, arena)) return false;
    }
  }
  column.push<ListRef>(ListRef{offset, len});
  return true;
}

}  // namespace

void append_row_image(const std::vector<ColumnPtr>& columns, size_t i, std::string& out) {
  for (const auto& column : columns) {
    if (column) {
      append_image(*column, i, out);
    } else {
      out.push_back('\0');
    }
  }
}

bool take_row_image(std::string_view bytes, std::span<const ColumnPtr> columns, Arena& arena) {
  for (const auto& column : columns)
    if (!take_image(bytes, *column, arena)) return false;
  return bytes.empty();
}

}  // namespace weir
