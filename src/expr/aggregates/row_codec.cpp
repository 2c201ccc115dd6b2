#include "expr/aggregates/row_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/sortable.h"

namespace weir {

namespace {

template <class S, class U>
void put_signed(S value, std::string& out) {
  put_big_endian<U>(static_cast<U>(static_cast<U>(value) ^ sign_bit<U>()), out);
}

template <class S, class U>
bool get_signed(std::string_view& in, Column& column) {
  U bits = 0;
  if (!get_big_endian(in, bits)) return false;
  column.push<S>(static_cast<S>(bits ^ sign_bit<U>()));
  return true;
}

template <class F, class U>
void put_real(F value, std::string& out) {
  if (value == 0) value = 0;  // -0 too
  if (std::isnan(value)) value = std::numeric_limits<F>::quiet_NaN();
  const U bits = std::bit_cast<U>(value);
  put_big_endian<U>((bits & sign_bit<U>()) != 0 ? ~bits : bits | sign_bit<U>(), out);
}

template <class F, class U>
bool get_real(std::string_view& in, Column& column) {
  U bits = 0;
  if (!get_big_endian(in, bits)) return false;
  bits = (bits & sign_bit<U>()) != 0 ? bits ^ sign_bit<U>() : ~bits;
  column.push<F>(std::bit_cast<F>(bits));
  return true;
}

void put_string(std::string_view text, std::string& out) {
  while (true) {
    const size_t zero = text.find('\0');
    if (zero == std::string_view::npos) break;
    out.append(text.substr(0, zero + 1));
    out.push_back('\xff');
    text.remove_prefix(zero + 1);
  }
  out.append(text);
  out.append(2, '\0');
}

bool get_string(std::string_view& in, Column& column, Arena& arena) {
  // The decoded text is never longer than what is read.
  std::string escaped;
  bool simple = true;
  while (true) {
    const size_t zero = in.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= in.size()) return false;
    const std::string_view part = in.substr(0, zero);
    const char next = in[zero + 1];
    if (next == '\0') {
      const std::string_view text = simple ? arena.copy(part) : arena.copy(escaped.append(part));
      column.push<StringRef>(StringRef(text));
      in.remove_prefix(zero + 2);
      return true;
    }
    simple = false;
    escaped.append(part);
    escaped.push_back('\0');
    in.remove_prefix(zero + 2);
  }
}

void put_map(const Column& column, ListRef list, std::string& out) {
  std::vector<std::string> entries(list.len);
  for (uint32_t k = 0; k < list.len; ++k) {
    encode_value(column.child(0), list.offset + k, entries[k]);
    encode_value(column.child(1), list.offset + k, entries[k]);
  }
  std::sort(entries.begin(), entries.end());
  for (const auto& entry : entries) {
    out.push_back('\1');
    out.append(entry);
  }
  out.push_back('\0');
}

bool get_list(std::string_view& in, Column& column, Arena& arena) {
  const size_t offset = column.child(0).size();
  uint32_t len = 0;
  while (true) {
    if (in.empty()) return false;
    const char more = in[0];
    in.remove_prefix(1);
    if (more == '\0') break;
    for (auto& child : column.children()) {
      if (!decode_value(in, *child, arena)) return false;
    }
    ++len;
  }
  column.push<ListRef>(ListRef{static_cast<uint32_t>(offset), len});
  return true;
}

}  // namespace

void encode_value(const Column& column, size_t i, std::string& out) {
  if (column.is_null(i) || column.type().id == TypeId::kNull) {
    out.push_back('\0');
    return;
  }
  out.push_back('\1');
  switch (column.type().id) {
    case TypeId::kNull: break;
    case TypeId::kBoolean: put_big_endian<uint8_t>(column.at<uint8_t>(i), out); break;
    case TypeId::kTinyInt: put_signed<int8_t, uint8_t>(column.at<int8_t>(i), out); break;
    case TypeId::kSmallInt: put_signed<int16_t, uint16_t>(column.at<int16_t>(i), out); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: put_signed<int32_t, uint32_t>(column.at<int32_t>(i), out); break;
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: put_signed<int64_t, uint64_t>(column.at<int64_t>(i), out); break;
    case TypeId::kFloat: put_real<float, uint32_t>(column.at<float>(i), out); break;
    case TypeId::kDouble: put_real<double, uint64_t>(column.at<double>(i), out); break;
    case TypeId::kDecimal: put_signed<Int128, unsigned __int128>(column.at<Int128>(i), out); break;
    case TypeId::kString:
    case TypeId::kBytes: put_string(column.at<StringRef>(i).view(), out); break;
    case TypeId::kArray: {
      const ListRef list = column.at<ListRef>(i);
      for (uint32_t k = 0; k < list.len; ++k) {
        out.push_back('\1');
        encode_value(column.child(0), list.offset + k, out);
      }
      out.push_back('\0');
      break;
    }
    case TypeId::kMap: put_map(column, column.at<ListRef>(i), out); break;
    case TypeId::kRow:
      for (const auto& child : column.children()) {
        encode_value(*child, column.is_constant() ? 0 : i, out);
      }
      break;
  }
}

bool decode_value(std::string_view& bytes, Column& column, Arena& arena) {
  if (bytes.empty()) return false;
  const char marker = bytes[0];
  bytes.remove_prefix(1);
  if (marker == '\0') {
    column.push_null();
    return true;
  }
  switch (column.type().id) {
    case TypeId::kNull: return false;
    case TypeId::kBoolean: {
      uint8_t v = 0;
      if (!get_big_endian(bytes, v)) return false;
      column.push<uint8_t>(v);
      return true;
    }
    case TypeId::kTinyInt: return get_signed<int8_t, uint8_t>(bytes, column);
    case TypeId::kSmallInt: return get_signed<int16_t, uint16_t>(bytes, column);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: return get_signed<int32_t, uint32_t>(bytes, column);
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: return get_signed<int64_t, uint64_t>(bytes, column);
    case TypeId::kFloat: return get_real<float, uint32_t>(bytes, column);
    case TypeId::kDouble: return get_real<double, uint64_t>(bytes, column);
    case TypeId::kDecimal: return get_signed<Int128, unsigned __int128>(bytes, column);
    case TypeId::kString:
    case TypeId::kBytes: return get_string(bytes, column, arena);
    case TypeId::kArray:
    case TypeId::kMap: return get_list(bytes, column, arena);
    case TypeId::kRow:
      for (auto& child : column.children()) {
        if (!decode_value(bytes, *child, arena)) return false;
      }
      column.push_row();
      return true;
  }
  return false;
}

void encode_sort_value(const Column& column, size_t i, bool descending, bool nulls_first,
                       std::string& out) {
  if (column.is_null(i)) {
    out.push_back(nulls_first ? '\0' : '\2');
    return;
  }
  const size_t begin = out.size();
  encode_value(column, i, out);
  if (!descending) return;
  // The first byte is the marker 0x01 between the two places of NULL; the rest is turned around.
  for (size_t k = begin + 1; k < out.size(); ++k) out[k] = static_cast<char>(~out[k]);
}

}  // namespace weir
