#include "data/value.h"

#include <cmath>

namespace weir {

namespace {

template <class T>
void push_number(Column& column, Int128 number) {
  column.push<T>(static_cast<T>(number));
}

template <class T>
int compare_values(T a, T b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

template <class T>
int compare_reals(T a, T b) {
  const bool a_nan = std::isnan(a);
  const bool b_nan = std::isnan(b);
  if (a_nan || b_nan) return a_nan && b_nan ? 0 : (a_nan ? 1 : -1);
  return compare_values(a, b);
}

template <class T>
int compare_as(const Column& a, size_t i, const Column& b, size_t j) {
  return compare_values(a.at<T>(i), b.at<T>(j));
}

}  // namespace

void append_value(Column& column, const Value& value, Arena& arena) {
  if (value.is_null) {
    column.push_null();
    return;
  }
  switch (column.type().id) {
    case TypeId::kNull: column.push_null(); break;
    case TypeId::kBoolean: push_number<uint8_t>(column, value.number); break;
    case TypeId::kTinyInt: push_number<int8_t>(column, value.number); break;
    case TypeId::kSmallInt: push_number<int16_t>(column, value.number); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: push_number<int32_t>(column, value.number); break;
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: push_number<int64_t>(column, value.number); break;
    case TypeId::kFloat: column.push<float>(static_cast<float>(value.real)); break;
    case TypeId::kDouble: column.push<double>(value.real); break;
    case TypeId::kDecimal: column.push<Int128>(value.number); break;
    case TypeId::kString:
    case TypeId::kBytes: column.push<StringRef>(StringRef(arena.copy(value.text))); break;
    case TypeId::kArray: {
      const ListRef list{static_cast<uint32_t>(column.child(0).size()),
                         static_cast<uint32_t>(value.items.size())};
      for (const auto& item : value.items) append_value(column.child(0), item, arena);
      column.push<ListRef>(list);
      break;
    }
    case TypeId::kMap: {
      const ListRef list{static_cast<uint32_t>(column.child(0).size()),
                         static_cast<uint32_t>(value.items.size() / 2)};
      for (size_t k = 0; k < value.items.size(); ++k)
        append_value(column.child(k % 2), value.items[k], arena);
      column.push<ListRef>(list);
      break;
    }
    case TypeId::kRow:
      for (size_t c = 0; c < value.items.size(); ++c)
        append_value(column.child(c), value.items[c], arena);
      column.push_row();
      break;
  }
}

namespace {

void append_borrowed(Column& column, const Value& value) {
  if (!value.is_null && column.type().is_string_like()) {
    column.push<StringRef>(StringRef(value.text));
    return;
  }
  if (value.is_null || !column.type().is_nested()) {
    Arena unused(1);
    append_value(column, value, unused);
    return;
  }
  const size_t width = column.type().id == TypeId::kMap ? 2 : 1;
  if (column.type().id == TypeId::kRow) {
    for (size_t c = 0; c < value.items.size(); ++c)
      append_borrowed(column.child(c), value.items[c]);
    column.push_row();
    return;
  }
  const ListRef list{static_cast<uint32_t>(column.child(0).size()),
                     static_cast<uint32_t>(value.items.size() / width)};
  for (size_t k = 0; k < value.items.size(); ++k)
    append_borrowed(column.child(k % width), value.items[k]);
  column.push<ListRef>(list);
}

}  // namespace

ColumnPtr constant_column(const Value& value, size_t rows) {
  auto column = std::make_shared<Column>(value.type);
  append_borrowed(*column, value);
  column->make_constant(rows);
  return column;
}

Value value_at(const Column& column, size_t i) {
  Value v;
  v.type = column.type();
  if (column.is_null(i) || column.type().id == TypeId::kNull) return v;
  v.is_null = false;
  const size_t row = column.is_constant() ? 0 : i;
  switch (column.type().id) {
    case TypeId::kNull: break;
    case TypeId::kBoolean: v.number = column.at<uint8_t>(i); break;
    case TypeId::kTinyInt: v.number = column.at<int8_t>(i); break;
    case TypeId::kSmallInt: v.number = column.at<int16_t>(i); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: v.number = column.at<int32_t>(i); break;
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: v.number = column.at<int64_t>(i); break;
    case TypeId::kFloat: v.real = static_cast<double>(column.at<float>(i)); break;
    case TypeId::kDouble: v.real = column.at<double>(i); break;
    case TypeId::kDecimal: v.number = column.at<Int128>(i); break;
    case TypeId::kString:
    case TypeId::kBytes: v.text = std::string(column.at<StringRef>(i).view()); break;
    case TypeId::kArray:
    case TypeId::kMap: {
      const ListRef list = column.at<ListRef>(i);
      for (uint32_t k = 0; k < list.len; ++k) {
        for (const auto& child : column.children())
          v.items.push_back(value_at(*child, list.offset + k));
      }
      break;
    }
    case TypeId::kRow:
      for (const auto& child : column.children()) v.items.push_back(value_at(*child, row));
      break;
  }
  return v;
}

int compare_rows(const Column& a, size_t i, const Column& b, size_t j) {
  const bool a_null = a.is_null(i);
  const bool b_null = b.is_null(j);
  if (a_null || b_null) return a_null && b_null ? 0 : (a_null ? -1 : 1);
  switch (a.type().id) {
    case TypeId::kNull: return 0;
    case TypeId::kBoolean: return compare_as<uint8_t>(a, i, b, j);
    case TypeId::kTinyInt: return compare_as<int8_t>(a, i, b, j);
    case TypeId::kSmallInt: return compare_as<int16_t>(a, i, b, j);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: return compare_as<int32_t>(a, i, b, j);
    case TypeId::kBigInt:
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
    case TypeId::kIntervalMonths:
    case TypeId::kIntervalMillis: return compare_as<int64_t>(a, i, b, j);
    case TypeId::kFloat: return compare_reals(a.at<float>(i), b.at<float>(j));
    case TypeId::kDouble: return compare_reals(a.at<double>(i), b.at<double>(j));
    case TypeId::kDecimal: return compare_as<Int128>(a, i, b, j);
    case TypeId::kString:
    case TypeId::kBytes: return compare(a.at<StringRef>(i), b.at<StringRef>(j));
    case TypeId::kArray:
    case TypeId::kMap: {
      const ListRef x = a.at<ListRef>(i);
      const ListRef y = b.at<ListRef>(j);
      for (uint32_t k = 0; k < x.len && k < y.len; ++k) {
        for (size_t c = 0; c < a.children().size(); ++c) {
          const int r = compare_rows(a.child(c), x.offset + k, b.child(c), y.offset + k);
          if (r != 0) return r;
        }
      }
      return compare_values(x.len, y.len);
    }
    case TypeId::kRow:
      for (size_t c = 0; c < a.children().size(); ++c) {
        const int r =
            compare_rows(a.child(c), a.is_constant() ? 0 : i, b.child(c), b.is_constant() ? 0 : j);
        if (r != 0) return r;
      }
      return 0;
  }
  return 0;
}

}  // namespace weir
