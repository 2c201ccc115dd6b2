// Words for messages: the known name nearest to a misspelt one, articles.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir {

// The candidate within edit distance max(1, length / 3) of `name` (letter case ignored), the nearest
// one, the first of equals; empty when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// "did you mean `X`?" or, with no near name and at most 12 candidates, "known: a, b, c".
std::string spelling_hint(std::string_view name, std::span<const std::string> candidates);

// "a BIGINT", "an INT": the noun with its article, by its first letter.
inline std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("AEIOaeio").find(noun[0]) != noun.npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

}  // namespace weir
