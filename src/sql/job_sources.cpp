// The sources of a script's pipeline: what CREATE TABLE says, as the connector, its columns and its time.
#include <algorithm>

#include "base/spelling.h"
#include "base/units.h"
#include "config/merge.h"
#include "expr/binder.h"
#include "sql/connector_options.h"
#include "sql/job_tree.h"
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

bool names_folders(const CreateTable& table, const ColumnDefinition& column) {
  return std::any_of(table.partitioned_by.begin(), table.partitioned_by.end(),
                     [&](const auto& name) { return name.text == column.name.text; });
}

// The source gives them behind the columns of the files, in the order of PARTITIONED BY.
bool folders_come_last(const CreateTable& table) {
  std::vector<std::string> stored;
  for (const auto& column : table.columns)
    if (column.is_stored()) stored.push_back(column.name.text);
  const auto& by = table.partitioned_by;
  if (by.size() > stored.size()) return false;
  for (size_t i = 0; i < by.size(); ++i)
    if (stored[stored.size() - by.size() + i] != by[i].text) return false;
  return true;
}

}  // namespace

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
    if (!column->is_stored()) {
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
    if (column.is_stored()) {
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
    in_order = in_order && (column.is_stored() ||
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

}  // namespace weir::sql
