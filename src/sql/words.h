// The words of SQL that have a meaning of their own.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::sql {

// Cannot be a column's or a table's name unless in backquotes; besides the expression grammar's words
// (expr/lexer.h). Upper case.
bool is_reserved(std::string_view upper_case);
// Cannot be an alias without AS: it begins what may follow a table or a column.
bool ends_alias(std::string_view upper_case);

// The clauses of a SELECT in the order in which they are written.
inline constexpr std::string_view kClauses[] = {"SELECT", "FROM",  "WHERE", "GROUP",  "HAVING",
                                                "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH"};
// The clause's place in kClauses, -1 for other words.
int clause_rank(std::string_view upper_case);

// "FORM" -> FROM: the word that was probably meant where one of `known` may stand; empty: none.
// Stricter than spelling.h: short words need more than one letter in common.
std::string meant_word(std::string_view upper_case, std::span<const std::string_view> known);

}  // namespace weir::sql
