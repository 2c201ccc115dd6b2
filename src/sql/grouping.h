// What GROUP BY says, while it is lowered.
#pragma once

#include "sql/lowering.h"

namespace weir::sql {

struct Lowering::Grouping {
  struct Key {
    AstPtr tree;         // over the rows
    std::string column;  // that holds it
  };
  struct Aggregate {
    std::string name;
    AstPtr tree;
  };
  std::vector<Key> keys;
  std::vector<std::vector<size_t>> sets;  // of keys; one set without GROUPING SETS
  std::string grouping_id;                // the column that tells the sets apart; of several
  std::vector<Aggregate> aggregates;
  SourceText having;
  Position place;

  // A window step in place of `aggregate`, and which of its columns were grouped by.
  std::optional<TimeWindow> window;
  std::vector<std::string> window_columns;

  bool has_output(const std::string& name) const {
    for (const auto& key : keys)
      if (key.column == name) return true;
    for (const auto& a : aggregates)
      if (a.name == name) return true;
    return window && is_window_column(name);
  }
};

}  // namespace weir::sql
