#include "formats/json_walk.h"

#include "formats/field_parser.h"

namespace weir::json {

const uint32_t* Walk::invalid(const uint32_t* token, std::string_view expected) {
  reason = "invalid JSON";
  if (*token < end) {
    reason += " at byte " + std::to_string(*token - begin);
    reason +=
        ": expected " + std::string(expected) + ", found " + quote_for_message(text(token), 20);
  } else {
    reason += ": expected " + std::string(expected) +
              ", found the end of the line (a record is one line)";
  }
  return nullptr;
}

const uint32_t* Walk::skip_scalar(const uint32_t* token) {
  const char c = at(token);
  if (c == '"') {
    const std::string_view raw = string(token);
    if (escaped(raw)) {
      std::string meaning(raw.size(), '\0');
      if (unescape(raw, meaning.data()) == kBadEscape)
        return fail("invalid JSON: a wrong escape in " + quote_for_message(raw, 40));
    }
    return token + 1;
  }
  if (c == '\0' && *token >= end) return invalid(token, "a value");
  const std::string_view word = text(token);
  if (c == '-' || is_digit(c)) {
    Number number;
    if (scan_number(word.data(), word.data() + word.size(), number) == word.data() + word.size())
      return token + 1;
  } else if (word == "true" || word == "false" || word == "null") {
    return token + 1;
  }
  return invalid(token, "a value");
}

const uint32_t* Walk::skip(const uint32_t* token) {
  // By recursion through the templates above: their depth is bounded by kMaxDepth.
  const char c = at(token);
  if (c == '{')
    return walk_object(*this, token, [this](size_t, std::string_view raw, const uint32_t* value) {
      if (escaped(raw)) {
        std::string scratch;
        std::string_view meaning;
        if (!key_text(*this, raw, scratch, meaning))
          return fail("invalid JSON: a wrong escape in " + quote_for_message(raw, 40));
      }
      return skip(value);
    });
  if (c == '[')
    return walk_array(*this, token, [this](size_t, const uint32_t* value) { return skip(value); });
  return skip_scalar(token);
}

}  // namespace weir::json
