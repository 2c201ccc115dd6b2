#include "run/graph.h"

#include <algorithm>

namespace weir {

// A step with what it emits into.
struct Graph::Node : Emitter {
  Graph* graph = nullptr;
  const OperatorPlan* op = nullptr;
  size_t step = 0;
  std::vector<Plan::Reader> readers;

  std::unique_ptr<Ordered> ordered;  // one of these three
  std::unique_ptr<Transform> transform;
  std::vector<std::unique_ptr<Collector>> collectors;
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
      case Placement::kTransform: node->transform = node->op->make_transform(context); break;
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

Result<void> Graph::open() {
  for (auto& output : outputs_)
    if (auto r = output->open(); !r) return r;
  return late_ ? late_->open() : Result<void>{};
}

Result<void> Graph::find_places(const CheckpointFile* last, CheckpointFile& checkpoint) {
  const auto find = [&](Output& output, const std::string& section) -> Result<void> {
    auto place = output.find(last == nullptr ? nullptr : last->find(section));
    if (!place) return fail(place.error());
    checkpoint.sections.emplace_back(section, std::move(*place));
    return {};
  };
  for (size_t i = 0; i < outputs_.size(); ++i)
    if (auto r = find(*outputs_[i], "sink " + plan_.sinks[i].name); !r) return r;
  return late_ ? find(*late_, "late") : Result<void>{};
}

Result<void> Graph::resume() {
  for (auto& output : outputs_)
    if (auto r = output->resume(); !r) return r;
  return late_ ? late_->resume() : Result<void>{};
}

Result<void> Graph::close() {
  for (auto& output : outputs_)
    if (auto r = output->close(); !r) return r;
  return late_ ? late_->close() : Result<void>{};
}

Result<void> Graph::flush() {
  for (auto& output : outputs_)
    if (auto r = output->flush(); !r) return r;
  return late_ ? late_->flush() : Result<void>{};
}

Result<void> Graph::commit() {
  for (auto& output : outputs_)
    if (auto r = output->commit(); !r) return r;
  return late_ ? late_->commit() : Result<void>{};
}

void Graph::abort() {
  for (auto& output : outputs_) output->abort();
  if (late_) late_->abort();
}

bool Graph::closed_pipe() const {
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
  uint64_t bytes = 0;
  for (const auto& output : outputs_) bytes += output->bytes();
  return bytes;
}

void Graph::write_late(Batch batch) {
  if (error_ || !late_) return;
  ++emitted_;
  check(late_->write(batch, nullptr));
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
    check(outputs_[reader.index]->write(batch, encoded));
    return;
  }
  Node& node = *nodes_[reader.index];
  node.rows_in += batch.rows;
  if (node.transform) {
    node.transform->apply(batch);
    node.rows_out += batch.rows;
    send(node.readers, std::move(batch));
    return;
  }
  if (node.preparation && !prepared) node.preparation->apply(batch);
  if (node.op->placement() == Placement::kCollector) {
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
  node.advance(together);
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

void Graph::end(const Lane& lane) { end(lane.readers); }

void Graph::end(const std::vector<Plan::Reader>& readers) {
  for (const auto& reader : readers) {
    if (reader.is_sink || error_) continue;
    Node& node = *nodes_[reader.index];
    if (node.inputs[reader.input].ended) continue;
    node.inputs[reader.input].ended = true;
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
    collected_.push_back(node.step);
    return;
  }
  if (node.ordered && !error_) node.ordered->end(node);
  end(node.readers);
}

bool Graph::satisfied(const Lane& lane) const { return satisfied(lane.readers); }

bool Graph::satisfied(const std::vector<Plan::Reader>& readers) const {
  return std::all_of(readers.begin(), readers.end(), [&](const Plan::Reader& reader) {
    if (reader.is_sink) return false;
    const Node& node = *nodes_[reader.index];
    if (node.ordered && node.ordered->done()) return true;
    return node.op->placement() != Placement::kCollector && satisfied(node.readers);
  });
}

// --- collectors ---

std::vector<std::unique_ptr<Collector>> Graph::make_collectors(size_t step, int workers) const {
  std::vector<std::unique_ptr<Collector>> made;
  for (int w = 0; w < workers; ++w) made.push_back(plan_.steps[step].op->make_collector(context_));
  return made;
}

void Graph::give_collectors(size_t step, std::vector<std::unique_ptr<Collector>> collectors) {
  nodes_[step]->collectors = std::move(collectors);
}

std::vector<Graph::Collected> Graph::take_collected() {
  std::vector<Collected> results;
  for (const size_t step : collected_) {
    Node& node = *nodes_[step];
    if (node.collectors.empty()) node.collectors = make_collectors(step, 1);
    results.push_back({step, node.op->finish(std::move(node.collectors), context_)});
    node.collectors.clear();
  }
  collected_.clear();
  return results;
}

// --- checkpoints ---

Result<void> Graph::checkpoint(CheckpointFile& checkpoint) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    auto place = outputs_[i]->checkpoint();
    if (!place) return fail(place.error());
    checkpoint.sections.emplace_back("sink " + plan_.sinks[i].name, std::move(*place));
  }
  if (late_) {
    auto place = late_->checkpoint();
    if (!place) return fail(place.error());
    checkpoint.sections.emplace_back("late", std::move(*place));
  }
  return {};
}

void Graph::snapshot(CheckpointFile& checkpoint) const {
  for (const auto& node : nodes_) {
    if (!node->ordered) continue;
    SnapshotWriter writer;
    writer.put_text(step_signature(plan_, node->step));
    writer.put_i64(node->watermark);
    writer.put_i64(node->passed_on);
    writer.put_u64(node->arrived);
    writer.put_u64(node->emitted);
    SnapshotWriter state;
    node->ordered->snapshot(state);
    writer.put_text(state.bytes());
    checkpoint.sections.emplace_back("step " + step_id(plan_, node->step), writer.take());
  }
}

namespace {

std::unexpected<Error> changed(const std::string& label, std::string what) {
  return fail(ErrorKind::kState, "the checkpoint does not fit " + label + ": " + std::move(what),
              "--fresh starts over without it");
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

Result<void> Graph::restore_node(Node& node, const std::string* section) {
  const std::string& label = plan_.steps[node.step].label;
  if (section == nullptr) {
    SnapshotWriter empty;
    node.ordered->snapshot(empty);
    if (empty.bytes().empty()) return {};  // it keeps nothing
    return changed(label, "it knows no state of this step");
  }
  SnapshotReader reader(*section);
  const std::string_view signature = reader.get_text();
  const int64_t watermark = reader.get_i64();
  const int64_t passed_on = reader.get_i64();
  const uint64_t arrived = reader.get_u64();
  const uint64_t emitted = reader.get_u64();
  const std::string_view state = reader.get_text();
  if (!reader.ok()) return changed(label, "its section cannot be read");
  const std::string now = step_signature(plan_, node.step);
  if (!state.empty() && signature != now) {
    if (first_line(signature) != first_line(now))
      return changed(label, "its state was made by `" + first_line(signature) +
                                "`, the step is now `" + first_line(now) + "`");
    return changed(label, "the columns that it reads or gives have changed");
  }
  node.watermark = watermark;
  node.passed_on = passed_on;
  node.arrived = arrived;
  node.emitted = emitted;
  SnapshotReader state_reader(state);
  node.ordered->restore(state_reader);
  if (!state_reader.ok()) return changed(label, "its state cannot be read");
  node.stats_before = node.ordered->stats();
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
      node->watermark = std::min(node->watermark, input.watermark);
    node->passed_on = node->watermark;
    if (node->ordered) {
      known.push_back("step " + step_id(plan_, node->step));
      if (auto r = restore_node(*node, last.find(known.back())); !r) return r;
    }
    tell(node->readers, node->passed_on);
  }
  for (const auto& [section, bytes] : last.sections) {
    if (!section.starts_with("step ") ||
        std::find(known.begin(), known.end(), section) != known.end())
      continue;
    SnapshotReader reader(bytes);
    reader.get_text();
    for (int i = 0; i < 4; ++i) reader.get_u64();
    if (!reader.get_text().empty())
      return fail(ErrorKind::kState,
                  "the checkpoint has state of the step `" + section.substr(5) +
                      "`, which the pipeline does not have any more",
                  "--fresh starts over without it");
  }
  return {};
}

void Graph::add_stats(std::vector<StepStats>& steps) const {
  for (const auto& node : nodes_) {
    StepStats& stats = steps[node->step];
    stats.rows_in += node->rows_in;
    stats.rows_out += node->rows_out;
    if (!node->ordered) continue;
    stats.knows_time = stats.knows_time || node->watermark > kMinTime;
    stats.watermark = node->watermark;
    stats.operator_stats = node->ordered->stats();
    // What an earlier run has counted is told already.
    stats.operator_stats.late -= node->stats_before.late;
    stats.operator_stats.fired -= node->stats_before.fired;
    stats.operator_stats.refired -= node->stats_before.refired;
  }
}

}  // namespace weir
