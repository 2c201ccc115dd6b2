// Which column a name of a query means.
#pragma once

#include <string>
#include <vector>

#include "expr/ast.h"
#include "sql/plan_builder.h"

namespace weir::sql {

struct VisibleColumn {
  std::string name;        // as the query says it
  std::string column;      // in the schema of the rows
  bool qualified = false;  // only found behind its table's name: another column stands for it
};

// A table of FROM, under its alias.
struct VisibleTable {
  std::string alias;  // empty: its columns have no prefix
  std::vector<VisibleColumn> columns;
};

// A window that rows have been put into by TUMBLE(...) and its kind, before a step does it.
struct TimeWindow {
  std::string type;                 // tumbling, sliding, cumulate, session
  NamedTexts settings;              // size = "1m" and so on
  std::vector<std::string> key_by;  // of a session: PARTITION BY
  std::string table;                // the table's alias
  Position place;
  bool operator==(const TimeWindow& other) const;
};

// What FROM gives: rows, and what their columns are called.
struct Relation {
  Rows rows;
  std::vector<VisibleTable> tables;
  // The first table's rows belong to a window whose columns window_start, window_end and window_time are
  // visible, but not in the rows yet.
  std::optional<TimeWindow> window;

  const Schema& schema() const { return rows.schema; }
};

// A relation whose one table has the columns of the rows.
Relation relation_of(Rows rows, const std::string& alias);
// True for the columns that a pending window adds.
bool is_window_column(const std::string& name);

struct Resolution {
  enum class Kind { kFound, kUnknown, kAmbiguous };
  Kind kind = Kind::kUnknown;
  std::string column;               // of the rows
  size_t parts_used = 0;            // of the path
  std::vector<std::string> tables;  // kAmbiguous: who has it
};
Resolution resolve(const std::vector<std::string>& path, const std::vector<VisibleTable>& tables);

// Every name that may be written, for hints.
std::vector<std::string> names_in(const std::vector<VisibleTable>& tables);
// "`b` is no column of `a`" and its kind: message and hint for a path that leads nowhere.
Error unknown_name(const std::vector<std::string>& path, const std::vector<VisibleTable>& tables);
Error ambiguous_name(const std::vector<std::string>& path, const Resolution& found);

}  // namespace weir::sql
