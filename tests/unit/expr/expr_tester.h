// A small table and expressions run over it, results as text.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/text.h"
#include "expr/binder.h"
#include "expr/parser.h"

namespace weir {

// One outcome a row: the value as CAST(... AS STRING) shows it, "NULL", or "! reason".
inline std::vector<std::string> outcomes(const Expr& expr, const Batch& batch,
                                         EvalContext& context) {
  context.errors.clear();
  const ColumnPtr column = expr.eval(batch, context);
  REQUIRE(column->size() == batch.rows);
  REQUIRE(column->type().to_string() == expr.type().to_string());
  std::vector<std::string> out;
  for (size_t i = 0; i < batch.rows; ++i) {
    TextStyle style;
    style.timezone = context.zone->name();
    out.push_back(column->is_null(i) || column->type().id == TypeId::kNull
                      ? "NULL"
                      : text_at(*column, i, style));
  }
  for (const auto& e : context.errors) {
    REQUIRE(e.row < batch.rows);
    out[e.row] = "! " + e.reason;
  }
  return out;
}

class Table {
 public:
  Table() { context.arena = &arena; }

  // Values as SQL literals: add("a", "INT", {"1", "NULL"}); they are cast to the type.
  Table& add(const std::string& name, const std::string& type,
             const std::vector<std::string>& values) {
    auto parsed = parse_type(type);
    REQUIRE(parsed.has_value());
    auto column = make_column(*parsed);
    for (const auto& v : values) {
      const SourceText text("CAST(" + v + " AS " + type + ")");
      auto expr = bind_text(text, Schema(), context.zone);
      INFO(text.text << ": " << (expr ? "" : expr.error().message));
      REQUIRE(expr.has_value());
      Batch one;
      one.rows = 1;
      column->push_from(*(*expr)->eval(one, context), 0);
      column->own_strings(arena);  // a literal lends its text only as long as it lives
    }
    REQUIRE(context.errors.empty());
    batch.columns.push_back(std::move(column));
    batch.rows = values.size();
    schema.add(name, *parsed);
    return *this;
  }

  ExprPtr bound(const std::string& text) {
    auto expr = bind_text(SourceText(text), schema, context.zone);
    INFO(text << ": " << (expr ? "" : expr.error().message + " / " + expr.error().hint));
    REQUIRE(expr.has_value());
    return *expr;
  }
  std::vector<std::string> eval(const std::string& text) {
    return outcomes(*bound(text), batch, context);
  }
  std::string type(const std::string& text) { return bound(text)->type().to_string(); }

  Schema schema;
  Batch batch;
  Arena arena;
  EvalContext context;
};

// A constant expression: its single outcome.
inline std::string value_of(const std::string& text) {
  Table table;
  table.batch.rows = 1;
  return table.eval(text)[0];
}
inline std::string type_of(const std::string& text) { return Table().type(text); }

// The message of the error that binding gives, with the hint behind " / ".
inline std::string bind_error(const std::string& text, const Schema& schema = {}) {
  auto expr = bind_text(SourceText(text), schema);
  if (expr) return "no error, type " + (*expr)->type().to_string();
  CHECK(expr.error().kind == ErrorKind::kConfig);
  return expr.error().message + (expr.error().hint.empty() ? "" : " / " + expr.error().hint);
}

using Texts = std::vector<std::string>;

}  // namespace weir
