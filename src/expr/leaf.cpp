#include "expr/leaf.h"

namespace weir {

namespace {

class ColumnRef : public Expr {
 public:
  ColumnRef(size_t index, Type type) : Expr(std::move(type)), index_(index) {}

  ColumnPtr eval(const Batch& batch, EvalContext&) const override { return batch.columns[index_]; }
  void collect_columns(std::vector<bool>& used) const override {
    if (used.size() <= index_) used.resize(index_ + 1);
    used[index_] = true;
  }
  bool can_fail() const override { return false; }
  bool is_deterministic() const override { return true; }
  int as_column() const override { return static_cast<int>(index_); }

 private:
  size_t index_;
};

class Literal : public Expr {
 public:
  explicit Literal(Value value) : Expr(value.type), value_(std::move(value)) {}

  ColumnPtr eval(const Batch& batch, EvalContext&) const override {
    return constant_column(value_, batch.rows);
  }
  void collect_columns(std::vector<bool>&) const override {}
  bool can_fail() const override { return false; }
  bool is_deterministic() const override { return true; }
  const Value* as_literal() const override { return &value_; }

 private:
  Value value_;
};

}  // namespace

ExprPtr make_column_ref(size_t index, Type type) {
  return std::make_shared<ColumnRef>(index, std::move(type));
}

ExprPtr make_literal(Value value) { return std::make_shared<Literal>(std::move(value)); }

}  // namespace weir
