// Rows written in the pipeline itself -> columns.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/arena.h"
#include "config/node.h"
#include "data/batch.h"
#include "formats/format.h"

namespace weir {

// All rows of a collection. Immutable once made.
struct CollectionRows {
  Schema schema;
  std::vector<ColumnPtr> columns;
  size_t rows = 0;
  std::shared_ptr<Arena> arena;  // of the strings
};

// `rows`: a list of lists (values in the columns' order), tables (values by name; a missing one is NULL)
// or single values (one column). Types come from `declared`, else from the values: integers are
// BIGINT, mixed with floats DOUBLE; columns of lists are then called f0, f1 ... as in Flink.
// Problems, each with its place, go to `errors`; nullopt then.
std::optional<CollectionRows> read_rows(const Node& rows,
                                        const std::vector<DeclaredColumn>& declared,
                                        const TimeZone* zone, int64_t reference_us, Errors& errors);

}  // namespace weir
