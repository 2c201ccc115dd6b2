#include "plan/bind.h"

#include <algorithm>
#include <deque>

#include "base/spelling.h"
#include "operators/other_names.h"
#include "plan/step_list.h"
#include "windows/event_time.h"
#include "windows/window.h"

namespace weir {

namespace {

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

Error not_available(const Position& position, std::string what, std::string hint = {}) {
  return {ErrorKind::kConfig,
          std::move(what) + " is not available in this version",
          position,
          std::move(hint),
          {}};
}

// Connectors that the pipeline language has a name for, but not this version.
template <class Descriptors>
Error unknown_connector(const ComponentSpec& spec, const char* what, const Descriptors& known) {
  for (const auto* later : {"kafka", "tcp", "udp", "unix", "datagen", "sqlite", "postgres"})
    if (spec.kind == later)
      return not_available(spec.kind_position, "the " + std::string(what) + " `" + spec.kind + "`",
                           spelling_hint({}, names_of(known)));
  return unknown_kind(spec, what, known);
}

// What comes out of a source or step, for those that read it.
struct NodeOutput {
  std::string name;  // what `input` calls it; empty: only the next step can read it
  PlanNode node;
  Schema schema;
  bool has_event_time = false;
  bool one_partition = true;
  int64_t out_of_orderness_us = 0;
  bool is_read = false;
};

class Binder {
 public:
  Binder(const PipelineSpec& spec, const PlanContext& context, Errors& errors)
      : spec_(spec), context_(context), errors_(errors), plan_(std::make_unique<Plan>()) {}

  std::unique_ptr<Plan> bind() {
    plan_->name = spec_.name;
    plan_->errors = spec_.errors;
    plan_->runtime = spec_.runtime;
    plan_->now_us = context_.now_us;
    plan_->workers =
        spec_.runtime.parallelism > 0 ? spec_.runtime.parallelism : context_.usable_cores;
    bind_zone();
    refuse_what_is_missing();
    for (const auto& source : spec_.sources) bind_source(source);
    if (intact_) bind_event_times();
    bind_steps();
    bind_sinks();
    if (intact_) refuse_loose_ends();
    if (intact_ && spec_.checkpoint && errors_.empty())
      plan_->checkpoint = bind_checkpoint(*spec_.checkpoint, *plan_, errors_);
    return std::move(plan_);
  }

 private:
  void complain(const Position& position, std::string message, std::string hint = {},
                std::string where = {}) {
    errors_.push_back(
        {ErrorKind::kConfig, std::move(message), position, std::move(hint), std::move(where)});
  }

  void bind_zone() {
    auto zone = find_time_zone(spec_.timezone.text);
    if (zone) {
      plan_->zone = *zone;
    } else {
      Error e = zone.error();
      e.position = spec_.timezone.position;
      errors_.push_back(std::move(e));
    }
  }

  // Parts of the pipeline language that a later version brings: refused by name, never ignored.
  void refuse_what_is_missing() {
    if (spec_.sources.empty())
      complain({spec_.file, 0, 0, {}, 1}, "the pipeline has no [source]",
               "add [source] with a path, or name files on the command line");
  }

  void bind_source(const SourceSpec& source) {
    const SourceDescriptor* descriptor = find_source(source.kind);
    if (descriptor == nullptr) {
      errors_.push_back(unknown_connector(source, "source type", sources()));
      intact_ = false;
      return;
    }
    const SourceContext context{plan_->zone, context_.now_us, context_.open_inputs};
    auto bound = descriptor->bind(source, context, errors_);
    if (!bound) {
      intact_ = false;
      return;
    }
    if (spec_.mode == "batch" && !bound->bounded())
      complain(source.position, "mode = \"batch\" needs bounded sources");
    plan_->streaming = plan_->streaming || spec_.mode == "streaming" ||
                       (spec_.mode == "auto" && !bound->bounded());
    NodeOutput output;
    output.name = source.name;
    output.node = {PlanNode::Kind::kSource, plan_->sources.size()};
    output.schema = bound->schema();
    PlannedSource planned;
    planned.name = source.name;
    planned.source = std::move(bound);
    planned.decode.needed.assign(output.schema.size(), true);
    planned.decode.fail_fast = !spec_.errors.skip && !spec_.dead_letter;
    plan_->sources.push_back(std::move(planned));
    outputs_.push_back(std::move(output));
  }

  // Without a step that asks for it nobody needs the time; binding it has checked it all the same.
  bool time_is_asked_for() const {
    if (spec_.window || spec_.sources.size() > 1) return true;
    const auto asks = [](const ComponentSpec& step) {
      const OperatorDescriptor* d = find_step(step.kind);
      return d != nullptr && d->uses_event_time;
    };
    return std::any_of(spec_.transforms.begin(), spec_.transforms.end(), asks) ||
           std::any_of(spec_.then.begin(), spec_.then.end(), asks);
  }

  void bind_event_times() {
    for (size_t s = 0; s < spec_.sources.size(); ++s) {
      const auto& spec = spec_.sources[s].event_time;
      if (!spec) continue;
      BindContext context = bind_context();
      context.has_event_time = true;
      NodeOutput& output = outputs_[s];
      auto op = bind_event_time(*spec, output.schema, context, errors_);
      output.has_event_time = !op;  // steps behind need not complain as well
      if (!op || !time_is_asked_for()) continue;
      PlannedSource& source = plan_->sources[s];
      // With max_jump the step itself, in input order, says how far time has come.
      const bool in_workers = op->placement() == Placement::kTransform;
      source.has_event_time = in_workers;
      source.out_of_orderness_us = spec->max_out_of_orderness.us;
      if (spec->idle_timeout) source.idle_timeout_us = spec->idle_timeout->us;
      output.has_event_time = true;
      output.one_partition = in_workers;
      output.out_of_orderness_us = source.out_of_orderness_us;
      const std::string label = spec_.sources.size() == 1
                                    ? "[source.event_time]"
                                    : "[sources." + source.name + ".event_time]";
      plan_->steps.push_back({label, std::move(op), {output.node}, {}});
      output.node = {PlanNode::Kind::kStep, plan_->steps.size() - 1};
    }
  }

  BindContext bind_context() const {
    BindContext c;
    c.zone = plan_->zone;
    c.streaming = plan_->streaming;
    c.now_us = context_.now_us;
    return c;
  }

  void bind_steps() {
    // With one source every step reads the one before; with several the first must say which.
    if (outputs_.size() == 1) current_ = 0;
    for (size_t i = 0; i < spec_.transforms.size(); ++i)
      bind_step(spec_.transforms[i], "transform", i);
    if (spec_.window) {
      const OperatorDescriptor* window = find_window(spec_.window->kind);
      if (window == nullptr) {
        errors_.push_back(unknown_kind(*spec_.window, "window type", windows()));
        intact_ = false;
      } else {
        add_step(*spec_.window, *window, "[window] (" + spec_.window->kind + ")");
      }
    }
    for (size_t i = 0; i < spec_.then.size(); ++i) bind_step(spec_.then[i], "then", i);
  }

  void bind_step(const ComponentSpec& spec, const std::string& table, size_t i) {
    const OperatorDescriptor* descriptor = find_step(spec.kind);
    if (descriptor == nullptr) {
      Error error = unknown_kind(spec, "operator", steps());
      if (const auto here = operator_elsewhere_called(spec.kind); !here.empty()) error.hint = here;
      if (error.hint.empty()) error.hint = "`weir operators` lists them";
      errors_.push_back(std::move(error));
      intact_ = false;
      return;
    }
    add_step(spec, *descriptor,
             "[[" + table + "]] " + std::to_string(i + 1) + " (" + spec.kind + ")");
  }

  // The output that a name means; nullptr after an error.
  NodeOutput* find_output(const SourceText& name, const std::string& where) {
    std::vector<std::string> names;
    for (auto& output : outputs_) {
      if (output.name == name.text && !name.text.empty()) return &output;
      if (!output.name.empty()) names.push_back(output.name);
    }
    complain(name.position, "no source or step is called `" + name.text + "`",
             spelling_hint(name.text, names), where);
    return nullptr;
  }

  // What a step or sink reads. Empty after an error.
  std::vector<NodeOutput*> find_inputs(const ComponentSpec& spec, bool many,
                                       const std::string& where) {
    std::vector<NodeOutput*> found;
    if (!spec.inputs.empty()) {
      if (!many && spec.inputs.size() > 1) {
        complain(spec.inputs[1].position,
                 "it takes one input, found " + std::to_string(spec.inputs.size()),
                 "join several into one before it: op = \"union\"", where);
        return {};
      }
      for (const auto& name : spec.inputs) {
        NodeOutput* output = find_output(name, where);
        if (output == nullptr) return {};
        found.push_back(output);
      }
    } else if (many && plan_->sources.size() > 1 && current_ == kNone) {
      for (size_t s = 0; s < plan_->sources.size(); ++s) found.push_back(&outputs_[s]);
    } else if (current_ != kNone) {
      found.push_back(&outputs_[current_]);
    } else {
      std::string names;
      for (const auto& source : plan_->sources)
        names += (names.empty() ? "`" : ", `") + source.name + "`";
      complain(
          spec.position.line > 0 ? spec.position : spec_.sources[1].position,
          "there are several sources (" + names + "): which one does it read?",
          "add input = \"" + plan_->sources.front().name + "\", or join them first: op = \"union\"",
          where);
    }
    for (auto* output : found) output->is_read = true;
    return found;
  }

  // A step behind one that could not be bound has no schema to be checked against.
  void add_step(const ComponentSpec& spec, const OperatorDescriptor& descriptor,
                std::string label) {
    if (!intact_) return;
    const bool many = descriptor.arity == Arity::kMany;
    const std::vector<NodeOutput*> inputs = find_inputs(spec, many, label);
    if (inputs.empty()) {
      intact_ = false;
      return;
    }
    BindContext context = bind_context();
    for (const auto* input : inputs)
      context.inputs.push_back({input->name, input->schema, input->has_event_time});
    context.has_event_time =
        std::all_of(inputs.begin(), inputs.end(), [](const auto* i) { return i->has_event_time; });
    context.one_partition = inputs.size() == 1 && inputs[0]->one_partition;
    context.out_of_orderness_us = inputs[0]->out_of_orderness_us;
    const size_t before = errors_.size();
    auto op = descriptor.bind(spec, inputs[0]->schema, context, errors_);
    for (size_t i = before; i < errors_.size(); ++i) {
      if (errors_[i].context.empty()) errors_[i].context = label;
      if (errors_[i].position.line == 0) errors_[i].position = spec.position;
    }
    if (!op) {
      intact_ = false;
      return;
    }
    NodeOutput output;
    output.name = spec.given_name.text;
    output.node = {PlanNode::Kind::kStep, plan_->steps.size()};
    output.schema = op->output();
    output.has_event_time = context.has_event_time && op->keeps_event_time();
    // Behind an ordered step or where inputs meet, only the runtime knows the watermark at a row.
    output.one_partition = context.one_partition && op->placement() == Placement::kTransform;
    output.out_of_orderness_us = context.out_of_orderness_us;
    PlannedStep step{std::move(label), std::move(op), {}, spec.given_name.text};
    for (const auto* input : inputs) step.inputs.push_back(input->node);
    plan_->steps.push_back(std::move(step));
    refuse_taken_name(spec.given_name);
    outputs_.push_back(std::move(output));
    current_ = outputs_.size() - 1;
  }

  void refuse_taken_name(const SourceText& name) {
    for (const auto& output : outputs_) {
      if (name.text.empty() || output.name != name.text) continue;
      complain(name.position, "there is a source or step called `" + name.text + "` already",
               "every name is given once");
    }
  }

  std::unique_ptr<SinkPlan> bind_one_sink(const SinkSpec& spec, const Schema& schema) {
    const SinkDescriptor* descriptor = find_sink(spec.kind);
    if (descriptor == nullptr) {
      errors_.push_back(unknown_connector(spec, "sink type", sinks()));
      return nullptr;
    }
    SinkContext context;
    context.zone = plan_->zone;
    context.timezone = spec_.timezone.text;
    context.color = context_.color;
    for (const auto& source : plan_->sources) {
      const auto paths = source.source->paths();
      context.input_paths.insert(context.input_paths.end(), paths.begin(), paths.end());
    }
    return descriptor->bind(spec, schema, context, errors_);
  }

  void bind_sinks() {
    if (spec_.dead_letter)
      plan_->dead_letter = bind_one_sink(*spec_.dead_letter, dead_letter_schema());
    if (spec_.sinks.empty()) {
      SinkSpec standard;
      standard.name = "sink";
      standard.kind = "stdout";
      bind_sink(standard);
    }
    for (const auto& sink : spec_.sinks) bind_sink(sink);
    if (spec_.late && intact_) bind_late(*spec_.late);
  }

  void bind_sink(const SinkSpec& spec) {
    if (!intact_) {  // no schema to bind it with
      if (find_sink(spec.kind) == nullptr)
        errors_.push_back(unknown_kind(spec, "sink type", sinks()));
      return;
    }
    const auto inputs = find_inputs(spec, false, "[" + spec.name + "]");
    if (inputs.empty()) {
      intact_ = false;
      return;
    }
    PlannedSink planned{spec.name, bind_one_sink(spec, inputs[0]->schema), inputs[0]->schema,
                        inputs[0]->node};
    if (planned.sink) plan_->sinks.push_back(std::move(planned));
  }

  // Late rows are those of the first step that knows any.
  void bind_late(const SinkSpec& spec) {
    for (size_t i = 0; i < plan_->steps.size(); ++i) {
      OperatorPlan& op = *plan_->steps[i].op;
      op.want_late_rows();
      const Schema* schema = op.late_output();
      if (schema == nullptr) continue;
      auto sink = bind_one_sink(spec, *schema);
      if (sink)
        plan_->late = PlannedSink{"late", std::move(sink), *schema, {PlanNode::Kind::kStep, i}};
      return;
    }
    complain(spec.position, "no step of this pipeline has late records",
             "[late] takes those of a window in event time; leave it out");
  }

  // Something that nobody reads is a slip of the pen.
  void refuse_loose_ends() {
    const auto refuse = [&](const NodeOutput& output, const Position& position) {
      complain(position,
               "nothing reads " + (output.name.empty() ? "this step" : "`" + output.name + "`"),
               "a later step or a sink takes it with input = \"NAME\"");
    };
    for (size_t s = 0; s < plan_->sources.size(); ++s)
      if (!outputs_[s].is_read) refuse(outputs_[s], spec_.sources[s].position);
    size_t o = plan_->sources.size();
    const auto check = [&](const ComponentSpec& spec) {
      if (!outputs_[o].is_read) refuse(outputs_[o], spec.position);
      ++o;
    };
    for (const auto& step : spec_.transforms) check(step);
    if (spec_.window) check(*spec_.window);
    for (const auto& step : spec_.then) check(step);
  }

  static constexpr size_t kNone = static_cast<size_t>(-1);

  const PipelineSpec& spec_;
  const PlanContext& context_;
  Errors& errors_;
  std::unique_ptr<Plan> plan_;
  std::deque<NodeOutput> outputs_;  // sources, then steps; addresses stay
  size_t current_ = kNone;          // the output that the next step reads
  bool intact_ = true;              // everything so far has been bound
};

}  // namespace

std::unique_ptr<Plan> bind_pipeline(const PipelineSpec& spec, const PlanContext& context,
                                    Errors& errors) {
  return Binder(spec, context, errors).bind();
}

Schema dead_letter_schema() {
  Schema s;
  s.add("source", Type::string());
  s.add("line", Type::bigint());
  s.add("offset", Type::bigint());
  s.add("field", Type::string());
  s.add("reason", Type::string());
  s.add("record", Type::string());
  return s;
}

}  // namespace weir
