// JSON strings: escapes taken out and put in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/vec.h"

namespace weir::json {

inline constexpr size_t kBadEscape = static_cast<size_t>(-1);

// Writes the meaning of `text` (what stands between the quotes, valid UTF-8) to `out`, which has
// room for text.size() bytes. Returns the bytes written, or kBadEscape: an unknown escape, a lone
// surrogate.
size_t unescape(std::string_view text, char* out);

// Appends `text` in quotes. Bytes that are not valid UTF-8 become U+FFFD.
void append_quoted(Vec<char>& out, std::string_view text);

// RFC 4648 with padding.
void append_base64(Vec<char>& out, std::string_view bytes);
// Decodes to `out`, which has room for text.size() bytes; kBadEscape when it is not base64.
size_t decode_base64(std::string_view text, char* out);

}  // namespace weir::json
