#include "base/url.h"

namespace weir {

std::string without_password(std::string_view text) {
  std::string shown(text);
  if (const size_t scheme = shown.find("://"); scheme != std::string::npos) {
    const size_t begin = scheme + 3;
    const size_t end = shown.find_first_of("/?", begin);
    const size_t at = shown.rfind('@', end == std::string::npos ? end : end - 1);
    const size_t colon = shown.find(':', begin);
    if (at != std::string::npos && at >= begin && colon < at)
      shown.replace(colon + 1, at - colon - 1, "***");
  }
  for (const std::string_view key : {"password=", "secret="}) {
    for (size_t from = shown.find(key); from != std::string::npos; from = shown.find(key, from)) {
      from += key.size();
      const bool quoted = from < shown.size() && shown[from] == '\'';
      const size_t end = quoted ? shown.find('\'', from + 1) : shown.find_first_of(" &", from);
      const size_t stop = end == std::string::npos ? shown.size() : end + (quoted ? 1 : 0);
      shown.replace(from, stop - from, "***");
    }
  }
  return shown;
}

}  // namespace weir
