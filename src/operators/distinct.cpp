// distinct: passes the first row of each combination of values, in input order.

#include "operators/column_list.h"
#include "operators/group_snapshot.h"
#include "operators/operator_list.h"
#include "operators/row_bytes.h"

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

class Distinct final : public Ordered {
 public:
  Distinct(std::vector<size_t> columns, std::vector<Type> types)
      : columns_(std::move(columns)),
        types_(std::move(types)),
        table_(make_group_table(types_, run_hash_seed())) {}

  void process(Batch batch, Emitter& out) override {
    keys_.clear();
    for (const size_t c : columns_) keys_.push_back(batch.columns[c]);
    groups_.resize(batch.rows);
    uint64_t next = table_->size();
    table_->find_or_add(keys_, batch.rows, groups_.data());
    // Groups are numbered by first appearance: a row brings a new one if its number is the next.
    rows_.clear();
    for (size_t i = 0; i < batch.rows; ++i) {
      if (groups_[i] != next) continue;
      rows_.push_back(static_cast<uint32_t>(i));
      ++next;
    }
    keys_.clear();
    batch.select({rows_.data(), rows_.size()});
    out.emit(std::move(batch));
  }
  uint64_t state_bytes() const override { return table_->memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { snapshot_keys(*table_, writer); }
  void restore(SnapshotReader& reader) override {
    table_->clear();
    restore_keys(*table_, types_, reader);
  }

 private:
  std::vector<size_t> columns_;
  std::vector<Type> types_;
  std::unique_ptr<GroupTable> table_;
  std::vector<ColumnPtr> keys_;
  Vec<uint32_t> groups_;
  Vec<uint32_t> rows_;
};

// Where rows are taken back: how often each combination is there, of all columns.
class DistinctChanges final : public Ordered {
 public:
  DistinctChanges(const Schema& schema, std::vector<Type> types)
      : types_(std::move(types)),
        table_(make_group_table(types_, run_hash_seed())),
        writer_(schema, true) {}

  void process(Batch batch, Emitter& out) override {
    Vec<uint32_t> groups(batch.rows);
    table_->find_or_add(batch.columns, batch.rows, groups.data());
    while (counts_.size() < table_->size()) counts_.push_back(0);
    for (size_t i = 0; i < batch.rows; ++i) {
      int64_t& count = counts_[groups[i]];
      if (adds_row(kind_of(batch, i))) {
        if (++count == 1) writer_.add(encode_row(batch.columns, i));
      } else if (count > 0 && --count == 0) {
        writer_.add(encode_row(batch.columns, i), RowKind::kDelete);
      }
    }
    writer_.flush(out);
  }
  void snapshot(SnapshotWriter& writer) const override {
    snapshot_keys(*table_, writer);
    for (const int64_t count : counts_) writer.put_i64(count);
  }
  void restore(SnapshotReader& reader) override {
    table_->clear();
    restore_keys(*table_, types_, reader);
    counts_.clear();
    for (size_t g = 0; g < table_->size() && reader.ok(); ++g) counts_.push_back(reader.get_i64());
  }

 private:
  std::vector<Type> types_;
  std::unique_ptr<GroupTable> table_;
  Vec<int64_t> counts_;
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
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    std::vector<Type> types;
    for (const size_t c : columns_) types.push_back(input()[c].type);
    if (changes_) return std::make_unique<DistinctChanges>(input(), std::move(types));
    return std::make_unique<Distinct>(columns_, std::move(types));
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
