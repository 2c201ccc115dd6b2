#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace weir {
namespace {

// Lines longer than this many columns are cut around the caret.
constexpr size_t kShownColumns = 120;

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kGreen = "\033[1;32m";
constexpr std::string_view kCyan = "\033[36m";
constexpr std::string_view kReset = "\033[0m";

// One character as shown: its text and how many columns of a terminal it takes.
struct Glyph {
  std::string text;
  size_t columns = 1;
  bool tab = false;
};

bool is_wide(uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}
// Combining marks, joiners and directional controls; the latter are escaped because they reorder
// text.
bool is_zero_width(uint32_t c) {
  return (c >= 0x0300 && c <= 0x036F) || (c >= 0xFE00 && c <= 0xFE0F);
}
bool is_deceptive(uint32_t c) {
  return (c >= 0x80 && c <= 0x9F) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

// Takes the UTF-8 character at `pos`; control characters and bytes that are no UTF-8 come out
// escaped.
Glyph next_glyph(std::string_view text, size_t& pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  if (lead < 0x80) {
    ++pos;
    if (lead == '\t') return {"\t", 1, true};
    if (lead == '\n') return {"\\n", 2};
    if (lead == '\r') return {"\\r", 2};
    if (lead < 0x20 || lead == 0x7F) return {fmt::format("\\x{:02x}", lead), 4};
    return {std::string(1, static_cast<char>(lead)), 1};
  }
  const size_t length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  bool valid = length != 0 && lead < 0xF5 && pos + length <= text.size();
  uint32_t code = valid ? lead & (0xFFU >> (length + 1)) : 0;
  for (size_t i = 1; valid && i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[pos + i]);
    valid = (byte & 0xC0) == 0x80;
    code = code << 6 | (byte & 0x3FU);
  }
  if (!valid) {
    ++pos;
    return {fmt::format("\\x{:02x}", lead), 4};
  }
  std::string bytes(text.substr(pos, length));
  pos += length;
  if (is_deceptive(code)) {
    bytes = fmt::format("\\u{{{:04x}}}", code);
    const size_t columns = bytes.size();
    return {std::move(bytes), columns};
  }
  return {std::move(bytes), is_zero_width(code) ? 0U : is_wide(code) ? 2U : 1U};
}

// Line breaks stay, followed by `indent`: messages may have several lines.
std::string escaped(std::string_view text, std::string_view indent = "") {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    if (text[pos] == '\n') {
      out += "\n";
      out += indent;
      ++pos;
    } else if (text[pos] == '\t') {
      out += "\\t";
      ++pos;
    } else {
      out += next_glyph(text, pos).text;
    }
  }
  return out;
}

// The line and, under it, the caret. Tabs stay tabs in both, so that they line up however wide they
// are.
void append_excerpt(std::string& out, const Position& position, bool color) {
  std::vector<Glyph> glyphs;
  for (size_t pos = 0; pos < position.line_text.size();)
    glyphs.push_back(next_glyph(position.line_text, pos));
  while (!glyphs.empty() && glyphs.back().text == "\\r") glyphs.pop_back();

  // The caret may stand one behind the last character (an unexpected end).
  const size_t caret = std::min<size_t>(
      position.column > 0 ? static_cast<size_t>(position.column) - 1 : 0, glyphs.size());
  const size_t underlined = std::max<size_t>(
      1,
      std::min<size_t>(static_cast<size_t>(std::max(1, position.length)), glyphs.size() - caret));

  size_t first = 0;
  while (first < caret && (glyphs[first].text == " " || glyphs[first].tab)) ++first;
  size_t last = glyphs.size();
  const bool cut_head = caret - first > kShownColumns * 2 / 3;
  if (cut_head) first = caret - kShownColumns / 2;
  const bool cut_tail = last - first > kShownColumns;
  if (cut_tail) last = first + kShownColumns;

  std::string line = cut_head ? "..." : "";
  std::string marks = cut_head ? "   " : "";
  for (size_t i = first; i < last; ++i) line += glyphs[i].text;
  if (cut_tail) line += "...";
  for (size_t i = first; i < caret; ++i)
    marks += glyphs[i].tab ? std::string("\t") : std::string(glyphs[i].columns, ' ');
  size_t width = 0;
  for (size_t i = caret; i < std::min(last, caret + underlined); ++i) width += glyphs[i].columns;
  marks += color ? kGreen : "";
  marks += '^';
  if (width > 1) marks.append(width - 1, '~');
  marks += color ? kReset : "";
  out += "  " + line + "\n  " + marks + "\n";
}

}  // namespace

std::string format_error(const Error& error, bool color) {
  const Position& p = error.position;
  std::string out;
  std::string place = "weir";
  if (!p.file.empty() || p.line > 0) {
    place = p.file.empty() ? "<pipeline>" : escaped(p.file);
    if (p.line > 0) place += fmt::format(":{}", p.line);
    if (p.line > 0 && p.column > 0) place += fmt::format(":{}", p.column);
  }
  const std::string_view word = error.kind == ErrorKind::kInternal ? "internal error:" : "error:";
  if (color) {
    out = fmt::format("{}{}:{} {}{}{} {}{}{}\n", kBold, place, kReset, kRed, word, kReset, kBold,
                      escaped(error.message), kReset);
  } else {
    out = fmt::format("{}: {} {}\n", place, word, escaped(error.message));
  }
  if (p.line > 0 && !p.line_text.empty()) append_excerpt(out, p, color);
  if (!error.context.empty()) out += "  in " + escaped(error.context) + "\n";
  if (!error.hint.empty()) {
    out += fmt::format("  {}hint:{} {}\n", color ? kCyan : "", color ? kReset : "",
                       escaped(error.hint, "        "));
  }
  return out;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig: return 2;
    case ErrorKind::kData: return 3;
    case ErrorKind::kState: return 4;
    case ErrorKind::kBusy: return 5;
    case ErrorKind::kDiskFull: return 6;
    case ErrorKind::kIo:
    case ErrorKind::kInternal: return 1;
  }
  return 1;
}

Error io_error(std::string message, int errno_value) {
  char buffer[256];
  const char* reason = ::strerror_r(errno_value, buffer, sizeof buffer);  // the GNU form
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EFBIG;
  return Error{full ? ErrorKind::kDiskFull : ErrorKind::kIo,
               fmt::format("{}: {}", message, reason),
               {},
               {},
               {}};
}

}  // namespace weir
