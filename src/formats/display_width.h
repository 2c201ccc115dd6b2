// How many terminal cells a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// Cells of UTF-8 text: 2 for East Asian wide characters and emoji, 0 for combining marks, 1 for the
// rest and for each byte that is not UTF-8.
size_t display_width(std::string_view text);

// Appends `text` fit for one line of a terminal: control characters and bytes that are not UTF-8
// escaped.
void append_printable(std::string& out, std::string_view text);

// The longest head of `text` that takes at most `cells` cells.
std::string_view cut_to_width(std::string_view text, size_t cells);

}  // namespace weir
