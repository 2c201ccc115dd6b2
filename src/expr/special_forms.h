// The calls and literals of the grammar that have a syntax of their own: CAST, EXTRACT, TRIM,
// INTERVAL ...
#pragma once

#include "expr/ast.h"
#include "expr/lexer.h"
#include "expr/parser.h"

namespace weir {

// What these forms need of the expression parser around them. A null AstPtr means: the cursor has
// the error.
class ExpressionParser {
 public:
  virtual ~ExpressionParser() = default;
  virtual TokenCursor& cursor() = 0;
  virtual AstPtr expression() = 0;
  virtual AstPtr operand() = 0;  // binds tighter than IN and FROM
  virtual AstPtr make(AstKind kind, size_t offset, std::string name = {}) = 0;
  virtual AstPtr close(AstPtr ast) = 0;  // sets the length up to the token taken last
  virtual AstPtr literal(Value value, size_t offset) = 0;
  virtual QueryGrammar* queries() = 0;  // may be null
};

// NAME(...), the cursor at the name: plain calls, special forms, DISTINCT, FILTER (WHERE ...),
// OVER.
AstPtr parse_call(ExpressionParser& parser);
// DATE '…', TIME '…', TIMESTAMP '…'
AstPtr parse_typed_literal(ExpressionParser& parser);
// INTERVAL [-]'…' unit [TO unit]
AstPtr parse_interval_literal(ExpressionParser& parser);

}  // namespace weir
