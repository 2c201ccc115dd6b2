// An aggregate list is bound in two steps: every distinct aggregate call becomes a hidden column, then
// what is around the calls is bound over the keys and these columns.
#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/call.h"
#include "expr/distinct.h"
#include "expr/function.h"
#include "expr/json_operands.h"
#include "expr/names.h"
#include "expr/parser.h"

namespace weir {

namespace {

bool is_aggregate_call(const Ast& ast) {
  return ast.kind == AstKind::kCall && !ast.over && find_aggregate(ast.name) != nullptr;
}

class AggregateCollector {
 public:
  AggregateCollector(const Schema& schema, const std::vector<std::string>& keys,
                     const TimeZone* zone)
      : schema_(schema), keys_(keys), zone_(zone) {}

  // Replaces the calls in `ast` by references to hidden columns.
  Result<void> collect(Ast& ast, const SourceText& text) {
    text_ = &text;
    return visit(ast);
  }

  std::vector<BoundAggregate>& found() { return found_; }

 private:
  std::unexpected<Error> error(const Ast& ast, std::string message, std::string hint = {}) const {
    return std::unexpected(Error{ErrorKind::kConfig,
                                 std::move(message),
                                 text_->at(ast.offset, ast.length),
                                 std::move(hint),
                                 {}});
  }

  Result<void> visit(Ast& ast) {
    if (is_aggregate_call(ast)) return replace(ast);
    if (ast.over) return error(ast, "a function with OVER may not stand here");
    if (ast.kind == AstKind::kCall && find_function(ast.name).empty()) {
      Error e = make_call(ast.name, {}, {}).error();
      return error(ast, std::move(e.message), std::move(e.hint));
    }
    if (ast.kind == AstKind::kColumn || ast.kind == AstKind::kField) {
      const auto path = path_of(ast);
      if (!path.empty()) return check_key(ast, path);
    }
    for (auto& a : ast.args) {
      if (auto ok = visit(*a); !ok) return ok;
    }
    if (ast.filter) {
      return error(ast, "FILTER belongs to aggregates, " + ast.name + " is none");
    }
    return {};
  }

  // A name outside of aggregates leads to a key.
  Result<void> check_key(const Ast& ast, const std::vector<std::string>& path) const {
    const auto column = find_column(path, schema_);
    if (!column) return {};  // the binder says so, with the names it knows
    const std::string& name = schema_[column->column].name;
    if (std::find(keys_.begin(), keys_.end(), name) != keys_.end()) return {};
    return error(ast, "`" + name + "` is neither a key nor inside an aggregate",
                 "add it to the keys, or write an aggregate such as FIRST_VALUE(" +
                     quote_identifier(name) + ")");
  }

  Result<void> replace(Ast& ast) {
    for (const auto& a : ast.args) {
      if (contains_aggregate(*a)) return error(*a, "an aggregate may not stand inside another");
    }
    if (ast.filter && contains_aggregate(*ast.filter)) {
      return error(*ast.filter, "an aggregate may not stand inside another");
    }
    std::string text = to_sql(ast);
    auto same = std::find_if(found_.begin(), found_.end(),
                             [&](const BoundAggregate& a) { return a.text == text; });
    if (same == found_.end()) {
      auto bound = bind_call(ast);
      if (!bound) return std::unexpected(std::move(bound.error()));
      bound->text = std::move(text);
      same = found_.insert(found_.end(), std::move(*bound));
    }
    const std::string name = kHiddenName + std::to_string(same - found_.begin());
    ast.kind = AstKind::kColumn;
    ast.name = name;
    ast.args.clear();
    ast.filter.reset();
    ast.distinct = false;
    return {};
  }

  Result<BoundAggregate> bind_call(const Ast& ast) {
    const BindScope scope{&schema_, zone_, text_, {}};
    BoundAggregate out;
    const bool star = ast.args.size() == 1 && ast.args[0]->kind == AstKind::kStar;
    if (star && (ast.name != "COUNT" || ast.distinct)) {
      return error(ast, "`*` stands only in COUNT(*)");
    }
    const AggregateDescriptor* descriptor = find_aggregate(ast.name);
    if (!ast.words.empty() && descriptor->bind_words == nullptr) {
      return error(ast, ast.name + " knows no " + ast.words.front());
    }
    for (const auto& a : ast.args) {
      if (star) break;
      auto arg = bind(*a, scope);
      if (!arg) return std::unexpected(std::move(arg.error()));
      out.args.push_back(std::move(*arg));
    }
    if (ast.distinct && out.args.empty()) return error(ast, "DISTINCT needs an argument");
    auto function = descriptor->bind_words != nullptr
                        ? descriptor->bind_words(out.args, words_with_raw(ast))
                        : descriptor->bind(out.args);
    if (!function) {
      Error e = std::move(function.error());
      e.kind = ErrorKind::kConfig;
      if (e.position.line == 0 && e.position.column == 0) {
        e.position = text_->at(ast.offset, ast.length);
      }
      if (e.hint.empty()) e.hint = std::string(descriptor->signature);
      return std::unexpected(std::move(e));
    }
    out.function = std::move(*function);
    out.distinct = ast.distinct;
    if (ast.distinct) {
      std::vector<Type> types;
      for (const auto& a : out.args) types.push_back(a->type());
      out.function = make_distinct_aggregate(std::move(out.function), std::move(types));
    }
    if (ast.filter) {
      auto filter = bind(*ast.filter, scope);
      if (!filter) return std::unexpected(std::move(filter.error()));
      auto predicate = (*filter)->type().id == TypeId::kNull
                           ? cast_to(std::move(*filter), Type::boolean())
                           : std::move(filter);
      if ((*predicate)->type().id != TypeId::kBoolean) {
        return error(*ast.filter, "the condition of FILTER must be BOOLEAN, it is " +
                                      (*predicate)->type().to_string());
      }
      out.filter = std::move(*predicate);
    }
    return out;
  }

  const Schema& schema_;
  const std::vector<std::string>& keys_;
  const TimeZone* zone_;
  const SourceText* text_ = nullptr;
  std::vector<BoundAggregate> found_;
};

}  // namespace

bool contains_aggregate(const Ast& ast) {
  if (is_aggregate_call(ast)) return true;
  const auto contains = [](const AstPtr& a) { return contains_aggregate(*a); };
  if (std::any_of(ast.args.begin(), ast.args.end(), contains)) return true;
  if (ast.over) {
    const auto& keys = ast.over->partition_by;
    if (std::any_of(keys.begin(), keys.end(), contains)) return true;
    for (const auto& item : ast.over->order_by) {
      if (contains(item.expression)) return true;
    }
  }
  return ast.filter && contains(ast.filter);
}

Result<AggregateBinding> bind_aggregates(const NamedTexts& texts, const Schema& schema,
                                         const std::vector<std::string>& keys,
                                         const TimeZone* zone) {
  AggregateBinding out;
  AggregateCollector collector(schema, keys, zone);
  std::vector<AstPtr> trees;
  for (const auto& text : texts) {
    auto ast = parse_expression(text.value);
    if (!ast) return std::unexpected(std::move(ast.error()));
    if (auto ok = collector.collect(**ast, text.value); !ok) {
      return std::unexpected(std::move(ok.error()));
    }
    trees.push_back(std::move(*ast));
  }
  out.aggregates = std::move(collector.found());

  Schema inner;
  for (const auto& key : keys) {
    const auto column = schema.find(key);
    if (!column) {
      return fail(ErrorKind::kConfig, "no column `" + key + "`",
                  spelling_hint(key, visible_names(schema)));
    }
    inner.add(key, schema[*column].type);
  }
  for (size_t i = 0; i < out.aggregates.size(); ++i) {
    inner.add(kHiddenName + std::to_string(i), out.aggregates[i].function->result_type());
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    auto expr = bind(*trees[i], BindScope{&inner, zone, &texts[i].value, {}});
    if (!expr) return std::unexpected(std::move(expr.error()));
    out.output.add(texts[i].name, (*expr)->type());
    out.outputs.push_back(std::move(*expr));
  }
  return out;
}

void add_aggregate_errors(const NamedTexts& texts, const Schema& schema,
                          const std::vector<std::string>& keys, const TimeZone* zone,
                          Errors& errors) {
  for (const auto& text : texts) {
    auto alone = bind_aggregates({text}, schema, keys, zone);
    if (!alone) errors.push_back(std::move(alone.error()));
  }
}

}  // namespace weir
