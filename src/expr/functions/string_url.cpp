// URLs and network addresses.
#include <charconv>
#include <cstring>

#include "expr/functions/arena_text.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

// --- URL_ENCODE, URL_DECODE (application/x-www-form-urlencoded)
// -----------------------------------------

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '*' || c == '_';
}

StringRef url_encode(EvalContext& c, StringRef s) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const size_t bound = size_t{s.len} * 3;
  char* const out = c.arena->allocate(bound);
  char* to = out;
  for (const char x : s.view()) {
    if (is_plain(x)) {
      *to++ = x;
    } else if (x == ' ') {
      *to++ = '+';
    } else {
      *to++ = '%';
      *to++ = kHex[static_cast<unsigned char>(x) >> 4];
      *to++ = kHex[static_cast<unsigned char>(x) & 15];
    }
  }
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(bound - used);
  return {out, used};
}

int url_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// NULL when a % is not followed by two hexadecimal digits or the result is not UTF-8.
std::optional<StringRef> url_decode(EvalContext& c, StringRef s) {
  if (s.len == 0) return s;
  if (std::memchr(s.ptr, '%', s.len) == nullptr && std::memchr(s.ptr, '+', s.len) == nullptr)
    return s;
  char* const out = c.arena->allocate(s.len);
  char* to = out;
  for (size_t i = 0; i < s.len; ++i) {
    if (s.ptr[i] == '+') {
      *to++ = ' ';
    } else if (s.ptr[i] == '%') {
      const int high = i + 2 < s.len ? url_hex_digit(s.ptr[i + 1]) : -1;
      const int low = i + 2 < s.len ? url_hex_digit(s.ptr[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      *to++ = static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      *to++ = s.ptr[i];
    }
  }
  const auto used = static_cast<size_t>(to - out);
  if (!is_valid_utf8(out, used)) return std::nullopt;
  return StringRef(out, used);
}

// --- PARSE_URL
// -------------------------------------------------------------------------------------------

// The parts of scheme:[//[user@]host[:port]]path[?query][#ref], as java.net.URL sees them.
struct Url {
  std::string_view scheme, path, file;
  std::optional<std::string_view> authority, host, user, query, ref;
};

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool known_scheme(std::string_view scheme) {
  for (const std::string_view known : {"http", "https", "ftp", "file", "jar", "mailto"}) {
    if (known.size() != scheme.size()) continue;
    bool same = true;
    for (size_t i = 0; i < known.size(); ++i) same = same && lower_ascii(scheme[i]) == known[i];
    if (same) return true;
  }
  return false;
}

std::string_view cut_at(std::string_view& text, char separator, bool& found) {
  const size_t at = text.find(separator);
  found = at != std::string_view::npos;
  if (!found) return {};
  const std::string_view rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

void split_authority(Url& url) {
  std::string_view host = *url.authority;
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) {
    url.user = host.substr(0, at);
    host = host.substr(at + 1);
  }
  const size_t bracket = host.rfind(']');  // [::1]:80
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = host.substr(0, colon);
  }
  url.host = host;
}

std::optional<Url> split_url(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !known_scheme(text.substr(0, colon))) return std::nullopt;
  Url url;
  url.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  bool found = false;
  if (const std::string_view ref = cut_at(rest, '#', found); found) url.ref = ref;
  std::string_view before_query = rest;
  if (const std::string_view query = cut_at(before_query, '?', found); found) url.query = query;
  url.file = rest;
  url.path = before_query;
  if (before_query.starts_with("//")) {
    const size_t slash = std::min(before_query.find('/', 2), before_query.size());
    url.authority = before_query.substr(2, slash - 2);
    url.path = before_query.substr(slash);
    url.file = rest.substr(slash);
    split_authority(url);
  }
  return url;
}

std::optional<StringRef> some(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return StringRef(*text);
}

std::optional<StringRef> parse_url(EvalContext&, StringRef text, StringRef part) {
  const auto url = split_url(text.view());
  if (!url) return std::nullopt;
  const std::string_view name = part.view();
  if (name == "HOST") return some(url->host.value_or(""));
  if (name == "PATH") return StringRef(url->path);
  if (name == "QUERY") return some(url->query);
  if (name == "REF") return some(url->ref);
  if (name == "PROTOCOL") return StringRef(url->scheme);
  if (name == "FILE") return StringRef(url->file);
  if (name == "AUTHORITY") return some(url->authority);
  if (name == "USERINFO") return some(url->user);
  return std::nullopt;
}

// The value of one parameter of the query.
std::optional<StringRef> parse_url_key(EvalContext& c, StringRef text, StringRef part,
                                       StringRef key) {
  if (part.view() != "QUERY") return std::nullopt;
  const auto query = parse_url(c, text, part);
  if (!query) return std::nullopt;
  std::string_view rest = query->view();
  for (bool more = true; more;) {
    std::string_view pair = rest;
    rest = cut_at(pair, '&', more);
    if (pair.size() > key.len && pair[key.len] == '=' && pair.starts_with(key.view())) {
      return StringRef(pair.substr(key.len + 1));
    }
  }
  return std::nullopt;
}

// --- IPv4
// ----------------------------------------------------------------------------------------------

// Also MySQL's short forms: 127.1 is 127.0.0.1, 127.0.1 is 127.0.0.1, 1 is 0.0.0.1.
std::optional<int64_t> inet_aton(EvalContext&, StringRef s) {
  uint64_t parts[4];
  size_t n = 0;
  const char* p = s.ptr;
  const char* const end = s.ptr + s.len;
  for (;;) {
    if (n == 4 || p == end) return std::nullopt;
    uint64_t value = 0;
    const char* const start = p;
    for (; p < end && *p >= '0' && *p <= '9'; ++p) {
      value = value * 10 + static_cast<uint64_t>(*p - '0');
      if (value > 0xFFFFFFFF) return std::nullopt;
    }
    if (p == start) return std::nullopt;
    parts[n++] = value;
    if (p == end) break;
    if (*p++ != '.') return std::nullopt;
  }
  if (n == 1) return static_cast<int64_t>(parts[0]);
  for (size_t i = 0; i < n; ++i) {
    if (parts[i] > 255) return std::nullopt;
  }
  uint64_t address = parts[n - 1];
  for (size_t i = 0; i + 1 < n; ++i) address |= parts[i] << (24 - 8 * i);
  return static_cast<int64_t>(address);
}

std::optional<StringRef> inet_ntoa(EvalContext& c, int64_t n) {
  if (n < 0 || n > 0xFFFFFFFF) return std::nullopt;
  char* const out = c.arena->allocate(15);
  char* to = out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    to = std::to_chars(to, out + 15, n >> shift & 255).ptr;
    if (shift > 0) *to++ = '.';
  }
  return StringRef(out, static_cast<size_t>(to - out));
}

}  // namespace

FunctionList string_url_functions() {
  return {
      scalar<url_encode>("URL_ENCODE", "URL_ENCODE(s STRING) -> STRING",
                         "Encodes s for the query of a URL (a blank becomes +).",
                         "URL_ENCODE('a b/é')", "a+b%2F%C3%A9"),
      scalar<url_decode>("URL_DECODE", "URL_DECODE(s STRING) -> STRING",
                         "Decodes the query form of URLs; NULL when s is not valid.",
                         "URL_DECODE('a+b%2F%C3%A9')", "a b/é"),
      scalar<parse_url>(
          "PARSE_URL", "PARSE_URL(url STRING, part STRING) -> STRING",
          "Gives a part of url: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO.",
          "PARSE_URL('http://example.com/p.php?k1=v1#r', 'HOST')", "example.com"),
      scalar<parse_url_key>("PARSE_URL", "PARSE_URL(url STRING, 'QUERY', key STRING) -> STRING",
                            "Gives the value of a parameter of the query.",
                            "PARSE_URL('http://example.com/p.php?k1=v1&k2=v2', 'QUERY', 'k2')",
                            "v2"),
      scalar<inet_aton>("INET_ATON", "INET_ATON(address STRING) -> BIGINT",
                        "Gives an IPv4 address as a number; NULL when it is none.",
                        "INET_ATON('127.0.0.1')", "2130706433"),
      scalar<inet_ntoa>("INET_NTOA", "INET_NTOA(n BIGINT) -> STRING",
                        "Gives the IPv4 address of a number; NULL outside 0 to 4294967295.",
                        "INET_NTOA(2130706433)", "127.0.0.1"),
  };
}

}  // namespace weir
