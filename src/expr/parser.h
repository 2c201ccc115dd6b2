// The SQL expression grammar: text -> tree. Recursive descent with precedence climbing.
//
// Precedence, low to high: OR; AND; NOT; IS, comparison, BETWEEN, IN, LIKE; ||, + -; * / %; unary; postfix.
// Identifiers are case-sensitive, `quoted` with backquotes; keywords and functions are not. Strings in
// single quotes, '' inside; U&'\263A', X'0c', DATE '…', TIME '…', TIMESTAMP '…', INTERVAL '10' MINUTE.
// Depth is limited to 500 levels. Comments -- and /* */.
#pragma once

#include "config/node.h"
#include "expr/ast.h"
#include "expr/lexer.h"

namespace weir {

// Error: kConfig at the offending token, with what was expected.
Result<AstPtr> parse_expression(const SourceText& text);
// Parses one expression at the cursor and stops behind it, for grammars that contain expressions.
// Null: the cursor has the error.
AstPtr parse_expression(TokenCursor& cursor);

// "hits DESC, name" -> order items.
struct OrderItem {
  AstPtr expression;
  bool descending = false;
  bool nulls_first = true;  // default: NULL is the smallest value, first in ASC, last in DESC
};
Result<std::vector<OrderItem>> parse_order(const SourceText& text);
std::vector<OrderItem> parse_order(TokenCursor& cursor);  // empty: the cursor has the error

}  // namespace weir
