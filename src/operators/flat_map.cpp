// flat_map: one row per element of an array; the other columns are repeated.
//
// When nothing but the elements is needed and they lie side by side, as SPLIT makes them, the array's child
// column becomes the output without a copy.

#include "base/spelling.h"
#include "expr/binder.h"
#include "operators/column_list.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

struct FlatMapOptions {
  SourceText each;
  std::string as;
  std::string index;
};

const OptionTable<FlatMapOptions>& flat_map_options() {
  static const OptionTable<FlatMapOptions> table = {
      {"each", &FlatMapOptions::each,
       "an ARRAY expression; a row whose array is empty or NULL gives no rows", true},
      {"as", &FlatMapOptions::as,
       "the name of the column for the elements; a known name replaces that column", true},
      {"index", &FlatMapOptions::index,
       "the name of a new column for an element's place in its array, from 1"},
  };
  return table;
}

class FlatMapPlan final : public OperatorPlan {
 public:
  // `element`: the output column for the elements; with `index`, the last one is for their places. The
  // others are the input's, in their places.
  FlatMapPlan(const Schema& input, Schema output, ExprPtr each, size_t element, bool index,
              std::string text)
      : OperatorPlan("flat_map", input, std::move(output)),
        each_(std::move(each)),
        element_(element),
        index_(index ? this->output().size() - 1 : kNoIndex),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(input().size(), false);
    for (size_t c = 0; c < input().size(); ++c) needed[c] = c != element_ && output_needed[c];
    each_->collect_columns(needed);
    return needed;
  }
  std::string explain() const override { return "flat_map: " + text_; }
  bool can_reject() const override { return each_->can_fail(); }
  int passes_column(size_t output_column) const override {
    return output_column == element_ || output_column == index_ ? -1
                                                                : static_cast<int>(output_column);
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override;

  const Expr& each() const { return *each_; }
  size_t element() const { return element_; }
  size_t index() const { return index_; }  // kNoIndex: none is wanted
  bool is_output(size_t column) const { return output_needed(column); }

 private:
  static constexpr size_t kNoIndex = static_cast<size_t>(-1);
  ExprPtr each_;
  size_t element_;
  size_t index_;
  std::string text_;
};

template <class T>
void repeat(Vec<T>& values, const Vec<uint32_t>& from) {
  if (values.empty()) return;
  Vec<T> repeated(from.size());
  for (size_t i = 0; i < from.size(); ++i) repeated[i] = values[from[i]];
  values = std::move(repeated);
}

class FlatMap final : public Transform {
 public:
  FlatMap(const FlatMapPlan& plan, const OperatorContext& context)
      : plan_(plan), context_(context), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    eval_.arena = &batch.arena();
    ColumnPtr lists = flat(plan_.each().eval(batch, eval_));
    if (!eval_.errors.empty()) {
      batch.columns.push_back(std::move(lists));  // so that it loses the same rows
      reject_failed_rows(batch, eval_, "each", context_);
      lists = std::move(batch.columns.back());
      batch.columns.pop_back();
    }
    const size_t total = measure(*lists);
    ColumnPtr elements = take_elements(*lists, total);
    lists.reset();

    bool others = !batch.event_time.empty() || !batch.raw.empty() || !batch.kinds.empty();
    batch.columns.resize(plan_.output().size());
    for (size_t c = 0; c < plan_.output().size(); ++c) {
      if (c == plan_.element() || c == plan_.index() || !plan_.is_output(c))
        batch.columns[c].reset();
      others = others || batch.columns[c] != nullptr;
    }
    if (others) repeat_rows(batch, total);
    if (plan_.is_output(plan_.element())) batch.columns[plan_.element()] = std::move(elements);
    const size_t index = plan_.index();
    if (index < batch.columns.size() && plan_.is_output(index))
      batch.columns[index] = places(plan_.output()[index].type, total);
    for (auto& reject : batch.rejects) reject.row = rows_before(reject.row);
    batch.ordinals.clear();  // the new rows are numbered anew, in the same order
    batch.rows = total;
  }

 private:
  // Lengths of all rows' lists, those of NULLs 0; whether they are neighbours; gives the number of elements.
  size_t measure(const Column& lists) {
    const size_t n = lists.size();
    const ListRef* refs = lists.values<ListRef>();
    lengths_.resize(n);
    size_t total = 0;
    contiguous_ = true;
    first_ = 0;
    for (size_t i = 0; i < n; ++i) {
      const uint32_t len = lists.is_null(i) ? 0 : refs[i].len;
      lengths_[i] = len;
      if (len == 0) continue;
      if (total == 0) first_ = refs[i].offset;
      contiguous_ = contiguous_ && refs[i].offset == first_ + total;
      total += len;
    }
    return total;
  }

  ColumnPtr take_elements(const Column& lists, size_t total) {
    const ColumnPtr& child = lists.children()[0];
    if (contiguous_) {
      if (first_ == 0 && child->size() == total) return child;
      return child->slice(first_, first_ + total);
    }
    const ListRef* refs = lists.values<ListRef>();
    rows_.resize(total);
    size_t at = 0;
    for (size_t i = 0; i < lengths_.size(); ++i) {
      for (uint32_t k = 0; k < lengths_[i]; ++k) rows_[at++] = refs[i].offset + k;
    }
    return child->gather({rows_.data(), total});
  }

  void repeat_rows(Batch& batch, size_t total) {
    rows_.resize(total);
    size_t at = 0;
    for (size_t i = 0; i < lengths_.size(); ++i) {
      for (uint32_t k = 0; k < lengths_[i]; ++k) rows_[at++] = static_cast<uint32_t>(i);
    }
    for (auto& column : batch.columns) {
      if (column) column = column->gather({rows_.data(), total});
    }
    repeat(batch.event_time, rows_);
    repeat(batch.running_max, rows_);
    repeat(batch.raw, rows_);
    repeat(batch.kinds, rows_);
  }

  // 1, 2, ... for each row's elements.
  ColumnPtr places(const Type& type, size_t total) const {
    ColumnPtr column = make_column(type, total);
    auto* out = column->values<int32_t>();
    for (const uint32_t length : lengths_)
      for (uint32_t k = 0; k < length; ++k) *out++ = static_cast<int32_t>(k + 1);
    return column;
  }

  uint32_t rows_before(uint32_t row) const {
    uint32_t sum = 0;
    for (size_t i = 0; i < row && i < lengths_.size(); ++i) sum += lengths_[i];
    return sum;
  }

  const FlatMapPlan& plan_;
  const OperatorContext context_;
  EvalContext eval_;
  Vec<uint32_t> lengths_;
  Vec<uint32_t> rows_;
  bool contiguous_ = true;
  size_t first_ = 0;
};

std::unique_ptr<Transform> FlatMapPlan::make_transform(const OperatorContext& context) const {
  return std::make_unique<FlatMap>(*this, context);
}

std::unique_ptr<OperatorPlan> bind_flat_map(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  FlatMapOptions options;
  const size_t before = errors.size();
  read_options(flat_map_options(), spec.options, options, errors, "the flat_map operator", {"op"});
  if (errors.size() != before) return nullptr;
  auto each = bind_text(options.each, input, context.zone);
  if (!each) {
    errors.push_back(each.error());
    return nullptr;
  }
  if ((*each)->type().id != TypeId::kArray) {
    errors.push_back({ErrorKind::kConfig,
                      "each must be an ARRAY, this is " + with_article((*each)->type().to_string()),
                      options.each.at(0, options.each.text.size()),
                      "SPLIT(text, ' ') makes an array of words",
                      {}});
    return nullptr;
  }
  const Type element = (*each)->type().element();
  const size_t place = input.find(options.as).value_or(input.size());
  Schema output;
  for (size_t c = 0; c < input.size(); ++c)
    output.add(input[c].name, c == place ? element : input[c].type);
  if (place == input.size()) output.add(options.as, element);
  if (!options.index.empty()) {
    if (output.find(options.index)) {
      errors.push_back({ErrorKind::kConfig,
                        "there is a column `" + options.index + "` already",
                        spec.options.find("index")->position,
                        "`index` makes a new column: give it another name",
                        {}});
      return nullptr;
    }
    output.add(options.index, Type::integer());
  }
  return std::make_unique<FlatMapPlan>(input, std::move(output), std::move(*each), place,
                                       !options.index.empty(),
                                       options.as + " of " + options.each.text);
}

}  // namespace

const OperatorDescriptor kFlatMapOperator = {
    "flat_map",
    "Makes one row of each element of an array.",
    [] { return option_docs(flat_map_options()); },
    bind_flat_map,
};

}  // namespace weir
