// intersect, except: rows that both inputs have, or only the first one. NULLs count as equal.
//
// Rows are numbered in one table and counted for each side. Bounded input: what comes out is known at the end, and
// comes in the order in which the first input brought it. Else every row that changes a count changes the
// result.

#include <algorithm>

#include "operators/operator_list.h"
#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

struct SetOptions {
  bool all = false;
};

const OptionTable<SetOptions>& set_options() {
  static const OptionTable<SetOptions> table = {
      {"all", &SetOptions::all, "rows that are there several times count as often"},
  };
  return table;
}

struct SetOperation {
  bool except = false;
  bool all = false;
  Schema schema;
  std::vector<Type> types;
  bool changes = false;  // gives every change of the result at once

  // How often a row comes out that the inputs have so often.
  int64_t result(int64_t first, int64_t second) const {
    const int64_t a = std::max<int64_t>(first, 0);
    const int64_t b = std::max<int64_t>(second, 0);
    if (all) return except ? std::max<int64_t>(a - b, 0) : std::min(a, b);
    return a > 0 && (b > 0) != except ? 1 : 0;
  }
};

class SetCounts final : public Ordered, private KeptByKey {
 public:
  SetCounts(const SetOperation& set, const OperatorContext& context)
      : set_(set),
        table_(set.except ? "except" : "intersect", set.types, context, *this),
        out_rows_(set.schema, set.changes) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    groups_.resize(batch.rows);
    table_.find(batch.columns, batch.rows, groups_.data());
    for (size_t i = 0; i < batch.rows; ++i) {
      Counts& counts = counts_[groups_[i]];
      const int64_t before = set_.result(counts.of[0], counts.of[1]);
      counts.of[side] += adds_row(kind_of(batch, i)) ? 1 : -1;
      if (side == 0 && counts.arrival == kNotSeen) counts.arrival = arrived_++;
      if (!set_.changes) continue;
      const int64_t after = set_.result(counts.of[0], counts.of[1]);
      if (before == after) continue;
      out_rows_.add(encode_row(batch.columns, i),
                    after > before ? RowKind::kInsert : RowKind::kDelete);
      if (out_rows_.full()) out_rows_.flush(out);
    }
    out_rows_.flush(out);
    table_.look_at_memory(batch.rows);
  }

  void end(Emitter& out) override {
    if (set_.changes) return;
    if (table_.any_spilled()) return give_from_disk(out);
    Vec<uint32_t> order;
    for (uint32_t group = 0; group < counts_.size(); ++group) {
      if (result_of(counts_[group]) > 0) order.push_back(group);
    }
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return counts_[a].arrival < counts_[b].arrival; });
    Vec<uint32_t> rows;
    const auto give = [&] {
      Batch batch;
      batch.rows = rows.size();
      batch.columns = table_.table().keys({rows.data(), rows.size()}, batch.arena());
      for (auto& column : batch.columns) column->own_strings(batch.arena());
      out.emit(std::move(batch));
      rows.clear();
    };
    for (const uint32_t group : order) {
      for (int64_t n = result_of(counts_[group]); n > 0; --n) {
        rows.push_back(group);
        if (rows.size() == kRows) give();
      }
    }
    if (!rows.empty()) give();
  }

  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override {
    writer.put_i64(arrived_);
    table_.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    arrived_ = reader.get_i64();
    table_.restore(reader);
  }

 private:
  static constexpr size_t kRows = 8192;
  static constexpr int64_t kNotSeen = -1;
  struct Counts {
    int64_t of[2] = {0, 0};
    int64_t arrival = kNotSeen;  // when the first input has brought it, among all that it has
  };

  int64_t result_of(const Counts& counts) const { return set_.result(counts.of[0], counts.of[1]); }
  void give_from_disk(Emitter& out) {
    table_.take_all([&](std::string_view row, SnapshotReader& reader) {
      const Counts counts = read_counts(reader);
      for (int64_t n = result_of(counts); n > 0; --n) {
        out_rows_.add(row);
        if (out_rows_.full()) out_rows_.flush(out);
      }
    });
    out_rows_.flush(out);
  }

  static Counts read_counts(SnapshotReader& reader) {
    Counts counts;
    for (auto& count : counts.of) count = reader.get_i64();
    counts.arrival = reader.get_i64();
    return counts;
  }
  void grow_kept(size_t keys) override { counts_.resize(keys); }
  // Of a stream, where the place among the others is of no use.
  bool keeps(uint32_t key) const override {
    const Counts& counts = counts_[key];
    return !set_.changes || counts.of[0] != 0 || counts.of[1] != 0;
  }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    for (const int64_t count : counts_[key].of) writer.put_i64(count);
    writer.put_i64(counts_[key].arrival);
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override {
    counts_[key] = read_counts(reader);
  }
  SpilledKeys::Due due(uint32_t key) const override {
    if (set_.changes || counts_[key].arrival == kNotSeen) return {};
    return {SpilledKeys::Moment{counts_[key].arrival, {}}, std::nullopt};
  }
  void clear_kept() override { counts_ = {}; }
  uint64_t kept_bytes() const override { return counts_.capacity() * sizeof(Counts); }

  const SetOperation& set_;
  SpillingKeys table_;
  std::vector<Counts> counts_;  // by group
  int64_t arrived_ = 0;
  Vec<uint32_t> groups_;
  RowWriter out_rows_;
};

class SetPlan final : public OperatorPlan {
 public:
  explicit SetPlan(SetOperation set)
      : OperatorPlan(set.except ? "except" : "intersect", set.schema, set.schema),
        set_(std::move(set)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return std::vector<bool>(output_needed.size(), true);
  }
  std::string explain() const override { return name() + (set_.all ? " all" : ""); }
  bool keeps_event_time() const override { return false; }
  bool takes_changelog() const override { return set_.changes; }
  bool makes_changelog(bool streaming) const override { return streaming; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<SetCounts>(set_, context);
  }

 private:
  SetOperation set_;
};

std::unique_ptr<OperatorPlan> bind_set(bool except, const ComponentSpec& spec, const Schema& input,
                                       const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  const std::string name = except ? "except" : "intersect";
  SetOptions options;
  read_options(set_options(), spec.options, options, errors, "the " + name + " operator", {"op"});
  const auto complain = [&](std::string message, std::string hint) {
    errors.push_back({ErrorKind::kConfig, std::move(message), spec.position, std::move(hint), {}});
  };
  if (context.inputs.size() != 2) {
    complain(name + " needs two inputs, found " + std::to_string(context.inputs.size()),
             "inputs = [\"FIRST\", \"SECOND\"]");
    return nullptr;
  }
  const Schema& other = context.inputs[1].schema;
  if (other.size() != input.size()) {
    complain("`" + context.inputs[0].name + "` has " + std::to_string(input.size()) +
                 " columns and `" + context.inputs[1].name + "` has " +
                 std::to_string(other.size()),
             "columns are compared by their place: give both the same ones with op = \"map\"");
    return nullptr;
  }
  SetOperation set{except, options.all, input, {}, context.streaming};
  for (size_t c = 0; c < input.size(); ++c) {
    if (!(input[c].type == other[c].type))
      complain("column " + std::to_string(c + 1) + " is " + input[c].type.to_string() + " in `" +
                   context.inputs[0].name + "` and " + other[c].type.to_string() + " in `" +
                   context.inputs[1].name + "`",
               "CAST one of them before");
    set.types.push_back(input[c].type);
  }
  if (errors.size() != before) return nullptr;
  return std::make_unique<SetPlan>(std::move(set));
}

}  // namespace

const OperatorDescriptor kIntersectOperator = {
    "intersect",
    "The rows that both inputs have, compared by the places of their columns.",
    [] { return option_docs(set_options()); },
    [](const ComponentSpec& spec, const Schema& input, const BindContext& context, Errors& errors) {
      return bind_set(false, spec, input, context, errors);
    },
    Arity::kMany,
};

const OperatorDescriptor kExceptOperator = {
    "except",
    "The rows of the first input that the second one does not have.",
    [] { return option_docs(set_options()); },
    [](const ComponentSpec& spec, const Schema& input, const BindContext& context, Errors& errors) {
      return bind_set(true, spec, input, context, errors);
    },
    Arity::kMany,
};

}  // namespace weir
