#include "sql/words.h"

#include <algorithm>

#include "base/spelling.h"
#include "expr/lexer.h"

namespace weir::sql {

namespace {

constexpr std::string_view kReserved[] = {
    "ALL",        "CROSS",  "EXCEPT",  "EXISTS",    "FETCH",     "INNER",  "INTERSECT", "INTO",
    "CONSTRAINT", "IF",     "LATERAL", "RECURSIVE", "UNBOUNDED", "JOIN",   "NATURAL",   "LIMIT",
    "TABLE",      "UNNEST", "USING",   "WITH",      "SET",       "VALUES", "CREATE",    "INSERT"};

constexpr std::string_view kEndsAlias[] = {
    "FOR",       "FULL",    "LATERAL", "LEFT",        "MATCH_RECOGNIZE", "OFFSET", "OUTER",
    "PARTITION", "QUALIFY", "RIGHT",   "TABLESAMPLE", "WINDOW",          "ASC",    "DESC",
    "MINUS",     "END",     "LIKE",    "PIVOT"};

template <size_t n>
bool among(const std::string_view (&words)[n], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_anagram(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

}  // namespace

bool is_reserved(std::string_view upper_case) {
  return is_reserved_word(upper_case) || among(kReserved, upper_case);
}

bool ends_alias(std::string_view upper_case) {
  return is_reserved(upper_case) || among(kEndsAlias, upper_case);
}

int clause_rank(std::string_view upper_case) {
  const auto* found = std::find(std::begin(kClauses), std::end(kClauses), upper_case);
  return found == std::end(kClauses) ? -1 : static_cast<int>(found - std::begin(kClauses));
}

std::string meant_word(std::string_view upper_case, std::span<const std::string_view> known) {
  for (const auto word : known) {
    if (is_anagram(upper_case, word)) return std::string(word);
  }
  if (upper_case.size() < 4) return {};
  return nearest_name(upper_case, known);
}

}  // namespace weir::sql
