#include "expr/binder.h"

#include <algorithm>

#include "base/spelling.h"
#include "expr/arithmetic.h"
#include "expr/call.h"
#include "expr/case.h"
#include "expr/cast.h"
#include "expr/coercion.h"
#include "expr/column_access.h"
#include "expr/compare.h"
#include "expr/fold.h"
#include "expr/in_list.h"
#include "expr/json_operands.h"
#include "expr/leaf.h"
#include "expr/like.h"
#include "expr/logic.h"
#include "expr/meeting.h"
#include "expr/names.h"
#include "expr/nested.h"
#include "expr/parser.h"

namespace weir {

namespace {

class Binder {
 public:
  explicit Binder(const BindScope& scope, const ColumnAccess* access = nullptr)
      : scope_(scope), access_(access) {}

  Result<ExprPtr> bind(const Ast& ast) {
    auto expr = bind_node(ast);
    if (!expr) return placed(std::move(expr.error()), ast);
    return fold(std::move(*expr), scope_.zone);
  }

  std::unexpected<Error> error(const Ast& ast, std::string message, std::string hint = {}) const {
    return placed(Error{ErrorKind::kConfig, std::move(message), {}, std::move(hint), {}}, ast);
  }

  Result<ExprPtr> boolean(const Ast& ast, std::string_view what) {
    auto expr = bind(ast);
    if (!expr) return expr;
    const Type& type = (*expr)->type();
    if (type.id == TypeId::kNull) return cast_to(std::move(*expr), Type::boolean());
    if (type.id == TypeId::kBoolean) return expr;
    return error(
        ast, std::string(what) + " must be BOOLEAN, `" + shown(ast) + "` is " + type.to_string(),
        type.is_numeric() ? "compare it: " + shown(ast) + " <> 0" : "");
  }

 private:
  // Errors of the parts have their place already, the innermost one counts.
  std::unexpected<Error> placed(Error e, const Ast& ast) const {
    e.kind = ErrorKind::kConfig;
    if (e.position.line == 0 && e.position.column == 0 && scope_.text != nullptr) {
      e.position = scope_.text->at(ast.offset, ast.length);
      // A text of unknown place has no line; its column says that a place was found.
      if (e.position.line == 0 && e.position.column == 0) {
        e.position.column = static_cast<int>(ast.offset) + 1;
      }
    }
    if (e.context.empty()) e.context = scope_.context;
    return std::unexpected(std::move(e));
  }

  static std::string shown(const Ast& ast) {
    std::string text = to_sql(ast);
    if (text.size() > 40) text = text.substr(0, 37) + "...";
    return text;
  }

  Result<std::vector<ExprPtr>> bind_all(const Ast& ast, size_t begin, size_t end) {
    std::vector<ExprPtr> out;
    for (size_t i = begin; i < end; ++i) {
      auto e = bind(*ast.args[i]);
      if (!e) return std::unexpected(std::move(e.error()));
      out.push_back(std::move(*e));
    }
    return out;
  }

  Result<ExprPtr> bind_node(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::kLiteral: return make_literal(ast.value);
      case AstKind::kColumn:
      case AstKind::kField: return name(ast);
      case AstKind::kStar: return error(ast, "`*` stands only in COUNT(*)");
      case AstKind::kIndex: return index(ast);
      case AstKind::kUnary: return unary(ast);
      case AstKind::kBinary: return binary(ast);
      case AstKind::kIs: return is(ast);
      case AstKind::kBetween: return between(ast);
      case AstKind::kIn: return in(ast);
      case AstKind::kLike: return like(ast);
      case AstKind::kCase: return case_when(ast);
      case AstKind::kCast: return cast(ast);
      case AstKind::kCall: return call(ast);
      case AstKind::kArray: return array(ast);
      case AstKind::kMap: return map(ast);
      case AstKind::kRow: return row(ast);
      case AstKind::kSubquery: return error(ast, "a query may not stand here");
      case AstKind::kNamed:
        return error(ast, "the arguments of functions have no names here",
                     "leave `" + ast.name + " =>` out");
    }
    return error(ast, "unknown kind of expression");
  }

  // --- names ---

  Result<ExprPtr> name(const Ast& ast) {
    const auto path = path_of(ast);
    if (path.empty()) {
      auto base = bind(*ast.args[0]);
      if (!base) return base;
      return field(ast, std::move(*base), ast.name);
    }
    const auto found = find_column(path, *scope_.schema);
    if (!found) return unknown_column(ast, path);
    ExprPtr expr = make_column_ref(found->column, (*scope_.schema)[found->column].type);
    for (size_t i = found->parts_used; i < path.size(); ++i) {
      auto next = field(ast, std::move(expr), path[i]);
      if (!next) return next;
      expr = std::move(*next);
    }
    return expr;
  }

  std::unexpected<Error> unknown_column(const Ast& ast,
                                        const std::vector<std::string>& path) const {
    const Ast* base = &ast;
    while (base->kind == AstKind::kField) base = base->args[0].get();
    const auto names = visible_names(*scope_.schema);
    std::string hint = spelling_hint(path[0], names);
    if (names.empty()) hint = "there are no columns here";
    return error(*base, "no column `" + path[0] + "`", std::move(hint));
  }

  Result<ExprPtr> field(const Ast& ast, ExprPtr base, const std::string& field_name) const {
    const Type& type = base->type();
    if (type.id == TypeId::kRow) {
      std::vector<std::string> names;
      for (size_t i = 0; i < type.fields->size(); ++i) {
        names.push_back((*type.fields)[i].name);
        if (names.back() == field_name) return make_field(std::move(base), i);
      }
      return error(ast, "no field `" + field_name + "` in " + type.to_string(),
                   spelling_hint(field_name, names));
    }
    std::string hint;
    if (type.id == TypeId::kMap) hint = "values of a MAP are reached by ['" + field_name + "']";
    if (type.id == TypeId::kArray) hint = "elements of an ARRAY are reached by [1], [2] ...";
    return error(ast, "only a ROW has fields, `" + shown(*ast.args[0]) + "` is " + type.to_string(),
                 std::move(hint));
  }

  Result<ExprPtr> index(const Ast& ast) {
    auto base = bind(*ast.args[0]);
    if (!base) return base;
    auto key = bind(*ast.args[1]);
    if (!key) return key;
    const Type type = (*base)->type();
    if (type.id == TypeId::kMap) {
      if (!conversion_cost(**key, type.map_key())) {
        return error(*ast.args[1], "the keys of `" + shown(*ast.args[0]) + "` are " +
                                       type.map_key().to_string() + ", not " +
                                       (*key)->type().to_string());
      }
      auto cast_key = cast_to(std::move(*key), type.map_key());
      if (!cast_key) return cast_key;
      if (ExprPtr found = looked_up(**base, *cast_key)) return found;
      return make_map_index(std::move(*base), std::move(*cast_key));
    }
    if (type.id != TypeId::kArray) {
      return error(ast, "only an ARRAY or a MAP has elements, `" + shown(*ast.args[0]) + "` is " +
                            type.to_string());
    }
    if (!(*key)->type().is_integer() && (*key)->type().id != TypeId::kNull) {
      return error(*ast.args[1],
                   "the index of an ARRAY is a whole number, not " + (*key)->type().to_string());
    }
    const Value* literal = (*key)->as_literal();
    if (literal != nullptr && !literal->is_null && literal->number < 1) {
      return error(*ast.args[1], "the elements of an ARRAY are counted from 1");
    }
    auto position = cast_to(std::move(*key), Type::bigint());
    if (!position) return position;
    if (ExprPtr found = looked_up(**base, *position)) return found;
    return make_array_index(std::move(*base), std::move(*position));
  }

  ExprPtr looked_up(const Expr& base, const ExprPtr& key) const {
    if (access_ == nullptr || base.as_column() < 0) return nullptr;
    return access_->element(static_cast<size_t>(base.as_column()), key);
  }

  // --- operators ---

  Result<ExprPtr> unary(const Ast& ast) {
    if (ast.name == "NOT") {
      auto operand = boolean(*ast.args[0], "the operand of NOT");
      if (!operand) return operand;
      return make_not(std::move(*operand));
    }
    auto operand = bind(*ast.args[0]);
    if (!operand) return operand;
    const Type& type = (*operand)->type();
    if (ast.name == "-") return make_negation(std::move(*operand));
    if (type.is_numeric() || type.is_interval() || type.id == TypeId::kNull) return operand;
    return error(ast, "cannot apply `+` to " + type.to_string());
  }

  Result<ExprPtr> binary(const Ast& ast) {
    if (ast.name == "AND" || ast.name == "OR") {
      auto left = boolean(*ast.args[0], "each side of " + ast.name);
      if (!left) return left;
      auto right = boolean(*ast.args[1], "each side of " + ast.name);
      if (!right) return right;
      return ast.name == "AND" ? make_and(std::move(*left), std::move(*right))
                               : make_or(std::move(*left), std::move(*right));
    }
    if (ast.name == "||") return concatenation(ast);
    auto left = bind(*ast.args[0]);
    if (!left) return left;
    auto right = bind(*ast.args[1]);
    if (!right) return right;
    constexpr std::string_view kArithmetic = "+-*/%";
    if (ast.name.size() == 1 && kArithmetic.find(ast.name[0]) != std::string_view::npos) {
      return make_arithmetic(static_cast<ArithmeticOp>(kArithmetic.find(ast.name[0])),
                             std::move(*left), std::move(*right));
    }
    if (ast.name.starts_with("IS ")) {
      if (auto met = meet_for_comparison(*left, *right, scope_.zone); !met) {
        return std::unexpected(std::move(met.error()));
      }
      return make_distinct_from(ast.name == "IS NOT DISTINCT FROM", std::move(*left),
                                std::move(*right));
    }
    constexpr std::string_view kComparisons[] = {"=", "<>", "<", "<=", ">", ">="};
    const auto* found = std::find(std::begin(kComparisons), std::end(kComparisons), ast.name);
    if (found == std::end(kComparisons)) return error(ast, "unknown operator `" + ast.name + "`");
    auto op = static_cast<CompareOp>(found - std::begin(kComparisons));
    if (auto met = meet_for_comparison(*left, *right, scope_.zone, &op); !met) {
      return std::unexpected(std::move(met.error()));
    }
    return make_compare(op, std::move(*left), std::move(*right));
  }

  // a || b || c becomes one CONCAT.
  Result<ExprPtr> concatenation(const Ast& ast) {
    std::vector<const Ast*> terms;
    const Ast* node = &ast;
    while (node->kind == AstKind::kBinary && node->name == "||") {
      terms.push_back(node->args[1].get());
      node = node->args[0].get();
    }
    terms.push_back(node);
    std::reverse(terms.begin(), terms.end());
    std::vector<ExprPtr> parts;
    for (const Ast* term : terms) {
      auto part = bind(*term);
      if (!part) return part;
      if ((*part)->type().is_nested() || (*part)->type().id == TypeId::kBytes) {
        return error(*term, "cannot apply `||` to " + (*part)->type().to_string());
      }
      auto text = cast_to(std::move(*part), Type::string());
      if (!text) return text;
      parts.push_back(fold(std::move(*text), scope_.zone));
    }
    return make_call("CONCAT", std::move(parts), {});
  }

  Result<ExprPtr> is(const Ast& ast) {
    if (ast.name.starts_with("JSON")) {
      auto operand = bind(*ast.args[0]);
      if (!operand) return operand;
      const std::string kind = ast.name.size() > 5 ? ast.name.substr(5) : "VALUE";
      auto test =
          make_call("IS_JSON", {std::move(*operand), make_literal(Value::string(kind))}, {});
      if (!test || !ast.negated) return test;
      return make_not(std::move(*test));
    }
    if (ast.name == "NULL") {
      auto operand = bind(*ast.args[0]);
      if (!operand) return operand;
      return make_is(IsTest::kNull, ast.negated, std::move(*operand));
    }
    auto operand = boolean(*ast.args[0], "the operand of IS " + ast.name);
    if (!operand) return operand;
    const IsTest test = ast.name == "TRUE"    ? IsTest::kTrue
                        : ast.name == "FALSE" ? IsTest::kFalse
                                              : IsTest::kNull;
    return make_is(test, ast.negated, std::move(*operand));
  }

  Result<ExprPtr> between(const Ast& ast) {
    auto parts = bind_all(ast, 0, 3);
    if (!parts) return std::unexpected(std::move(parts.error()));
    ExprPtr value = (*parts)[0];
    // The bounds meet the value one after the other; the value may have to widen for both.
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 1; i < 3; ++i) {
        if (auto met = meet_for_comparison(value, (*parts)[i], scope_.zone); !met) {
          return placed(std::move(met.error()), *ast.args[i]);
        }
      }
    }
    return make_between(std::move(value), std::move((*parts)[1]), std::move((*parts)[2]),
                        !ast.name.empty(), ast.negated);
  }

  Result<ExprPtr> in(const Ast& ast) {
    auto items = bind_all(ast, 1, ast.args.size());
    if (!items) return std::unexpected(std::move(items.error()));
    auto value = bind(*ast.args[0]);
    if (!value) return value;
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 0; i < items->size(); ++i) {
        if (auto met = meet_for_comparison(*value, (*items)[i], scope_.zone); !met) {
          return placed(std::move(met.error()), *ast.args[i + 1]);
        }
      }
    }
    return make_in(std::move(*value), std::move(*items), ast.negated);
  }

  Result<ExprPtr> like(const Ast& ast) {
    auto parts = bind_all(ast, 0, ast.args.size());
    if (!parts) return std::unexpected(std::move(parts.error()));
    for (size_t i = 0; i < parts->size(); ++i) {
      const Type& type = (*parts)[i]->type();
      if (!type.is_text() && type.id != TypeId::kNull) {
        return error(*ast.args[i], ast.name + " needs texts, `" + shown(*ast.args[i]) + "` is " +
                                       type.to_string());
      }
      auto text = cast_to(std::move((*parts)[i]), Type::string());
      if (!text) return text;
      (*parts)[i] = std::move(*text);
    }
    ExprPtr escape = parts->size() > 2 ? (*parts)[2] : nullptr;
    auto made = ast.name == "LIKE" ? make_like((*parts)[0], (*parts)[1], escape, ast.negated)
                                   : make_similar((*parts)[0], (*parts)[1], escape, ast.negated);
    if (!made) return placed(std::move(made.error()), *ast.args[1]);
    return made;
  }

  Result<ExprPtr> case_when(const Ast& ast) {
    ExprPtr operand;
    size_t i = 0;
    if (ast.has_operand) {
      auto bound = bind(*ast.args[i++]);
      if (!bound) return bound;
      operand = std::move(*bound);
    }
    const size_t end = ast.args.size() - (ast.has_else ? 1 : 0);
    std::vector<ExprPtr> conditions;
    std::vector<ExprPtr> results;
    for (; i + 2 <= end; i += 2) {
      auto condition = when(operand, *ast.args[i]);
      if (!condition) return condition;
      conditions.push_back(std::move(*condition));
      auto result = bind(*ast.args[i + 1]);
      if (!result) return result;
      results.push_back(std::move(*result));
    }
    if (ast.has_else) {
      auto result = bind(*ast.args.back());
      if (!result) return result;
      results.push_back(std::move(*result));
    } else {
      results.push_back(make_literal(Value::null()));
    }
    auto type = meet(results, "the branches of CASE");
    if (!type) return std::unexpected(std::move(type.error()));
    if (type->id == TypeId::kNull) return make_literal(Value::null());
    return make_case(std::move(*type), std::move(conditions), std::move(results));
  }

  Result<ExprPtr> when(const ExprPtr& operand, const Ast& ast) {
    if (!operand) return boolean(ast, "the condition of WHEN");
    auto value = bind(ast);
    if (!value) return value;
    ExprPtr left = operand;
    if (auto met = meet_for_comparison(left, *value, scope_.zone); !met) {
      return placed(std::move(met.error()), ast);
    }
    return fold(make_compare(CompareOp::kEq, std::move(left), std::move(*value)), scope_.zone);
  }

  Result<ExprPtr> cast(const Ast& ast) {
    auto operand = bind(*ast.args[0]);
    if (!operand) return operand;
    return cast_to(std::move(*operand), ast.type, ast.name == "TRY_CAST");
  }

  // --- calls and constructors ---

  Result<ExprPtr> call(const Ast& ast) {
    const bool scalar = !find_function(ast.name).empty();
    if (ast.over) return error(ast, "a function with OVER may not stand here");
    if (find_aggregate(ast.name) != nullptr && (!scalar || ast.distinct || ast.filter)) {
      return error(ast, "the aggregate " + ast.name + " may not stand here",
                   "aggregates stand in `aggregate = { ... }` of an aggregate step or a window");
    }
    if (ast.distinct || ast.filter) {
      if (scalar) {
        return error(ast, std::string(ast.distinct ? "DISTINCT" : "FILTER") +
                              " belongs to aggregates, " + ast.name + " is none");
      }
    }
    auto args = bind_all(ast, 0, ast.args.size());
    if (!args) return std::unexpected(std::move(args.error()));
    if (access_ != nullptr && ast.name == "CARDINALITY" && args->size() == 1 &&
        (*args)[0]->as_column() >= 0) {
      if (auto count = access_->cardinality(static_cast<size_t>((*args)[0]->as_column())))
        return count;
    }
    return make_call(ast.name, std::move(*args), words_with_raw(ast));
  }

  Result<ExprPtr> array(const Ast& ast) {
    auto items = bind_all(ast, 0, ast.args.size());
    if (!items) return std::unexpected(std::move(items.error()));
    auto type = meet(*items, "the elements of an ARRAY");
    if (!type) return std::unexpected(std::move(type.error()));
    return make_array(Type::array(std::move(*type)), std::move(*items));
  }

  Result<ExprPtr> map(const Ast& ast) {
    auto items = bind_all(ast, 0, ast.args.size());
    if (!items) return std::unexpected(std::move(items.error()));
    std::vector<ExprPtr> keys;
    std::vector<ExprPtr> values;
    for (size_t i = 0; i < items->size(); ++i) {
      (i % 2 == 0 ? keys : values).push_back(std::move((*items)[i]));
    }
    auto key = meet(keys, "the keys of a MAP");
    if (!key) return std::unexpected(std::move(key.error()));
    auto value = meet(values, "the values of a MAP");
    if (!value) return std::unexpected(std::move(value.error()));
    std::vector<ExprPtr> pairs;
    for (size_t i = 0; i < keys.size(); ++i) {
      pairs.push_back(std::move(keys[i]));
      pairs.push_back(std::move(values[i]));
    }
    return make_map(Type::map(std::move(*key), std::move(*value)), std::move(pairs));
  }

  Result<ExprPtr> row(const Ast& ast) {
    auto items = bind_all(ast, 0, ast.args.size());
    if (!items) return std::unexpected(std::move(items.error()));
    if (items->empty()) return error(ast, "a ROW needs at least one value");
    std::vector<Type::Field> fields;
    for (size_t i = 0; i < items->size(); ++i) {
      fields.push_back({"EXPR$" + std::to_string(i), (*items)[i]->type()});
    }
    return make_row(Type::row(std::move(fields)), std::move(*items));
  }

  const BindScope& scope_;
  const ColumnAccess* access_;
};

}  // namespace

Result<ExprPtr> bind(const Ast& ast, const BindScope& scope) { return Binder(scope).bind(ast); }

Result<ExprPtr> bind_text(const SourceText& text, const Schema& schema, const TimeZone* zone) {
  auto ast = parse_expression(text);
  if (!ast) return std::unexpected(std::move(ast.error()));
  return bind(**ast, BindScope{&schema, zone, &text, {}});
}

Result<ExprPtr> bind_predicate(const SourceText& text, const Schema& schema, const TimeZone* zone) {
  auto ast = parse_expression(text);
  if (!ast) return std::unexpected(std::move(ast.error()));
  const BindScope scope{&schema, zone, &text, {}};
  return Binder(scope).boolean(**ast, "the condition");
}

Result<ExprPtr> bind_text(const SourceText& text, const Schema& schema, const TimeZone* zone,
                          const ColumnAccess& access) {
  auto ast = parse_expression(text);
  if (!ast) return std::unexpected(std::move(ast.error()));
  const BindScope scope{&schema, zone, &text, {}};
  return Binder(scope, &access).bind(**ast);
}

Result<ExprPtr> bind_predicate(const SourceText& text, const Schema& schema, const TimeZone* zone,
                               const ColumnAccess& access) {
  auto ast = parse_expression(text);
  if (!ast) return std::unexpected(std::move(ast.error()));
  const BindScope scope{&schema, zone, &text, {}};
  return Binder(scope, &access).boolean(**ast, "the condition");
}

}  // namespace weir
