#include "formats/msgpack_reader.h"

#include <charconv>
#include <limits>

#include "base/spelling.h"
#include "data/text.h"

namespace weir::msgpack {
namespace {

// NULLs for the fields that a record or a ROW did not name.
void fill_up(Column& column, size_t rows) {
  while (column.size() < rows) column.push_null();
}

template <class T>
bool push_whole(const Item& item, Column& column) {
  const auto value = static_cast<int64_t>(item.number);
  if (item.kind == Kind::kUnsigned) {
    if (item.number > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
  } else if (item.kind != Kind::kSigned || value < int64_t{std::numeric_limits<T>::min()}) {
    return false;
  }
  column.push(static_cast<T>(value));
  return true;
}

template <class T>
bool push_real_of(const Item& item, Column& column) {
  switch (item.kind) {
    case Kind::kUnsigned: column.push(static_cast<T>(item.number)); return true;
    case Kind::kSigned: column.push(static_cast<T>(static_cast<int64_t>(item.number))); return true;
    case Kind::kFloat:
    case Kind::kDouble: column.push(static_cast<T>(item.real)); return true;
    default: return false;
  }
}

bool is_number(const Item& item) {
  return item.kind >= Kind::kUnsigned && item.kind <= Kind::kDouble;
}

}  // namespace

Result<ValueReader> ValueReader::make(const Type& type, const std::string& format,
                                      const TimeZone* zone, int64_t reference_us) {
  ValueReader reader(type);
  if (type.is_nested()) {
    for (size_t i = 0; type.fields && i < type.fields->size(); ++i) {
      const auto& field = (*type.fields)[i];
      auto child = ValueReader::make(
          field.type, field.type.is_temporal() || field.type.is_nested() ? format : "", zone,
          reference_us);
      if (!child) return fail(child.error());
      if (type.id == TypeId::kRow) reader.keys_.add(field.name, static_cast<int>(i));
      reader.children_.push_back(std::move(*child));
    }
    return reader;
  }
  if (type.id == TypeId::kNull || type.is_string_like()) return reader;
  auto text = FieldParser::make(type, format, zone, reference_us);
  if (!text) return fail(text.error());
  reader.text_ = std::move(*text);
  auto numbers = JsonReader::make(type, format, zone, reference_us);
  if (!numbers) return fail(numbers.error());
  reader.numbers_ = std::move(*numbers);
  return reader;
}

bool ValueReader::push_timestamp(const Item& item, Column& column) const {
  int64_t seconds;
  uint32_t nanos;
  if (item.extension != -1 || !read_timestamp(item.bytes, seconds, nanos)) return false;
  const int64_t per_second = type_.in_nanos() ? 1'000'000'000 : 1'000'000;
  int64_t unit = 1;
  for (int p = type_.precision; p < (type_.in_nanos() ? 9 : 6); ++p) unit *= 10;
  int64_t value;
  if (__builtin_mul_overflow(seconds, per_second, &value)) return false;
  const int64_t fraction = type_.in_nanos() ? nanos : nanos / 1000;
  if (__builtin_add_overflow(value, fraction - fraction % unit, &value)) return false;
  column.push(value);
  return true;
}

// Numbers for other types than those of their own kind: by their text.
bool ValueReader::push_number_text(const Item& item, Column& column) {
  char text[32];
  const auto end = item.kind == Kind::kUnsigned
                       ? std::to_chars(text, text + sizeof text, item.number)
                   : item.kind == Kind::kSigned
                       ? std::to_chars(text, text + sizeof text, static_cast<int64_t>(item.number))
                   : item.kind == Kind::kFloat
                       ? std::to_chars(text, text + sizeof text, static_cast<float>(item.real))
                       : std::to_chars(text, text + sizeof text, item.real);
  json::Number number;
  if (json::scan_number(text, end.ptr, number) != end.ptr) return false;  // NaN, infinity
  const size_t before = column.size();
  return numbers_->append_number({text, static_cast<size_t>(end.ptr - text)}, number, column) &&
         column.size() == before + 1;
}

bool ValueReader::push(const Item& item, Column& column) {
  if (item.kind == Kind::kString) return text_ && text_->append(item.bytes, column);
  switch (type_.id) {
    case TypeId::kBoolean:
      if (item.kind != Kind::kBoolean) return false;
      column.push(static_cast<uint8_t>(item.number));
      return true;
    case TypeId::kTinyInt:
      if (push_whole<int8_t>(item, column)) return true;
      break;
    case TypeId::kSmallInt:
      if (push_whole<int16_t>(item, column)) return true;
      break;
    case TypeId::kInt:
      if (push_whole<int32_t>(item, column)) return true;
      break;
    case TypeId::kBigInt:
      if (push_whole<int64_t>(item, column)) return true;
      break;
    case TypeId::kFloat: return push_real_of<float>(item, column);
    case TypeId::kDouble: return push_real_of<double>(item, column);
    case TypeId::kBytes:
      if (item.kind != Kind::kBinary && item.kind != Kind::kExtension) return false;
      column.push(StringRef(item.bytes));
      return true;
    case TypeId::kTimestamp:
    case TypeId::kTimestampLtz:
      if (item.kind == Kind::kExtension) return push_timestamp(item, column);
      break;
    default: break;
  }
  return numbers_ && is_number(item) && push_number_text(item, column);
}

bool ValueReader::push_text(std::string_view bytes, size_t at, const Item& item, Column& column,
                            Batch& batch) {
  if (item.kind == Kind::kBinary || item.kind == Kind::kExtension) {
    if (item.extension != -1 || item.kind == Kind::kBinary) return false;  // bytes are no text
  }
  std::string text;
  if (!append_json(bytes, at, text)) return false;
  // A timestamp's text is one without its quotes.
  std::string_view shown = text;
  if (item.kind == Kind::kExtension || item.kind == Kind::kFloat || item.kind == Kind::kDouble)
    if (shown.starts_with('"')) shown = shown.substr(1, shown.size() - 2);
  column.push(StringRef(batch.arena().copy(shown)));
  return true;
}

bool ValueReader::refuse(std::string_view bytes, size_t at, std::string& reason) const {
  std::string text;
  if (!append_json(bytes, at, text)) {
    reason = "not " + with_article(type_.to_string()) + ": a value nested too deeply";
    return false;
  }
  reason = "not " + with_article(type_.to_string()) + ": " + quote_for_message(text);
  return false;
}

bool ValueReader::read_row(std::string_view bytes, size_t& at, uint64_t pairs, Column& column,
                           Batch& batch, std::string& reason) {
  const size_t rows = column.size() + 1;
  for (uint64_t i = 0; i < pairs; ++i) {
    Item key;
    size_t value = at;
    if (read_item(bytes, value, key) == Status::kDone && key.kind == Kind::kString) {
      const int number = keys_.find(i, key.bytes);
      if (number != JsonKeys::kUnknown && column.child(static_cast<size_t>(number)).size() < rows) {
        const auto field = static_cast<size_t>(number);
        at = value;
        if (!children_[field].read(bytes, at, column.child(field), batch, reason)) return false;
        continue;
      }
    }
    skip_value(bytes, at);
    skip_value(bytes, at);
  }
  for (auto& child : column.children()) fill_up(*child, rows);
  column.push_row();
  return true;
}

bool ValueReader::read_list(std::string_view bytes, size_t& at, uint64_t count, Column& column,
                            Batch& batch, std::string& reason) {
  const auto begin = column.child(0).size();
  for (uint64_t i = 0; i < count; ++i)
    for (size_t k = 0; k < children_.size(); ++k)
      if (!children_[k].read(bytes, at, column.child(k), batch, reason)) return false;
  column.push(ListRef{static_cast<uint32_t>(begin), static_cast<uint32_t>(count)});
  return true;
}

bool ValueReader::read(std::string_view bytes, size_t& at, Column& column, Batch& batch,
                       std::string& reason) {
  const size_t begin = at;
  Item item;
  if (read_item(bytes, at, item) != Status::kDone) {
    reason = "the record ends too early";
    return false;
  }
  if (item.kind == Kind::kNil) {
    column.push_null();
    return true;
  }
  if (type_.is_string_like() && item.kind == Kind::kString) {
    column.push(StringRef(item.bytes));
    return true;
  }
  if (type_.id == TypeId::kString) {
    if (!push_text(bytes, begin, item, column, batch)) return refuse(bytes, begin, reason);
    at = begin;
    skip_value(bytes, at);
    return true;
  }
  if (type_.id == TypeId::kRow && item.kind == Kind::kMap)
    return read_row(bytes, at, item.number, column, batch, reason);
  if ((type_.id == TypeId::kMap && item.kind == Kind::kMap) ||
      (type_.id == TypeId::kArray && item.kind == Kind::kArray))
    return read_list(bytes, at, item.number, column, batch, reason);
  if (item.kind == Kind::kMap || item.kind == Kind::kArray || !push(item, column))
    return refuse(bytes, begin, reason);
  return true;
}

}  // namespace weir::msgpack
