#include "formats/field_parser.h"

namespace weir {
namespace {

// Length of the well-formed, printable UTF-8 character that begins at `i`, 0 when there is none.
size_t printable_length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
  };
  const auto continues = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const unsigned b = byte(i);
  if (b >= 0x20 && b < 0x7F) return 1;
  // U+0080..U+009F are control characters; overlong forms and surrogates are not characters at all.
  if (b >= 0xC2 && b < 0xE0) return continues(i + 1) && (b > 0xC2 || byte(i + 1) >= 0xA0) ? 2 : 0;
  if (b >= 0xE0 && b < 0xF0) {
    if (!continues(i + 1) || !continues(i + 2)) return 0;
    if (b == 0xE0 && byte(i + 1) < 0xA0) return 0;
    if (b == 0xED && byte(i + 1) >= 0xA0) return 0;
    // Marks that change the direction of writing would garble the message around them.
    if (b == 0xE2 && byte(i + 1) == 0x80 && byte(i + 2) >= 0x8B && byte(i + 2) <= 0xAE) {
      return byte(i + 2) >= 0x90 && byte(i + 2) <= 0xA7 ? 3 : 0;
    }
    return 3;
  }
  if (b >= 0xF0 && b < 0xF5) {
    if (!continues(i + 1) || !continues(i + 2) || !continues(i + 3)) return 0;
    if ((b == 0xF0 && byte(i + 1) < 0x90) || (b == 0xF4 && byte(i + 1) >= 0x90)) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::string quote_for_message(std::string_view text, size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "`";
  size_t i = 0;
  while (i < text.size()) {
    const size_t length = printable_length(text, i);
    if (i + (length == 0 ? 1 : length) > limit) break;
    if (length > 0) {
      out.append(text.substr(i, length));
      i += length;
      continue;
    }
    const auto b = static_cast<unsigned char>(text[i++]);
    if (b == '\n') {
      out += "\\n";
    } else if (b == '\r') {
      out += "\\r";
    } else if (b == '\t') {
      out += "\\t";
    } else {
      out += "\\x";
      out += kHex[b >> 4];
      out += kHex[b & 15];
    }
  }
  if (i < text.size()) out += "...";
  out += '`';
  return out;
}

}  // namespace weir
