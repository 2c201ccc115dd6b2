// VALUES: rows of a collection source. Rows of plain numbers, texts and booleans stand in the source
// itself; others are numbered there, and a step computes each column by the row's number.
#include <algorithm>

#include "expr/binder.h"
#include "expr/meeting.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

constexpr const char* kRowNumber = "row";

Node node_of(const Value& value, const Position& place) {
  Node node;
  node.position = place;
  node.kind = value.type.id == TypeId::kBoolean  ? Node::Kind::kBoolean
              : value.type.is_integer()          ? Node::Kind::kInteger
              : value.type.id == TypeId::kDouble ? Node::Kind::kFloat
                                                 : Node::Kind::kString;
  node.boolean = value.number != 0;
  node.integer = static_cast<int64_t>(value.number);
  node.real = value.real;
  node.text = value.text;
  return node;
}

bool is_plain(const Type& type) {
  return type.id == TypeId::kBoolean || type.is_integer() || type.id == TypeId::kDouble ||
         type.is_text();
}

SourceSpec collection(Node rows, const Position& place) {
  SourceSpec source;
  source.name = "values";
  source.kind = "collection";
  source.position = place;
  source.kind_position = place;
  source.options.position = place;
  source.options.entries.emplace_back("rows", std::move(rows));
  source.options.key_positions.push_back(place);
  return source;
}

SchemaColumnSpec declared(const std::string& name, const Type& type, const Position& place) {
  SchemaColumnSpec column;
  column.name = name;
  column.type = SourceText(type.to_string(), place, false);
  column.position = place;
  return column;
}

Node rows_node(const Position& place) {
  Node rows;
  rows.kind = Node::Kind::kArray;
  rows.position = place;
  return rows;
}

// Rows [1], [2], ...
SourceSpec numbered(size_t count, const Position& place) {
  Node rows = rows_node(place);
  for (size_t i = 0; i < count; ++i) {
    Node row = rows_node(place);
    row.items.push_back(node_of(Value::bigint(static_cast<int64_t>(i) + 1), place));
    rows.items.push_back(std::move(row));
  }
  SourceSpec source = collection(std::move(rows), place);
  source.schema.push_back(declared(kRowNumber, Type::bigint(), place));
  return source;
}

// CASE row WHEN 1 THEN a WHEN 2 THEN b END
AstPtr by_row_number(const std::vector<std::vector<Expression>>& rows, size_t column) {
  const Ast& first = *rows[0][column];
  if (rows.size() == 1) return clone(first);
  auto choice = std::make_unique<Ast>();
  choice->kind = AstKind::kCase;
  choice->offset = first.offset;
  choice->length = first.length;
  choice->has_operand = true;
  choice->args.push_back(column_tree(kRowNumber, first));
  for (size_t r = 0; r < rows.size(); ++r) {
    auto number = std::make_unique<Ast>();
    number->value = Value::bigint(static_cast<int64_t>(r) + 1);
    number->type = number->value.type;
    choice->args.push_back(std::move(number));
    choice->args.push_back(clone(*rows[r][column]));
  }
  return choice;
}

}  // namespace

std::optional<Relation> Lowering::one_row(const Place& place) {
  auto rows = plan_.add_source(numbered(1, at(place)));
  if (!rows) return std::nullopt;
  Relation relation;
  relation.rows = std::move(*rows);
  return relation;
}

std::optional<Relation> Lowering::values(const Values& values, const Place& place,
                                         const std::vector<Name>& names) {
  const size_t columns = values.rows[0].size();
  Schema nothing;
  BindScope scope;
  scope.schema = &nothing;
  scope.zone = plan_.zone();
  scope.text = &text_;
  bool intact = true;
  bool plain = true;
  std::vector<std::vector<ExprPtr>> cells(columns);
  for (const auto& row : values.rows) {
    if (row.size() != columns)
      return complain(*row[0], "every row of VALUES has as many values: the first has " +
                                   std::to_string(columns) + ", this one " +
                                   std::to_string(row.size()));
    for (size_t c = 0; c < columns; ++c) {
      if (contains_subquery(*row[c]))
        return complain(*row[c], "a query may not stand in VALUES",
                        "write SELECT ... UNION ALL SELECT ...");
      auto bound = bind(*row[c], scope);
      if (!bound) {
        errors_.push_back(std::move(bound.error()));
        intact = false;
        continue;
      }
      plain = plain && (*bound)->as_literal() != nullptr;
      cells[c].push_back(std::move(*bound));
    }
  }
  if (!intact) return std::nullopt;
  std::vector<std::string> called;
  std::vector<Type> types;
  for (size_t c = 0; c < columns; ++c) {
    called.push_back(c < names.size() ? names[c].text : "EXPR$" + std::to_string(c));
    for (const auto& cell : cells[c])
      plain = plain && (is_plain(cell->type()) || cell->type().id == TypeId::kNull);
    auto type = meet(cells[c], "the values of a column");
    if (!type) return complain(*values.rows[0][c], type.error().message, type.error().hint);
    types.push_back(type->id == TypeId::kNull ? Type::string() : *type);
    plain = plain && is_plain(types.back());
    for (const auto& cell : cells[c]) plain = plain && cell->as_literal() != nullptr;
  }

  if (!plain) {
    auto rows = plan_.add_source(numbered(values.rows.size(), at(place)));
    if (!rows) return std::nullopt;
    Relation relation;
    relation.rows = std::move(*rows);
    std::vector<OutputColumn> out;
    for (size_t c = 0; c < columns; ++c)
      out.push_back({called[c], by_row_number(values.rows, c), place});
    return project(std::move(relation), out, place);
  }
  Node rows = rows_node(at(place));
  for (size_t r = 0; r < values.rows.size(); ++r) {
    Node row;  // a table, whose missing values are NULL
    row.position = at(*values.rows[r][0]);
    for (size_t c = 0; c < columns; ++c) {
      const Value& value = *cells[c][r]->as_literal();
      if (value.is_null) continue;
      row.entries.emplace_back(called[c], node_of(value, row.position));
      row.key_positions.push_back(row.position);
    }
    rows.items.push_back(std::move(row));
  }
  SourceSpec source = collection(std::move(rows), at(place));
  for (size_t c = 0; c < columns; ++c)
    source.schema.push_back(declared(called[c], types[c], at(place)));
  auto made = plan_.add_source(std::move(source));
  if (!made) return std::nullopt;
  return relation_of(std::move(*made), {});
}

}  // namespace weir::sql
