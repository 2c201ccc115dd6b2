// Sorts rows by their places in an order, which are bytes that memcmp compares.
//
// Of most places few bytes differ at all: numbers have leading zeros, markers of NULL are alike. The first eight
// positions in which some do become a number, and a radix sort puts the rows in order by it; only where there
// are more such positions, or places of several lengths, are equal numbers compared further.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/vec.h"
#include "operators/row_store.h"

namespace weir {

// Of one batch's rows, side by side.
struct Places {
  std::string bytes;
  Vec<uint64_t> ends;
  std::string_view of(size_t row) const {
    const uint64_t begin = row == 0 ? 0 : ends[row - 1];
    return {bytes.data() + begin, ends[row] - begin};
  }
};

// All rows, by their places; equal ones in the order of `batches`, which are numbers of `places`, and of the rows there.
Vec<RowPlace> sort_by_place(const std::vector<const Places*>& places,
                            const std::vector<uint32_t>& batches);

}  // namespace weir
