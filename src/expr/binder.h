// Tree + schema -> bound expression: resolves names, checks types, inserts casts, folds constants.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "data/schema.h"
#include "expr/aggregate.h"
#include "expr/ast.h"
#include "expr/expr.h"

namespace weir {

struct BindScope {
  const Schema* schema = nullptr;
  const TimeZone* zone = utc();
  // The text the Ast came from, for error places.
  const SourceText* text = nullptr;
  // What to call the place in messages: "where", "columns.path".
  std::string context;
};

// Errors: unknown column (with the nearest name and the list), unknown function, wrong argument
// types (with the signatures), an aggregate where none may stand. kConfig, at the place in the text.
Result<ExprPtr> bind(const Ast& ast, const BindScope& scope);
// parse + bind.
Result<ExprPtr> bind_text(const SourceText& text, const Schema& schema,
                          const TimeZone* zone = utc());
// The same, and the result must be BOOLEAN.
Result<ExprPtr> bind_predicate(const SourceText& text, const Schema& schema,
                               const TimeZone* zone = utc());
// Wraps in a cast; the same expression when the type is equal. Error when no such cast exists.
Result<ExprPtr> cast_to(ExprPtr expr, const Type& type, bool try_cast = false);

// An aggregate list: hits = "COUNT(*)", rate = "SUM(a) * 1.0 / COUNT(*)".
struct AggregateBinding {
  std::vector<BoundAggregate> aggregates;  // the distinct aggregate calls found
  // One per output: over a schema of [key columns..., one column per aggregate].
  std::vector<ExprPtr> outputs;
  Schema output;  // names and types of the outputs
};
// Names that are not inside an aggregate call must be keys. `keys` are columns of `schema`.
Result<AggregateBinding> bind_aggregates(const NamedTexts& texts, const Schema& schema,
                                         const std::vector<std::string>& keys,
                                         const TimeZone* zone = utc());

// After a failure of bind_aggregates: the problems of all texts, one a text.
void add_aggregate_errors(const NamedTexts& texts, const Schema& schema,
                          const std::vector<std::string>& keys, const TimeZone* zone,
                          Errors& errors);

// The conjuncts of a predicate that a decoder can use; column indexes are the schema's.
std::vector<PushedPredicate> pushable_predicates(const Ast& ast, const Schema& schema);

// True if the tree holds a call of an aggregate function.
bool contains_aggregate(const Ast& ast);

}  // namespace weir
