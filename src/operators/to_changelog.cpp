// to_changelog: what a row does to the result so far (+I, -U, +U, -D), as a column of its own.

#include "operators/operator_list.h"

namespace weir {

namespace {

struct ToChangelogOptions {
  std::string as = "op";
};

const OptionTable<ToChangelogOptions>& to_changelog_options() {
  static const OptionTable<ToChangelogOptions> table = {
      {"as", &ToChangelogOptions::as, "the name of the column"},
  };
  return table;
}

class ToChangelog final : public Transform {
 public:
  void apply(Batch& batch) override {
    auto column = make_column(Type::string(), batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      const std::string_view text =
          row_kind_text(batch.kinds.empty() ? RowKind::kInsert : batch.kinds[i]);
      column->values<StringRef>()[i] = StringRef(text.data(), text.size());
    }
    batch.columns.insert(batch.columns.begin(), std::move(column));
    batch.kinds.clear();
  }
};

class ToChangelogPlan final : public OperatorPlan {
 public:
  ToChangelogPlan(const Schema& input, Schema output)
      : OperatorPlan("to_changelog", input, std::move(output)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return {output_needed.begin() + 1, output_needed.end()};
  }
  std::string explain() const override { return "to_changelog: " + output()[0].name; }
  bool ends_changelog() const override { return true; }
  int passes_column(size_t output_column) const override {
    return static_cast<int>(output_column) - 1;
  }
  std::unique_ptr<Transform> make_transform(const OperatorContext&) const override {
    return std::make_unique<ToChangelog>();
  }
};

std::unique_ptr<OperatorPlan> bind_to_changelog(const ComponentSpec& spec, const Schema& input,
                                                const BindContext&, Errors& errors) {
  const size_t before = errors.size();
  ToChangelogOptions options;
  read_options(to_changelog_options(), spec.options, options, errors, "the to_changelog operator",
               {"op"});
  if (input.find(options.as))
    errors.push_back({ErrorKind::kConfig,
                      "there is a column `" + options.as + "` already",
                      spec.position,
                      "give another name: as = \"kind\"",
                      {}});
  if (errors.size() != before) return nullptr;
  Schema output;
  output.add(options.as, Type::string());
  for (const auto& column : input) output.add(column.name, column.type);
  return std::make_unique<ToChangelogPlan>(input, std::move(output));
}

}  // namespace

const OperatorDescriptor kToChangelogOperator = {
    "to_changelog",
    "Adds what each row does to the result so far as a column: +I, -U, +U or -D.",
    [] { return option_docs(to_changelog_options()); },
    bind_to_changelog,
};

}  // namespace weir
