// The SQL expression grammar: text -> tree. Recursive descent with precedence climbing.
//
// Precedence, low to high: OR; AND; NOT; IS, comparison, BETWEEN, IN, LIKE; ||, + -; * / %; unary; postfix.
// Identifiers are case-sensitive, `quoted` with backquotes; keywords and functions are not. Strings in
// single quotes, '' inside; U&'\263A', X'0c', DATE '…', TIME '…', TIMESTAMP '…', INTERVAL '10' MINUTE.
// Depth is limited to 500 levels. Comments -- and /* */.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "expr/ast.h"
#include "expr/lexer.h"

namespace weir {

// What a grammar around the expressions adds to them. A parser that gets none refuses queries.
class QueryGrammar {
 public:
  virtual ~QueryGrammar() = default;
  // Parses the query at the cursor, which stands behind a `(`. Null: the cursor has the error.
  virtual std::shared_ptr<const QueryAst> parse_query(TokenCursor& cursor) = 0;
  // Words that are no column unless in backquotes, besides is_reserved_word.
  virtual bool is_reserved(std::string_view upper_case) const = 0;
};

// Error: kConfig at the offending token, with what was expected.
Result<AstPtr> parse_expression(const SourceText& text);
// Parses one expression at the cursor and stops behind it, for grammars that contain expressions.
// Null: the cursor has the error.
AstPtr parse_expression(TokenCursor& cursor, QueryGrammar* queries = nullptr);
// The same for one that binds tighter than AND, comparisons and IN: the bounds of a frame.
AstPtr parse_operand(TokenCursor& cursor, QueryGrammar* queries = nullptr);

// "hits DESC, name" -> order items.
Result<std::vector<OrderItem>> parse_order(const SourceText& text);
// Empty: the cursor has the error.
std::vector<OrderItem> parse_order(TokenCursor& cursor, QueryGrammar* queries = nullptr);
OrderItem parse_order_item(TokenCursor& cursor, QueryGrammar* queries = nullptr);

// The window's definition behind `(`, up to and with `)`: OVER (...) and WINDOW w AS (...).
OverWindow parse_over_window(TokenCursor& cursor, QueryGrammar* queries = nullptr);

// The type at the cursor. NULL type and an error at the cursor when there is none.
Type parse_type(TokenCursor& cursor);

// True if a query begins at the token `ahead`: SELECT, WITH, VALUES, or one in parentheses that is
// not just the beginning of an expression, as in ((SELECT 1) + 2).
bool query_ahead(const TokenCursor& cursor, size_t ahead = 0);

}  // namespace weir
