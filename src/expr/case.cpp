#include "expr/case.h"

#include "expr/compound.h"
#include "expr/row_subset.h"

namespace weir {

namespace {

using Rows = Vec<uint32_t>;

std::span<const uint32_t> all(const Rows& rows) { return {rows.data(), rows.size()}; }

// Collects, for every row of the batch, which computed column it takes its value from.
class RowChoice {
 public:
  explicit RowChoice(size_t rows) : from_(rows) {}

  // `rows` take their values from `expr`, which runs on them alone.
  void take(const Expr& expr, const Batch& batch, const Rows& rows, EvalContext& context) {
    const auto part = static_cast<uint32_t>(parts_.size());
    const bool whole = expr.as_column() >= 0 || rows.size() == batch.rows;
    ColumnPtr column =
        whole ? expr.eval(batch, context) : eval_rows(expr, batch, all(rows), context);
    for (size_t k = 0; k < rows.size(); ++k) {
      from_[rows[k]] = {part, whole ? rows[k] : static_cast<uint32_t>(k)};
    }
    parts_.push_back(std::move(column));
  }
  // Rows of a column computed already: row rows[k] is row at[k] of it.
  void take_column(ColumnPtr column, const Rows& rows, const Rows& at) {
    const auto part = static_cast<uint32_t>(parts_.size());
    for (size_t k = 0; k < rows.size(); ++k) from_[rows[k]] = {part, at[k]};
    parts_.push_back(std::move(column));
  }

  ColumnPtr finish(const Type& type) {
    // One column that all rows take in place needs no copy.
    if (parts_.size() == 1 && parts_[0]->size() == from_.size()) return parts_[0];
    return assemble(type, from_, parts_);
  }

 private:
  std::vector<PartRow> from_;
  std::vector<ColumnPtr> parts_;
};

Rows every_row(size_t n) {
  Rows rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = static_cast<uint32_t>(i);
  return rows;
}

class Case : public CompoundExpr {
 public:
  Case(Type type, std::vector<ExprPtr> parts, size_t conditions)
      : CompoundExpr(std::move(type), std::move(parts), false), conditions_(conditions) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    if (batch.rows == 0) return make_column(type());
    RowChoice choice(batch.rows);
    Rows open = every_row(batch.rows);
    for (size_t c = 0; c < conditions_ && !open.empty(); ++c) {
      const ColumnPtr truth = eval_rows(part(c), batch, all(open), context);
      Rows taken;
      Rows rest;
      taken.reserve(open.size());
      rest.reserve(open.size());
      for (size_t k = 0; k < open.size(); ++k) {
        const bool is_true = !truth->is_null(k) && truth->at<uint8_t>(k) != 0;
        (is_true ? taken : rest).push_back(open[k]);
      }
      if (!taken.empty()) choice.take(part(conditions_ + c), batch, taken, context);
      open.swap(rest);
    }
    if (!open.empty()) choice.take(part(2 * conditions_), batch, open, context);
    return choice.finish(type());
  }

 private:
  size_t conditions_;  // parts: conditions, results, the last result for the rest
};

class Coalesce : public CompoundExpr {
 public:
  Coalesce(Type type, std::vector<ExprPtr> values)
      : CompoundExpr(std::move(type), std::move(values), false) {}

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    if (batch.rows == 0) return make_column(type());
    RowChoice choice(batch.rows);
    Rows open = every_row(batch.rows);
    for (size_t p = 0; p < parts().size() && !open.empty(); ++p) {
      ColumnPtr value = eval_rows(part(p), batch, all(open), context);
      const bool last = p + 1 == parts().size();
      if (!value->may_have_nulls() && open.size() == batch.rows) return value;
      Rows taken;
      Rows at;
      Rows rest;
      for (size_t k = 0; k < open.size(); ++k) {
        if (!last && value->is_null(k)) {
          rest.push_back(open[k]);
        } else {
          taken.push_back(open[k]);
          at.push_back(static_cast<uint32_t>(k));
        }
      }
      choice.take_column(std::move(value), taken, at);
      open.swap(rest);
    }
    return choice.finish(type());
  }
};

}  // namespace

ExprPtr make_case(Type type, std::vector<ExprPtr> conditions, std::vector<ExprPtr> results) {
  const size_t n = conditions.size();
  std::vector<ExprPtr> parts = std::move(conditions);
  for (auto& r : results) parts.push_back(std::move(r));
  return std::make_shared<Case>(std::move(type), std::move(parts), n);
}

ExprPtr make_coalesce(Type type, std::vector<ExprPtr> values) {
  return std::make_shared<Coalesce>(std::move(type), std::move(values));
}

}  // namespace weir
