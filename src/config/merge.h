// Putting pipeline texts together: fragments laid over each other, single keys set.
#pragma once

#include <string>

#include "base/error.h"
#include "config/node.h"

namespace weir {

// Appends or replaces an entry of a table node.
void set_entry(Node& table, const std::string& key, Node value, const Position& key_position);
// Takes an entry out; false if there is none.
bool remove_entry(Node& table, std::string_view key);
Node* find_entry(Node& table, std::string_view key);

// True for a non-empty array whose items are all tables: [[transform]].
bool is_array_of_tables(const Node& node);

// Lays `over` on `base`, both tables: tables merge key by key, arrays of tables are appended,
// anything else is replaced. A table that meets something else is an error at the later place.
void merge_tables(Node& base, Node over, Errors& errors);

// Sets one key: "runtime.parallelism=4", "transform.0.where=a > 1", "transform[0].where=...". The
// value is TOML if it is a TOML value, else a string. Tables on the way are made; `format.x` of a
// format given by name alone makes it a table. `label` names the setting in positions: "<--set 1>".
Result<void> apply_setting(Node& root, const std::string& setting, const std::string& label);

}  // namespace weir
