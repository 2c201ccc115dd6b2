// MATCH_RECOGNIZE: one `match` step, whose keys say the same in other words.
#include "expr/names.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

std::string step_text(const MatchRecognize::Step& step) {
  std::string text = step.variable.text;
  if (step.min == 0 && !step.max) {
    text += "*";
  } else if (step.min == 1 && !step.max) {
    text += "+";
  } else if (step.min == 0 && step.max == 1) {
    text += "?";
  } else if (!step.max) {
    text += "{" + std::to_string(step.min) + ",}";
  } else if (step.min == *step.max) {
    if (step.min != 1) text += "{" + std::to_string(step.min) + "}";
  } else {
    text += "{" + std::to_string(step.min) + "," + std::to_string(*step.max) + "}";
  }
  return text + (step.reluctant ? "?" : "");
}

std::string pattern_text(const MatchRecognize& match) {
  std::string text;
  for (const auto& step : match.pattern) text += (text.empty() ? "" : " ") + step_text(step);
  return text;
}

bool has_variable(const MatchRecognize& match, const std::string& name) {
  for (const auto& step : match.pattern)
    if (step.variable.text == name) return true;
  return false;
}

}  // namespace

// A.price: the variable stays, the column gets its name in the rows.
AstPtr Lowering::match_tree(const Ast& ast, const MatchRecognize& match, const Relation& relation) {
  AstPtr tree = clone(ast);
  bool intact = true;
  replace(tree, [&](const Ast& part) -> AstPtr {
    auto path = path_of(part);
    if (path.empty()) return nullptr;
    const bool of_variable = path.size() > 1 && has_variable(match, path[0]);
    if (of_variable) path.erase(path.begin());
    const Resolution found = resolve(path, relation.tables);
    if (found.kind != Resolution::Kind::kFound) {
      const Error error = unknown_name(path, relation.tables);
      complain(part, error.message, error.hint);
      intact = false;
      return clone(part);
    }
    AstPtr column = column_tree(found.column, part);
    if (!of_variable) {
      // Fields behind the column stay as they are.
      if (found.parts_used < path.size()) return clone(part);
      return column;
    }
    if (found.parts_used < path.size()) return clone(part);
    auto field = std::make_unique<Ast>();
    field->kind = AstKind::kField;
    field->name = found.column;
    field->offset = part.offset;
    field->length = part.length;
    field->args.push_back(column_tree(path_of(part)[0], part));
    return field;
  });
  return intact ? std::move(tree) : nullptr;
}

std::optional<Relation> Lowering::match_recognize(Relation relation, const MatchRecognize& match) {
  if (relation.window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  StepSpec step("match", at(match.place));
  std::vector<std::string> keys;
  for (const auto& key : match.partition_by) {
    const AstPtr column = resolved(*key, relation);
    if (!column) return std::nullopt;
    if (column->kind != AstKind::kColumn) return complain(*key, "PARTITION BY takes columns here");
    keys.push_back(column->name);
  }
  if (!keys.empty()) step.set("partition_by", keys);
  std::vector<OrderItem> order;
  for (const auto& item : match.order_by) {
    AstPtr tree = resolved(*item.expression, relation);
    if (!tree || !type_of(*tree, relation.schema())) return std::nullopt;
    order.push_back({std::move(tree), item.descending, item.nulls_first});
  }
  // Without `order_by` the step goes by event time.
  const Rows& rows = relation.rows;
  const bool by_time = rows.has_event_time && order.size() == 1 && !order[0].descending &&
                       order[0].expression->kind == AstKind::kColumn &&
                       (rows.time_column.empty() || order[0].expression->name == rows.time_column);
  if (!order.empty() && !by_time) step.set("order_by", text_of(order));
  step.set("pattern", pattern_text(match));
  NamedTexts define;
  for (const auto& definition : match.definitions) {
    const AstPtr tree = match_tree(*definition.condition, match, relation);
    if (!tree) return std::nullopt;
    define.push_back(named(definition.variable.text, *tree));
  }
  if (!define.empty()) step.set("define", define);
  NamedTexts measures;
  for (const auto& measure : match.measures) {
    const AstPtr tree = match_tree(*measure.expression, match, relation);
    if (!tree) return std::nullopt;
    measures.push_back(named(measure.alias.text, *tree));
  }
  step.set("measures", measures);
  switch (match.skip) {
    case MatchRecognize::Skip::kNotWritten:
    case MatchRecognize::Skip::kPastLastRow: break;
    case MatchRecognize::Skip::kToNextRow: step.set("after_match", "skip to next row"); break;
    case MatchRecognize::Skip::kToFirst:
      step.set("after_match", "skip to first " + match.skip_to.text);
      break;
    case MatchRecognize::Skip::kToLast:
      step.set("after_match", "skip to last " + match.skip_to.text);
      break;
  }
  if (match.within) {
    const auto length = duration(*match.within, "WITHIN");
    if (!length) return std::nullopt;
    step.set("within", SourceText(*length, at(*match.within), false));
  }
  auto found = plan_.add_step(step.take(), {relation.rows});
  if (!found) return std::nullopt;
  return relation_of(std::move(*found), {});
}

}  // namespace weir::sql
