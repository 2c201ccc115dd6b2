// Which parts of a predicate a decoder can test before it decodes a whole record.
#include "expr/binder.h"
#include "expr/decimal.h"
#include "expr/like.h"
#include "expr/names.h"

namespace weir {

namespace {

using Op = PushedPredicate::Op;

std::optional<Op> op_of(std::string_view name, bool swapped) {
  if (name == "=") return Op::kEq;
  if (name == "<>") return Op::kNe;
  if (name == "<") return swapped ? Op::kGt : Op::kLt;
  if (name == "<=") return swapped ? Op::kGe : Op::kLe;
  if (name == ">") return swapped ? Op::kLt : Op::kGt;
  if (name == ">=") return swapped ? Op::kLe : Op::kGe;
  return std::nullopt;
}

class Pusher {
 public:
  explicit Pusher(const Schema& schema) : schema_(schema) {}

  void visit(const Ast& ast) {
    if (ast.kind == AstKind::kBinary && ast.name == "AND") {
      visit(*ast.args[0]);
      visit(*ast.args[1]);
    } else if (ast.kind == AstKind::kBinary && !position_test(ast)) {
      if (const auto op = op_of(ast.name, false)) add(*ast.args[0], *op, *ast.args[1]);
      if (const auto op = op_of(ast.name, true)) add(*ast.args[1], *op, *ast.args[0]);
    } else if (ast.kind == AstKind::kBetween && !ast.negated && ast.name.empty()) {
      add(*ast.args[0], Op::kGe, *ast.args[1]);
      add(*ast.args[0], Op::kLe, *ast.args[2]);
    } else if (ast.kind == AstKind::kLike && !ast.negated && ast.name == "LIKE" &&
               ast.args.size() == 2) {
      like(*ast.args[0], *ast.args[1]);
    }
  }

  std::vector<PushedPredicate> take() { return std::move(found_); }

 private:
  std::optional<size_t> column(const Ast& ast) const {
    const auto path = path_of(ast);
    if (path.empty()) return std::nullopt;
    const auto found = find_column(path, schema_);
    if (!found || found->parts_used != path.size()) return std::nullopt;
    return found->column;
  }

  static const Value* literal(const Ast& ast) {
    return ast.kind == AstKind::kLiteral && !ast.value.is_null ? &ast.value : nullptr;
  }

  // The literal as the decoder compares it; nullopt when that is not exactly what the predicate
  // does.
  static std::optional<Value> pushed_value(const Type& column, const Value& v) {
    if (column.is_text()) return v.type.is_text() ? std::optional(v) : std::nullopt;
    const bool exact = v.type.is_integer() || v.type.id == TypeId::kDecimal;
    // FLOAT is left out: the decoder's double is not the float it is rounded to.
    if (column.id == TypeId::kDouble) {
      if (v.type.id == TypeId::kDouble) return v;
      if (!exact) return std::nullopt;
      return Value::float64(decimal_to_double(v.number, v.type.scale));
    }
    if (!column.is_integer()) return std::nullopt;
    if (v.type.id == TypeId::kDouble) return v;
    if (!exact) return std::nullopt;
    const Int128 unit = power_of_ten(v.type.scale);
    const Int128 whole = v.number / unit;
    if (whole * unit != v.number || whole > INT64_MAX || whole < INT64_MIN) return std::nullopt;
    return Value::bigint(static_cast<int64_t>(whole));
  }

  void add(const Ast& left, Op op, const Ast& right) {
    const auto c = column(left);
    const Value* v = literal(right);
    if (!c || v == nullptr) return;
    if (auto value = pushed_value(schema_[*c].type, *v)) {
      found_.push_back({*c, op, std::move(*value)});
    }
  }

  void like(const Ast& text, const Ast& pattern) {
    const auto c = column(text);
    const Value* v = literal(pattern);
    if (!c || v == nullptr || !schema_[*c].type.is_text() || !v->type.is_text()) return;
    const auto compiled = LikePattern::compile(v->text, std::nullopt);
    if (!compiled) return;
    Op op = Op::kContains;
    switch (compiled->kind()) {
      case LikePattern::Kind::kEquals: op = Op::kEq; break;
      case LikePattern::Kind::kStartsWith: op = Op::kStartsWith; break;
      case LikePattern::Kind::kEndsWith: op = Op::kEndsWith; break;
      case LikePattern::Kind::kContains: break;
      default: return;
    }
    found_.push_back({*c, op, Value::string(compiled->text())});
  }

  // POSITION('x' IN col) > 0
  bool position_test(const Ast& ast) {
    const Ast& call = *ast.args[0];
    if (ast.name != ">" || call.kind != AstKind::kCall || call.name != "POSITION" ||
        call.args.size() != 2) {
      return false;
    }
    const Value* zero = literal(*ast.args[1]);
    const Value* text = literal(*call.args[0]);
    const auto c = column(*call.args[1]);
    if (zero == nullptr || !zero->type.is_integer() || zero->number != 0 || text == nullptr ||
        !text->type.is_text() || !c || !schema_[*c].type.is_text()) {
      return false;
    }
    found_.push_back({*c, Op::kContains, *text});
    return true;
  }

  const Schema& schema_;
  std::vector<PushedPredicate> found_;
};

}  // namespace

std::vector<PushedPredicate> pushable_predicates(const Ast& ast, const Schema& schema) {
  Pusher pusher(schema);
  pusher.visit(ast);
  return pusher.take();
}

}  // namespace weir
