#include "sql/scope.h"

#include <algorithm>

#include "base/spelling.h"

namespace weir::sql {

namespace {

struct Match {
  const VisibleTable* table = nullptr;
  const VisibleColumn* column = nullptr;
  size_t parts = 0;
};

// The column of the table that the longest beginning of path[from...] names; columns may hold dots.
Match longest_match(const std::vector<std::string>& path, size_t from, const VisibleTable& table) {
  Match best;
  std::string joined;
  for (size_t i = from; i < path.size(); ++i) {
    joined += (i > from ? "." : "") + path[i];
    for (const auto& column : table.columns)
      if (column.name == joined && (from > 0 || !column.qualified)) best = {&table, &column, i + 1};
  }
  return best;
}

std::vector<Match> matches(const std::vector<std::string>& path,
                           const std::vector<VisibleTable>& tables) {
  std::vector<Match> found;
  for (const auto& table : tables) {
    if (path.size() < 2 || table.alias != path[0]) continue;
    const Match match = longest_match(path, 1, table);
    if (match.column != nullptr) found.push_back(match);
  }
  if (!found.empty()) return found;
  for (const auto& table : tables) {
    const Match match = longest_match(path, 0, table);
    if (match.column != nullptr) found.push_back(match);
  }
  return found;
}

std::string shown(const std::vector<std::string>& path) {
  std::string text;
  for (const auto& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

}  // namespace

bool TimeWindow::operator==(const TimeWindow& other) const {
  if (type != other.type || settings.size() != other.settings.size()) return false;
  for (size_t i = 0; i < settings.size(); ++i) {
    if (settings[i].name != other.settings[i].name ||
        settings[i].value.text != other.settings[i].value.text)
      return false;
  }
  return true;
}

Relation relation_of(Rows rows, const std::string& alias) {
  Relation relation;
  VisibleTable& table = relation.tables.emplace_back();
  table.alias = alias;
  for (const auto& column : rows.schema) table.columns.push_back({column.name, column.name});
  relation.rows = std::move(rows);
  return relation;
}

bool is_window_column(const std::string& name) {
  return name == "window_start" || name == "window_end" || name == "window_time";
}

Resolution resolve(const std::vector<std::string>& path, const std::vector<VisibleTable>& tables) {
  Resolution result;
  for (const Match& match : matches(path, tables)) {
    if (result.kind == Resolution::Kind::kFound && result.column == match.column->column) continue;
    result.tables.push_back(match.table->alias);
    result.kind =
        result.tables.size() > 1 ? Resolution::Kind::kAmbiguous : Resolution::Kind::kFound;
    result.column = match.column->column;
    result.parts_used = match.parts;
  }
  return result;
}

std::vector<std::string> names_in(const std::vector<VisibleTable>& tables) {
  std::vector<std::string> names;
  for (const auto& table : tables) {
    for (const auto& column : table.columns)
      if (!column.name.starts_with('\x01') &&
          std::find(names.begin(), names.end(), column.name) == names.end())
        names.push_back(column.name);
  }
  return names;
}

Error unknown_name(const std::vector<std::string>& path, const std::vector<VisibleTable>& tables) {
  Error error{ErrorKind::kConfig, {}, {}, {}, {}};
  for (const auto& table : tables) {
    if (path.size() < 2 || table.alias != path[0]) continue;
    error.message = "no column `" + path[1] + "` in `" + path[0] + "`";
    error.hint = spelling_hint(path[1], names_in({table}));
    return error;
  }
  std::vector<std::string> names = names_in(tables);
  if (path.size() > 1) {
    for (const auto& table : tables)
      if (!table.alias.empty()) names.push_back(table.alias);
    error.message = "no table or column `" + path[0] + "`";
  } else {
    error.message = "no column `" + path[0] + "`";
  }
  error.hint = tables.empty() || names.empty() ? "there are no columns here: the query has no FROM"
                                               : spelling_hint(path[0], names);
  return error;
}

Error ambiguous_name(const std::vector<std::string>& path, const Resolution& found) {
  std::string tables;
  for (size_t i = 0; i < found.tables.size(); ++i)
    tables += (i == 0 ? "`" : i + 1 == found.tables.size() ? "` and `" : "`, `") + found.tables[i];
  const std::string name = shown(path);
  for (const auto& table : found.tables) {
    if (!table.empty()) continue;
    return {ErrorKind::kConfig,
            "`" + name + "` is a column of two tables",
            {},
            "give the tables names and say which: FROM ... AS a ... AS b, a." + name,
            {}};
  }
  return {ErrorKind::kConfig,
          "`" + name + "` is a column of " + tables + "`",
          {},
          "say which: " + found.tables[0] + "." + name,
          {}};
}

}  // namespace weir::sql
