// op = "sql": the query's steps, each bound like one that was written.
#include <algorithm>

#include "base/check.h"
#include "plan/pipeline_binder.h"
#include "plan/sql_step.h"
#include "plan/step_list.h"
#include "sql/lower.h"
#include "sql/parser.h"

namespace weir {

namespace {

class QuerySteps final : public sql::PlanBuilder {
 public:
  // `input`: the output that the query calls `input`; too large a number: there is none.
  QuerySteps(PipelineBinder& binder, std::string label, size_t input)
      : binder_(binder), label_(std::move(label)), input_(input) {}

  const TimeZone* zone() const override { return binder_.plan().zone; }
  bool streaming() const override { return binder_.plan().streaming; }

  std::optional<sql::Rows> find_table(const std::string& name) override {
    auto& outputs = binder_.outputs();
    if (name == "input" && input_ < outputs.size()) return rows_of(input_);
    for (size_t i = outputs.size(); i-- > 0;)
      if (!name.empty() && outputs[i].name == name) return rows_of(i);
    return std::nullopt;
  }

  std::vector<std::string> table_names() const override {
    std::vector<std::string> names;
    for (const auto& output : binder_.outputs())
      if (!output.name.empty()) names.push_back(output.name);
    if (input_ < binder_.outputs().size() &&
        std::find(names.begin(), names.end(), "input") == names.end())
      names.emplace_back("input");
    return names;
  }

  std::optional<sql::Rows> add_source(SourceSpec source) override {
    if (!binder_.bind_source(source)) return std::nullopt;
    binder_.outputs().back().name.clear();
    const size_t output = binder_.outputs().size() - 1;
    binder_.note({std::move(source), {}, {}, output});
    return rows_of(output);
  }

  std::optional<sql::Rows> add_step(ComponentSpec step,
                                    const std::vector<sql::Rows>& inputs) override {
    const OperatorDescriptor* descriptor = find_step(step.kind);
    WEIR_CHECK(descriptor != nullptr);
    std::vector<NodeOutput*> outputs;
    for (const auto& input : inputs) {
      outputs.push_back(&binder_.outputs()[input.node]);
      outputs.back()->shown_as = input.shown_as;
    }
    const std::string label = label_ + ": " + step.kind;
    if (binder_.bind_node(step, *descriptor, label, outputs) == nullptr) return std::nullopt;
    QueryPart part{std::move(step), {}, {}, binder_.outputs().size() - 1};
    for (const auto& input : inputs) {
      part.inputs.push_back(input.node);
      part.shown_as.push_back(input.shown_as);
    }
    const size_t output = part.output;
    binder_.note(std::move(part));
    return rows_of(output, false);
  }

  std::optional<sql::Rows> add_event_time(EventTimeSpec time, const sql::Rows& input) override {
    if (!binder_.add_event_time(time, input.node, label_ + ": event_time")) return std::nullopt;
    binder_.note({std::move(time), {input.node}, {}, input.node});
    return rows_of(input.node);
  }

 private:
  sql::Rows rows_of(size_t i, bool read = true) {
    NodeOutput& output = binder_.outputs()[i];
    output.is_read = output.is_read || read;
    sql::Rows rows;
    rows.node = i;
    rows.schema = output.schema;
    rows.has_event_time = output.has_event_time;
    rows.changelog = output.changelog;
    rows.time_column = output.time_column;
    return rows;
  }

  PipelineBinder& binder_;
  std::string label_;
  size_t input_;
};

// The steps of a script have no place in a pipeline that a person wrote.
bool is_script(const std::string& file) { return file == "<sql>" || file.ends_with(".sql"); }

}  // namespace

void PipelineBinder::bind_query(const ComponentSpec& spec, const std::string& label) {
  if (!intact_) return;
  intact_ = false;  // until the last step stands
  const size_t before = errors_.size();
  sql::ResultColumns columns;
  const SourceText text = read_query(spec, columns, errors_);
  if (errors_.size() > before) return;
  size_t input = current_;
  if (!spec.inputs.empty()) {
    const auto inputs = find_inputs(spec, true, label);
    if (inputs.empty()) return;
    const auto found = std::find_if(outputs_.begin(), outputs_.end(),
                                    [&](const NodeOutput& output) { return &output == inputs[0]; });
    input = static_cast<size_t>(found - outputs_.begin());
  }
  auto query = sql::parse_query(text);
  if (!query) {
    errors_.push_back(std::move(query.error()));
    if (!is_script(spec.position.file)) errors_.back().context = label;
    return;
  }
  QuerySteps steps(*this, label, input);
  const auto rows = sql::lower_query(*query, columns, text, steps, errors_);
  const bool of_script = is_script(spec.position.file);
  for (size_t i = before; i < errors_.size(); ++i) {
    if (of_script) {
      errors_[i].context.clear();
    } else if (errors_[i].context.empty()) {
      errors_[i].context = label;
    }
  }
  if (!rows) return;
  // The query may be nothing but its table: what it gives has a name of its own all the same.
  refuse_taken_name(spec.given_name);
  NodeOutput result = outputs_[rows->node];
  outputs_[rows->node].is_read = true;
  result.name = spec.given_name.text;
  result.time_column = rows->time_column;
  result.position = spec.position;
  result.is_read = false;
  result.may_be_unread = false;
  outputs_.push_back(std::move(result));
  current_ = outputs_.size() - 1;
  if (context_.record != nullptr) context_.record->open_result = rows->node;
  intact_ = errors_.size() == before;
}

}  // namespace weir
