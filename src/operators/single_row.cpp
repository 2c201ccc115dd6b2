// single_row: exactly one row, as a query that stands for a value must give.

#include "operators/operator_list.h"
#include "operators/row_bytes.h"

namespace weir {

namespace {

struct SingleRowOptions {};

class SingleRow final : public Ordered {
 public:
  SingleRow(const Schema& schema, const OperatorContext& context)
      : schema_(schema), context_(context) {}

  void process(Batch batch, Emitter& out) override {
    if (batch.rows == 0) return;
    size_t i = 0;
    if (!has_row_) {
      row_ = encode_row(batch.columns, i++);
      has_row_ = true;
    }
    std::vector<RowFault> faults;
    for (; i < batch.rows; ++i)
      faults.push_back({static_cast<uint32_t>(i), "a second row where one may be"});
    if (faults.empty()) return;
    batch.reject(faults, "single_row", context_.fail_fast);
    batch.truncate(0);
    out.emit(std::move(batch));
  }
  void end(Emitter& out) override {
    RowWriter rows(schema_);
    if (has_row_) {
      rows.add(row_);
    } else {
      rows.put_nulls(schema_.size());
      rows.end_row();
    }
    rows.flush(out);
  }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_u8(has_row_ ? 1 : 0);
    writer.put_text(row_);
  }
  void restore(SnapshotReader& reader) override {
    has_row_ = reader.get_u8() != 0;
    row_ = reader.get_text();
  }

 private:
  const Schema& schema_;
  const OperatorContext context_;
  std::string row_;
  bool has_row_ = false;
};

class SingleRowPlan final : public OperatorPlan {
 public:
  explicit SingleRowPlan(const Schema& schema) : OperatorPlan("single_row", schema, schema) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return output_needed;
  }
  std::string explain() const override { return "single_row"; }
  bool can_reject() const override { return true; }
  bool keeps_event_time() const override { return false; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<SingleRow>(output(), context);
  }
};

std::unique_ptr<OperatorPlan> bind_single_row(const ComponentSpec& spec, const Schema& input,
                                              const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  SingleRowOptions options;
  read_options(OptionTable<SingleRowOptions>{}, spec.options, options, errors,
               "the single_row operator", {"op"});
  if (!context.inputs.empty() && !context.inputs[0].bounded)
    errors.push_back(
        {ErrorKind::kConfig, "single_row needs bounded input", spec.kind_position, {}, {}});
  if (errors.size() != before) return nullptr;
  return std::make_unique<SingleRowPlan>(input);
}

}  // namespace

const OperatorDescriptor kSingleRowOperator = {
    "single_row",
    "Gives exactly one row: that of the input, or NULLs when it has none; a second one is refused.",
    [] { return option_docs(OptionTable<SingleRowOptions>{}); },
    bind_single_row,
};

}  // namespace weir
