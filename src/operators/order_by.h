// ORDER BY: bound order items, and rows' places in that order as bytes.
#pragma once

#include <string>
#include <vector>

#include "expr/binder.h"
#include "operators/operator.h"

namespace weir {

class OrderBy {
 public:
  // Binds "a DESC, b"; problems go to `errors`.
  static OrderBy bind(const SourceText& text, const Schema& input, const BindContext& context,
                      Errors& errors);

  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  // The type of an item, and whether it is in descending order.
  const Type& type(size_t item) const { return items_[item].expr->type(); }
  bool descending(size_t item) const { return items_[item].descending; }
  bool can_fail() const;
  void collect_columns(std::vector<bool>& used) const;

  // The columns to order by. Row errors are in context.errors.
  std::vector<ColumnPtr> eval(const Batch& batch, EvalContext& context) const;
  // Appends row i's place: memcmp of such bytes is the order.
  void encode(const std::vector<ColumnPtr>& columns, size_t i, std::string& out) const;

 private:
  struct Item {
    ExprPtr expr;
    bool descending = false;
    bool nulls_first = true;
  };
  std::vector<Item> items_;
};

// Runs before a collector that orders: refuses the rows whose place cannot be told.
std::unique_ptr<Transform> make_order_preparation(const OrderBy& order,
                                                  const OperatorContext& context);

}  // namespace weir
