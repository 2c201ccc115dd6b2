// What joins of streams write: rows of both sides, kept as bytes, next to one another.
#pragma once

#include "operators/join.h"
#include "operators/row_bytes.h"

namespace weir {

// Puts the columns of a joined row; a side that is not there is NULL.
void put_joined(const Join& join, const std::string* left, const std::string* right,
                RowWriter& writer);

// Which of some rows of the other side, kept as bytes, fulfil a join's condition together with one row of a
// batch. Writes their places; gives the reason where that cannot be computed.
std::optional<std::string> pick_partners(const Join& join, class PairCondition& condition,
                                         size_t side, const Batch& batch, size_t row,
                                         std::span<const std::string_view> others,
                                         Vec<uint32_t>& picked);

}  // namespace weir
