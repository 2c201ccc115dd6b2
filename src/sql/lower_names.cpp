// Names and trees: what all parts of the lowering use.
#include <algorithm>

#include "expr/binder.h"
#include "expr/names.h"
#include "expr/parser.h"
#include "sql/lower.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

std::optional<Rows> lower_query(const Query& query, const ResultColumns& columns,
                                const SourceText& text, PlanBuilder& plan, Errors& errors) {
  Lowering lowering(text, plan, errors);
  auto relation = lowering.query(query);
  if (relation && !columns.names.empty())
    relation = lowering.result_columns(std::move(*relation), columns, query.place);
  if (!relation) return std::nullopt;
  return std::move(relation->rows);
}

namespace {

// Puts a resolved column into the place of a path; the parts behind it stay fields.
AstPtr column_of_path(const Ast& ast, size_t parts, const std::string& column, size_t parts_used) {
  if (parts == parts_used) return column_tree(column, ast);
  auto field = std::make_unique<Ast>();
  field->kind = AstKind::kField;
  field->name = ast.name;
  field->offset = ast.offset;
  field->length = ast.length;
  field->args.push_back(column_of_path(*ast.args[0], parts - 1, column, parts_used));
  return field;
}

const Ast& first_name(const Ast& ast) {
  const Ast* base = &ast;
  while (base->kind == AstKind::kField) base = base->args[0].get();
  return *base;
}

// The bytes of the text that the tree's parts came from.
std::pair<size_t, size_t> extent(const Ast& ast) {
  size_t begin = ast.offset;
  size_t end = ast.offset + ast.length;
  walk(ast, [&](const Ast& part) {
    begin = std::min(begin, part.offset);
    end = std::max(end, part.offset + part.length);
    return true;
  });
  return {begin, end};
}

}  // namespace

AstPtr Lowering::resolved(const Ast& ast, const Relation& relation) {
  AstPtr tree = clone(ast);
  if (!resolve_in(tree, relation)) return nullptr;
  return tree;
}

bool Lowering::resolve_in(AstPtr& ast, const Relation& relation) {
  bool intact = true;
  replace(ast, [&](const Ast& part) -> AstPtr {
    if (part.kind == AstKind::kSubquery) return clone(part);
    if (part.kind != AstKind::kColumn && part.kind != AstKind::kField) return nullptr;
    const auto path = path_of(part);
    if (path.empty()) return nullptr;
    const Resolution found = resolve(path, relation.tables);
    if (found.kind == Resolution::Kind::kFound)
      return column_of_path(part, path.size(), found.column, found.parts_used);
    intact = false;
    Error error = found.kind == Resolution::Kind::kAmbiguous ? ambiguous_name(path, found)
                                                             : unknown_name(path, relation.tables);
    if (found.kind == Resolution::Kind::kUnknown && outer_ != nullptr &&
        resolve(path, outer_->tables).kind == Resolution::Kind::kFound) {
      error.message =
          "a column of the query around this one may only stand in its WHERE, in a "
          "comparison joined by AND";
      error.hint.clear();
    }
    complain(at(first_name(part)), std::move(error.message), std::move(error.hint));
    return clone(part);
  });
  return intact;
}

bool Lowering::belongs_to(const Ast& ast, const Relation& relation) const {
  return !any_of(ast, [&](const Ast& part) {
    if (part.kind == AstKind::kSubquery) return true;
    if (part.kind == AstKind::kField && !path_of(part).empty())
      return resolve(path_of(part), relation.tables).kind != Resolution::Kind::kFound;
    return part.kind == AstKind::kColumn &&
           resolve({part.name}, relation.tables).kind == Resolution::Kind::kUnknown &&
           std::none_of(relation.tables.begin(), relation.tables.end(),
                        [&](const VisibleTable& table) { return table.alias == part.name; });
  });
}

std::optional<Type> Lowering::type_of(const Ast& ast, const Schema& schema) {
  BindScope scope;
  scope.schema = &schema;
  scope.zone = plan_.zone();
  scope.text = &text_;
  auto bound = bind(ast, scope);
  if (bound) return (*bound)->type();
  errors_.push_back(std::move(bound.error()));
  return std::nullopt;
}

bool Lowering::is_condition(const Ast& ast, const Schema& schema, std::string_view where) {
  const auto type = type_of(ast, schema);
  if (!type) return false;
  if (type->id == TypeId::kBoolean || type->id == TypeId::kNull) return true;
  complain(ast, std::string(where) + " must be a condition, this is " + type->to_string(),
           type->is_numeric() ? "compare it: " + to_sql(ast) + " <> 0" : "");
  return false;
}

SourceText Lowering::text_of(const Ast& ast) const {
  const auto [begin, end] = extent(ast);
  if (end <= text_.text.size()) {
    SourceText written(text_.text.substr(begin, end - begin), text_.at(begin, end - begin),
                       text_.exact);
    const auto parsed = parse_expression(written);
    if (parsed && same_tree(**parsed, ast)) return written;
  }
  return SourceText(to_sql(ast), at(ast), false);
}

SourceText Lowering::text_of(const std::vector<OrderItem>& items) const {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += text_of(*item.expression).text;
    if (item.descending) text += " DESC";
    if (item.nulls_first == item.descending)
      text += item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return SourceText(std::move(text), at(*items.front().expression), false);
}

NamedText Lowering::named(const std::string& name, const Ast& tree) const {
  return {name, at(tree), text_of(tree)};
}

std::string Lowering::free_name(std::string name, const Schema& schema) {
  const std::string base = name;
  for (int n = 0; schema.find(name); ++n) name = base + std::to_string(n);
  return name;
}

std::nullopt_t Lowering::complain(const Position& position, std::string message, std::string hint) {
  errors_.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  return std::nullopt;
}

std::optional<Relation> Lowering::add(Relation relation, StepSpec step) {
  auto rows = plan_.add_step(step.take(), {relation.rows});
  if (!rows) return std::nullopt;
  relation.rows = std::move(*rows);
  return relation;
}

std::optional<Relation> Lowering::extend(Relation relation, const NamedTexts& columns,
                                         const Position& at) {
  if (columns.empty()) return relation;
  StepSpec step("extend", at);
  step.set("columns", columns);
  return add(std::move(relation), std::move(step));
}

}  // namespace weir::sql
