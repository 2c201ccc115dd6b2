#include <fmt/format.h>

#include <algorithm>

#include "expr/binder.h"
#include "plan/pipeline_binder.h"
#include "plan/split_step.h"
#include "plan/step_list.h"

namespace weir {

namespace {

struct SplitOptions {
  NamedTexts into;
  SourceText rest;
};

const OptionTable<SplitOptions>& split_options() {
  static const OptionTable<SplitOptions> table = {
      {"into", &SplitOptions::into,
       "outputs and their conditions, { errors = \"status >= 500\", slow = \"ms > 1000\" }: a row "
       "goes to the first whose condition is TRUE, and is read with input = \"errors\"",
       true},
      {"rest", &SplitOptions::rest,
       "the output of the rows that no condition takes; they are left out if not given"},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_no_split(const ComponentSpec& spec, const Schema&,
                                            const BindContext&, Errors& errors) {
  errors.push_back({ErrorKind::kInternal, "a split is not one step", spec.position, {}, {}});
  return nullptr;
}

Node text_node(const std::string& text, const Position& position) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = text;
  node.position = position;
  return node;
}

// A step with one option.
ComponentSpec step_of(const ComponentSpec& spec, const std::string& kind, const std::string& option,
                      Node value) {
  ComponentSpec step = spec;
  step.kind = kind;
  step.given_name = {};
  step.options = Node{};
  step.options.kind = Node::Kind::kTable;
  step.options.position = spec.position;
  step.options.entries.emplace_back(option, std::move(value));
  step.options.key_positions.push_back(spec.position);
  return step;
}

}  // namespace

const OperatorDescriptor kSplitStep = {
    "split",
    "Gives each row to one of several outputs, by the first condition that holds.",
    [] { return option_docs(split_options()); },
    bind_no_split,
};

void PipelineBinder::bind_split(const ComponentSpec& spec, const std::string& label) {
  if (!intact_) return;
  intact_ = false;  // until all outputs stand
  SplitOptions options;
  const size_t before = errors_.size();
  read_options(split_options(), spec.options, options, errors_, "the split operator", {"op"});
  if (errors_.size() > before) return;
  if (!spec.given_name.text.empty())
    complain(spec.given_name.position, "a split has no name of its own",
             "its outputs have: into = { NAME = \"condition\" }", label);
  if (options.into.empty()) complain(spec.position, "a split has at least one output", {}, label);
  const auto inputs = find_inputs(spec, false, label);
  if (inputs.empty()) return;
  const Schema& schema = inputs[0]->schema;
  std::string branch = "__output";
  while (schema.find(branch)) branch += "_";
  std::string number = "CASE";
  for (size_t i = 0; i < options.into.size(); ++i) {
    const SourceText& condition = options.into[i].value;
    if (auto bound = bind_predicate(condition, schema, plan_->zone); !bound) {
      errors_.push_back(bound.error());
      errors_.back().context = label;
    }
    number += fmt::format(" WHEN ({}) THEN {}", condition.text, i + 1);
  }
  if (errors_.size() > before) return;
  number += " ELSE 0 END";

  Node columns;
  columns.kind = Node::Kind::kTable;
  columns.position = spec.position;
  columns.entries.emplace_back(branch, text_node(number, spec.position));
  columns.key_positions.push_back(spec.position);
  NodeOutput* numbered = bind_node(step_of(spec, "extend", "columns", std::move(columns)),
                                   *find_step("extend"), label, inputs);
  if (numbered == nullptr) return;
  const auto add = [&](const SourceText& name, size_t i) {
    const std::string here = label + ": " + name.text;
    const std::string where = fmt::format("`{}` = {}", branch, i);
    NodeOutput* chosen =
        bind_node(step_of(spec, "filter", "where", text_node(where, spec.position)),
                  *find_step("filter"), here, {numbered});
    if (chosen == nullptr) return false;
    NodeOutput* output =
        bind_node(step_of(spec, "drop", "columns", text_node(branch, spec.position)),
                  *find_step("drop"), here, {chosen});
    if (output == nullptr) return false;
    refuse_taken_name(name);
    output->name = name.text;
    output->position = name.position;
    return true;
  };
  for (size_t i = 0; i < options.into.size(); ++i) {
    const NamedText& named = options.into[i];
    if (!add(SourceText(named.name, named.name_position, true), i + 1)) return;
  }
  current_ = kNone;
  behind_split_ = true;
  if (!options.rest.text.empty()) {
    if (!add(options.rest, 0)) return;
    current_ = outputs_.size() - 1;
  }
  intact_ = errors_.size() == before;
}

}  // namespace weir
