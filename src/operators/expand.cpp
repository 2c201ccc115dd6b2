// expand: each row once for every set of key columns, with the other keys NULL (GROUPING SETS, ROLLUP, CUBE).

#include <algorithm>

#include "operators/column_list.h"
#include "operators/operator_list.h"

namespace weir {

namespace {

struct ExpandOptions {
  Node sets;
  std::string grouping_id;
};

const OptionTable<ExpandOptions>& expand_options() {
  static const OptionTable<ExpandOptions> table = {
      {"sets", &ExpandOptions::sets,
       "lists of key columns, such as [[\"a\", \"b\"], [\"a\"], []]: a row comes once for each, "
       "with the keys that are not in the list NULL",
       true},
      {"grouping_id", &ExpandOptions::grouping_id,
       "the name of a BIGINT column to add: a bit for each key, the first one highest, that is set "
       "where the key is not in the list"},
  };
  return table;
}

struct Expansion {
  std::vector<size_t> keys;             // all of them, by first appearance
  std::vector<std::vector<bool>> sets;  // for each: which of the keys it holds
  bool grouping_id = false;

  int64_t id(size_t set) const {
    int64_t bits = 0;
    for (const bool held : sets[set]) bits = bits * 2 + (held ? 0 : 1);
    return bits;
  }
};

template <class T>
void repeat_each(Vec<T>& values, const Vec<uint32_t>& rows) {
  if (values.empty()) return;
  Vec<T> repeated(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) repeated[i] = values[rows[i]];
  values = std::move(repeated);
}

class Expand final : public Transform {
 public:
  explicit Expand(const Expansion& expansion) : expansion_(expansion) {}

  void apply(Batch& batch) override {
    const size_t sets = expansion_.sets.size();
    rows_.resize(batch.rows * sets);
    for (size_t i = 0; i < rows_.size(); ++i) rows_[i] = static_cast<uint32_t>(i / sets);
    for (auto& column : batch.columns)
      if (column) column = column->gather({rows_.data(), rows_.size()});
    for (size_t k = 0; k < expansion_.keys.size(); ++k) {
      ColumnPtr& column = batch.columns[expansion_.keys[k]];
      if (!column) continue;
      for (size_t s = 0; s < sets; ++s) {
        if (expansion_.sets[s][k]) continue;
        for (size_t i = s; i < rows_.size(); i += sets) set_null(*column, i);
      }
    }
    if (expansion_.grouping_id) {
      auto ids = make_column(Type::bigint(), rows_.size());
      for (size_t i = 0; i < rows_.size(); ++i) ids->values<int64_t>()[i] = expansion_.id(i % sets);
      batch.columns.push_back(std::move(ids));
    }
    repeat_each(batch.event_time, rows_);
    repeat_each(batch.running_max, rows_);
    repeat_each(batch.raw, rows_);
    repeat_each(batch.kinds, rows_);
    for (auto& reject : batch.rejects) reject.row *= static_cast<uint32_t>(sets);
    batch.ordinals.clear();
    batch.rows = rows_.size();
  }

 private:
  static void set_null(Column& column, size_t i) {
    column.set_null(i);
    if (column.type().is_string_like()) column.values<StringRef>()[i] = StringRef();
    if (column.type().id == TypeId::kRow)
      for (auto& child : column.children()) set_null(*child, i);
  }

  const Expansion& expansion_;
  Vec<uint32_t> rows_;
};

class ExpandPlan final : public OperatorPlan {
 public:
  ExpandPlan(const Schema& input, Schema output, Expansion expansion, std::string text)
      : OperatorPlan("expand", input, std::move(output)),
        expansion_(std::move(expansion)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kTransform; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return {output_needed.begin(), output_needed.begin() + static_cast<ptrdiff_t>(input().size())};
  }
  std::string explain() const override { return "expand: " + text_; }
  std::unique_ptr<Transform> make_transform(const OperatorContext&) const override {
    return std::make_unique<Expand>(expansion_);
  }

 private:
  Expansion expansion_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_expand(const ComponentSpec& spec, const Schema& input,
                                          const BindContext&, Errors& errors) {
  const size_t before = errors.size();
  ExpandOptions options;
  read_options(expand_options(), spec.options, options, errors, "the expand operator", {"op"});
  if (errors.size() != before) return nullptr;
  const auto complain = [&](const Position& position, std::string message) {
    errors.push_back({ErrorKind::kConfig,
                      std::move(message),
                      position,
                      "sets = [[\"a\", \"b\"], [\"a\"], []]",
                      {}});
  };
  Expansion expansion;
  std::vector<std::vector<size_t>> sets;
  std::string text;
  if (options.sets.kind != Node::Kind::kArray || options.sets.items.empty())
    complain(options.sets.position, "`sets` is a list of lists of columns");
  for (const Node& item : options.sets.items) {
    std::vector<SourceText> names;
    if (item.kind != Node::Kind::kArray) {
      complain(item.position, "a set is a list of columns");
      continue;
    }
    for (const Node& name : item.items) names.push_back(name.source_text());
    sets.push_back(resolve_columns(names, input, errors));
    for (const size_t column : sets.back())
      if (std::find(expansion.keys.begin(), expansion.keys.end(), column) == expansion.keys.end())
        expansion.keys.push_back(column);
    text += (text.empty() ? "(" : ", (") + join_names(sets.back(), input) + ")";
  }
  Schema output = input;
  if (!options.grouping_id.empty()) {
    if (input.find(options.grouping_id))
      complain(spec.options.find("grouping_id")->position,
               "there is a column `" + options.grouping_id + "` already");
    if (expansion.keys.size() > 63)
      complain(options.sets.position, "a grouping_id has room for 63 keys");
    output.add(options.grouping_id, Type::bigint());
    expansion.grouping_id = true;
  }
  if (errors.size() != before) return nullptr;
  for (const auto& set : sets) {
    std::vector<bool> held;
    for (const size_t key : expansion.keys)
      held.push_back(std::find(set.begin(), set.end(), key) != set.end());
    expansion.sets.push_back(std::move(held));
  }
  return std::make_unique<ExpandPlan>(input, std::move(output), std::move(expansion),
                                      std::move(text));
}

}  // namespace

const OperatorDescriptor kExpandOperator = {
    "expand",
    "Gives each row once for every set of key columns: GROUPING SETS, ROLLUP and CUBE.",
    [] { return option_docs(expand_options()); },
    bind_expand,
};

}  // namespace weir
