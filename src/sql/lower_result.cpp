// INSERT INTO: columns go to the table's by position, with casts that lose nothing.
#include <algorithm>

#include "expr/binder.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// How much a number of the type holds; 0: it is none.
int number_rank(const Type& type) {
  switch (type.id) {
    case TypeId::kTinyInt: return 1;
    case TypeId::kSmallInt: return 2;
    case TypeId::kInt: return 3;
    case TypeId::kBigInt: return 4;
    case TypeId::kDecimal: return 5;
    case TypeId::kFloat: return 6;
    case TypeId::kDouble: return 7;
    default: return 0;
  }
}

// Digits before the point that a number of the type may have.
int whole_digits(const Type& type) {
  switch (type.id) {
    case TypeId::kTinyInt: return 3;
    case TypeId::kSmallInt: return 5;
    case TypeId::kInt: return 10;
    case TypeId::kBigInt: return 19;
    default: return type.precision - type.scale;
  }
}

// True if values of `from` become values of `to` without loss.
bool is_safe(const Type& from, const Type& to) {
  if (from == to || from.id == TypeId::kNull) return true;
  if (number_rank(from) > 0 && number_rank(to) > 0) {
    if (to.id == TypeId::kDecimal)
      return number_rank(from) <= 5 && whole_digits(from) <= whole_digits(to) &&
             from.scale <= to.scale;
    return number_rank(from) <= number_rank(to);
  }
  if (from.is_timestamp() && to.is_timestamp()) return true;
  return from.id == to.id && !from.is_nested();
}

}  // namespace

std::optional<Relation> Lowering::result_columns(Relation relation, const ResultColumns& columns,
                                                 const Place& place) {
  const Schema schema = relation.schema();
  const std::vector<std::string>& given = columns.written.empty() ? columns.names : columns.written;
  if (given.size() != schema.size())
    return complain(place,
                    "the query gives " + std::to_string(schema.size()) + " columns, " +
                        std::to_string(given.size()) + " are wanted",
                    "the query " + schema.to_string());
  Ast where;
  where.offset = place.offset;
  where.length = place.length;
  std::vector<OutputColumn> out;
  for (size_t c = 0; c < columns.names.size(); ++c) {
    const auto found = std::find(given.begin(), given.end(), columns.names[c]);
    const Type* type = columns.types.empty() ? nullptr : &columns.types[c];
    AstPtr tree;
    Type from;
    if (found == given.end()) {
      tree = std::make_unique<Ast>();  // NULL
      tree->offset = where.offset;
    } else {
      const auto& column = schema[static_cast<size_t>(found - given.begin())];
      tree = column_tree(column.name, where);
      from = column.type;
    }
    if (type != nullptr && !(from == *type)) {
      if (!is_safe(from, *type)) {
        complain(place,
                 "column `" + columns.names[c] + "` is " + type->to_string() +
                     ", the query gives " + from.to_string(),
                 "CAST(... AS " + type->to_string() + ") in the query");
        continue;
      }
      auto cast = std::make_unique<Ast>();
      cast->kind = AstKind::kCast;
      cast->name = "CAST";
      cast->type = *type;
      cast->offset = where.offset;
      cast->length = where.length;
      cast->args.push_back(std::move(tree));
      tree = std::move(cast);
    }
    out.push_back({columns.names[c], std::move(tree), place});
  }
  if (out.size() != columns.names.size()) return std::nullopt;
  return project(std::move(relation), out, place);
}

}  // namespace weir::sql
