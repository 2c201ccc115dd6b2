// Which tables a query reads.
#pragma once

#include <vector>

#include "sql/ast.h"

namespace weir::sql {

// A table of FROM with the OPTIONS that a hint gives it there.
struct TableRead {
  TableName name;
  std::vector<Option> options;
  bool operator==(const TableRead&) const = default;
};

// Tables and files of FROM, wherever they stand in the query; not the names that WITH gives. Each once.
std::vector<TableRead> tables_read(const Query& query);
// The pairs of OPTIONS('key' = 'value') among the hints.
std::vector<Option> hinted_options(const std::vector<Hint>& hints);
// What a table is called in a pipeline: with other options it is another source.
std::string source_name(const TableName& name, const std::vector<Option>& options);
// catalog.database.table as it is written.
std::string dotted(const TableName& name);

}  // namespace weir::sql
