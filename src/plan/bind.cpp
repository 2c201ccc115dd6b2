#include "plan/bind.h"

#include <algorithm>

#include "base/spelling.h"
#include "windows/event_time.h"
#include "windows/window.h"

namespace weir {

namespace {

template <class Descriptors>
Error unknown_kind(const ComponentSpec& spec, const char* what, const Descriptors& known) {
  std::vector<std::string> names;
  for (const auto* d : known) names.emplace_back(d->name);
  return {ErrorKind::kConfig,
          "no " + std::string(what) + " `" + spec.kind + "`",
          spec.kind_position,
          spelling_hint(spec.kind, names),
          {}};
}

Error not_available(const Position& position, std::string what, std::string hint = {}) {
  return {ErrorKind::kConfig,
          std::move(what) + " is not available in this version",
          position,
          std::move(hint),
          {}};
}

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
    bind_source();
    bind_steps();
    bind_sink();
    return std::move(plan_);
  }

 private:
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
    if (spec_.late)
      errors_.push_back(not_available(spec_.late->position, "an output for late records ([late])",
                                      "late records are counted in the closing summary"));
    if (spec_.checkpoint)
      errors_.push_back(not_available(spec_.checkpoint->position, "[checkpoint]"));
    if (spec_.sources.size() > 1)
      errors_.push_back(not_available(spec_.sources[1].position, "a second source",
                                      "file sources take several paths and globs"));
    if (spec_.sinks.size() > 1)
      errors_.push_back(not_available(spec_.sinks[1].position, "a second sink"));
    if (spec_.sources.empty())
      errors_.push_back({ErrorKind::kConfig,
                         "the pipeline has no [source]",
                         {spec_.file, 0, 0, {}, 1},
                         "add [source] with a path, or name files on the command line",
                         {}});
  }

  void bind_source() {
    if (spec_.sources.empty()) return;
    const SourceSpec& source = spec_.sources.front();
    const SourceDescriptor* descriptor = find_source(source.kind);
    if (descriptor == nullptr) {
      errors_.push_back(unknown_kind(source, "source type", sources()));
      return;
    }
    const SourceContext context{plan_->zone, context_.now_us, context_.open_inputs};
    auto bound = descriptor->bind(source, context, errors_);
    if (!bound) return;
    plan_->streaming = spec_.mode == "streaming" || (spec_.mode == "auto" && !bound->bounded());
    if (spec_.mode == "batch" && !bound->bounded())
      errors_.push_back(
          {ErrorKind::kConfig, "mode = \"batch\" needs bounded sources", source.position, {}, {}});
    schema_ = bound->schema();
    PlannedSource planned;
    planned.name = source.name;
    planned.source = std::move(bound);
    planned.decode.needed.assign(schema_.size(), true);
    planned.decode.fail_fast = !spec_.errors.skip && !spec_.dead_letter;
    plan_->sources.push_back(std::move(planned));
    chain_intact_ = true;
  }

  BindContext bind_context() const {
    BindContext c;
    c.zone = plan_->zone;
    c.streaming = plan_->streaming;
    c.now_us = context_.now_us;
    if (!spec_.sources.empty() && spec_.sources.front().event_time) {
      c.has_event_time = true;
      c.out_of_orderness_us = spec_.sources.front().event_time->max_out_of_orderness.us;
    }
    return c;
  }

  void bind_steps() {
    if (chain_intact_ && spec_.sources.front().event_time) {
      const EventTimeSpec& event_time = *spec_.sources.front().event_time;
      if (event_time.max_out_of_orderness.us < 0)
        errors_.push_back({ErrorKind::kConfig,
                           "max_out_of_orderness must not be negative",
                           event_time.position,
                           {},
                           {}});
      auto op = bind_event_time(event_time, schema_, bind_context(), errors_);
      // Without a window nobody asks for the time; binding it has checked it all the same.
      if (op && spec_.window) {
        plan_->out_of_orderness_us = event_time.max_out_of_orderness.us;
        plan_->steps.push_back({"[source.event_time]", std::move(op)});
      }
    }
    add_steps(spec_.transforms, "transform");
    if (spec_.window) {
      const OperatorDescriptor* window = find_window(spec_.window->kind);
      if (window == nullptr) {
        errors_.push_back(unknown_kind(*spec_.window, "window type", windows()));
        chain_intact_ = false;
      } else {
        add_step(*spec_.window, *window, "[window] (" + spec_.window->kind + ")");
      }
    }
    add_steps(spec_.then, "then");
  }

  void add_steps(const std::vector<ComponentSpec>& steps, const std::string& table) {
    for (size_t i = 0; i < steps.size(); ++i) {
      const OperatorDescriptor* descriptor = find_operator(steps[i].kind);
      if (descriptor == nullptr) {
        errors_.push_back(unknown_kind(steps[i], "operator", operators()));
        chain_intact_ = false;
        continue;
      }
      add_step(steps[i], *descriptor,
               "[[" + table + "]] " + std::to_string(i + 1) + " (" + steps[i].kind + ")");
    }
  }

  // A step behind one that could not be bound has no schema to be checked against.
  void add_step(const ComponentSpec& spec, const OperatorDescriptor& descriptor,
                std::string label) {
    if (!chain_intact_) return;
    const size_t before = errors_.size();
    auto op = descriptor.bind(spec, schema_, bind_context(), errors_);
    for (size_t i = before; i < errors_.size(); ++i) {
      if (errors_[i].context.empty()) errors_[i].context = label;
      if (errors_[i].position.line == 0) errors_[i].position = spec.position;
    }
    if (!op) {
      chain_intact_ = false;
      return;
    }
    schema_ = op->output();
    plan_->steps.push_back({std::move(label), std::move(op)});
  }

  std::unique_ptr<SinkPlan> bind_one_sink(const SinkSpec& spec, const Schema& schema) {
    const SinkDescriptor* descriptor = find_sink(spec.kind);
    if (descriptor == nullptr) {
      errors_.push_back(unknown_kind(spec, "sink type", sinks()));
      return nullptr;
    }
    SinkContext context;
    context.zone = plan_->zone;
    context.timezone = spec_.timezone.text;
    context.color = context_.color;
    if (!plan_->sources.empty()) context.input_paths = plan_->sources.front().source->paths();
    return descriptor->bind(spec, schema, context, errors_);
  }

  void bind_sink() {
    if (spec_.dead_letter)
      plan_->dead_letter = bind_one_sink(*spec_.dead_letter, dead_letter_schema());
    SinkSpec standard;
    standard.name = "sink";
    standard.kind = "stdout";
    const SinkSpec& sink = spec_.sinks.empty() ? standard : spec_.sinks.front();
    if (!chain_intact_ && find_sink(sink.kind) != nullptr) return;  // no schema to bind it with
    plan_->output = schema_;
    plan_->sink = bind_one_sink(sink, schema_);
  }

  const PipelineSpec& spec_;
  const PlanContext& context_;
  Errors& errors_;
  std::unique_ptr<Plan> plan_;
  Schema schema_;
  bool chain_intact_ = false;  // every step so far has been bound
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
