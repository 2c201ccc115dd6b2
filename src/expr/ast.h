// Expressions as written: the SQL expression grammar's tree, with places. Shared by TOML and SQL.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/value.h"

namespace weir {

struct Ast;
using AstPtr = std::unique_ptr<Ast>;

enum class AstKind {
  kLiteral,  // value
  kColumn,   // name: `a`, or path: `a.b.c` as kField over kColumn
  kStar,     // COUNT(*)
  kField,    // args[0].name
  kIndex,    // args[0][args[1]]
  kUnary,    // name: "-", "+", "NOT"
  kBinary,  // name: "+ - * / % || = <> < <= > >= AND OR", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"
  kIs,      // name: "NULL" "TRUE" "FALSE" "UNKNOWN" "JSON" "JSON OBJECT" ...; negated
  //   IS JSON kind is bound as the function IS_JSON(x, 'VALUE' | 'SCALAR' | 'ARRAY' | 'OBJECT')
  kBetween,  // args: value, low, high; negated; name "SYMMETRIC" or ""
  kIn,       // args: value, then the list; negated
  kLike,     // args: value, pattern[, escape]; name: "LIKE" or "SIMILAR TO"; negated
  kCase,     // args: [operand if has_operand], when, then, ..., [else if has_else]
  kCast,     // args[0]; type; name "CAST" or "TRY_CAST"
  kCall,     // name(args); distinct; filter; special forms (EXTRACT, TRIM ...) are calls too:
             //   EXTRACT(unit FROM x): name "EXTRACT", args: literal unit, x
             //   TRIM(BOTH c FROM s): name "TRIM", args: literal "BOTH", c, s
             //   SUBSTRING(s FROM a FOR b): name "SUBSTRING", args s, a, b; POSITION, OVERLAY alike
             //   FLOOR(t TO unit): name "FLOOR", args: t, literal unit;  CEIL alike
             //   TIMESTAMPADD/TIMESTAMPDIFF(unit, ...): the unit as a literal first argument
  //   JSON_VALUE(... RETURNING t NULL ON EMPTY): `words` hold the clauses, upper case, one
  //     string each: "RETURNING INT", "NULL ON EMPTY", "DEFAULT ON ERROR" (the default's
  //     expression is appended to args, in the clauses' order), "EMPTY ARRAY ON ERROR",
  //     "WITH CONDITIONAL ARRAY WRAPPER", "ABSENT ON NULL", "TRUE ON ERROR"
  //   JSON_OBJECT(KEY k VALUE v, ...): args k, v, k, v ...
  //   (a, b) OVERLAPS (c, d): name "OVERLAPS", args a, b, c, d
  //   CURRENT_DATE and its kind without parentheses: calls without arguments
  kArray,     // ARRAY[args]
  kMap,       // MAP[k, v, ...]
  kRow,       // ROW(args) or (a, b)
  kSubquery,  // query: (SELECT ...) as a value, name ""; EXISTS (SELECT ...), name "EXISTS".
              //   x IN (SELECT ...) is kIn whose only item is a kSubquery of no name
  kNamed,     // name => args[0], an argument of a call
};

// A query inside an expression, of a grammar that this room does not know (sql/ast.h). Immutable, so
// that copies of a tree share it.
class QueryAst {
 public:
  virtual ~QueryAst() = default;
  virtual std::string to_sql() const = 0;  // without parentheses
  virtual bool same(const QueryAst& other) const = 0;
};

// An item of ORDER BY.
struct OrderItem {
  AstPtr expression;
  bool descending = false;
  bool nulls_first = true;  // default: NULL is the smallest value, first in ASC, last in DESC
};

// Where the frame of an OVER window begins or ends.
struct FrameBound {
  enum class Kind { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
  Kind kind = Kind::kUnboundedPreceding;
  AstPtr distance;  // of kPreceding and kFollowing
};

struct OverWindow;

struct Ast {
  AstKind kind = AstKind::kLiteral;
  size_t offset = 0;  // place in the expression's text, for carets
  size_t length = 1;
  std::string name;  // functions in upper case; column names as written
  Value value;
  Type type;
  std::vector<AstPtr> args;
  std::vector<std::string> words;
  bool negated = false;
  bool distinct = false;
  bool has_operand = false;
  bool has_else = false;
  AstPtr filter;                     // FILTER (WHERE ...)
  std::unique_ptr<OverWindow> over;  // of a kCall: OVER ...
  std::shared_ptr<const QueryAst> query;
};

// OVER name, OVER (...) and what stands behind a name in the WINDOW clause.
struct OverWindow {
  size_t offset = 0;
  size_t length = 1;
  std::string base;  // a window of the WINDOW clause that this one is or refines; may be empty
  std::vector<AstPtr> partition_by;
  std::vector<OrderItem> order_by;
  bool has_frame = false;
  bool rows = false;  // ROWS BETWEEN from AND to; false: RANGE
  FrameBound from;
  FrameBound to{FrameBound::Kind::kCurrentRow, nullptr};
};

AstPtr clone(const Ast& ast);
OrderItem clone(const OrderItem& item);
OverWindow clone(const OverWindow& window);

// The same tree but for places; two null pointers are the same.
bool same(const AstPtr& a, const AstPtr& b);
bool same(const OrderItem& a, const OrderItem& b);
bool same(const OverWindow& a, const OverWindow& b);

// How a name is written in the text that is printed: bare, or in backquotes. quote_identifier
// (lexer.h) does it for the words of the expression grammar.
using NameQuoting = std::string (*)(std::string_view name);
std::string quote_identifier(std::string_view name);

// The expression as SQL text again (canonical spacing), for `explain` and default column names.
std::string to_sql(const Ast& ast, NameQuoting quote = quote_identifier);
// "a DESC NULLS FIRST, b"
std::string to_sql(const std::vector<OrderItem>& items, NameQuoting quote = quote_identifier);
// "(PARTITION BY a ORDER BY b ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)", or a name alone
std::string to_sql(const OverWindow& window, NameQuoting quote = quote_identifier);

}  // namespace weir
