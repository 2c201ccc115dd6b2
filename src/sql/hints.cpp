// The errors of the grammar, and the hints for mistakes that people make.
#include <fmt/format.h>
#include <algorithm>

#include "sql/grammar.h"
#include "sql/words.h"

namespace weir::sql {

namespace {

constexpr std::string_view kAfterAlias[] = {
    "FROM",  "WHERE", "GROUP", "HAVING", "WINDOW",  "ORDER", "LIMIT",  "OFFSET", "FETCH",
    "JOIN",  "LEFT",  "RIGHT", "INNER",  "FULL",    "CROSS", "UNION",  "EXCEPT", "INTERSECT",
    "USING", "ON",    "AS",    "AND",    "BETWEEN", "LIKE",  "NATURAL"};

std::string symbol_hint(const TokenCursor& cursor, const Token& found) {
  if (found.text == "&" && cursor.is_symbol("&", 1)) return "conditions are joined by AND";
  if (found.text == "|" || found.text == "&" || found.text == "^") {
    return "bits have no operators in this dialect; conditions are joined by AND and OR";
  }
  if (found.text == "::") return "a type is changed by CAST(value AS type)";
  if (found.text == "!") return "NOT negates a condition, <> compares";
  if (found.text == ")") return "there is no `(` that it would close";
  if (found.text == "/*+") return "hints stand behind SELECT or behind a table's name";
  if (found.text == "=") return "equality is one `=` between two values";
  return {};
}

// "FROM or the end"
std::string either(std::string_view following, std::string_view what) {
  std::string out(following);
  if (!out.empty() && !what.empty()) out += " or ";
  return out + std::string(what);
}

bool begins_statement(const std::string& upper) {
  constexpr std::string_view kWords[] = {"SELECT", "INSERT", "CREATE", "DROP", "SET", "WITH"};
  return std::find(std::begin(kWords), std::end(kWords), upper) != std::end(kWords);
}

}  // namespace

void Grammar::fail_at(Place place, std::string message, std::string hint) {
  cursor.fail_at(place.offset, place.length, std::move(message), std::move(hint));
}

void Grammar::close(size_t open, std::string_view where) {
  if (cursor.accept_symbol(")") || cursor.failed()) return;
  if (cursor.at_end() || cursor.is_symbol(";")) {
    const Position at = cursor.text().at(open);
    const Token& t = cursor.peek();
    std::string hint;
    if (at.line > 0) {
      hint = fmt::format("the `(` at line {}, column {} is never closed", at.line, at.column);
    }
    cursor.fail_at(t.offset, 1,
                   "expected `)`" + (where.empty() ? "" : " " + std::string(where)) + ", found " +
                       cursor.describe(t),
                   std::move(hint));
    return;
  }
  fail_expected("`)`" + (where.empty() ? "" : " " + std::string(where)));
}

void Grammar::fail_expected(std::string_view what) {
  if (cursor.failed()) return;
  if (misspelt_alias(what)) return;
  cursor.fail_expected(either(following_, what), hint_for(cursor.peek()));
}

// SELECT a FORM t: FORM was taken for an alias, and the error is met behind it.
bool Grammar::misspelt_alias(std::string_view what) {
  if (alias_at_ == 0 || alias_at_ != cursor.position()) return false;
  cursor.rewind(alias_at_ - 1);
  const Token alias = cursor.peek();
  const std::string meant =
      alias.kind == TokenKind::kWord ? meant_word(alias.upper, kAfterAlias) : std::string();
  if (meant.empty()) {
    cursor.next();
    return false;
  }
  cursor.fail_expected(either(following_alias_, what), "did you mean " + meant + "?");
  return true;
}

std::string Grammar::hint_for(const Token& found) const {
  if (found.kind == TokenKind::kSymbol) return symbol_hint(cursor, found);
  if (found.kind != TokenKind::kWord) {
    return found.kind == TokenKind::kEnd ? ""
                                         : "perhaps a comma or an operator is missing before it";
  }
  if (const int rank = clause_rank(found.upper); rank > 0 && rank < clause) {
    const std::string_view last = kClauses[clause];
    return found.upper + " stands before " + std::string(last) +
           (last == "GROUP" || last == "ORDER" ? " BY" : "");
  } else if (rank > 0 && rank == clause) {
    return "there is a second " + found.upper +
           (rank == clause_rank("WHERE") ? "; conditions are joined by AND" : "");
  }
  if (found.upper == "UNION" || found.upper == "EXCEPT" || found.upper == "INTERSECT") {
    return "a query with an ORDER BY or a LIMIT of its own stands in parentheses";
  }
  if (begins_statement(found.upper)) return "statements are separated by `;`";
  if (found.upper == "QUALIFY") {
    return "filter the row numbers in a query around this one: SELECT ... FROM (SELECT ..., "
           "ROW_NUMBER() OVER (...) AS n FROM ...) WHERE n = 1";
  }
  if (found.upper == "TOP") return "the first rows are taken by LIMIT at the end of the query";
  if (found.upper == "ILIKE") return "LOWER(x) LIKE 'pattern' ignores the case";
  const std::string meant = meant_word(found.upper, kAfterAlias);
  if (!meant.empty() && meant != found.upper) return "did you mean " + meant + "?";
  if (is_reserved(found.upper)) return {};
  return "perhaps a comma or an operator is missing before it";
}

void Grammar::refuse(size_t words, std::string_view reason) {
  const Token& first = cursor.peek();
  const size_t end = cursor.peek(words - 1).end();
  std::string name;
  for (size_t i = 0; i < words; ++i) {
    name += (i > 0 ? " " : "") +
            (cursor.peek(i).kind == TokenKind::kWord ? cursor.peek(i).upper : cursor.peek(i).text);
  }
  cursor.fail_at(first.offset, end - first.offset, name + " is not supported", std::string(reason));
}

}  // namespace weir::sql
