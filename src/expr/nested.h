// ARRAY, MAP and ROW values: making them, taking them apart.
#pragma once

#include <vector>

#include "expr/expr.h"

namespace weir {

// `items` have been cast to the element type (keys and values alternate in a map).
ExprPtr make_array(Type type, std::vector<ExprPtr> items);
ExprPtr make_map(Type type, std::vector<ExprPtr> items);
ExprPtr make_row(Type type, std::vector<ExprPtr> items);

// Field number `field` of a ROW; NULL where the row is.
ExprPtr make_field(ExprPtr row, size_t field);
// array[index], from 1, index BIGINT; NULL beyond the ends.
ExprPtr make_array_index(ExprPtr array, ExprPtr index);
// map[key], key of the map's key type; NULL when absent.
ExprPtr make_map_index(ExprPtr map, ExprPtr key);

}  // namespace weir
