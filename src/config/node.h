// The pipeline text as a plain tree, every value with its place. No TOML library in sight.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace weir {

// A text from the pipeline (or command line) with the place of its first character.
struct SourceText {
  std::string text;
  Position position;  // column of the first character of `text` where that is known
  bool exact = true;  // false: escapes, ${} or line breaks mean that offsets do not map to columns

  SourceText() = default;
  SourceText(std::string t, Position p = {}, bool e = true)
      : text(std::move(t)), position(std::move(p)), exact(e) {}
  // The place of byte `offset` of the text.
  Position at(size_t offset, size_t length = 1) const;
};

class Node {
 public:
  enum class Kind { kString, kInteger, kFloat, kBoolean, kDateTime, kArray, kTable };

  // Declared, because clang looks for the implicit ones while the pair that holds a Node is not complete yet.
  Node() = default;
  Node(const Node&) = default;
  Node(Node&&) noexcept = default;
  Node& operator=(const Node&) = default;
  Node& operator=(Node&&) noexcept = default;
  ~Node() = default;

  Kind kind = Kind::kTable;
  std::string text;         // kString (after ${} replacement), kDateTime (as written)
  int64_t integer = 0;      // kInteger
  double real = 0;          // kFloat
  bool boolean = false;     // kBoolean
  std::vector<Node> items;  // kArray
  std::vector<std::pair<std::string, Node>> entries;  // kTable, in the order written
  std::vector<Position> key_positions;                // of each entry's key

  Position position;       // of the value
  bool exact_text = true;  // see SourceText::exact

  const Node* find(std::string_view key) const;
  SourceText source_text() const { return {text, position, exact_text}; }
  static std::string_view kind_name(Kind kind);  // "a string", "an integer", ...
  std::string_view kind_name() const { return kind_name(kind); }
};

}  // namespace weir
