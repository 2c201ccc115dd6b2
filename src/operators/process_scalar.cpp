#include "operators/process_scalar.h"

#include <algorithm>
#include <limits>

#include "expr/binder.h"
#include "expr/compare.h"
#include "expr/parser.h"

namespace weir {

namespace {

bool in_range(const Type& type, int64_t value) {
  bool fits = true;
  with_scalar_type(type.id, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T>)
      fits = value >= static_cast<int64_t>(std::numeric_limits<T>::min()) &&
             value <= static_cast<int64_t>(std::numeric_limits<T>::max());
  });
  return fits;
}

Scalar truth(bool value) { return {false, value ? 1 : 0, 0}; }

template <class T>
bool holds(CompareOp op, T a, T b) {
  switch (op) {
    case CompareOp::kEq: return a == b;
    case CompareOp::kNe: return a != b;
    case CompareOp::kLt: return a < b;
    case CompareOp::kLe: return a <= b;
    case CompareOp::kGt: return a > b;
    default: return a >= b;
  }
}

}  // namespace

void push_scalar(Column& column, const Scalar& value) {
  if (value.null) {
    column.push_null();
    return;
  }
  with_scalar_type(column.type().id, [&]<class T>(T) { column.push<T>(scalar_as<T>(value)); });
}

// --- running ---

Scalar ScalarExpr::eval(size_t number, const Row& row, bool& ok) const {
  const Node& node = nodes_[number];
  switch (node.op) {
    case Op::kConstant: return node.constant;
    case Op::kOperand: return scalar_at(*row.operands[node.index], row.row);
    case Op::kState: return row.state.values(node.index).scalar(row.group);
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return compare(node, row, ok);
    case Op::kAnd:
    case Op::kOr:
    case Op::kNot:
    case Op::kIsNull:
    case Op::kIsNotNull: return logic(node, row, ok);
    case Op::kCoalesce:
    case Op::kCase: return choice(node, row, ok);
    default: return arithmetic(node, row, ok);
  }
}

Scalar ScalarExpr::arithmetic(const Node& node, const Row& row, bool& ok) const {
  const Scalar a = eval(node.parts[0], row, ok);
  if (node.op == Op::kToReal) return {a.null, 0, static_cast<double>(a.number)};
  if (node.op == Op::kFits) {
    ok = ok && (a.null || in_range(node.type, a.number));
    return a;
  }
  const Scalar b = eval(node.parts[1], row, ok);
  if (a.null || b.null) return {};
  Scalar result{false, 0, 0};
  int64_t micros = 0;
  bool overflow = false;
  switch (node.op) {
    case Op::kAdd: overflow = __builtin_add_overflow(a.number, b.number, &result.number); break;
    case Op::kSubtract:
      overflow = __builtin_sub_overflow(a.number, b.number, &result.number);
      break;
    case Op::kMultiply:
      overflow = __builtin_mul_overflow(a.number, b.number, &result.number);
      break;
    case Op::kAddMillis:
      overflow = __builtin_mul_overflow(b.number, int64_t{1000}, &micros) ||
                 __builtin_add_overflow(a.number, micros, &result.number);
      break;
    case Op::kSubtractMillis:
      overflow = __builtin_mul_overflow(b.number, int64_t{1000}, &micros) ||
                 __builtin_sub_overflow(a.number, micros, &result.number);
      break;
    case Op::kAddReal: result.real = a.real + b.real; return result;
    case Op::kSubtractReal: result.real = a.real - b.real; return result;
    default: result.real = a.real * b.real; return result;
  }
  ok = ok && !overflow && in_range(node.type, result.number);
  return result;
}

Scalar ScalarExpr::compare(const Node& node, const Row& row, bool& ok) const {
  const Scalar a = eval(node.parts[0], row, ok);
  const Scalar b = eval(node.parts[1], row, ok);
  if (a.null || b.null) return {};
  const auto op = static_cast<CompareOp>(static_cast<int>(node.op) - static_cast<int>(Op::kEqual));
  return truth(node.real ? holds(op, a.real, b.real) : holds(op, a.number, b.number));
}

// The right side runs only where the left one does not decide.
Scalar ScalarExpr::logic(const Node& node, const Row& row, bool& ok) const {
  const Scalar a = eval(node.parts[0], row, ok);
  switch (node.op) {
    case Op::kNot: return a.null ? a : truth(a.number == 0);
    case Op::kIsNull: return truth(a.null);
    case Op::kIsNotNull: return truth(!a.null);
    case Op::kAnd: {
      if (a.is_false()) return a;
      const Scalar b = eval(node.parts[1], row, ok);
      return b.is_false() || a.is_true() ? b : Scalar{};
    }
    default: {
      if (a.is_true()) return a;
      const Scalar b = eval(node.parts[1], row, ok);
      return b.is_true() || a.is_false() ? b : Scalar{};
    }
  }
}

Scalar ScalarExpr::choice(const Node& node, const Row& row, bool& ok) const {
  if (node.op == Op::kCoalesce) {
    Scalar value;
    for (size_t k = 0; k < node.parts.size() && value.null && ok; ++k)
      value = eval(node.parts[k], row, ok);
    return value;
  }
  size_t k = 0;
  for (; k + 2 <= node.parts.size() && ok; k += 2) {
    if (eval(node.parts[k], row, ok).is_true()) return eval(node.parts[k + 1], row, ok);
  }
  return k < node.parts.size() ? eval(node.parts[k], row, ok) : Scalar{};
}

// --- compiling ---

std::optional<ScalarExpr> ScalarCompiler::compile(const SourceText& text, const Type& to) {
  made_ = ScalarExpr();
  auto ast = parse_expression(text);
  if (!ast || !is_scalar(to)) return std::nullopt;
  const auto root = converted(part(**ast), to);
  if (!root) return std::nullopt;
  made_.root_ = *root;
  return std::move(made_);
}

ScalarCompiler::Part ScalarCompiler::add(Node node, Type type) {
  made_.nodes_.push_back(std::move(node));
  return {made_.nodes_.size() - 1, std::move(type)};
}

std::optional<ScalarCompiler::Part> ScalarCompiler::part(const Ast& ast) {
  auto bound = bind(ast, BindScope{&scope_, zone_, nullptr, {}});
  if (!bound) return std::nullopt;
  if (const Value* value = (*bound)->as_literal()) return literal(*value);
  const Type type = (*bound)->type();
  if (!is_scalar(type)) return std::nullopt;
  Formula formula(*bound);
  bool reads_state = false;
  for (const size_t c : formula.columns) reads_state = reads_state || c >= program_.input.size();
  if (!(*bound)->is_deterministic()) return std::nullopt;
  // What may fail is computed where it is needed, too.
  if (reads_state || (*bound)->can_fail()) return computed(ast, type);
  Node node;
  node.op = Op::kOperand;
  node.index = operands_.size();
  operands_.push_back(std::move(formula));
  return add(std::move(node), type);
}

std::optional<ScalarCompiler::Part> ScalarCompiler::literal(const Value& value) {
  Node node;
  node.constant.null = value.is_null;
  if (value.is_null) return add(std::move(node), Type::null());
  if (value.type.id == TypeId::kDouble) {
    node.constant.real = value.real;
    return add(std::move(node), value.type);
  }
  if (value.type.id == TypeId::kDecimal) {
    // As a DOUBLE: exact digits over an exact power of ten round once.
    constexpr Int128 kExact = Int128{1} << 53;
    if (value.number > kExact || value.number < -kExact || value.type.scale > 22)
      return std::nullopt;
    double power = 1;
    for (int k = 0; k < value.type.scale; ++k) power *= 10;
    node.constant.real = static_cast<double>(value.number) / power;
    return add(std::move(node), value.type);
  }
  if (!is_scalar(value.type)) return std::nullopt;
  node.constant.number = static_cast<int64_t>(value.number);
  return add(std::move(node), value.type);
}

std::optional<ScalarCompiler::Part> ScalarCompiler::computed(const Ast& ast, const Type& type) {
  const auto one = [&](Op op) -> std::optional<Part> {
    const auto operand = part(*ast.args[0]);
    if (!operand) return std::nullopt;
    Node node;
    node.op = op;
    node.parts = {operand->node};
    return add(std::move(node), Type::boolean());
  };
  switch (ast.kind) {
    case AstKind::kColumn: {
      Node node;
      node.op = Op::kState;
      while (program_.states[node.index].name != ast.name) ++node.index;
      return add(std::move(node), type);
    }
    case AstKind::kBinary: return binary(ast, type);
    case AstKind::kUnary:
      if (ast.name != "NOT") return std::nullopt;
      return one(Op::kNot);
    case AstKind::kIs:
      if (ast.name != "NULL") return std::nullopt;
      return one(ast.negated ? Op::kIsNotNull : Op::kIsNull);
    case AstKind::kCase:
      if (ast.has_operand) return std::nullopt;
      return several(Op::kCase, ast, type, true);
    case AstKind::kCall:
      if (ast.name != "COALESCE") return std::nullopt;
      return several(Op::kCoalesce, ast, type, false);
    default: return std::nullopt;
  }
}

// CASE: conditions and values by turns, and what is left; COALESCE: values.
std::optional<ScalarCompiler::Part> ScalarCompiler::several(Op op, const Ast& ast, const Type& type,
                                                            bool conditions) {
  Node node;
  node.op = op;
  for (size_t k = 0; k < ast.args.size(); ++k) {
    const bool condition = conditions && k % 2 == 0 && k + 1 < ast.args.size();
    const auto made = converted(part(*ast.args[k]), condition ? Type::boolean() : type);
    if (!made) return std::nullopt;
    node.parts.push_back(*made);
  }
  return add(std::move(node), type);
}

std::optional<ScalarCompiler::Part> ScalarCompiler::binary(const Ast& ast, const Type& type) {
  if (ast.name == "AND" || ast.name == "OR") {
    const auto left = converted(part(*ast.args[0]), Type::boolean());
    const auto right = converted(part(*ast.args[1]), Type::boolean());
    if (!left || !right) return std::nullopt;
    Node node;
    node.op = ast.name == "AND" ? Op::kAnd : Op::kOr;
    node.parts = {*left, *right};
    return add(std::move(node), type);
  }
  if (ast.name == "+" || ast.name == "-" || ast.name == "*") return arithmetic(ast, type);
  return comparison(ast);
}

std::optional<ScalarCompiler::Part> ScalarCompiler::arithmetic(const Ast& ast, const Type& type) {
  const auto left = part(*ast.args[0]);
  const auto right = part(*ast.args[1]);
  if (!left || !right) return std::nullopt;
  const auto op = static_cast<int>(ast.name == "+" ? 0 : ast.name == "-" ? 1 : 2);
  Node node;
  node.type = type;
  if (type.is_timestamp()) {
    if (op == 2 || left->type.id != type.id || right->type.id != TypeId::kIntervalMillis)
      return std::nullopt;
    node.op = op == 0 ? Op::kAddMillis : Op::kSubtractMillis;
    node.parts = {left->node, right->node};
    return add(std::move(node), type);
  }
  if (!type.is_integer() && type.id != TypeId::kDouble) return std::nullopt;
  const bool real = type.id == TypeId::kDouble;
  const auto a = converted(left, type);
  const auto b = converted(right, type);
  if (!a || !b || !left->type.is_numeric() || !right->type.is_numeric()) return std::nullopt;
  node.op = static_cast<Op>(static_cast<int>(real ? Op::kAddReal : Op::kAdd) + op);
  node.parts = {*a, *b};
  return add(std::move(node), type);
}

std::optional<ScalarCompiler::Part> ScalarCompiler::comparison(const Ast& ast) {
  constexpr std::string_view kNames[] = {"=", "<>", "<", "<=", ">", ">="};
  const auto* name = std::find(std::begin(kNames), std::end(kNames), ast.name);
  const auto left = part(*ast.args[0]);
  const auto right = part(*ast.args[1]);
  if (name == std::end(kNames) || !left || !right) return std::nullopt;
  const Type& a = left->type;
  const Type& b = right->type;
  Node node;
  node.op = static_cast<Op>(static_cast<int>(Op::kEqual) + static_cast<int>(name - kNames));
  node.parts = {left->node, right->node};
  if (a.id == TypeId::kDouble || b.id == TypeId::kDouble) {
    if (!a.is_numeric() || !b.is_numeric()) return std::nullopt;
    const auto x = converted(left, Type::float64());
    const auto y = converted(right, Type::float64());
    if (!x || !y) return std::nullopt;
    node.real = true;
    node.parts = {*x, *y};
  } else if (!(a.is_integer() && b.is_integer()) && a.id != b.id) {
    return std::nullopt;
  } else if (a.id == TypeId::kDecimal || a.id == TypeId::kNull) {
    return std::nullopt;
  }
  return add(std::move(node), Type::boolean());
}

// The part as a value of another type; nullopt when that takes more than this.
std::optional<size_t> ScalarCompiler::converted(const std::optional<Part>& part, const Type& to) {
  if (!part) return std::nullopt;
  const Type& from = part->type;
  if (from == to || from.id == TypeId::kNull) return part->node;
  Node node;
  node.parts = {part->node};
  node.type = to;
  if (to.id == TypeId::kDouble && from.is_integer()) {
    node.op = Op::kToReal;
    return add(std::move(node), to).node;
  }
  if (to.id == TypeId::kDouble && from.id == TypeId::kDecimal) return part->node;  // a literal
  if (to.is_integer() && from.is_integer()) {
    if (to.id >= from.id) return part->node;
    node.op = Op::kFits;
    return add(std::move(node), to).node;
  }
  if (from.id == to.id && from.is_timestamp() && from.precision <= to.precision) return part->node;
  return std::nullopt;
}

}  // namespace weir
