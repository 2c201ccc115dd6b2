#include "run/graph.h"

#include <algorithm>

#include "plan/passes.h"
#include "state/step_section.h"

namespace weir {

namespace {

// Rows whose text a worker makes in less time than it takes to hand them over.
constexpr size_t kFewRows = 256;

}  // namespace

// A step with what it emits into.
struct Graph::Node : Emitter {
  Graph* graph = nullptr;
  const OperatorPlan* op = nullptr;
  size_t step = 0;
  std::vector<Plan::Reader> readers;

  std::unique_ptr<Ordered> ordered;  // one of these three
  std::unique_ptr<Transform> transform;
  std::vector<std::unique_ptr<Collector>> collectors;
  std::shared_ptr<BuiltInput>
      built;  // of a join, from the end of its input 1 to that of its input 0
  // Its input 0 has ended. Workers that begin late still look at `built`, so it goes between two passes.
  bool is_used_up = false;
  std::unique_ptr<Transform>
      preparation;  // of an ordered step or collector, where no worker ran it

  struct Input {
    int64_t watermark = kMinTime;
    bool idle = false;
    bool ended = false;
    bool aligned = true;  // false: active again, but still behind the node's watermark
    bool counts() const { return !idle && !ended && aligned; }
  };
  std::vector<Input> inputs;
  int64_t watermark = kMinTime;  // the inputs' together
  int64_t passed_on = kMinTime;  // what the readers know
  bool idle = false;             // all inputs are

  OperatorStats stats_before;  // of earlier runs
  uint64_t rows_in = 0;
  uint64_t rows_out = 0;
  uint64_t arrived = 0;  // batches, where inputs meet
  uint64_t emitted = 0;  // batches; their sequence numbers for the readers

  bool keeps_state() const { return ordered != nullptr || op->keeps_collected(); }
  void snapshot(SnapshotWriter& writer) const {
    if (ordered) return ordered->snapshot(writer);
    if (collectors.empty()) return;
    writer.put_u32(static_cast<uint32_t>(collectors.size()));
    if (collectors.size() == 1) return collectors[0]->snapshot(writer);
    for (const auto& collector : collectors) {
      SnapshotWriter part;
      collector->snapshot(part);
      writer.put_text(part.bytes());
    }
  }

  uint64_t state_bytes() const {
    uint64_t total = ordered ? ordered->state_bytes() : 0;
    for (const auto& collector : collectors) total += collector->memory_bytes();
    return total;
  }

  void emit(Batch batch) override {
    if (batch.rows == 0 && batch.rejects.empty()) return;
    batch.sequence = emitted++;
    batch.ordinals.clear();
    // A batch of the operator's own making: all of it comes under one watermark.
    if (batch.running_max.empty()) batch.watermark = passed_on;
    rows_out += batch.rows;
    graph->send(readers, std::move(batch));
  }
  void emit_late(Batch batch) override { graph->write_late(std::move(batch)); }
  void advance(int64_t to) override {
    if (to <= passed_on) return;
    passed_on = to;
    graph->advance(readers, to);
  }
};

Graph::Graph(const Plan& plan, const OperatorContext& context, const Clock& clock,
             RejectHandler& rejects)
    : plan_(plan), context_(context), clock_(clock), rejects_(rejects) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    auto node = std::make_unique<Node>();
    node->graph = this;
    node->step = i;
    node->op = plan.steps[i].op.get();
    node->readers = plan.readers({PlanNode::Kind::kStep, i});
    node->inputs.resize(plan.steps[i].inputs.size());
    switch (node->op->placement()) {
      case Placement::kTransform:
        if (!node->op->builds()) node->transform = node->op->make_transform(context);
        break;
      case Placement::kOrdered:
        node->ordered = node->op->make_ordered(context);
        node->preparation = node->op->make_transform(context);
        break;
      case Placement::kCollector: node->preparation = node->op->make_transform(context); break;
    }
    nodes_.push_back(std::move(node));
  }
  for (const auto& sink : plan.sinks) outputs_.push_back(std::make_unique<Output>(sink));
  if (plan.late) late_ = std::make_unique<Output>(*plan.late);
}

Graph::~Graph() = default;

// --- sinks ---

Result<void> Graph::settle(Output& output, Result<void> done) {
  if (!done) return done;
  auto refused = output.take_refused();
  if (refused.empty()) return {};
  return rejects_.take_refused(output.name(), std::move(refused));
}

Result<void> Graph::open() {
  return for_outputs([](Output& output) { return output.open(); });
}

Result<void> Graph::find_places(const CheckpointFile* last, CheckpointFile& checkpoint,
                                bool fresh) {
  const auto find = [&](Output& output, const std::string& section) -> Result<void> {
    std::optional<std::string> known;
    if (last != nullptr) known = last->find(section);
    auto place = output.find(known ? &*known : nullptr, fresh);
    if (!place) return fail(place.error());
    checkpoint.add(section, std::move(*place));
    return {};
  };
  for (size_t i = 0; i < outputs_.size(); ++i)
    if (auto r = find(*outputs_[i], "sink " + plan_.sinks[i].name); !r) return r;
  return late_ ? find(*late_, "late") : Result<void>{};
}

Result<void> Graph::resume() {
  return for_outputs([](Output& output) { return output.resume(); });
}

Result<void> Graph::reopen() {
  if (auto r = encoding_->finish(); !r) return r;
  for (auto& output : outputs_)
    if (auto r = output->reopen(); !r) return r;
  return late_ ? late_->reopen() : Result<void>{};
}

bool Graph::can_reopen() const {
  return std::any_of(outputs_.begin(), outputs_.end(),
                     [](const auto& o) { return o->can_reopen(); }) ||
         (late_ && late_->can_reopen());
}

bool Graph::moved() const {
  return std::any_of(outputs_.begin(), outputs_.end(), [](const auto& o) { return o->moved(); }) ||
         (late_ && late_->moved());
}

Result<void> Graph::close() {
  return for_outputs([](Output& output) { return output.close(); });
}

Result<void> Graph::flush() {
  return for_outputs([](Output& output) { return output.flush(); });
}

Result<void> Graph::commit() {
  return for_outputs([](Output& output) { return output.commit(); });
}

Result<void> Graph::committed() {
  return for_outputs([](Output& output) { return output.committed(); });
}

bool Graph::wants_checkpoint() const {
  return (late_ && late_->wants_checkpoint()) ||
         std::any_of(outputs_.begin(), outputs_.end(),
                     [](const auto& output) { return output->wants_checkpoint(); });
}

void Graph::abort() {
  encoding_->wait();  // as it would be out by now
  for (auto& output : outputs_) output->abort();
  if (late_) late_->abort();
}

bool Graph::closed_pipe() const {
  encoding_->wait();
  return std::any_of(outputs_.begin(), outputs_.end(),
                     [](const auto& o) { return o->closed_pipe(); }) ||
         (late_ && late_->closed_pipe());
}

uint64_t Graph::rows_out() const {
  uint64_t rows = 0;
  for (const auto& output : outputs_) rows += output->rows();
  return rows;
}

uint64_t Graph::bytes_out() const {
  encoding_->wait();
  uint64_t bytes = 0;
  for (const auto& output : outputs_) bytes += output->bytes();
  return bytes;
}

void Graph::write_late(Batch batch) {
  if (error_ || !late_) return;
  ++emitted_;
  write(*late_, std::move(batch), nullptr);
}

// Behind what is on its way to the sinks.
void Graph::write(Output& output, Batch batch, const std::string* encoded) {
  const bool waits = encoding_->is_open() && !encoding_->is_empty();
  if (encoding_->is_open() && encoded == nullptr && output.encodes_in_parallel() &&
      (waits || batch.rows >= kFewRows)) {
    const size_t rows = batch.rows;
    const auto taken = encoding_->add(output, batch);
    if (!taken) return check(fail(taken.error()));
    if (*taken) return output.count(rows);
  }
  if (waits) check(encoding_->finish());
  if (!error_) check(settle(output, output.write(batch, encoded)));
}

void Graph::check(Result<void> result) {
  if (!result && !error_) error_ = std::move(result.error());
}

// --- rows ---

void Graph::take(const Lane& lane, Batch batch, const std::string* encoded, bool prepared) {
  if (error_) return;
  deliver_all(lane.readers, std::move(batch), encoded, prepared);
}

// Rows and rejects that a node emits. Rows before a bad one still go out when it ends the run.
void Graph::send(const std::vector<Plan::Reader>& readers, Batch batch) {
  if (error_) return;
  std::optional<Error> held;
  if (!batch.rejects.empty()) {
    check(rejects_.take(batch));
    batch.rejects.clear();
    held.swap(error_);
  }
  if (batch.rows > 0) deliver_all(readers, std::move(batch), nullptr, false);
  if (held) error_ = std::move(held);
}

void Graph::deliver_all(const std::vector<Plan::Reader>& readers, Batch batch,
                        const std::string* encoded, bool prepared) {
  for (size_t i = 0; i + 1 < readers.size(); ++i) deliver(readers[i], batch, encoded, prepared);
  if (!readers.empty()) deliver(readers.back(), std::move(batch), encoded, prepared);
}

void Graph::deliver(const Plan::Reader& reader, Batch batch, const std::string* encoded,
                    bool prepared) {
  if (error_) return;
  if (reader.is_sink) {
    if (batch.rows > 0) ++emitted_;
    return write(*outputs_[reader.index], std::move(batch), encoded);
  }
  Node& node = *nodes_[reader.index];
  node.rows_in += batch.rows;
  const bool collects = plan_.collects(reader);
  if (node.transform && !collects) return apply(node, std::move(batch));
  if (node.preparation && !prepared) node.preparation->apply(batch);
  if (collects) {
    if (!batch.rejects.empty()) {
      check(rejects_.take(batch));
      batch.rejects.clear();
    }
    if (node.collectors.empty()) node.collectors = make_collectors(node.step, 1);
    if (batch.rows > 0 && !error_) node.collectors[0]->consume(std::move(batch));
    return;
  }
  if (node.inputs.size() > 1) {
    // Time has come here as far as the last of the inputs.
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Node::Input& other = node.inputs[i];
      if (i != reader.input && other.counts())
        batch.watermark_cap = std::min(batch.watermark_cap, other.watermark);
    }
    batch.watermark = node.watermark;
    batch.sequence = node.arrived++;
    batch.ordinals.clear();
  }
  if (node.op->uses_clock()) node.ordered->clock(clock_.now_us(), node);
  node.ordered->process_input(reader.input, std::move(batch), node);
}

void Graph::apply(Node& node, Batch batch) {
  if (!node.transform->expands()) {
    node.transform->apply(batch);
    node.rows_out += batch.rows;
    return send(node.readers, std::move(batch));
  }
  node.transform->begin(std::move(batch));
  for (bool more = true; more && !error_;) {
    Batch part;
    more = node.transform->next(part);
    part.sequence = node.emitted++;
    part.ordinals.clear();
    node.rows_out += part.rows;
    send(node.readers, std::move(part));
  }
}

// --- time ---

void Graph::advance(const Lane& lane, int64_t watermark) { advance(lane.readers, watermark); }

void Graph::advance(const std::vector<Plan::Reader>& readers, int64_t watermark) {
  for (const auto& reader : readers) {
    if (reader.is_sink) continue;
    Node& node = *nodes_[reader.index];
    Node::Input& input = node.inputs[reader.input];
    if (watermark <= input.watermark) continue;
    input.watermark = watermark;
    recompute(node);
  }
}

void Graph::set_idle(const Lane& lane, bool idle) { set_idle(lane.readers, idle); }

void Graph::set_idle(const std::vector<Plan::Reader>& readers, bool idle) {
  for (const auto& reader : readers) {
    if (reader.is_sink) continue;
    Node& node = *nodes_[reader.index];
    Node::Input& input = node.inputs[reader.input];
    if (input.idle && !idle) input.aligned = input.watermark >= node.watermark;
    input.idle = idle;
    recompute(node);
    const bool all = std::all_of(node.inputs.begin(), node.inputs.end(),
                                 [](const Node::Input& i) { return i.idle || i.ended; });
    if (all != node.idle) {
      node.idle = all;
      set_idle(node.readers, all);
    }
  }
}

// The smallest watermark of the active inputs; when none is active, the largest of the idle ones. An input
// that comes back behind the others does not count until it has caught up (all of this as in Flink).
void Graph::recompute(Node& node) {
  int64_t active = kMaxTime;
  int64_t idle = kMinTime;
  bool any_active = false;
  bool any_idle = false;
  for (auto& input : node.inputs) {
    input.aligned = input.aligned || input.watermark >= node.watermark;
    if (!input.ended && input.idle) {
      idle = std::max(idle, input.watermark);
      any_idle = true;
    } else if (input.counts()) {
      active = std::min(active, input.watermark);
      any_active = true;
    }
  }
  if (!any_active && !any_idle) return;
  const int64_t together = any_active ? active : idle;
  if (together <= node.watermark || error_) return;
  node.watermark = together;
  if (node.ordered) node.ordered->watermark(together, node);
  const int64_t delay = node.op->watermark_delay_us();
  node.advance(together == kMaxTime          ? kMaxTime
               : together < kMinTime + delay ? kMinTime
                                             : together - delay);
}

void Graph::tick(int64_t now_us) {
  for (auto& node : nodes_) {
    if (error_ || !node->ordered || !node->op->uses_clock()) continue;
    if (node->ordered->next_clock() <= now_us) node->ordered->clock(now_us, *node);
  }
}

int64_t Graph::next_clock() const {
  int64_t next = kMaxTime;
  for (const auto& node : nodes_) {
    if (node->ordered && node->op->uses_clock()) next = std::min(next, node->ordered->next_clock());
  }
  return next;
}

bool Graph::uses_clock() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& n) { return n->ordered && n->op->uses_clock(); });
}

// --- the end ---

void Graph::end(const Lane& lane, uint64_t behind) {
  for (const size_t step : lane.chain)
    if (give_rest(*nodes_[step], behind)) return;
  end(lane.readers);
}

void Graph::end(const std::vector<Plan::Reader>& readers) {
  for (const auto& reader : readers) {
    if (reader.is_sink || error_) continue;
    Node& node = *nodes_[reader.index];
    if (node.inputs[reader.input].ended) continue;
    node.inputs[reader.input].ended = true;
    if (node.op->builds()) {
      if (reader.input == 1) {
        finish_build(node);
      } else if (!give_rest(node, node.emitted)) {
        end(node.readers);
      }
      continue;
    }
    if (node.ordered && node.inputs.size() > 1) node.ordered->end_input(reader.input, node);
    const bool all = std::all_of(node.inputs.begin(), node.inputs.end(),
                                 [](const Node::Input& i) { return i.ended; });
    if (all) {
      end_node(node);
    } else {
      recompute(node);
    }
  }
}

void Graph::end_node(Node& node) {
  if (node.op->placement() == Placement::kCollector) {
    collected_.push_back({node.step, nullptr, 0});  // a checkpoint may still be to come
    return;
  }
  if (node.ordered && !error_) node.ordered->end(node);
  end(node.readers);
}

void Graph::finish_build(Node& node) {
  if (node.collectors.empty()) node.collectors = make_collectors(node.step, 1);
  node.built = node.op->finish_build(std::move(node.collectors), context_);
  node.collectors.clear();
  node.transform = node.op->make_probe(node.built, context_);
}

// The end of a join's input: true if rows follow, which make a lane of their own.
bool Graph::give_rest(Node& node, uint64_t behind) {
  if (!node.built || node.is_used_up) return false;
  if (node.op->has_rest())
    collected_.push_back({node.step, node.op->rest(node.built, context_), behind});
  node.transform.reset();
  node.is_used_up = true;
  return node.op->has_rest();
}

bool Graph::satisfied(const Lane& lane) const { return satisfied(lane.readers); }

bool Graph::satisfied(const std::vector<Plan::Reader>& readers) const {
  return std::all_of(readers.begin(), readers.end(), [&](const Plan::Reader& reader) {
    if (reader.is_sink) return false;
    const Node& node = *nodes_[reader.index];
    if (node.ordered && node.ordered->done()) return true;
    return !plan_.collects(reader) && satisfied(node.readers);
  });
}

// --- collectors ---

bool Graph::ready(PlanNode origin) const {
  const std::vector<size_t> joins = joins_met(plan_, origin);
  return std::all_of(joins.begin(), joins.end(),
                     [&](size_t step) { return nodes_[step]->built != nullptr; });
}

std::unique_ptr<Transform> Graph::make_transform(size_t step) const {
  const Node& node = *nodes_[step];
  return node.built ? node.op->make_probe(node.built, context_) : node.op->make_transform(context_);
}

std::vector<std::unique_ptr<Collector>> Graph::make_collectors(size_t step, int workers) const {
  std::vector<std::unique_ptr<Collector>> made;
  for (int w = 0; w < workers; ++w) made.push_back(plan_.steps[step].op->make_collector(context_));
  return made;
}

void Graph::give_collectors(size_t step, std::vector<std::unique_ptr<Collector>> collectors) {
  // Behind those of an earlier run, or of another lane.
  for (auto& collector : collectors) nodes_[step]->collectors.push_back(std::move(collector));
}

std::vector<Graph::Collected> Graph::take_collected() {
  for (auto& node : nodes_)
    if (node->is_used_up) node->built.reset();
  for (auto& collected : collected_) {
    if (collected.result) continue;
    Node& node = *nodes_[collected.step];
    if (node.collectors.empty()) node.collectors = make_collectors(node.step, 1);
    collected.result = node.op->finish(std::move(node.collectors), context_);
    node.collectors.clear();
  }
  return std::exchange(collected_, {});
}

// --- checkpoints ---

std::string Graph::section_of(const Node& node) const {
  return std::string(kStepPrefix) + step_id(plan_, node.step);
}

Result<void> Graph::checkpoint(CheckpointFile& checkpoint, std::vector<int>* later) {
  if (auto r = encoding_->finish(); !r) return r;
  const auto add = [&](Output& output, std::string section) -> Result<void> {
    auto place = output.checkpoint(later);
    if (!place) return fail(place.error());
    checkpoint.add(std::move(section), std::move(*place));
    return {};
  };
  for (size_t i = 0; i < outputs_.size(); ++i)
    if (auto r = add(*outputs_[i], "sink " + plan_.sinks[i].name); !r) return r;
  return late_ ? add(*late_, "late") : Result<void>{};
}

CheckpointStore::Fill Graph::snapshot() const {
  struct Part {
    const Node* node;
    std::string section;
    std::string signature;
  };
  // Everything but the state itself is put together now: what runs later may run in a child process.
  std::vector<Part> parts;
  for (const auto& node : nodes_)
    if (node->keeps_state())
      parts.push_back({node.get(), section_of(*node), step_signature(plan_, node->step)});
  return [parts = std::move(parts)](CheckpointWriter& writer) {
    for (const auto& part : parts) {
      writer.add(part.section, [&](SnapshotWriter& section) {
        const Node& node = *part.node;
        begin_step_section(
            {part.signature, node.watermark, node.passed_on, node.arrived, node.emitted, {}},
            section);
        node.snapshot(section);
      });
    }
  };
}

uint64_t Graph::state_bytes() const {
  uint64_t total = 0;
  for (const auto& node : nodes_) total += node->state_bytes();
  return total;
}

namespace {

// `id`: of a step whose state alone is in the way.
std::unexpected<Error> changed(const std::string& label, std::string what,
                               const std::string& id = {}) {
  std::string hint = "--fresh starts over without it";
  if (!id.empty()) hint = "--reset-step '" + id + "' goes on without its state; " + hint;
  return fail(ErrorKind::kState, "the checkpoint does not fit " + label + ": " + std::move(what),
              std::move(hint));
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Result<void> Graph::restore_node(Node& node, std::optional<std::string_view> section) {
  const std::string& label = plan_.steps[node.step].label;
  if (!section) {
    SnapshotWriter empty;
    node.snapshot(empty);
    if (empty.bytes().empty()) return {};  // it keeps nothing
    return changed(label, "it knows no state of this step");
  }
  const auto saved = decode_step_section(*section);
  if (!saved) return changed(label, "its section cannot be read");
  const std::string now = step_signature(plan_, node.step);
  if (!saved->state.empty() && saved->signature != now) {
    const std::string id = step_id(plan_, node.step);
    if (first_line(saved->signature) != first_line(now))
      return changed(label,
                     "its state was made by `" + first_line(saved->signature) +
                         "`, the step is now `" + first_line(now) + "`",
                     id);
    return changed(label, "the columns that it reads or gives have changed", id);
  }
  node.watermark = saved->watermark;
  node.passed_on = saved->passed_on;
  node.arrived = saved->arrived;
  node.emitted = saved->emitted;
  if (saved->state.empty()) return {};
  SnapshotReader state_reader(saved->state);
  if (node.ordered) {
    node.ordered->restore(state_reader);
  } else {
    node.collectors = make_collectors(node.step, static_cast<int>(state_reader.get_u32()));
    for (auto& collector : node.collectors) {
      const std::string_view part =
          node.collectors.size() == 1 ? state_reader.get_rest() : state_reader.get_text();
      SnapshotReader part_reader(part);
      if (!part.empty()) collector->restore(part_reader);
      if (!part_reader.ok()) state_reader.refuse();
    }
  }
  if (!state_reader.ok()) return changed(label, "its state cannot be read");
  if (node.ordered) node.stats_before = node.ordered->stats();
  return {};
}

Result<void> Graph::restore(const CheckpointFile& last, const std::vector<Lane>& lanes,
                            const std::vector<int64_t>& watermarks) {
  const auto tell = [&](const std::vector<Plan::Reader>& readers, int64_t watermark) {
    for (const auto& reader : readers)
      if (!reader.is_sink) nodes_[reader.index]->inputs[reader.input].watermark = watermark;
  };
  for (size_t l = 0; l < lanes.size(); ++l) tell(lanes[l].readers, watermarks[l]);
  std::vector<std::string> known;
  for (auto& node : nodes_) {
    for (const auto& input : node->inputs)
      node->watermark = std::max(node->watermark, input.watermark);
    for (const auto& input : node->inputs)
      if (!input.ended) node->watermark = std::min(node->watermark, input.watermark);
    node->passed_on = node->watermark;
    if (node->keeps_state()) {
      known.push_back(section_of(*node));
      if (auto r = restore_node(*node, last.find(known.back())); !r) return r;
    }
    tell(node->readers, node->passed_on);
  }
  for (const auto& [section, bytes, owner] : last.sections) {
    if (!section.starts_with(kStepPrefix) ||
        std::find(known.begin(), known.end(), section) != known.end())
      continue;
    const auto saved = decode_step_section(bytes);
    const std::string id = section.substr(kStepPrefix.size());
    if (!saved || !saved->state.empty())
      return fail(ErrorKind::kState,
                  "the checkpoint has state of the step `" + id +
                      "`, which the pipeline does not have any more",
                  "--reset-step '" + id + "' gives it up; --fresh starts over");
  }
  return {};
}

void Graph::add_stats(std::vector<StepStats>& steps) const {
  for (const auto& node : nodes_) {
    StepStats& stats = steps[node->step];
    stats.rows_in += node->rows_in;
    stats.rows_out += node->rows_out;
    stats.collects = node->op->placement() == Placement::kCollector;
    stats.operator_stats.state_bytes =
        node->state_bytes() + (node->built ? node->built->memory_bytes() : 0);
    if (!node->ordered) continue;
    stats.knows_time = stats.knows_time || node->watermark > kMinTime;
    stats.watermark = node->watermark;
    stats.operator_stats = node->ordered->stats();
    stats.operator_stats.state_bytes = node->state_bytes();
    // What an earlier run has counted is told already.
    stats.operator_stats.late -= node->stats_before.late;
    stats.operator_stats.fired -= node->stats_before.fired;
    stats.operator_stats.refired -= node->stats_before.refired;
  }
}

}  // namespace weir
