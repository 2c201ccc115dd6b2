#include "config/node.h"

#include <algorithm>

namespace weir {
namespace {

// Characters of UTF-8 text: bytes that do not continue one.
int count_characters(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

}  // namespace

Position SourceText::at(size_t offset, size_t length) const {
  if (!exact || position.line == 0) return position;
  const std::string_view all = text;
  const std::string_view before = all.substr(0, std::min(offset, all.size()));
  const std::string_view rest = all.substr(before.size());
  const std::string_view marked = rest.substr(0, std::min(length, rest.find('\n')));
  Position place = position;
  place.length = std::max(1, count_characters(marked));
  const size_t newline = before.rfind('\n');
  if (newline == std::string_view::npos) {
    place.column += count_characters(before);
    return place;
  }
  // A later line of a text of several lines begins in the first column of its own line.
  place.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  place.column = 1 + count_characters(before.substr(newline + 1));
  std::string_view line = all.substr(newline + 1);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  place.line_text = std::string(line);
  return place;
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

std::string_view Node::kind_name(Kind kind) {
  switch (kind) {
    case Kind::kString: return "a string";
    case Kind::kInteger: return "an integer";
    case Kind::kFloat: return "a float";
    case Kind::kBoolean: return "a boolean";
    case Kind::kDateTime: return "a date or time";
    case Kind::kArray: return "an array";
    case Kind::kTable: return "a table";
  }
  return "a value";
}

}  // namespace weir
