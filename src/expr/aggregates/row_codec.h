// Values as bytes: equal values give equal bytes, and memcmp orders them as compare_rows does.
//
// Layout of one value: 0x00 for NULL, else 0x01 and
//   integers, dates, times    big-endian, sign bit flipped
//   FLOAT, DOUBLE             big-endian bits, all flipped if negative, else the sign bit; -0 is 0, one NaN
//   STRING, BYTES             the bytes, 0x00 written as 0x00 0xff; then 0x00 0x00
//   ARRAY                     0x01 before every element, 0x00 at the end
//   MAP                       the same with key and value, entries in order of their keys
//   ROW                       the fields
// Used for keys of several columns, DISTINCT, sort keys and snapshots.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "data/column.h"

namespace weir {

// Appends row i of a column.
void encode_value(const Column& column, size_t i, std::string& out);

// Appends the value at the head of `bytes` to `column` and removes it from `bytes`; strings are copied
// into `arena`. False, with an unspecified row appended or not, when the bytes are damaged.
bool decode_value(std::string_view& bytes, Column& column, Arena& arena);

// Appends row i for sorting: `descending` turns the order around, NULLs come first or last as asked.
void encode_sort_value(const Column& column, size_t i, bool descending, bool nulls_first,
                       std::string& out);

}  // namespace weir
