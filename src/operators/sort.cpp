// sort: all rows of bounded input in the order of some expressions, equal ones in input order.

#include "operators/operator_list.h"
#include "operators/order_by.h"
#include "operators/sorted_rows.h"

namespace weir {

namespace {

struct SortOptions {
  SourceText by;
};

const OptionTable<SortOptions>& sort_options() {
  static const OptionTable<SortOptions> table = {
      {"by", &SortOptions::by, "what to order by: \"a DESC, b\"; NULLS FIRST or LAST may follow",
       true},
  };
  return table;
}

class SortResult final : public BatchSource {
 public:
  explicit SortResult(std::unique_ptr<RowsInOrder> rows) : rows_(std::move(rows)) {}
  bool claim(Batch& batch) override {
    std::vector<size_t> partitions;
    return rows_->claim(batch, partitions);
  }

 private:
  const std::unique_ptr<RowsInOrder> rows_;
};

class SortPlan final : public OperatorPlan {
 public:
  SortPlan(const Schema& schema, OrderBy order, std::string text)
      : OperatorPlan("sort", schema, schema), order_(std::move(order)), text_(std::move(text)) {}

  Placement placement() const override { return Placement::kCollector; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    order_.collect_columns(needed);
    return needed;
  }
  std::string explain() const override { return "sort: " + text_; }
  bool can_reject() const override { return order_.can_fail(); }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_order_preparation(order_, context);
  }
  bool keeps_collected() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return make_sort_collector(row_order_, input(), context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext&) const override {
    return std::make_unique<SortResult>(rows_in_order(row_order_, output(), std::move(collectors)));
  }

 private:
  OrderBy order_;
  const RowOrder row_order_{{}, &order_, false};
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_sort(const ComponentSpec& spec, const Schema& input,
                                        const BindContext& context, Errors& errors) {
  SortOptions options;
  const size_t before = errors.size();
  read_options(sort_options(), spec.options, options, errors, "the sort operator", {"op"});
  if (context.streaming)
    errors.push_back({ErrorKind::kConfig, "sort needs bounded input", spec.kind_position, {}, {}});
  if (errors.size() != before) return nullptr;
  OrderBy order = OrderBy::bind(options.by, input, context, errors);
  if (errors.size() != before) return nullptr;
  return std::make_unique<SortPlan>(input, std::move(order), options.by.text);
}

}  // namespace

const OperatorDescriptor kSortOperator = {
    "sort",
    "Gives all rows of bounded input in order; equal rows keep their order.",
    [] { return option_docs(sort_options()); },
    bind_sort,
};

}  // namespace weir
