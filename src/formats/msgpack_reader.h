// MessagePack values into typed columns.
//
// nil is NULL. Integers, floats and booleans go into columns that hold them exactly, floats into DECIMAL by their
// shortest digits; text in str is read as other formats read a field; a TIMESTAMP or TIMESTAMP_LTZ comes from a timestamp
// extension, from text, or from a number that the column's time format explains. A STRING column takes every
// value: its text, or JSON for arrays and maps. BYTES take bin, str and the payload of any extension. Maps become ROW (by key)
// or MAP, arrays ARRAY.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/batch.h"
#include "formats/field_parser.h"
#include "formats/json_reader.h"
#include "formats/msgpack_item.h"

namespace weir::msgpack {

class ValueReader {
 public:
  // Error: a time format that is wrong or does not fit the type.
  static Result<ValueReader> make(const Type& type, const std::string& format, const TimeZone* zone,
                                  int64_t reference_us);

  // Appends the value at `at` (whole: a cutter has seen its end) and moves `at` behind it. False: it is no value of
  // the type, `reason` says so, and the column may have been changed (see repair). Strings are views of `bytes` or
  // live in the batch's arena.
  bool read(std::string_view bytes, size_t& at, Column& column, Batch& batch, std::string& reason);

 private:
  explicit ValueReader(Type type) : type_(std::move(type)) {}

  bool push(const Item& item, Column& column);
  bool push_number_text(const Item& item, Column& column);
  bool push_timestamp(const Item& item, Column& column) const;
  bool push_text(std::string_view bytes, size_t at, const Item& item, Column& column, Batch& batch);
  bool read_row(std::string_view bytes, size_t& at, uint64_t pairs, Column& column, Batch& batch,
                std::string& reason);
  bool read_list(std::string_view bytes, size_t& at, uint64_t count, Column& column, Batch& batch,
                 std::string& reason);
  bool refuse(std::string_view bytes, size_t at, std::string& reason) const;

  Type type_;
  std::optional<FieldParser> text_;    // scalars: how str is read
  std::optional<JsonReader> numbers_;  // the same for numbers that are not of the type's own kind
  std::vector<ValueReader> children_;  // ARRAY: element; MAP: key, value; ROW: fields
  JsonKeys keys_;                      // of a ROW
};

}  // namespace weir::msgpack
