#include "sql/job_tree.h"

#include <algorithm>

#include "base/spelling.h"
#include "base/units.h"
#include "config/merge.h"
#include "expr/binder.h"
#include "sql/connector_options.h"
#include "sql/print.h"
#include "sql/table_names.h"
#include "sql/tree_nodes.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// The columns that a table computes take the place of their names.
AstPtr over_stored(const Ast& expression, const CreateTable& table) {
  AstPtr tree = clone(expression);
  for (int depth = 0; depth < 10; ++depth) {
    bool changed = false;
    replace(tree, [&](const Ast& part) -> AstPtr {
      if (part.kind != AstKind::kColumn) return nullptr;
      for (const auto& column : table.columns) {
        if (column.kind != ColumnDefinition::Kind::kComputed || column.name.text != part.name)
          continue;
        changed = true;
        return clone(*column.expression);
      }
      return nullptr;
    });
    if (!changed) break;
  }
  return tree;
}

bool is_stored(const ColumnDefinition& column) {
  return column.kind == ColumnDefinition::Kind::kPhysical;
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
  if (!insert.partition.empty())
    return catalog_.complain(insert.partition[0].column.place,
                             "PARTITION is not available in this version");
  if (insert.on_conflict != Insert::OnConflict::kNotWritten)
    return catalog_.complain(insert.table.place, "ON CONFLICT is not available in this version");
  if (!insert.hints.empty())
    return catalog_.complain(insert.hints[0].name.place,
                             "hints at a table are not available in this version");
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
    if (!is_stored(column)) continue;
    names.items.push_back(text_node(column.name.text, at(column.name.place)));
    types.items.push_back(text_node(column.type.to_string(), at(column.name.place)));
  }
  if (!insert.columns.empty()) {
    Node written = list_node(step.position);
    std::vector<std::string> known;
    for (const auto& item : names.items) known.push_back(item.text);
    for (const auto& column : insert.columns) {
      if (std::find(known.begin(), known.end(), column.text) == known.end())
        catalog_.complain(column.place, "no column `" + column.text + "` in `" + name + "`",
                          spelling_hint(column.text, known));
      written.items.push_back(text_node(column.text, at(column.place)));
    }
    put(step, "written", std::move(written));
  }
  if (!names.items.empty()) {
    put(step, "columns", std::move(names));
    put(step, "types", std::move(types));
  }
  append(root_, "transform", std::move(step));
  ConnectorTable connector = connector_table(*table, false, text_, errors_);
  const Position place = at(insert.table.place);
  if (insert.overwrite) put(connector.table, "overwrite", flag_node(true, place));
  const Node* type = connector.table.find("type");
  if (again && !insert.overwrite && type != nullptr && type->text == "file")
    put(connector.table, "append", flag_node(true, place));
  put(connector.table, "input", text_node(step_name, place));
  put(table_at(root_, "sinks", place), name, std::move(connector.table));
}

void JobTree::add_tables(const Query& query) {
  for (const auto& name : tables_read(query)) add_table(name);
}

void JobTree::add_table(const TableName& name) {
  const std::string text = dotted(name);
  if (name.file) {
    if (known_.insert(text).second) add_file(text, name);
    return;
  }
  const std::string last = Catalog::name_of(name);
  if (!known_.insert(last).second) return;
  if (const CreateTable* table = catalog_.table(last)) return add_source(*table);
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

void JobTree::add_source(const CreateTable& table) {
  const std::string name = Catalog::name_of(table.name);
  ConnectorTable connector = connector_table(table, true, text_, errors_);
  if (connector.skip_bad_records)
    put(root_, "on_error", text_node("skip", connector.table.position));
  Node computed;
  computed.position = at(table.name.place);
  for (const auto& column : table.columns) {
    const Position place = at(column.name.place);
    if (is_stored(column)) {
      put(table_at(connector.table, "schema", place), column.name.text,
          text_node(column.type.to_string(), place));
    } else if (column.kind == ColumnDefinition::Kind::kComputed) {
      put(computed, column.name.text,
          text_node(weir::to_sql(*column.expression),
                    text_.at(column.expression->offset, column.expression->length)));
    }
  }
  for (const auto& watermark : table.watermarks) {
    Node time = event_time(table, watermark);
    if (!time.entries.empty()) put(connector.table, "event_time", std::move(time));
  }
  Node& sources = table_at(root_, "sources", computed.position);
  if (computed.entries.empty()) {
    put(sources, name, std::move(connector.table));
    return;
  }
  const std::string stored = name + " as stored";
  put(sources, stored, std::move(connector.table));
  // One after the other: each may use those before it.
  std::string input = stored;
  for (size_t i = 0; i < computed.entries.size(); ++i) {
    const bool last = i + 1 == computed.entries.size();
    Node step;
    step.position = computed.position;
    put(step, "op", text_node("extend", step.position));
    const std::string step_name = last ? name : name + " with " + computed.entries[i].first;
    put(step, "name", text_node(step_name, step.position));
    put(step, "input", text_node(input, step.position));
    put(table_at(step, "columns", step.position), computed.entries[i].first,
        std::move(computed.entries[i].second));
    append(root_, "transform", std::move(step));
    input = step_name;
  }
}

// WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, or AS ts.
Node JobTree::event_time(const CreateTable& table, const WatermarkDefinition& watermark) {
  const Ast& expression = *watermark.expression;
  const Ast* column = &expression;
  Duration delay;
  if (expression.kind == AstKind::kBinary && expression.name == "-") {
    column = expression.args[0].get();
    Schema nothing;
    BindScope scope;
    scope.schema = &nothing;
    scope.text = &text_;
    const auto interval = bind(*expression.args[1], scope);
    const Value* value = interval ? (*interval)->as_literal() : nullptr;
    if (value == nullptr || value->type.id != TypeId::kIntervalMillis) {
      column = nullptr;
    } else {
      delay.us = static_cast<int64_t>(value->number) * 1000;
    }
  }
  Node out;
  out.position = at(watermark.place);
  if (column == nullptr || column->kind != AstKind::kColumn ||
      column->name != watermark.column[0]) {
    catalog_.complain(watermark.place,
                      "a watermark is the column itself, or the column less an interval",
                      "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND");
    return {};
  }
  const AstPtr time = over_stored(*column, table);
  put(out, "column", text_node(weir::to_sql(*time), out.position));
  put(out, "max_out_of_orderness", text_node(format_duration(delay), out.position));
  put(out, "inclusive", flag_node(true, out.position));
  return out;
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
