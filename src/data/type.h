// SQL types as Flink has them, and how each is laid out in a column.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/string_ref.h"

namespace weir {

enum class TypeId : uint8_t {
  kNull,            // the type of a bare NULL; casts to anything
  kBoolean,         // uint8_t 0/1
  kTinyInt,         // int8_t
  kSmallInt,        // int16_t
  kInt,             // int32_t
  kBigInt,          // int64_t
  kFloat,           // float
  kDouble,          // double
  kDecimal,         // Int128, scaled by 10^scale
  kString,          // StringRef; CHAR(n), VARCHAR(n) and STRING are all this
  kBytes,           // StringRef
  kDate,            // int32_t days since 1970-01-01
  kTime,            // int32_t milliseconds of the day
  kTimestamp,       // int64_t microseconds since 1970-01-01T00:00:00 (nanoseconds if precision > 6)
  kTimestampLtz,    // the same, an instant in UTC
  kIntervalMonths,  // int64_t months
  kIntervalMillis,  // int64_t milliseconds
  kArray,           // ListRef into children[0]
  kMap,             // ListRef into children[0] (keys) and children[1] (values)
  kRow,             // children are the fields, as long as the column itself
};

using Int128 = __int128;

// A run of elements in a child column.
struct ListRef {
  uint32_t offset = 0;
  uint32_t len = 0;
};

// A type with its parameters. A value: cheap to copy, compared by content.
struct Type {
  struct Field;

  TypeId id = TypeId::kNull;
  uint8_t precision = 0;  // DECIMAL digits; TIMESTAMP and TIME fraction digits
  uint8_t scale = 0;      // DECIMAL digits after the point
  std::shared_ptr<const std::vector<Field>> fields;  // ARRAY: 1, MAP: 2, ROW: n

  Type() = default;
  explicit(false) Type(TypeId type_id, uint8_t p = 0, uint8_t s = 0)
      : id(type_id), precision(p), scale(s) {}

  static Type null() { return {}; }
  static Type boolean() { return Type{TypeId::kBoolean}; }
  static Type integer() { return Type{TypeId::kInt}; }
  static Type bigint() { return Type{TypeId::kBigInt}; }
  static Type float64() { return Type{TypeId::kDouble}; }
  static Type string() { return Type{TypeId::kString}; }
  static Type bytes() { return Type{TypeId::kBytes}; }
  static Type date() { return Type{TypeId::kDate}; }
  static Type time(uint8_t p = 0) { return Type{TypeId::kTime, p}; }
  static Type timestamp(uint8_t p = 6) { return Type{TypeId::kTimestamp, p}; }
  static Type timestamp_ltz(uint8_t p = 6) { return Type{TypeId::kTimestampLtz, p}; }
  static Type decimal(int p, int s) {
    return Type{TypeId::kDecimal, static_cast<uint8_t>(p), static_cast<uint8_t>(s)};
  }
  static Type array(Type element);
  static Type map(Type key, Type value);
  static Type row(std::vector<Field> fields);

  bool operator==(const Type& other) const;

  const Type& element() const;    // of an ARRAY
  const Type& map_key() const;    // of a MAP
  const Type& map_value() const;  // of a MAP

  bool is_integer() const { return id >= TypeId::kTinyInt && id <= TypeId::kBigInt; }
  bool is_approximate() const { return id == TypeId::kFloat || id == TypeId::kDouble; }
  bool is_numeric() const { return id >= TypeId::kTinyInt && id <= TypeId::kDecimal; }
  bool is_text() const { return id == TypeId::kString; }
  bool is_string_like() const { return id == TypeId::kString || id == TypeId::kBytes; }
  bool is_timestamp() const { return id == TypeId::kTimestamp || id == TypeId::kTimestampLtz; }
  bool is_temporal() const { return id >= TypeId::kDate && id <= TypeId::kTimestampLtz; }
  bool is_interval() const {
    return id == TypeId::kIntervalMonths || id == TypeId::kIntervalMillis;
  }
  bool is_nested() const { return id >= TypeId::kArray; }
  bool in_nanos() const { return is_timestamp() && precision > 6; }

  // Bytes of one value in a column; 0 for ROW and NULL.
  size_t width() const;
  // "DECIMAL(10, 2)", "ROW<a INT, b ARRAY<STRING>>", as Flink prints types.
  std::string to_string() const;
};

struct Type::Field {
  std::string name;  // empty for ARRAY and MAP
  Type type;
  bool operator==(const Field&) const = default;
};

// Parses the SQL spelling of a type, letter case ignored: "INT", "VARCHAR(20)", "TIMESTAMP(3)",
// "TIMESTAMP_LTZ", "TIMESTAMP WITH LOCAL TIME ZONE", "ARRAY<ROW<a INT, `b c` STRING>>", "INTEGER", "TEXT".
// Error: kConfig with the nearest type name; position.column is the offset in `text`, from 1.
Result<Type> parse_type(std::string_view text);
// Parses the type that `text` starts with and sets `length` to the bytes it takes, for parsers that
// meet types inside other text (CAST(x AS ...), CREATE TABLE).
Result<Type> parse_type_prefix(std::string_view text, size_t& length);

}  // namespace weir
