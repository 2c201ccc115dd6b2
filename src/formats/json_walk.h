// Walks the tokens of one line of JSON: objects, arrays, and values that nobody wants.
//
// Every walked value is checked against RFC 8259, wanted or not, so that whether a record is valid
// does not depend on the columns that a plan needs. (Strings and UTF-8 are checked by the index,
// except for escapes, which are checked here.)
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "formats/json_number.h"
#include "formats/json_string.h"

namespace weir::json {

inline constexpr size_t kMaxDepth = 256;

// One line and what is wrong with it. Functions that walk take the place of a token and give the
// place behind the value, or nullptr after setting the fault.
struct Walk {
  const char* base = nullptr;  // offsets count from here
  uint32_t begin = 0;          // of the line
  uint32_t end = 0;
  bool has_escapes = false;  // the line holds a backslash
  size_t depth = 0;          // open objects and arrays

  std::string field;  // where the fault is; empty when the whole record is wrong
  std::string reason;

  // The first character of a token, 0 behind the line's last one.
  char at(const uint32_t* token) const { return *token < end ? base[*token] : '\0'; }

  // The token's text, white space behind it cut off.
  std::string_view text(const uint32_t* token) const {
    const char* p = base + *token;
    const char* stop = base + (token[1] < end ? token[1] : end);
    while (stop > p && is_space(stop[-1])) --stop;
    return {p, static_cast<size_t>(stop - p)};
  }
  // What stands between the quotes of a string token, as written.
  std::string_view string(const uint32_t* token) const {
    const std::string_view quoted = text(token);
    return quoted.substr(1, quoted.size() - 2);
  }
  bool escaped(std::string_view raw) const {
    return has_escapes && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
  }
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  // Sets "invalid JSON at byte 17: expected `,` or `}`, found `x`". Gives nullptr.
  const uint32_t* invalid(const uint32_t* token, std::string_view expected);
  const uint32_t* fail(std::string text) {
    reason = std::move(text);
    return nullptr;
  }

  // Checks one value of any kind and passes it.
  const uint32_t* skip(const uint32_t* token);
  // The same for everything but { and [.
  const uint32_t* skip_scalar(const uint32_t* token);
};

// Calls on_field(position in the object, key as written, token of the value) for each field; it
// gives the place behind the value or nullptr. `token` is at the opening brace.
template <class OnField>
const uint32_t* walk_object(Walk& walk, const uint32_t* token, OnField&& on_field) {
  if (++walk.depth > kMaxDepth) return walk.fail("nested deeper than 256 levels");
  ++token;
  if (walk.at(token) == '}') {
    --walk.depth;
    return token + 1;
  }
  for (size_t position = 0;; ++position) {
    if (walk.at(token) != '"') return walk.invalid(token, "a key in quotes");
    if (walk.at(token + 1) != ':') return walk.invalid(token + 1, "`:`");
    token = on_field(position, walk.string(token), token + 2);
    if (token == nullptr) return nullptr;
    const char c = walk.at(token);
    if (c != ',') {
      if (c != '}') return walk.invalid(token, "`,` or `}`");
      --walk.depth;
      return token + 1;
    }
    ++token;
  }
}

// Calls on_element(index, token) for each element; `token` is at the opening bracket.
template <class OnElement>
const uint32_t* walk_array(Walk& walk, const uint32_t* token, OnElement&& on_element) {
  if (++walk.depth > kMaxDepth) return walk.fail("nested deeper than 256 levels");
  ++token;
  if (walk.at(token) == ']') {
    --walk.depth;
    return token + 1;
  }
  for (size_t index = 0;; ++index) {
    token = on_element(index, token);
    if (token == nullptr) return nullptr;
    const char c = walk.at(token);
    if (c != ',') {
      if (c != ']') return walk.invalid(token, "`,` or `]`");
      --walk.depth;
      return token + 1;
    }
    ++token;
  }
}

// The meaning of a key as written; `scratch` holds it when it had escapes. False: a wrong escape.
inline bool key_text(const Walk& walk, std::string_view raw, std::string& scratch,
                     std::string_view& out) {
  out = raw;
  if (!walk.escaped(raw)) return true;
  scratch.resize(raw.size());
  const size_t size = unescape(raw, scratch.data());
  if (size == kBadEscape) return false;
  scratch.resize(size);
  out = scratch;
  return true;
}

}  // namespace weir::json
