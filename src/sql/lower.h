// A query and the tables it may read -> steps of a plan.
#pragma once

#include <optional>

#include "sql/ast.h"
#include "sql/plan_builder.h"

namespace weir::sql {

// What the result's columns are called, and their types; nothing: as the query has them.
struct ResultColumns {
  std::vector<std::string> names;
  std::vector<Type> types;           // safe casts bring values to them; empty: any
  std::vector<std::string> written;  // the names that the query gives; empty: all
};

// `text`: what the query was parsed from, for the places of errors. Nothing after an error; all problems
// that can be told apart go to `errors`.
std::optional<Rows> lower_query(const Query& query, const ResultColumns& columns,
                                const SourceText& text, PlanBuilder& plan, Errors& errors);

}  // namespace weir::sql
