#include "sql/job_tree.h"

#include <algorithm>

#include "base/spelling.h"
#include "config/merge.h"
#include "sql/connector_options.h"
#include "sql/print.h"
#include "sql/tree_nodes.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

void set_options(CreateTable& table, const std::vector<Option>& options) {
  for (const auto& option : options) {
    const auto known = std::find_if(table.options.begin(), table.options.end(),
                                    [&](const auto& o) { return o.key.text == option.key.text; });
    if (known == table.options.end()) {
      table.options.push_back(option);
    } else {
      known->value = option.value;
    }
  }
}

}  // namespace

Node JobTree::query_step(const Query& query) const {
  const Place& place = query.place;
  Node step;
  step.position = at(place);
  put(step, "op", text_node("sql", step.position));
  put(step, "query",
      text_node(SourceText(text_.text.substr(place.offset, place.length), at(place), text_.exact)));
  return step;
}

void JobTree::add_query(const Query& query) {
  add_tables(query);
  append(root_, "transform", query_step(query));
}

void JobTree::add_insert(const Insert& insert, bool again) {
  const std::string name = Catalog::name_of(insert.table);
  const CreateTable* table = catalog_.table(name);
  if (table == nullptr) {
    const bool view = catalog_.view(name) != nullptr;
    catalog_.complain(
        insert.table.place,
        view ? "`" + name + "` is a view: rows go into tables" : "no table `" + name + "`",
        view ? "" : spelling_hint(name, catalog_.table_names()));
    return;
  }
  if (insert.on_conflict != Insert::OnConflict::kNotWritten)
    return catalog_.complain(insert.table.place, "ON CONFLICT is not available in this version");
  for (const auto& hint : insert.hints)
    if (hint.name.text != "OPTIONS")
      return catalog_.complain(hint.name.place, "no hint " + hint.name.text + " at a table",
                               "/*+ OPTIONS('key' = 'value') */ sets options of the table");
  if (!are_partitions(insert, *table)) return;
  if (const Node* sinks = root_.find("sinks"); sinks != nullptr && sinks->find(name) != nullptr)
    return catalog_.complain(insert.table.place, "two queries of the set write into `" + name + "`",
                             "join them into one: SELECT ... UNION ALL SELECT ...");
  add_tables(insert.query);
  Node step = query_step(insert.query);
  const std::string step_name = "insert " + std::to_string(++inserts_);
  put(step, "name", text_node(step_name, step.position));
  Node names = list_node(step.position);
  Node types = list_node(step.position);
  for (const auto& column : table->columns) {
    if (column.kind == ColumnDefinition::Kind::kMetadata && !column.is_virtual)
      catalog_.complain(column.name.place,
                        "the METADATA column `" + column.name.text + "` cannot be written",
                        "METADATA ... VIRTUAL is for reading alone");
    if (!column.is_stored()) continue;
    names.items.push_back(text_node(column.name.text, at(column.name.place)));
    types.items.push_back(text_node(column.type.to_string(), at(column.name.place)));
  }
  const auto said = [&](const std::string& column) {
    return std::find_if(insert.partition.begin(), insert.partition.end(), [&](const auto& p) {
             return p.value && p.column.text == column;
           }) != insert.partition.end();
  };
  const bool some_said = std::any_of(insert.partition.begin(), insert.partition.end(),
                                     [](const auto& p) { return bool(p.value); });
  if (insert.columns.empty() && some_said) {
    Node written = list_node(step.position);
    for (const auto& item : names.items)
      if (!said(item.text)) written.items.push_back(item);
    put(step, "written", std::move(written));
  }
  if (!insert.columns.empty()) {
    Node written = list_node(step.position);
    std::vector<std::string> known;
    for (const auto& item : names.items) known.push_back(item.text);
    for (const auto& column : insert.columns) {
      if (std::find(known.begin(), known.end(), column.text) == known.end())
        catalog_.complain(column.place, "no column `" + column.text + "` in `" + name + "`",
                          spelling_hint(column.text, known));
      if (said(column.text))
        catalog_.complain(column.place, "PARTITION says the value of `" + column.text + "`",
                          "leave the column out here");
      written.items.push_back(text_node(column.text, at(column.place)));
    }
    put(step, "written", std::move(written));
  }
  if (!names.items.empty()) {
    put(step, "columns", std::move(names));
    put(step, "types", std::move(types));
  }
  append(root_, "transform", std::move(step));
  const Position place = at(insert.table.place);
  std::string rows = step_name;
  if (some_said) {
    Node fixed;
    fixed.position = place;
    rows = step_name + " with its partition";
    put(fixed, "op", text_node("extend", place));
    put(fixed, "name", text_node(rows, place));
    put(fixed, "input", text_node(step_name, place));
    for (const auto& partition : insert.partition) {
      if (!partition.value) continue;
      const auto column =
          std::find_if(table->columns.begin(), table->columns.end(),
                       [&](const auto& c) { return c.name.text == partition.column.text; });
      const Position value = text_.at(partition.value->offset, partition.value->length);
      put(table_at(fixed, "columns", place), partition.column.text,
          text_node(
              "CAST(" + weir::to_sql(*partition.value) + " AS " + column->type.to_string() + ")",
              value));
    }
    append(root_, "transform", std::move(fixed));
  }
  CreateTable changed = *table;
  set_options(changed, hinted_options(insert.hints));
  ConnectorTable connector = connector_table(changed, false, text_, errors_);
  if (!table->partitioned_by.empty()) {
    Node by = list_node(place);
    for (const auto& column : table->partitioned_by)
      by.items.push_back(text_node(column.text, at(column.place)));
    put(connector.table, "partition_by", std::move(by));
  }
  if (insert.overwrite) put(connector.table, "overwrite", flag_node(true, place));
  const Node* type = connector.table.find("type");
  const bool is_file = type != nullptr && type->text == "file";
  if (!table->partitioned_by.empty() && type != nullptr && !is_file)
    return catalog_.complain(table->partitioned_by[0].place,
                             "PARTITIONED BY makes folders: the connector is no filesystem",
                             "'connector' = 'filesystem'");
  if (again && !insert.overwrite && is_file && table->partitioned_by.empty())
    put(connector.table, "append", flag_node(true, place));
  put(connector.table, "input", text_node(rows, place));
  put(table_at(root_, "sinks", place), name, std::move(connector.table));
}

void JobTree::add_tables(const Query& query) {
  for (const auto& read : tables_read(query)) add_table(read);
}

bool JobTree::are_partitions(const Insert& insert, const CreateTable& table) {
  const size_t before = errors_.size();
  std::vector<std::string> known;
  for (const auto& column : table.partitioned_by) known.push_back(column.text);
  for (const auto& partition : insert.partition) {
    const std::string& name = partition.column.text;
    if (known.empty()) {
      catalog_.complain(partition.column.place,
                        "`" + Catalog::name_of(insert.table) + "` has no partitions",
                        "CREATE TABLE ... PARTITIONED BY (" + name + ")");
      return false;
    }
    if (std::find(known.begin(), known.end(), name) == known.end())
      catalog_.complain(partition.column.place, "the table is not partitioned by `" + name + "`",
                        spelling_hint(name, known));
    if (partition.value && any_of(*partition.value, [](const Ast& part) {
          return part.kind == AstKind::kColumn || part.kind == AstKind::kSubquery;
        }))
      catalog_.complain(partition.column.place, "PARTITION takes a value",
                        "a partition that the rows say is a column of the query");
  }
  if (insert.overwrite && !known.empty())
    catalog_.complain(insert.table.place, "folders of partitions are not written over",
                      "remove those that come anew, and INSERT INTO adds files");
  return errors_.size() == before;
}

void JobTree::add_table(const TableRead& read) {
  const TableName& name = read.name;
  const std::string text = dotted(name);
  if (!read.options.empty()) {
    const CreateTable* table = name.file ? nullptr : catalog_.table(Catalog::name_of(name));
    if (table == nullptr)
      return catalog_.complain(read.options[0].key.place, "OPTIONS belongs to a table",
                               "only CREATE TABLE's tables have options");
    const std::string source = source_name(name, read.options);
    if (!known_.insert(source).second) return;
    CreateTable changed = *table;
    set_options(changed, read.options);
    return add_source(changed, source);
  }
  if (name.file) {
    if (known_.insert(text).second) add_file(text, name);
    return;
  }
  const std::string last = Catalog::name_of(name);
  if (!known_.insert(last).second) return;
  if (const CreateTable* table = catalog_.table(last)) return add_source(*table, last);
  if (const CreateView* view = catalog_.view(last)) return add_view(*view);
  if (last == "input" || last == "stdin") return add_input(name);
  std::vector<std::string> names = catalog_.table_names();
  for (auto& view : catalog_.view_names()) names.push_back(std::move(view));
  const bool file = text.find('.') != std::string::npos;
  if (!file && names.empty()) names = {"input", "stdin"};
  catalog_.complain(
      name.place, "no table `" + text + "`",
      file ? "a file stands in quotes: FROM '" + text + "'" : spelling_hint(text, names));
}

void JobTree::add_file(const std::string& path, const TableName& name) {
  Node source;
  source.position = at(name.place);
  put(source, "path", text_node(path, source.position));
  if (!input_.format.empty()) put(source, "format", text_node(input_.format, source.position));
  put(table_at(root_, "sources", source.position), path, std::move(source));
}

void JobTree::add_input(const TableName& name) {
  Node source;
  source.position = at(name.place);
  const bool standard_input = name.path.back() == "stdin" || input_.files.empty() ||
                              (input_.files.size() == 1 && input_.files[0] == "-");
  if (standard_input) {
    put(source, "type", text_node("stdin", source.position));
  } else {
    Node paths = list_node(source.position);
    for (const auto& file : input_.files) paths.items.push_back(text_node(file, source.position));
    put(source, "path", paths.items.size() == 1 ? paths.items[0] : paths);
  }
  if (!input_.format.empty()) put(source, "format", text_node(input_.format, source.position));
  put(table_at(root_, "sources", source.position), name.path.back(), std::move(source));
}

void JobTree::add_view(const CreateView& view) {
  add_tables(view.query);
  Node step = query_step(view.query);
  put(step, "name", text_node(Catalog::name_of(view.name), at(view.name.place)));
  if (!view.columns.empty()) {
    Node names = list_node(step.position);
    for (const auto& column : view.columns)
      names.items.push_back(text_node(column.text, at(column.place)));
    put(step, "columns", std::move(names));
  }
  append(root_, "transform", std::move(step));
}

Node JobTree::take(const Node& settings) {
  // One table called `input` is what [source] is.
  if (Node* sources = find_entry(root_, "sources");
      sources != nullptr && sources->entries.size() == 1 && sources->entries[0].first == "input") {
    Node source = std::move(sources->entries[0].second);
    remove_entry(root_, "sources");
    Node ordered;
    ordered.position = root_.position;
    put(ordered, "source", std::move(source));
    for (auto& [key, value] : root_.entries) put(ordered, key, std::move(value));
    root_ = std::move(ordered);
  }
  merge_tables(root_, settings, errors_);
  root_.position.file = text_.position.file;
  return std::move(root_);
}

}  // namespace weir::sql
