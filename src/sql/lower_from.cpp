// FROM: tables, queries, UNNEST; which part of WHERE is true of one of them alone.
#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/names.h"
#include "sql/lowering.h"
#include "sql/table_names.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// The function of (SELECT * FROM TABLE(TUMBLE(...))), which is that function; nullptr: it is another query.
const Source* window_alone(const Query& query) {
  const auto* select = std::get_if<Select>(&query.body.what);
  if (!query.is_plain() || select == nullptr || select->items.size() != 1 ||
      select->from.size() != 1 || !select->from[0].joins.empty())
    return nullptr;
  const Source& source = select->from[0].first;
  if (!std::holds_alternative<FunctionSource>(source.what) || source.match ||
      !source.columns.empty())
    return nullptr;
  Select alone;  // what is left may be nothing but a star
  alone.items.push_back(select->items[0]);
  alone.from = select->from;
  const bool is_star = select->items[0].is_star() && select->items[0].path.empty();
  return is_star && alone == *select ? &source : nullptr;
}

// `n` of a conjunct name <= n, name < n + 1 or name = n; 0: it is none. `exact`: it says no more than
// that.
int64_t upper_bound(const Ast& ast, std::string& name, bool& exact) {
  if (ast.kind != AstKind::kBinary || ast.args.size() != 2) return 0;
  const Ast* column = ast.args[0].get();
  const Ast* number = ast.args[1].get();
  std::string op = ast.name;
  if (column->kind == AstKind::kLiteral) {
    std::swap(column, number);
    if (op[0] == '<') {
      op[0] = '>';
    } else if (op[0] == '>') {
      op[0] = '<';
    }
  }
  if (number->kind != AstKind::kLiteral || !number->value.type.is_integer()) return 0;
  if (column->kind != AstKind::kColumn && column->kind != AstKind::kField) return 0;
  const auto path = path_of(*column);
  if (path.empty()) return 0;
  name = path.back();
  const auto n = static_cast<int64_t>(number->value.number);
  exact = op != "=" || n == 1;
  if (op == "<=" || op == "=") return n;
  return op == "<" ? n - 1 : 0;
}

// True if the query's column of this name is a ROW_NUMBER().
bool numbers_rows(const Query& query, const std::string& name) {
  const auto* select = std::get_if<Select>(&query.body.what);
  return select != nullptr &&
         std::any_of(select->items.begin(), select->items.end(), [&](const SelectItem& item) {
           return item.alias.text == name && item.expression &&
                  is_call(*item.expression, "ROW_NUMBER");
         });
}

bool ends_nullable(const FromItem& item, size_t after) {
  for (size_t i = after; i < item.joins.size(); ++i)
    if (item.joins[i].kind == JoinKind::kRight || item.joins[i].kind == JoinKind::kFull)
      return true;
  return false;
}

}  // namespace

std::optional<Relation> Lowering::from(const std::vector<FromItem>& items, Conjuncts& where) {
  Conjuncts before = std::exchange(taken_, {});
  auto all = from_item(items[0], where, items.size() > 1);
  for (size_t i = 1; all && i < items.size(); ++i) {
    const bool is_unnest = std::holds_alternative<UnnestSource>(items[i].first.what);
    Join comma;
    comma.kind = JoinKind::kCross;
    comma.place = items[i].first.place;
    if (is_unnest || items[i].joins.empty()) {
      comma.right = items[i].first;
    } else {
      comma.right.what = JoinedSource{Branch<FromItem>::of(items[i])};
    }
    all = join(std::move(*all), comma, where, true);
    if (!is_unnest) continue;
    for (size_t j = 0; all && j < items[i].joins.size(); ++j)
      all = join(std::move(*all), items[i].joins[j], where, !ends_nullable(items[i], j + 1));
  }
  const Conjuncts taken = std::exchange(taken_, std::move(before));
  if (!all) return std::nullopt;
  // What a conjunct names is judged by all tables together.
  for (const auto& conjunct : taken)
    if (!resolved(*conjunct, *all)) return std::nullopt;
  return all;
}

std::optional<Relation> Lowering::from_item(const FromItem& item, Conjuncts& where,
                                            bool filters_allowed) {
  const bool filters_first = filters_allowed || !item.joins.empty();
  auto left = std::holds_alternative<JoinedSource>(item.first.what)
                  ? from_item(*std::get<JoinedSource>(item.first.what).item, where,
                              filters_first && !ends_nullable(item, 0))
                  : source(item.first, item.joins.empty() ? &where : nullptr);
  if (left && !item.joins.empty() && filters_first && !ends_nullable(item, 0))
    left = take_filters(std::move(*left), where);
  else if (left && filters_allowed)
    left = take_filters(std::move(*left), where);
  for (size_t i = 0; left && i < item.joins.size(); ++i)
    left = join(std::move(*left), item.joins[i], where, !ends_nullable(item, i + 1));
  return left;
}

std::optional<Relation> Lowering::take_filters(Relation relation, Conjuncts& where) {
  Conjuncts own;
  for (auto it = where.begin(); it != where.end();) {
    if (contains_subquery(**it) || contains_over(**it) || contains_aggregate(**it) ||
        !belongs_to(**it, relation)) {
      ++it;
      continue;
    }
    taken_.push_back(clone(**it));
    own.push_back(std::move(*it));
    it = where.erase(it);
  }
  return filter(std::move(relation), std::move(own));
}

std::optional<Relation> Lowering::source(const Source& source, Conjuncts* where) {
  if (source.match) {
    Source rows = source;
    rows.match = {};
    rows.alias = {};
    rows.columns.clear();
    auto relation = this->source(rows, nullptr);
    if (relation) relation = match_recognize(std::move(*relation), *source.match);
    if (!relation) return std::nullopt;
    return name_columns(std::move(*relation), source);
  }
  std::optional<Relation> relation;
  if (const auto* t = std::get_if<TableSource>(&source.what)) {
    if (t->as_of)
      return complain(*t->as_of, "FOR SYSTEM_TIME AS OF belongs to the right side of a join",
                      "FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.ts r ON ...");
    relation = table(*t, source.alias.text);
  } else if (const auto* q = std::get_if<SubquerySource>(&source.what)) {
    const Source* window = window_alone(*q->query);
    relation = window != nullptr
                   ? window_function(std::get<FunctionSource>(window->what), window->place)
                   : subquery(source, *q->query, where);
  } else if (const auto* f = std::get_if<FunctionSource>(&source.what)) {
    relation = window_function(*f, source.place);
  } else if (const auto* u = std::get_if<UnnestSource>(&source.what)) {
    auto row = one_row(source.place);
    if (!row) return std::nullopt;
    Join alone;
    alone.kind = JoinKind::kCross;
    alone.right = source;
    return unnest(std::move(*row), alone, *u);
  }
  if (!relation) return std::nullopt;
  return name_columns(std::move(*relation), source);
}

std::optional<Relation> Lowering::table(const TableSource& source, const std::string& alias) {
  const TableName& name = source.name;
  const std::string text = dotted(name);
  for (const auto& hint : source.hints)
    if (hint.name.text != "OPTIONS")
      return complain(hint.name.place, "no hint " + hint.name.text + " at a table",
                      "/*+ OPTIONS('key' = 'value') */ sets options of the table");
  if (!source.hints.empty()) {
    const auto options = hinted_options(source.hints);
    auto rows = plan_.find_table(source_name(name, options));
    if (!rows)
      return complain(source.hints[0].name.place, "OPTIONS belongs to a table of CREATE TABLE",
                      "the keys of a source are options of its own");
    return relation_of(std::move(*rows), alias.empty() ? name.path.back() : alias);
  }
  if (name.path.size() == 1 && !name.file) {
    const size_t errors = errors_.size();
    if (auto relation = with_item({text, name.place})) {
      if (!relation->tables.empty()) relation->tables[0].alias = alias.empty() ? text : alias;
      return relation;
    }
    if (errors_.size() > errors) return std::nullopt;
  }
  auto rows = plan_.find_table(text);
  if (!rows && !name.file) rows = plan_.find_table(name.path.back());
  if (rows)
    return relation_of(std::move(*rows), !alias.empty() || name.file ? alias : name.path.back());
  std::vector<std::string> known = plan_.table_names();
  for (const WithScope* scope = with_; scope != nullptr; scope = scope->parent)
    for (size_t i = 0; i < scope->visible; ++i) known.push_back(scope->query->with[i].name.text);
  std::string hint = spelling_hint(text, known);
  if (!name.file && text.find('.') != std::string::npos)
    hint = "a file stands in quotes: FROM '" + text + "'";
  return complain(name.place,
                  name.file ? "the file '" + text + "' is no input of this pipeline"
                            : "no table `" + text + "`",
                  std::move(hint));
}

std::optional<Relation> Lowering::subquery(const Source& source, const Query& query,
                                           Conjuncts* where) {
  // What the outer query says is not seen inside.
  auto* outer = std::exchange(outer_, nullptr);
  auto* correlated = std::exchange(correlated_, nullptr);
  std::optional<Relation> relation;
  const auto* rows = std::get_if<Values>(&query.body.what);
  if (rows != nullptr && query.is_plain()) {
    relation = values(*rows, query.body.place, source.columns);
  } else {
    RankLimit rank;
    size_t conjunct = 0;
    bool exact = false;
    for (size_t i = 0; where != nullptr && i < where->size(); ++i) {
      std::string name;
      const int64_t n = upper_bound(*(*where)[i], name, exact);
      if (n < 1 || !numbers_rows(query, name)) continue;
      rank = {name, n, false};
      conjunct = i;
      break;
    }
    relation = this->query(query, rank.limit > 0 ? &rank : nullptr);
    if (rank.used && exact) where->erase(where->begin() + static_cast<ptrdiff_t>(conjunct));
  }
  outer_ = outer;
  correlated_ = correlated;
  if (!relation) return std::nullopt;
  return relation_of(std::move(relation->rows), source.alias.text);
}

std::optional<Relation> Lowering::name_columns(Relation relation, const Source& source) {
  VisibleTable& table = relation.tables[0];
  if (!source.alias.empty()) table.alias = source.alias.text;
  if (source.columns.empty()) return relation;
  if (source.columns.size() != table.columns.size())
    return complain(source.columns.back().place,
                    "`" + source.alias.text + "` names " + std::to_string(source.columns.size()) +
                        " columns, there are " + std::to_string(table.columns.size()));
  for (size_t c = 0; c < table.columns.size(); ++c) table.columns[c].name = source.columns[c].text;
  return relation;
}

std::optional<Relation> Lowering::unnest(Relation left, const Join& join,
                                         const UnnestSource& what) {
  const bool outer = join.kind == JoinKind::kLeft;
  if (join.kind == JoinKind::kRight || join.kind == JoinKind::kFull)
    return complain(join.place, "UNNEST is joined with CROSS JOIN or LEFT JOIN");
  AstPtr array = resolved(*what.collection, left);
  if (!array) return std::nullopt;
  const auto type = type_of(*array, left.schema());
  if (!type) return std::nullopt;
  if (type->id == TypeId::kMap) {
    auto entries = std::make_unique<Ast>();
    entries->kind = AstKind::kCall;
    entries->name = "MAP_ENTRIES";
    entries->offset = array->offset;
    entries->length = array->length;
    entries->args.push_back(std::move(array));
    array = std::move(entries);
  } else if (type->id != TypeId::kArray) {
    return complain(*what.collection,
                    "UNNEST takes an ARRAY or a MAP, this is " + type->to_string());
  }
  const auto element_type = type_of(*array, left.schema());
  if (!element_type) return std::nullopt;
  const Type element = element_type->element();
  const bool row = element.id == TypeId::kRow;
  const auto& names = join.right.columns;
  const size_t columns = row ? element.fields->size() : 1;
  const size_t all = columns + (what.with_ordinality ? 1 : 0);
  if (!names.empty() && names.size() != all)
    return complain(names.back().place,
                    "UNNEST gives " + std::to_string(all) +
                        (all == 1 ? " column, " : " columns, ") + std::to_string(names.size()) +
                        (names.size() == 1 ? " is" : " are") + " named",
                    what.with_ordinality ? "the last one is the place of WITH ORDINALITY" : "");
  const std::string wanted = !names.empty() && !row ? names[0].text : "EXPR$0";
  const std::string column = free_name(wanted, left.schema());
  if (outer) {
    // A row without elements gets one that is NULL.
    const std::string text = to_sql(*array);
    NamedTexts lists;
    const std::string list = free_name("elements", left.schema());
    lists.push_back({list, at(*array),
                     SourceText("CASE WHEN COALESCE(CARDINALITY(" + text +
                                    "), 0) = 0 THEN ARRAY[CAST(NULL AS " + element.to_string() +
                                    ")] ELSE " + text + " END",
                                at(*array), false)});
    auto extended = extend(std::move(left), lists, at(*array));
    if (!extended) return std::nullopt;
    left = std::move(*extended);
    array = column_tree(list, *array);
  }
  StepSpec step("flat_map", at(join.right.place));
  step.set("each", text_of(*array)).set("as", column);
  const std::string ordinality = names.empty() ? "ORDINALITY" : names.back().text;
  std::string place;
  if (what.with_ordinality) {
    Schema taken = left.schema();
    taken.add(column, element);
    place = free_name(ordinality, taken);
    step.set("index", place);
  }
  auto joined = add(std::move(left), std::move(step));
  if (!joined) return std::nullopt;
  VisibleTable table;
  table.alias = join.right.alias.text;
  if (!row) {
    table.columns.push_back({wanted, column});
  } else {
    // The fields of a row are columns.
    NamedTexts fields;
    for (size_t f = 0; f < columns; ++f) {
      const std::string name = names.empty() ? (*element.fields)[f].name : names[f].text;
      const std::string own = free_name(name, joined->schema());
      auto field = std::make_unique<Ast>();
      field->kind = AstKind::kField;
      field->name = (*element.fields)[f].name;
      field->args.push_back(column_tree(column, *what.collection));
      fields.push_back(
          {own, at(*what.collection), SourceText(to_sql(*field), at(*what.collection), false)});
      table.columns.push_back({name, own});
    }
    joined = extend(std::move(*joined), fields, at(*what.collection));
    if (!joined) return std::nullopt;
  }
  if (what.with_ordinality) {
    if (outer) {
      // The one that stands for no elements has no place.
      const std::string own = free_name(ordinality, joined->schema());
      Ast unnested;
      unnested.offset = what.collection->offset;
      unnested.length = what.collection->length;
      const std::string count =
          "COALESCE(CARDINALITY(" + to_sql(*resolved(*what.collection, *joined)) + "), 0)";
      joined = extend(std::move(*joined),
                      {{own, at(unnested),
                        SourceText("CASE WHEN " + count + " > 0 THEN " +
                                       to_sql(*column_tree(place, unnested)) + " END",
                                   at(unnested), false)}},
                      at(unnested));
      if (!joined) return std::nullopt;
      place = own;
    }
    table.columns.push_back({ordinality, place});
  }
  joined->tables.push_back(std::move(table));
  if (join.on) {
    if (outer && !(join.on->kind == AstKind::kLiteral && join.on->value.number == 1))
      return complain(*join.on, "LEFT JOIN UNNEST takes ON TRUE", "put the condition into WHERE");
    if (!outer) return filter(std::move(*joined), conjuncts_of(*join.on));
  }
  return joined;
}

}  // namespace weir::sql
