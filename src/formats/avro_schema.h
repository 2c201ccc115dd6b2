// What an Avro file says of its records, and the columns that makes.
//
//   null with another type (a union)   the other, NULL for null; other unions are refused
//   boolean int long float double      BOOLEAN INT BIGINT FLOAT DOUBLE
//   string, enum, uuid                 STRING
//   bytes, fixed, duration             BYTES
//   decimal(p, s), p up to 38          DECIMAL(p, s)
//   date, time-*, timestamp-*          DATE, TIME(3), TIMESTAMP_LTZ(3, 6 or 9)
//   local-timestamp-*                  TIMESTAMP(3, 6 or 9)
//   array, map, record                 ARRAY, MAP<STRING, ...>, ROW
//
// Source: https://avro.apache.org/docs/1.12.0/specification/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/schema.h"

namespace weir::avro {

enum class Kind : uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kRecord,
};

struct Node {
  Kind kind = Kind::kNull;
  Type type;                       // the column's
  int64_t multiply = 1;            // times: the column's units in one of the file's,
  int64_t divide = 1;              // or the other way round
  bool in_union = false;           // a branch's number stands before the value
  int null_branch = -1;            // that of null; -1: there is none
  int branches = 1;                // of the union
  size_t size = 0;                 // FIXED: bytes
  std::vector<std::string> names;  // RECORD: of its fields; ENUM: its symbols
  std::vector<Node> children;      // ARRAY, MAP: one; RECORD: its fields
};

// Error: kData; a schema that is no record, is damaged, or holds what is not read, by its place ("a.b").
Result<Node> parse_schema(std::string_view json);

// The schema of rows to be written; every field may be null. Names that Avro does not allow get `_` for each wrong byte.
std::string schema_text(const Schema& schema);

}  // namespace weir::avro
