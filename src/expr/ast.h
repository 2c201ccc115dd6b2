// Expressions as written: the SQL expression grammar's tree, with places. Shared by TOML and SQL.
#pragma once

#include <memory>
#include <string>
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
  kArray,  // ARRAY[args]
  kMap,    // MAP[k, v, ...]
  kRow,    // ROW(args) or (a, b)
};

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
  AstPtr filter;  // FILTER (WHERE ...)
};

AstPtr clone(const Ast& ast);
// The expression as SQL text again (canonical spacing), for `explain` and default column names.
std::string to_sql(const Ast& ast);

}  // namespace weir
