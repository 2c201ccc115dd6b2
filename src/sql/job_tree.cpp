#include "sql/job_tree.h"

#include <algorithm>

#include "base/spelling.h"
#include "base/units.h"
#include "config/merge.h"
#include "expr/binder.h"
#include "sql/connector_options.h"
#include "sql/print.h"
#include "sql/tree_nodes.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// What a message of Kafka gives beside its value.
const Schema& message_columns() {
  static const Schema columns = [] {
    Schema schema;
    schema.add("key", Type::string());
    schema.add("topic", Type::string());
    schema.add("partition", Type::integer());
    schema.add("offset", Type::bigint());
    schema.add("timestamp", Type::timestamp_ltz(3));
    schema.add("headers", Type::map(Type::string(), Type::string()));
    return schema;
  }();
  return columns;
}

const std::string& metadata_key(const ColumnDefinition& column) {
  return column.metadata_key.empty() ? column.name.text : column.metadata_key;
}

// The connector's column under the table's type.
AstPtr metadata_value(const ColumnDefinition& column) {
  Ast where;
  where.offset = column.name.place.offset;
  where.length = column.name.place.length;
  AstPtr value = column_tree(metadata_key(column), where);
  const auto given = message_columns().find(metadata_key(column));
  if (given && message_columns()[*given].type == column.type) return value;
  auto cast = std::make_unique<Ast>();
  cast->kind = AstKind::kCast;
  cast->name = "CAST";
  cast->type = column.type;
  cast->offset = where.offset;
  cast->length = where.length;
  cast->args.push_back(std::move(value));
  return cast;
}

// The columns that a table computes take the place of their names.
AstPtr over_stored(const Ast& expression, const CreateTable& table) {
  AstPtr tree = clone(expression);
  for (int depth = 0; depth < 10; ++depth) {
    bool changed = false;
    replace(tree, [&](const Ast& part) -> AstPtr {
      if (part.kind != AstKind::kColumn) return nullptr;
      for (const auto& column : table.columns) {
        if (column.name.text != part.name || column.kind == ColumnDefinition::Kind::kPhysical)
          continue;
        if (column.kind == ColumnDefinition::Kind::kMetadata && metadata_key(column) == part.name)
          continue;
        changed = true;
        return column.kind == ColumnDefinition::Kind::kComputed ? clone(*column.expression)
                                                                : metadata_value(column);
      }
      return nullptr;
    });
    if (!changed) break;
  }
  return tree;
}

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

bool is_stored(const ColumnDefinition& column) {
  return column.kind == ColumnDefinition::Kind::kPhysical;
}

bool names_folders(const CreateTable& table, const ColumnDefinition& column) {
  return std::any_of(table.partitioned_by.begin(), table.partitioned_by.end(),
                     [&](const auto& name) { return name.text == column.name.text; });
}

// The source gives them behind the columns of the files, in the order of PARTITIONED BY.
bool folders_come_last(const CreateTable& table) {
  std::vector<std::string> stored;
  for (const auto& column : table.columns)
    if (is_stored(column)) stored.push_back(column.name.text);
  const auto& by = table.partitioned_by;
  if (by.size() > stored.size()) return false;
  for (size_t i = 0; i < by.size(); ++i)
    if (stored[stored.size() - by.size() + i] != by[i].text) return false;
  return true;
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
    if (!is_stored(column)) continue;
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

bool JobTree::add_metadata(const CreateTable& table, Node& connector) {
  const Node* type = connector.find("type");
  Node wanted = list_node(connector.position);
  for (const auto& column : table.columns) {
    if (column.kind != ColumnDefinition::Kind::kMetadata) continue;
    const std::string& key = metadata_key(column);
    if (type == nullptr || type->text != "kafka") {
      catalog_.complain(column.name.place, "this connector has no METADATA columns",
                        "kafka has: key, topic, partition, offset, timestamp, headers");
      return false;
    }
    if (!message_columns().find(key)) {
      catalog_.complain(column.name.place, "a message of Kafka has no `" + key + "`",
                        spelling_hint(key, message_columns().names()));
      return false;
    }
    const bool known = std::any_of(wanted.items.begin(), wanted.items.end(),
                                   [&](const Node& item) { return item.text == key; });
    if (!known) wanted.items.push_back(text_node(key, at(column.name.place)));
  }
  if (!wanted.items.empty()) put(connector, "columns", std::move(wanted));
  return true;
}

bool JobTree::add_partitions(const CreateTable& table, Node& connector) {
  if (table.partitioned_by.empty()) return true;
  const Node* type = connector.find("type");
  if (type == nullptr) return false;  // which has been said
  if (type->text != "file") {
    catalog_.complain(table.partitioned_by[0].place,
                      "PARTITIONED BY makes folders: the connector is no filesystem",
                      "'connector' = 'filesystem'");
    return false;
  }
  for (const auto& name : table.partitioned_by) {
    const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const auto& c) { return c.name.text == name.text; });
    if (column == table.columns.end()) return false;  // which CREATE TABLE has said
    if (!is_stored(*column)) {
      catalog_.complain(name.place, "folders cannot be called after `" + name.text + "`",
                        "they are called after columns that are written, none that is computed");
      return false;
    }
    put(table_at(connector, "partition_by", at(name.place)), name.text,
        text_node(column->type.to_string(), at(name.place)));
  }
  // The path is the folder that holds those of the partitions.
  if (Node* path = find_entry(connector, "path"); path != nullptr && !path->text.ends_with("**")) {
    while (path->text.ends_with('/') && path->text.size() > 1) path->text.pop_back();
    path->text += path->text.ends_with('/') ? "**" : "/**";
    path->exact_text = false;
  }
  return true;
}

void JobTree::add_source(const CreateTable& table, const std::string& name) {
  ConnectorTable connector = connector_table(table, true, text_, errors_);
  if (!add_metadata(table, connector.table) || !add_partitions(table, connector.table)) return;
  if (connector.skip_bad_records)
    put(root_, "on_error", text_node("skip", connector.table.position));
  Node computed;
  computed.position = at(table.name.place);
  for (const auto& column : table.columns) {
    const Position place = at(column.name.place);
    if (names_folders(table, column)) continue;
    if (is_stored(column)) {
      put(table_at(connector.table, "schema", place), column.name.text,
          text_node(column.type.to_string(), place));
    } else if (column.kind == ColumnDefinition::Kind::kComputed) {
      put(computed, column.name.text,
          text_node(weir::to_sql(*column.expression),
                    text_.at(column.expression->offset, column.expression->length)));
    } else if (metadata_key(column) != column.name.text ||
               metadata_value(column)->kind == AstKind::kCast) {
      put(computed, column.name.text, text_node(weir::to_sql(*metadata_value(column)), place));
    }
  }
  // The connector's columns come first, and under names of its own.
  Node declared;
  declared.position = computed.position;
  bool in_order = folders_come_last(table);
  for (const auto& column : table.columns) {
    in_order = in_order && (is_stored(column) ||
                            (column.kind == ColumnDefinition::Kind::kComputed &&
                             &column >= &table.columns.back() + 1 - computed.entries.size()));
    put(declared, column.name.text, text_node(quote_name(column.name.text), at(column.name.place)));
  }
  for (const auto& watermark : table.watermarks) {
    Node time = event_time(table, watermark);
    if (!time.entries.empty()) put(connector.table, "event_time", std::move(time));
  }
  Node& sources = table_at(root_, "sources", computed.position);
  if (computed.entries.empty() && in_order) {
    put(sources, name, std::move(connector.table));
    return;
  }
  const std::string stored = name + " as stored";
  put(sources, stored, std::move(connector.table));
  // One after the other: each may use those before it.
  std::string input = stored;
  for (size_t i = 0; i < computed.entries.size(); ++i) {
    const bool last = i + 1 == computed.entries.size() && in_order;
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
  if (in_order) return;
  Node step;
  step.position = computed.position;
  put(step, "op", text_node("map", step.position));
  put(step, "name", text_node(name, step.position));
  put(step, "input", text_node(input, step.position));
  put(step, "columns", std::move(declared));
  append(root_, "transform", std::move(step));
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
