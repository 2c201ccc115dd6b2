// Rows as bytes that give back exactly what they were made of: -0 stays -0, a MAP's entries keep their order. For
// rows on their way to the disk and back; bytes that compare are row_bytes.h's.
//
// Layout of one value: 0x00 for NULL or an absent column, else 0x01 and
//   fixed width       the value's bytes as they are in memory
//   STRING, BYTES     the length, 4 bytes, and the bytes
//   ARRAY, MAP        the number of elements, 4 bytes, then each, of a MAP key and value
//   ROW               the fields
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"

namespace weir {

// Appends row i of some columns; absent ones count as NULL.
void append_row_image(const std::vector<ColumnPtr>& columns, size_t i, std::string& out);
// Appends a row's values to columns; strings are copied into `arena`. False after damage.
bool take_row_image(std::string_view bytes, std::span<const ColumnPtr> columns, Arena& arena);

}  // namespace weir
