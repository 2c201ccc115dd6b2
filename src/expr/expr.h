// A bound expression: names resolved to columns, types known, run over whole batches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "data/batch.h"
#include "data/civil.h"
#include "data/column.h"
#include "data/value.h"

namespace weir {

// A row whose evaluation failed, with a reason such as "division by zero", "cannot cast 'x1' to INT".
using RowError = RowFault;

// What kernels need besides their arguments. One per worker and step; errors are taken after each eval.
struct EvalContext {
  Arena* arena = nullptr;  // for strings made by kernels; the batch's
  const TimeZone* zone = utc();
  int64_t now_us = 0;  // wall clock of the run's start (batch) or of the batch (streaming)
  bool wrap_overflow = false;
  uint64_t seed = 0;  // for RAND, UUID
  // In any order, a row may be there several times. A row with an error is refused, whatever its value.
  std::vector<RowError> errors;
  // The batch whose rows a kernel computes, set around calls of functions that are not deterministic
  // (RAND, UUID): their values follow from the seed and Batch::ordinal, so that threads and block sizes
  // do not show. nullptr: not known, the values come from a counter.
  const Batch* batch = nullptr;

  void row_error(size_t row, std::string reason) {
    errors.push_back({static_cast<uint32_t>(row), std::move(reason)});
  }
};

// Immutable after binding, shared by all workers. eval is called with any number of rows (0 too).
class Expr {
 public:
  explicit Expr(Type type) : type_(std::move(type)) {}
  virtual ~Expr() = default;

  const Type& type() const { return type_; }
  // The column of `batch.rows` rows; may be constant; may be a column of the batch itself (shared).
  virtual ColumnPtr eval(const Batch& batch, EvalContext& context) const = 0;
  // Adds the indexes of the batch columns that eval reads.
  virtual void collect_columns(std::vector<bool>& used) const = 0;
  // True if eval may report a row error: such an expression runs only on the rows that need it.
  virtual bool can_fail() const = 0;
  // False for RAND, UUID, NOW...: must not be folded or shared.
  virtual bool is_deterministic() const = 0;

  // For the optimiser; null when it is something else.
  virtual const Value* as_literal() const { return nullptr; }
  virtual int as_column() const { return -1; }  // index of the column it is a plain reference to

 private:
  Type type_;
};
using ExprPtr = std::shared_ptr<const Expr>;

// A predicate that a decoder may use to skip records early: `column op value`.
// It is a hint: rows it lets through are still filtered; a record may be skipped only if the
// predicate is certainly not TRUE for it.
struct PushedPredicate {
  enum class Op { kEq, kNe, kLt, kLe, kGt, kGe, kContains, kStartsWith, kEndsWith };
  size_t column = 0;
  Op op = Op::kEq;
  Value value;  // number, DOUBLE or STRING literal
};

// Evaluates a BOOLEAN expression and gives the rows where it is TRUE (increasing).
void eval_filter(const Expr& predicate, const Batch& batch, EvalContext& context,
                 Vec<uint32_t>& rows);

}  // namespace weir
