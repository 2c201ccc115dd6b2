#include "sql/catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spelling.h"
#include "expr/ast.h"
#include "sql/print.h"

namespace weir::sql {

void Catalog::complain(const Place& place, std::string message, std::string hint) const {
  errors_.push_back({ErrorKind::kConfig,
                     std::move(message),
                     text_.at(place.offset, place.length),
                     std::move(hint),
                     {}});
}

bool Catalog::is_free(const TableName& name, bool if_not_exists) const {
  const std::string known = name_of(name);
  if (tables_.count(known) == 0 && views_.count(known) == 0) return true;
  if (!if_not_exists)
    complain(name.place, "there is a table or view called `" + known + "` already",
             "DROP it first, or CREATE ... IF NOT EXISTS");
  return false;
}

void Catalog::create(const CreateTable& table) {
  if (!is_free(table.name, table.if_not_exists)) return;
  CreateTable copy = table;
  if (table.like) take_over(copy, *table.like);
  std::vector<std::string> names;
  for (const auto& column : copy.columns) {
    if (std::find(names.begin(), names.end(), column.name.text) != names.end())
      complain(column.name.place, "there are two columns `" + column.name.text + "`");
    names.push_back(column.name.text);
  }
  if (copy.watermarks.size() > 1) complain(copy.watermarks[1].place, "a table has one WATERMARK");
  for (const auto& watermark : copy.watermarks)
    if (watermark.column.size() != 1 ||
        std::find(names.begin(), names.end(), watermark.column[0]) == names.end())
      complain(watermark.place, "no column `" + watermark.column[0] + "`",
               spelling_hint(watermark.column[0], names));
  for (const auto& key : copy.primary_key)
    if (std::find(names.begin(), names.end(), key.text) == names.end())
      complain(key.place, "no column `" + key.text + "`", spelling_hint(key.text, names));
  for (const auto& partition : copy.partitioned_by) {
    const auto is_it = [&](const ColumnDefinition& column) {
      return column.name.text == partition.text && column.kind == ColumnDefinition::Kind::kPhysical;
    };
    if (std::none_of(copy.columns.begin(), copy.columns.end(), is_it))
      complain(partition.place, "no column `" + partition.text + "` to partition by",
               spelling_hint(partition.text, names));
  }
  tables_.emplace(name_of(table.name), std::move(copy));
}

// Of the base's parts the new table has those that it does not bring itself.
void Catalog::take_over(CreateTable& table, const LikeClause& like) const {
  const CreateTable* base = this->table(name_of(like.table));
  if (base == nullptr) {
    complain(like.table.place, "no table `" + name_of(like.table) + "`",
             spelling_hint(name_of(like.table), table_names()));
    return;
  }
  const auto strategy = [&](std::string_view feature, std::string standard) {
    for (const auto& choice : like.choices)
      if (choice.feature == "ALL") standard = choice.strategy;
    for (const auto& choice : like.choices)
      if (choice.feature == feature) standard = choice.strategy;
    return standard;
  };
  std::vector<ColumnDefinition> columns;
  const auto is_own = [&](const ColumnDefinition& column) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const auto& own) { return own.name.text == column.name.text; });
  };
  for (const auto& column : base->columns) {
    const bool computed = column.kind == ColumnDefinition::Kind::kComputed;
    const bool metadata = column.kind == ColumnDefinition::Kind::kMetadata;
    if (metadata && strategy("METADATA", "INCLUDING") == "EXCLUDING") continue;
    if ((computed && strategy("GENERATED", "INCLUDING") == "EXCLUDING") || is_own(column)) continue;
    columns.push_back(column);
  }
  columns.insert(columns.end(), table.columns.begin(), table.columns.end());
  table.columns = std::move(columns);
  if (table.watermarks.empty() && strategy("WATERMARKS", "INCLUDING") != "EXCLUDING")
    table.watermarks = base->watermarks;
  if (table.primary_key.empty() && strategy("CONSTRAINTS", "INCLUDING") != "EXCLUDING")
    table.primary_key = base->primary_key;
  if (table.partitioned_by.empty() && strategy("PARTITIONS", "INCLUDING") != "EXCLUDING")
    table.partitioned_by = base->partitioned_by;
  if (strategy("OPTIONS", "OVERWRITING") == "EXCLUDING") return;
  for (const auto& option : base->options) {
    const bool own = std::any_of(table.options.begin(), table.options.end(),
                                 [&](const auto& o) { return o.key.text == option.key.text; });
    if (!own) table.options.push_back(option);
  }
}

void Catalog::create(const CreateView& view) {
  if (is_free(view.name, view.if_not_exists)) views_.emplace(name_of(view.name), view);
}

void Catalog::drop(const Drop& drop) {
  const std::string name = name_of(drop.name);
  const size_t gone = drop.view ? views_.erase(name) : tables_.erase(name);
  if (gone > 0 || drop.if_exists) return;
  complain(drop.name.place, fmt::format("no {} `{}`", drop.view ? "view" : "table", name),
           spelling_hint(name, drop.view ? view_names() : table_names()));
}

const CreateTable* Catalog::table(const std::string& name) const {
  const auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

const CreateView* Catalog::view(const std::string& name) const {
  const auto found = views_.find(name);
  return found == views_.end() ? nullptr : &found->second;
}

std::vector<std::string> Catalog::table_names() const {
  std::vector<std::string> names;
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

std::vector<std::string> Catalog::view_names() const {
  std::vector<std::string> names;
  for (const auto& [name, view] : views_) names.push_back(name);
  return names;
}

std::string Catalog::describe(const CreateTable& table) const {
  size_t name_width = 0;
  size_t type_width = 0;
  for (const auto& column : table.columns) {
    name_width = std::max(name_width, column.name.text.size());
    type_width = std::max(type_width, column.type.to_string().size());
  }
  std::string out;
  for (const auto& column : table.columns) {
    const bool computed = column.kind == ColumnDefinition::Kind::kComputed;
    std::string line = fmt::format("{:<{}}  {:<{}}", column.name.text, name_width,
                                   computed ? std::string() : column.type.to_string(), type_width);
    const auto add = [&](const std::string& text) { line += "  " + text; };
    const bool key = column.primary_key ||
                     std::any_of(table.primary_key.begin(), table.primary_key.end(),
                                 [&](const Name& k) { return k.text == column.name.text; });
    if (column.not_null) add("NOT NULL");
    if (column.kind == ColumnDefinition::Kind::kMetadata)
      add("METADATA" + (column.metadata_key.empty() ? "" : " FROM '" + column.metadata_key + "'"));
    if (key) add("PRIMARY KEY");
    if (computed) add("AS " + weir::to_sql(*column.expression));
    for (const auto& watermark : table.watermarks)
      if (watermark.column[0] == column.name.text)
        add("WATERMARK AS " + weir::to_sql(*watermark.expression));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace weir::sql
