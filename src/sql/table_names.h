// Which tables a query reads.
#pragma once

#include <vector>

#include "sql/ast.h"

namespace weir::sql {

// Tables and files of FROM, wherever they stand in the query; not the names that WITH gives. Each once.
std::vector<TableName> tables_read(const Query& query);
// catalog.database.table as it is written.
std::string dotted(const TableName& name);

}  // namespace weir::sql
