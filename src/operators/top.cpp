// top: the first rows, in the order of some expressions, of all input or of each group.
//
// Bounded input is collected (top_rows.h), of a stream come changes of the result so far (top_stream.h). Ties keep input
// order: of equal rows the earlier one is better.

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/top_rows.h"
#include "operators/top_stream.h"

namespace weir {

namespace {

struct TopOptions {
  SourceText by;
  int64_t limit = 0;
  std::vector<SourceText> per;
  std::string rank;
};

const OptionTable<TopOptions>& top_options() {
  static const OptionTable<TopOptions> table = {
      {"by", &TopOptions::by, "what to order by: \"hits DESC\"", true},
      {"limit", &TopOptions::limit, "how many rows, of each group if there are groups", true},
      {"per", &TopOptions::per, "columns to group by; none: the first rows of all"},
      {"rank", &TopOptions::rank, "the name of a column to add, with the row's rank from 1"},
  };
  return table;
}

class TopPlan final : public OperatorPlan {
 public:
  TopPlan(const Schema& input, Schema output, Top top, std::string text)
      : OperatorPlan("top", input, std::move(output)),
        top_(std::move(top)),
        text_(std::move(text)) {}

  Placement placement() const override {
    return top_.streaming ? Placement::kOrdered : Placement::kCollector;
  }
  bool keeps_event_time() const override { return false; }
  bool takes_changelog() const override { return top_.streaming; }
  bool makes_changelog(bool) const override { return top_.streaming; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return make_top_stream(top_, input(), output(), context);
  }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(output_needed.begin(),
                             output_needed.begin() + static_cast<ptrdiff_t>(input().size()));
    top_.order.collect_columns(needed);
    for (const size_t c : top_.per) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return "top: " + text_; }
  bool can_reject() const override { return top_.order.can_fail(); }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    return make_order_preparation(top_.order, context);
  }
  bool keeps_collected() const override { return true; }
  std::unique_ptr<Collector> make_collector(const OperatorContext& context) const override {
    return make_top_collector(top_, input(), context);
  }
  std::unique_ptr<BatchSource> finish(std::vector<std::unique_ptr<Collector>> collectors,
                                      const OperatorContext&) const override {
    return make_top_result(top_, input(), std::move(collectors));
  }

 private:
  Top top_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_top(const ComponentSpec& spec, const Schema& input,
                                       const BindContext& context, Errors& errors) {
  TopOptions options;
  const size_t before = errors.size();
  read_options(top_options(), spec.options, options, errors, "the top operator", {"op"});
  if (const Node* limit = spec.options.find("limit");
      limit != nullptr && limit->kind == Node::Kind::kInteger && options.limit < 1)
    errors.push_back({ErrorKind::kConfig, "limit must be at least 1", limit->position, {}, {}});
  Top top;
  top.streaming = context.streaming;
  top.retracts = !context.inputs.empty() && context.inputs[0].changelog;
  top.per = resolve_columns(options.per, input, errors);
  if (!options.rank.empty() && input.find(options.rank)) {
    errors.push_back({ErrorKind::kConfig,
                      "there is a column `" + options.rank + "` already",
                      spec.options.find("rank")->position,
                      {},
                      {}});
  }
  if (errors.size() != before) return nullptr;
  top.order = OrderBy::bind(options.by, input, context, errors);
  if (errors.size() != before) return nullptr;
  top.limit = static_cast<uint64_t>(options.limit);
  top.rank = !options.rank.empty();
  for (const size_t c : top.per) top.per_types.push_back(input[c].type);
  Schema output = input;
  if (top.rank) output.add(options.rank, Type::bigint());
  std::string text = std::to_string(options.limit) + " by " + options.by.text;
  if (!top.per.empty()) text += " per " + join_names(top.per, input);
  return std::make_unique<TopPlan>(input, std::move(output), std::move(top), std::move(text));
}

}  // namespace

const OperatorDescriptor kTopOperator = {
    "top",
    "Gives the first rows in an order, of all input or of each group; on a stream as changes of "
    "the result "
    "so far.",
    [] { return option_docs(top_options()); },
    bind_top,
};

}  // namespace weir
