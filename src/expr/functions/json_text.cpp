#include "expr/functions/json_text.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace weir {

using json_detail::is_blank;

namespace {

constexpr int kMaxJsonDepth = 1000;

bool is_json_digit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

int hex_value(char c) {
  if (is_json_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Four hex digits; -1 when they are none.
int hex4(const char* p) {
  int v = 0;
  for (int i = 0; i < 4; ++i) {
    const int d = hex_value(p[i]);
    if (d < 0) return -1;
    v = v * 16 + d;
  }
  return v;
}

// Checks one value after the other; every function moves past what it has checked.
class Checker {
 public:
  explicit Checker(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

  std::optional<JsonValue> document() {
    blanks();
    const char* begin = p_;
    if (!value(0)) return std::nullopt;
    const JsonValue out{json_kind(*begin), {begin, static_cast<size_t>(p_ - begin)}};
    blanks();
    if (p_ != end_) return std::nullopt;
    return out;
  }

 private:
  void blanks() {
    while (p_ != end_ && is_blank(*p_)) ++p_;
  }
  bool accept(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  bool word(std::string_view w) {
    if (static_cast<size_t>(end_ - p_) < w.size() || std::memcmp(p_, w.data(), w.size()) != 0) {
      return false;
    }
    p_ += w.size();
    return true;
  }

  bool value(int depth) {
    if (p_ == end_ || depth > kMaxJsonDepth) return false;
    switch (*p_) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool object(int depth) {
    ++p_;
    blanks();
    if (accept('}')) return true;
    do {
      blanks();
      if (p_ == end_ || *p_ != '"' || !string()) return false;
      blanks();
      if (!accept(':')) return false;
      blanks();
      if (!value(depth + 1)) return false;
      blanks();
    } while (accept(','));
    return accept('}');
  }

  bool array(int depth) {
    ++p_;
    blanks();
    if (accept(']')) return true;
    do {
      blanks();
      if (!value(depth + 1)) return false;
      blanks();
    } while (accept(','));
    return accept(']');
  }

  bool string() {
    ++p_;
    while (p_ != end_) {
      const char c = *p_++;
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      if (p_ == end_) return false;
      const char e = *p_++;
      if (e == 'u') {
        if (end_ - p_ < 4 || hex4(p_) < 0) return false;
        p_ += 4;
      } else if (std::memchr("\"\\/bfnrt", e, 8) == nullptr) {
        return false;
      }
    }
    return false;
  }

  bool digits() {
    const char* begin = p_;
    while (p_ != end_ && is_json_digit(*p_)) ++p_;
    return p_ != begin;
  }

  bool number() {
    accept('-');
    if (!accept('0') && !digits()) return false;
    if (accept('.') && !digits()) return false;
    if (p_ != end_ && (*p_ | 0x20) == 'e') {
      ++p_;
      if (!accept('+')) accept('-');
      return digits();
    }
    return true;
  }

  const char* p_;
  const char* end_;
};

void append_escaped(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// The character of \uXXXX at p (behind the u), the low half of a pair too; p moves past it.
uint32_t escaped_character(const char*& p, const char* end) {
  const auto high = static_cast<uint32_t>(hex4(p));
  p += 4;
  if (high < 0xD800 || high > 0xDFFF) return high;
  if (high < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const auto low = static_cast<uint32_t>(hex4(p + 2));
    if (low >= 0xDC00 && low <= 0xDFFF) {
      p += 6;
      return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

}  // namespace

JsonKind json_kind(char first) {
  switch (first) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't':
    case 'f': return JsonKind::kBoolean;
    case 'n': return JsonKind::kNull;
    default: return JsonKind::kNumber;
  }
}

std::optional<JsonValue> json_parse(std::string_view text) { return Checker(text).document(); }

namespace json_detail {

const char* skip_string(const char* p) {
  for (++p; *p != '"'; ++p) {
    if (*p == '\\') ++p;
  }
  return p + 1;
}

const char* skip_checked(const char* p) {
  switch (*p) {
    case '"': return skip_string(p);
    case 't':
    case 'n': return p + 4;
    case 'f': return p + 5;
    case '{':
    case '[': {
      int depth = 0;
      for (;;) {
        switch (*p) {
          case '"': p = skip_string(p); continue;
          case '{':
          case '[': ++depth; break;
          case '}':
          case ']': --depth; break;
          default: break;
        }
        ++p;
        if (depth == 0) return p;
      }
    }
    default:
      // A number that is the whole document has no byte behind it that may be read; values inside
      // others always have a , ] or }.
      while (is_json_digit(*p) || *p == '-' || *p == '+' || *p == '.' || (*p | 0x20) == 'e') ++p;
      return p;
  }
}

}  // namespace json_detail

void json_unescape(std::string& out, std::string_view quoted) {
  const char* p = quoted.data() + 1;
  const char* end = quoted.data() + quoted.size() - 1;
  while (p != end) {
    const void* found = std::memchr(p, '\\', static_cast<size_t>(end - p));
    const char* slash = found == nullptr ? end : static_cast<const char*>(found);
    out.append(p, static_cast<size_t>(slash - p));
    p = slash;
    if (p == end) break;
    const char e = p[1];
    p += 2;
    switch (e) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': append_escaped(out, escaped_character(p, end)); break;
      default: out += e;
    }
  }
}

bool json_string_is(std::string_view quoted, std::string_view text) {
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return inside == text;
  std::string plain;
  json_unescape(plain, quoted);
  return plain == text;
}

void json_quote(std::string& out, std::string_view text) {
  out += '"';
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, done, i - done);
    done = i + 1;
    out += '\\';
    switch (c) {
      case '\b': out += 'b'; break;
      case '\f': out += 'f'; break;
      case '\n': out += 'n'; break;
      case '\r': out += 'r'; break;
      case '\t': out += 't'; break;
      case '"':
      case '\\': out += static_cast<char>(c); break;
      default:
        out += "u00";
        out += "0123456789abcdef"[c >> 4];
        out += "0123456789abcdef"[c & 15];
    }
  }
  out.append(text, done);
  out += '"';
}

void json_compact(std::string& out, std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    if (*p == '"') {
      const char* next = json_detail::skip_string(p);
      out.append(p, static_cast<size_t>(next - p));
      p = next;
    } else {
      if (!is_blank(*p)) out += *p;
      ++p;
    }
  }
}

bool json_has_duplicate_keys(JsonValue value) {
  bool found = false;
  if (value.kind == JsonKind::kArray) {
    for_each_element(value, [&](JsonValue v) {
      found = !v.is_scalar() && json_has_duplicate_keys(v);
      return !found;
    });
  } else if (value.kind == JsonKind::kObject) {
    std::vector<std::string> keys;
    for_each_member(value, [&](std::string_view key, JsonValue v) {
      json_unescape(keys.emplace_back(), key);
      found = !v.is_scalar() && json_has_duplicate_keys(v);
      return !found;
    });
    std::sort(keys.begin(), keys.end());
    found = found || std::adjacent_find(keys.begin(), keys.end()) != keys.end();
  }
  return found;
}

}  // namespace weir
