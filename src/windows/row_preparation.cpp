#include "operators/operator.h"
#include "windows/row_window_rules.h"

namespace weir {

namespace {

constexpr int64_t kMicrosPerMilli = 1000;

class RowPreparation final : public Transform {
 public:
  RowPreparation(const RowWindowRules& rules, const OperatorContext& context)
      : rules_(rules), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    rules_.binding->program->compute(batch, eval_);
    if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "aggregate", context_);
    if (rules_.gap) {
      batch.columns.push_back(gaps(batch));
      if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "gap", context_);
    }
    add(rules_.trigger_value, "trigger", batch);
    add(rules_.evict_value, "evict", batch);
  }

 private:
  void add(const ExprPtr& expr, std::string_view field, Batch& batch) {
    if (!expr) return;
    batch.columns.push_back(flat(expr->eval(batch, eval_)));
    if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, field, context_);
  }

  // In microseconds; written as an interval or as milliseconds.
  ColumnPtr gaps(const Batch& batch) {
    const ColumnPtr values = flat(rules_.gap->eval(batch, eval_));
    auto gaps = make_column(Type::bigint(), batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t gap = values->is_null(i) ? 0 : values->at<int64_t>(i);
      gaps->values<int64_t>()[i] = gap;
      if (gap < 1) {
        eval_.row_error(i, values->is_null(i) ? "the session's gap is NULL"
                                              : "the session's gap must be more than 0");
      } else if (__builtin_mul_overflow(gap, kMicrosPerMilli, gaps->values<int64_t>() + i)) {
        gaps->values<int64_t>()[i] = kMaxTime;
      }
    }
    return gaps;
  }

  const RowWindowRules& rules_;
  const OperatorContext context_;
  EvalContext eval_;
};

}  // namespace

std::unique_ptr<Transform> make_row_preparation(const RowWindowRules& rules,
                                                const OperatorContext& context) {
  return std::make_unique<RowPreparation>(rules, context);
}

}  // namespace weir
