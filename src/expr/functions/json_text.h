// JSON as text: checking it, walking through it, quoting and unquoting. RFC 8259, nothing else.
//
// Values are views of the document, so that numbers keep their digits and nothing is copied; a document
// is checked once as a whole (json_parse) and can then be walked without further checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

enum class JsonKind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

// A value of a checked document: its text without blanks around it; strings with their quotes.
struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::string_view text;
  bool is_scalar() const { return kind < JsonKind::kArray; }
};

// The one value that the text is, blanks around it aside. nullopt: not JSON, or nested deeper than 1000.
std::optional<JsonValue> json_parse(std::string_view text);

// The kind of a checked value, by its first byte.
JsonKind json_kind(char first);

namespace json_detail {
inline bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
inline const char* skip_blanks(const char* p) {
  while (is_blank(*p)) ++p;
  return p;
}
// Past the value that begins at p, in a checked document.
const char* skip_checked(const char* p);
// Past the string that begins at p (a quote).
const char* skip_string(const char* p);
inline JsonValue value_at(const char*& p) {
  const char* begin = p;
  p = skip_checked(p);
  return {json_kind(*begin), {begin, static_cast<size_t>(p - begin)}};
}
}  // namespace json_detail

// Calls f(JsonValue) for the elements of an array until it gives false.
template <class F>
void for_each_element(JsonValue array, F&& f) {
  const char* p = json_detail::skip_blanks(array.text.data() + 1);
  while (*p != ']') {
    if (*p == ',') p = json_detail::skip_blanks(p + 1);
    if (!f(json_detail::value_at(p))) return;
    p = json_detail::skip_blanks(p);
  }
}

// Calls f(key as written with its quotes, JsonValue) for the members of an object until it gives false.
template <class F>
void for_each_member(JsonValue object, F&& f) {
  const char* p = json_detail::skip_blanks(object.text.data() + 1);
  while (*p != '}') {
    if (*p == ',') p = json_detail::skip_blanks(p + 1);
    const char* begin = p;
    p = json_detail::skip_string(p);
    const std::string_view key(begin, static_cast<size_t>(p - begin));
    p = json_detail::skip_blanks(p);  // :
    p = json_detail::skip_blanks(p + 1);
    if (!f(key, json_detail::value_at(p))) return;
    p = json_detail::skip_blanks(p);
  }
}

// True if a string as written (with quotes, escapes) is the given text.
bool json_string_is(std::string_view quoted, std::string_view text);
// Appends what a string as written says; a lone surrogate becomes U+FFFD.
void json_unescape(std::string& out, std::string_view quoted);
// Appends the text as a JSON string; control characters, quote and backslash are escaped.
void json_quote(std::string& out, std::string_view text);
// Appends a checked value without the blanks between its tokens.
void json_compact(std::string& out, std::string_view text);
// True if some object of a checked value has the same key twice.
bool json_has_duplicate_keys(JsonValue value);

}  // namespace weir
