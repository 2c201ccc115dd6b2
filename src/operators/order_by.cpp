#include "operators/order_by.h"

#include "expr/aggregates/row_codec.h"
#include "expr/parser.h"

namespace weir {

namespace {

class OrderPreparation final : public Transform {
 public:
  OrderPreparation(const OrderBy& order, const OperatorContext& context)
      : order_(order), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    order_.eval(batch, eval_);
    reject_failed_rows(batch, eval_, "by", context_);
  }

 private:
  const OrderBy& order_;
  const OperatorContext context_;
  EvalContext eval_;
};

}  // namespace

OrderBy OrderBy::bind(const SourceText& text, const Schema& input, const BindContext& context,
                      Errors& errors) {
  OrderBy order;
  auto items = parse_order(text);
  if (!items) {
    errors.push_back(items.error());
    return order;
  }
  BindScope scope;
  scope.schema = &input;
  scope.zone = context.zone;
  scope.text = &text;
  for (const auto& item : *items) {
    auto expr = weir::bind(*item.expression, scope);
    if (expr) {
      order.items_.push_back({std::move(*expr), item.descending, item.nulls_first});
    } else {
      errors.push_back(expr.error());
    }
  }
  return order;
}

bool OrderBy::can_fail() const {
  for (const auto& item : items_) {
    if (item.expr->can_fail()) return true;
  }
  return false;
}

void OrderBy::collect_columns(std::vector<bool>& used) const {
  for (const auto& item : items_) item.expr->collect_columns(used);
}

std::vector<ColumnPtr> OrderBy::eval(const Batch& batch, EvalContext& context) const {
  std::vector<ColumnPtr> columns;
  for (const auto& item : items_) columns.push_back(item.expr->eval(batch, context));
  return columns;
}

void OrderBy::encode(const std::vector<ColumnPtr>& columns, size_t i, std::string& out) const {
  for (size_t k = 0; k < items_.size(); ++k)
    encode_sort_value(*columns[k], i, items_[k].descending, items_[k].nulls_first, out);
}

std::unique_ptr<Transform> make_order_preparation(const OrderBy& order,
                                                  const OperatorContext& context) {
  if (!order.can_fail()) return nullptr;
  return std::make_unique<OrderPreparation>(order, context);
}

}  // namespace weir
