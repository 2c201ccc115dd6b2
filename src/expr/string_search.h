// Finding one string in another.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// The first place of `needle` in `text`, or npos; an empty needle is at 0.
//
// Compares the needle's first and last byte with 16 places at once and looks closer only where both agree.
// Source: Mula, "SIMD-friendly algorithms for substring searching", 2016.
size_t find_bytes(std::string_view text, std::string_view needle);

}  // namespace weir
