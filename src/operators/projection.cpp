#include "operators/projection.h"

namespace weir {

namespace {

Schema output_of(const std::vector<ProjectedColumn>& columns) {
  Schema schema;
  for (const auto& c : columns) schema.add(c.name, c.expr->type());
  return schema;
}

class ProjectionPlan final : public OperatorPlan {
 public:
  ProjectionPlan(std::string name, const Schema& input, std::vector<ProjectedColumn> columns,
                 std::string explain)
      : OperatorPlan(std::move(name), input, output_of(columns)),
        columns_(std::move(columns)),
        explain_(std::move(explain)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (output_needed[c]) columns_[c].expr->collect_columns(needed);
    }
    return needed;
  }
  std::string explain() const override { return explain_; }
  bool can_reject() const override {
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (output_needed(c) && columns_[c].expr->can_fail()) return true;
    }
    return false;
  }
  bool keeps_rows() const override { return true; }
  int passes_column(size_t output_column) const override {
    return columns_[output_column].expr->as_column();
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override;

  const std::vector<ProjectedColumn>& columns() const { return columns_; }
  bool is_output(size_t column) const { return output_needed(column); }

 private:
  std::vector<ProjectedColumn> columns_;
  std::string explain_;
};

class Projection final : public Transform {
 public:
  Projection(const ProjectionPlan& plan, const OperatorContext& context)
      : plan_(plan), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    // Results stand behind the input's columns until all are there, so that rejecting a row takes it
    // out of both.
    const size_t inputs = batch.columns.size();
    for (size_t c = 0; c < plan_.columns().size(); ++c) {
      const ProjectedColumn& column = plan_.columns()[c];
      if (!plan_.is_output(c)) {
        batch.columns.push_back(nullptr);
        continue;
      }
      if (const int from = column.expr->as_column(); from >= 0) {
        batch.columns.push_back(batch.columns[static_cast<size_t>(from)]);
        continue;
      }
      batch.columns.push_back(flat(column.expr->eval(batch, eval_)));
      reject_failed_rows(batch, eval_, column.name, context_);
    }
    batch.columns.erase(batch.columns.begin(),
                        batch.columns.begin() + static_cast<ptrdiff_t>(inputs));
  }

 private:
  const ProjectionPlan& plan_;
  const OperatorContext context_;
  EvalContext eval_;
};

std::unique_ptr<Transform> ProjectionPlan::make_transform(const OperatorContext& context) const {
  return std::make_unique<Projection>(*this, context);
}

// A plain reference, without a text to bind.
class ColumnReference final : public Expr {
 public:
  ColumnReference(Type type, size_t column) : Expr(std::move(type)), column_(column) {}
  ColumnPtr eval(const Batch& batch, EvalContext&) const override { return batch.columns[column_]; }
  void collect_columns(std::vector<bool>& used) const override { used[column_] = true; }
  bool can_fail() const override { return false; }
  bool is_deterministic() const override { return true; }
  int as_column() const override { return static_cast<int>(column_); }

 private:
  size_t column_;
};

}  // namespace

std::vector<ProjectedColumn> bind_columns(const NamedTexts& texts, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  std::vector<ProjectedColumn> columns;
  for (const auto& text : texts) {
    auto expr = bind_text(text.value, input, context.zone);
    if (expr) {
      columns.push_back({text.name, std::move(*expr)});
    } else {
      errors.push_back(expr.error());
    }
  }
  return columns;
}

ProjectedColumn pass_column(const Schema& input, size_t column, std::string name) {
  return {std::move(name), std::make_shared<ColumnReference>(input[column].type, column)};
}

std::unique_ptr<OperatorPlan> make_projection(std::string name, const Schema& input,
                                              std::vector<ProjectedColumn> columns,
                                              std::string explain) {
  return std::make_unique<ProjectionPlan>(std::move(name), input, std::move(columns),
                                          std::move(explain));
}

}  // namespace weir
