// `reduce = { n = "a.n + b.n" }`: how two rows of a key become one, `a` so far and `b` new.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"
#include "data/schema.h"
#include "expr/expr.h"

namespace weir {

// How a reduced column is computed. All forms but the general one are loops over plain values.
enum class ReduceForm {
  kSum,    // a.n + b.n of one number type
  kLeast,  // LEAST(a.n, b.n) of one integer or time type
  kGreatest,
  kKeep,     // a.n
  kReplace,  // b.n
  kGeneral,  // the expression, over columns a and b of type ROW
};

struct ReducedColumn {
  std::string name;
  size_t input = 0;  // the column of that name
  Type type;
  ReduceForm form = ReduceForm::kGeneral;
  ExprPtr expr;  // over the schema (a, b), both of Reduction::row_type
};

struct Reduction {
  std::vector<ReducedColumn> columns;
  Type row_type;         // of a and b: the reduced columns
  bool general = false;  // some column is
};

// Problems go to `errors`: unknown columns, columns that are keys, expressions that cannot be bound.
Reduction bind_reduction(const NamedTexts& texts, const Schema& input,
                         const std::vector<size_t>& key_columns, const TimeZone* zone,
                         Errors& errors);

}  // namespace weir
