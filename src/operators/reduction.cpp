#include "operators/reduction.h"

#include <algorithm>

#include "expr/binder.h"
#include "expr/names.h"
#include "expr/parser.h"
#include "operators/column_list.h"

namespace weir {

namespace {

// a.n or b.n: 'a' or 'b', else 0.
char side_of(const Ast& ast, const std::string& name) {
  const std::vector<std::string> path = path_of(ast);
  if (path.size() != 2 || path[1] != name) return 0;
  return path[0] == "a" ? 'a' : path[0] == "b" ? 'b' : '\0';
}

ReduceForm form_of(const Ast& ast, const std::string& name, const Type& type) {
  if (type.is_nested() || type.is_string_like() || type.width() > 8) return ReduceForm::kGeneral;
  if (side_of(ast, name) == 'a') return ReduceForm::kKeep;
  if (side_of(ast, name) == 'b') return ReduceForm::kReplace;
  if (ast.args.size() != 2) return ReduceForm::kGeneral;
  const char left = side_of(*ast.args[0], name);
  const char right = side_of(*ast.args[1], name);
  if (left == 0 || right == 0 || left == right) return ReduceForm::kGeneral;
  if (ast.kind == AstKind::kBinary && ast.name == "+" &&
      (type.is_integer() || type.is_approximate()))
    return ReduceForm::kSum;
  if (ast.kind == AstKind::kCall && !type.is_approximate()) {
    if (ast.name == "LEAST") return ReduceForm::kLeast;
    if (ast.name == "GREATEST") return ReduceForm::kGreatest;
  }
  return ReduceForm::kGeneral;
}

// The reduced columns with their inputs and types, without expressions yet.
std::vector<ReducedColumn> name_columns(const NamedTexts& texts, const Schema& input,
                                        const std::vector<size_t>& key_columns, Errors& errors) {
  std::vector<ReducedColumn> columns;
  for (const auto& text : texts) {
    const size_t c = resolve_column(SourceText(text.name, text.name_position), input, errors);
    if (c == input.size()) continue;
    if (std::find(key_columns.begin(), key_columns.end(), c) != key_columns.end()) {
      errors.push_back({ErrorKind::kConfig,
                        "`" + text.name + "` is a key: it stays as it is",
                        text.name_position,
                        {},
                        {}});
      continue;
    }
    ReducedColumn column;
    column.name = text.name;
    column.input = c;
    column.type = input[c].type;
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

Reduction bind_reduction(const NamedTexts& texts, const Schema& input,
                         const std::vector<size_t>& key_columns, const TimeZone* zone,
                         Errors& errors) {
  const size_t before = errors.size();
  Reduction reduction;
  reduction.columns = name_columns(texts, input, key_columns, errors);
  if (errors.size() != before) return reduction;

  std::vector<Type::Field> fields;
  for (const auto& column : reduction.columns) fields.push_back({column.name, column.type});
  reduction.row_type = Type::row(fields);
  Schema pair;
  pair.add("a", reduction.row_type);
  pair.add("b", reduction.row_type);
  for (size_t k = 0; k < reduction.columns.size(); ++k) {
    ReducedColumn& column = reduction.columns[k];
    const SourceText& text = texts[k].value;
    auto expr = bind_text(text, pair, zone);
    if (expr) expr = cast_to(std::move(*expr), column.type);
    if (!expr) {
      Error error = expr.error();
      if (error.position.line == 0) error.position = text.at(0, text.text.size());
      if (error.message.starts_with("no column"))
        error.hint = "a." + column.name + " is the value so far, b." + column.name + " the new one";
      errors.push_back(std::move(error));
      continue;
    }
    column.expr = std::move(*expr);
    if (const auto ast = parse_expression(text))
      column.form = form_of(**ast, column.name, column.type);
    reduction.general = reduction.general || column.form == ReduceForm::kGeneral;
  }
  return reduction;
}

}  // namespace weir
