#include "formats/display_width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace weir {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Characters of two cells: Hangul, CJK, Kana, fullwidth forms, emoji (Unicode, East Asian Width W
// and F).
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2795, 0x2797},
    {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x17000, 0x18AFF}, {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF},
    {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F265}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

// Marks drawn over the character before them, and characters without a shape.
constexpr Range kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},  {0x0610, 0x061A},
                           {0x064B, 0x065F}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},  {0x1AB0, 0x1AFF},
                           {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},  {0xFE00, 0xFE0F},
                           {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};

template <size_t n>
bool is_in(uint32_t c, const Range (&ranges)[n]) {
  const Range* range = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                        [](Range r, uint32_t v) { return r.last < v; });
  return range != std::end(ranges) && range->first <= c;
}

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

Character character_at(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> uint32_t {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
  };
  const uint32_t lead = byte(i);
  if (lead < 0x80) return {lead, 1, true};
  const size_t bytes = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  if (lead < 0xC2 || lead > 0xF4 || i + bytes > text.size()) return {};
  uint32_t code = lead & (0xFFU >> (bytes + 1));
  for (size_t k = 1; k < bytes; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i + k) & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, bytes, true};
}

size_t width_of(const Character& c) {
  if (!c.valid || c.code < 0x300) return 1;
  if (is_in(c.code, kZero)) return 0;
  return is_in(c.code, kWide) ? 2 : 1;
}

}  // namespace

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    width += width_of(c);
    i += c.bytes;
  }
  return width;
}

void append_printable(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    if (c.valid && c.code >= 0x20 && c.code != 0x7F && !(c.code >= 0x80 && c.code < 0xA0)) {
      out.append(text.substr(i, c.bytes));
    } else if (c.code == '\n' && c.valid) {
      out += "\\n";
    } else if (c.code == '\t' && c.valid) {
      out += "\\t";
    } else if (c.code == '\r' && c.valid) {
      out += "\\r";
    } else {
      for (size_t k = i; k < i + c.bytes; ++k) {
        const auto b = static_cast<unsigned char>(text[k]);
        out += "\\x";
        out += kHex[b >> 4];
        out += kHex[b & 15];
      }
    }
    i += c.bytes;
  }
}

std::string_view cut_to_width(std::string_view text, size_t cells) {
  size_t width = 0;
  size_t i = 0;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    width += width_of(c);
    if (width > cells) break;
    i += c.bytes;
  }
  return text.substr(0, i);
}

}  // namespace weir
