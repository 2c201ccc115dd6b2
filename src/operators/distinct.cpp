// distinct: passes the first row of each combination of values, in input order.

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

struct DistinctOptions {
  std::vector<SourceText> columns;
};

const OptionTable<DistinctOptions>& distinct_options() {
  static const OptionTable<DistinctOptions> table = {
      {"columns", &DistinctOptions::columns, "the columns that must differ; none: all of them"},
  };
  return table;
}

class Distinct final : public Ordered, private KeptByKey {
 public:
  Distinct(std::vector<size_t> columns, std::vector<Type> types, const OperatorContext& context)
      : columns_(std::move(columns)), table_("distinct", std::move(types), context, *this) {}

  void process(Batch batch, Emitter& out) override {
    keys_.clear();
    for (const size_t c : columns_) keys_.push_back(batch.columns[c]);
    groups_.resize(batch.rows);
    table_.find(keys_, batch.rows, groups_.data());
    table_.first_rows({groups_.data(), groups_.size()}, rows_);
    keys_.clear();
    const uint64_t rows = batch.rows;
    batch.select({rows_.data(), rows_.size()});
    out.emit(std::move(batch));
    table_.look_at_memory(rows);
  }
  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { table_.snapshot(writer); }
  void restore(SnapshotReader& reader) override { table_.restore(reader); }

 private:
  // That a key is there is all there is to it.
  void grow_kept(size_t) override {}
  void save_kept(uint32_t, SnapshotWriter&) const override {}
  void load_kept(uint32_t, SnapshotReader&) override {}
  void clear_kept() override {}
  uint64_t kept_bytes() const override { return 0; }

  std::vector<size_t> columns_;
  SpillingKeys table_;
  std::vector<ColumnPtr> keys_;
  Vec<uint32_t> groups_;
  Vec<uint32_t> rows_;
};

// Where rows are taken back: how often each combination is there, of all columns.
class DistinctChanges final : public Ordered, private KeptByKey {
 public:
  DistinctChanges(const Schema& schema, std::vector<Type> types, const OperatorContext& context)
      : table_("distinct", std::move(types), context, *this), writer_(schema, true) {}

  void process(Batch batch, Emitter& out) override {
    groups_.resize(batch.rows);
    table_.find(batch.columns, batch.rows, groups_.data());
    for (size_t i = 0; i < batch.rows; ++i) {
      int64_t& count = counts_[groups_[i]];
      if (adds_row(kind_of(batch, i))) {
        if (++count == 1) writer_.add(encode_row(batch.columns, i));
      } else if (count > 0 && --count == 0) {
        writer_.add(encode_row(batch.columns, i), RowKind::kDelete);
      }
    }
    writer_.flush(out);
    table_.look_at_memory(batch.rows);
  }
  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { table_.snapshot(writer); }
  void restore(SnapshotReader& reader) override { table_.restore(reader); }

 private:
  void grow_kept(size_t keys) override {
    while (counts_.size() < keys) counts_.push_back(0);
  }
  bool keeps(uint32_t key) const override { return counts_[key] > 0; }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    writer.put_i64(counts_[key]);
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override { counts_[key] = reader.get_i64(); }
  void clear_kept() override { counts_.clear(); }
  uint64_t kept_bytes() const override { return counts_.size() * sizeof(int64_t); }

  SpillingKeys table_;
  Vec<int64_t> counts_;
  Vec<uint32_t> groups_;
  RowWriter writer_;
};

class DistinctPlan final : public OperatorPlan {
 public:
  DistinctPlan(const Schema& schema, std::vector<size_t> columns, bool changes)
      : OperatorPlan("distinct", schema, schema), columns_(std::move(columns)), changes_(changes) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed = output_needed;
    for (const size_t c : columns_) needed[c] = true;
    return needed;
  }
  std::string explain() const override { return "distinct: " + join_names(columns_, input()); }
  int passes_column(size_t output_column) const override { return static_cast<int>(output_column); }
  bool takes_changelog() const override { return changes_; }
  bool makes_changelog(bool) const override { return changes_; }
  bool keeps_event_time() const override { return !changes_; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    std::vector<Type> types;
    for (const size_t c : columns_) types.push_back(input()[c].type);
    if (changes_) return std::make_unique<DistinctChanges>(input(), std::move(types), context);
    return std::make_unique<Distinct>(columns_, std::move(types), context);
  }

 private:
  std::vector<size_t> columns_;
  bool changes_;
};

std::unique_ptr<OperatorPlan> bind_distinct(const ComponentSpec& spec, const Schema& input,
                                            const BindContext& context, Errors& errors) {
  DistinctOptions options;
  const size_t before = errors.size();
  read_options(distinct_options(), spec.options, options, errors, "the distinct operator", {"op"});
  std::vector<size_t> columns = resolve_columns(options.columns, input, errors);
  const bool changes = !context.inputs.empty() && context.inputs[0].changelog;
  if (changes && columns.size() > 0 && columns.size() < input.size())
    errors.push_back({ErrorKind::kConfig,
                      "rows are taken back here: distinct must look at all columns",
                      spec.options.find("columns")->position,
                      "op = \"map\" before it leaves the others out",
                      {}});
  if (errors.size() != before) return nullptr;
  if (columns.empty() || changes) {
    columns.clear();
    for (size_t c = 0; c < input.size(); ++c) columns.push_back(c);
  }
  return std::make_unique<DistinctPlan>(input, std::move(columns), changes);
}

}  // namespace

const OperatorDescriptor kDistinctOperator = {
    "distinct",
    "Passes the first row of each combination of values.",
    [] { return option_docs(distinct_options()); },
    bind_distinct,
};

}  // namespace weir
