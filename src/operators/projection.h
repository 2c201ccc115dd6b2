// A list of output columns, each passed on from the input or computed: what map, extend, drop and rename are.
#pragma once

#include <string>
#include <vector>

#include "expr/binder.h"
#include "operators/operator.h"

namespace weir {

struct ProjectedColumn {
  std::string name;
  ExprPtr expr;  // of the input's columns; a plain reference shares the column
};

// Binds name = "expression" texts; problems go to `errors`, with the name in front.
std::vector<ProjectedColumn> bind_columns(const NamedTexts& texts, const Schema& input,
                                          const BindContext& context, Errors& errors);
// A column of the input, passed on under a name.
ProjectedColumn pass_column(const Schema& input, size_t column, std::string name);

std::unique_ptr<OperatorPlan> make_projection(std::string name, const Schema& input,
                                              std::vector<ProjectedColumn> columns,
                                              std::string explain);

}  // namespace weir
