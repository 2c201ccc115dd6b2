// The work of bind_pipeline: sources, then steps, then sinks, each against the schemas before it.
// bind.cpp binds sources, bind_steps.cpp steps, bind_sql.cpp queries, bind_sinks.cpp sinks.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/spelling.h"
#include "plan/plan.h"
#include "plan/step_record.h"

namespace weir {

// What comes out of a source or step, for those that read it.
struct NodeOutput {
  std::string name;  // what `input` calls it; empty: only the next step can read it
  PlanNode node;
  Schema schema;
  bool has_event_time = false;
  bool bounded = true;
  bool changelog = false;
  bool one_partition = true;
  int64_t out_of_orderness_us = 0;
  std::string shown_as{};     // to people, where it has no name
  std::string time_column{};  // of the schema, that holds the event time; empty: not known
  Position position{};        // for the complaint that nothing reads it
  bool is_read = false;
  bool may_be_unread = false;
};

template <class Descriptors>
std::vector<std::string> names_of(const Descriptors& known) {
  std::vector<std::string> names;
  for (const auto* d : known) names.emplace_back(d->name);
  return names;
}

template <class Descriptors>
Error unknown_kind(const ComponentSpec& spec, const char* what, const Descriptors& known) {
  return {ErrorKind::kConfig,
          "no " + std::string(what) + " `" + spec.kind + "`",
          spec.kind_position,
          spelling_hint(spec.kind, names_of(known)),
          {}};
}

class PipelineBinder {
 public:
  PipelineBinder(const PipelineSpec& spec, const PlanContext& context, Errors& errors)
      : spec_(spec), context_(context), errors_(errors), plan_(std::make_unique<Plan>()) {}

  std::unique_ptr<Plan> bind();

  // --- for queries (bind_sql.cpp) ---
  const Plan& plan() const { return *plan_; }
  std::deque<NodeOutput>& outputs() { return outputs_; }
  bool bind_source(const SourceSpec& source);
  bool add_event_time(const EventTimeSpec& spec, size_t output, const std::string& label);
  // Binds a step and what reads it; nullptr after an error.
  NodeOutput* bind_node(const ComponentSpec& spec, const OperatorDescriptor& descriptor,
                        const std::string& label, const std::vector<NodeOutput*>& inputs);
  BindContext bind_context() const;
  // What a query has asked for, where somebody wants to know.
  void note(QueryPart part);

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  void complain(const Position& position, std::string message, std::string hint = {},
                std::string where = {});
  bool is_idle(const SourceSpec& source) const;
  void bind_zone();
  void refuse_what_is_missing();
  bool time_is_asked_for() const;
  void bind_event_times();
  void bind_steps();
  void bind_step(const ComponentSpec& spec, const std::string& table, size_t i);
  void bind_window(const ComponentSpec& spec);
  void note_step(size_t before, bool is_query);
  void bind_event_time_step(const ComponentSpec& spec, const std::string& label);
  void bind_query(const ComponentSpec& spec, const std::string& label);
  void bind_split(const ComponentSpec& spec, const std::string& label);
  NodeOutput* find_output(const SourceText& name, const std::string& where);
  std::vector<NodeOutput*> find_inputs(const ComponentSpec& spec, bool many,
                                       const std::string& where);
  void add_step(const ComponentSpec& spec, const OperatorDescriptor& descriptor, std::string label);
  void refuse_taken_name(const SourceText& name);
  std::unique_ptr<SinkPlan> bind_one_sink(const SinkSpec& spec, const Schema& schema,
                                          bool changelog = false, bool dead_letters = false);
  void bind_sinks();
  void bind_sink(const SinkSpec& spec);
  void bind_late(const SinkSpec& spec);
  void refuse_loose_ends();

  const PipelineSpec& spec_;
  const PlanContext& context_;
  Errors& errors_;
  std::unique_ptr<Plan> plan_;
  std::deque<NodeOutput> outputs_;  // sources, then steps; addresses stay
  size_t current_ = kNone;          // the output that the next step reads
  bool behind_split_ = false;       // the step before has several outputs
  bool intact_ = true;              // everything so far has been bound
};

}  // namespace weir
