// Small expressions over records and state, run row by row: numbers, times and truth values.
//
// Kernels over whole columns need many rows at a time; where every record of a key depends on the one before,
// there is one. What is compiled here gives the same as the bound expression, and where it would fail
// it says so and leaves the record to the kernels. Parts that read the record alone are no business of
// this: they are operands, computed by the kernels for a whole batch before.
#pragma once

#include <optional>
#include <vector>

#include "config/node.h"
#include "expr/ast.h"
#include "operators/process_program.h"
#include "operators/process_state.h"
#include "operators/scalar.h"

namespace weir {

void push_scalar(Column& column, const Scalar& value);

class ScalarExpr {
 public:
  struct Row {
    const std::vector<ColumnPtr>& operands;  // of the batch
    size_t row;
    const ProcessState& state;
    uint32_t group;
  };
  // Sets `ok` to false when it fails; the value is of no use then.
  Scalar eval(const Row& row, bool& ok) const { return eval(root_, row, ok); }

 private:
  friend class ScalarCompiler;
  enum class Op : uint8_t {
    kConstant,
    kOperand,
    kState,
    kToReal,
    kFits,
    kAdd,
    kSubtract,
    kMultiply,
    kAddReal,
    kSubtractReal,
    kMultiplyReal,
    kAddMillis,
    kSubtractMillis,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kAnd,
    kOr,
    kNot,
    kIsNull,
    kIsNotNull,
    kCoalesce,
    kCase,
  };
  struct Node {
    Op op = Op::kConstant;
    bool real = false;  // of a comparison: of reals
    Scalar constant;
    size_t index = 0;  // of the operand or state
    Type type;         // what the result must fit into
    std::vector<size_t> parts;
  };
  Scalar eval(size_t node, const Row& row, bool& ok) const;
  Scalar arithmetic(const Node& node, const Row& row, bool& ok) const;
  Scalar compare(const Node& node, const Row& row, bool& ok) const;
  Scalar logic(const Node& node, const Row& row, bool& ok) const;
  Scalar choice(const Node& node, const Row& row, bool& ok) const;

  std::vector<Node> nodes_;
  size_t root_ = 0;
};

// Compiles for the records of a program; operands are added to `operands`.
class ScalarCompiler {
 public:
  ScalarCompiler(const ProcessProgram& program, const Schema& scope, const TimeZone* zone,
                 std::vector<Formula>& operands)
      : program_(program), scope_(scope), zone_(zone), operands_(operands) {}

  // The text as a value of the type; nullopt when it is not simple enough.
  std::optional<ScalarExpr> compile(const SourceText& text, const Type& to);

 private:
  using Node = ScalarExpr::Node;
  using Op = ScalarExpr::Op;
  // A compiled part and its type.
  struct Part {
    size_t node;
    Type type;
  };
  std::optional<Part> part(const Ast& ast);
  std::optional<Part> computed(const Ast& ast, const Type& type);
  std::optional<Part> binary(const Ast& ast, const Type& type);
  std::optional<Part> arithmetic(const Ast& ast, const Type& type);
  std::optional<Part> comparison(const Ast& ast);
  std::optional<Part> several(Op op, const Ast& ast, const Type& type, bool conditions);
  std::optional<size_t> converted(const std::optional<Part>& part, const Type& to);
  std::optional<Part> literal(const Value& value);
  Part add(Node node, Type type);

  const ProcessProgram& program_;
  const Schema& scope_;
  const TimeZone* zone_;
  std::vector<Formula>& operands_;
  ScalarExpr made_;
};

}  // namespace weir
