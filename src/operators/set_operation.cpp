// intersect, except: rows that both inputs have, or only the first one. NULLs count as equal.
//
// Rows are numbered in one table and counted for each side. Bounded input: what comes out is known at the end, and
// comes in the order in which the first input brought it. Else every row that changes a count changes the
// result.

#include <algorithm>

#include "operators/group_snapshot.h"
#include "operators/group_table.h"
#include "operators/operator_list.h"
#include "operators/row_bytes.h"

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

class SetCounts final : public Ordered {
 public:
  explicit SetCounts(const SetOperation& set)
      : set_(set),
        table_(make_group_table(set.types, run_hash_seed())),
        out_rows_(set.schema, set.changes) {}

  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t side, Batch batch, Emitter& out) override {
    groups_.resize(batch.rows);
    table_->find_or_add(batch.columns, batch.rows, groups_.data());
    counts_.resize(table_->size());
    for (size_t i = 0; i < batch.rows; ++i) {
      Counts& counts = counts_[groups_[i]];
      const int64_t before = set_.result(counts.of[0], counts.of[1]);
      counts.of[side] += adds_row(kind_of(batch, i)) ? 1 : -1;
      if (side == 0 && !counts.seen) {
        counts.seen = true;
        order_.push_back(groups_[i]);
      }
      if (!set_.changes) continue;
      const int64_t after = set_.result(counts.of[0], counts.of[1]);
      if (before == after) continue;
      out_rows_.add(encode_row(batch.columns, i),
                    after > before ? RowKind::kInsert : RowKind::kDelete);
      if (out_rows_.full()) out_rows_.flush(out);
    }
    out_rows_.flush(out);
  }

  void end(Emitter& out) override {
    if (set_.changes) return;
    Vec<uint32_t> rows;
    const auto give = [&] {
      Batch batch;
      batch.rows = rows.size();
      batch.columns = table_->keys({rows.data(), rows.size()}, batch.arena());
      for (auto& column : batch.columns) column->own_strings(batch.arena());
      out.emit(std::move(batch));
      rows.clear();
    };
    for (const uint32_t group : order_) {
      const Counts& counts = counts_[group];
      for (int64_t n = set_.result(counts.of[0], counts.of[1]); n > 0; --n) {
        rows.push_back(group);
        if (rows.size() == kRows) give();
      }
    }
    if (!rows.empty()) give();
  }

  void snapshot(SnapshotWriter& writer) const override {
    snapshot_keys(*table_, writer);
    for (const auto& counts : counts_) {
      writer.put_i64(counts.of[0]);
      writer.put_i64(counts.of[1]);
    }
    writer.put_u64(order_.size());
    for (const uint32_t group : order_) writer.put_u32(group);
  }
  void restore(SnapshotReader& reader) override {
    table_->clear();
    restore_keys(*table_, set_.types, reader);
    counts_.assign(table_->size(), {});
    for (auto& counts : counts_) {
      counts.of[0] = reader.get_i64();
      counts.of[1] = reader.get_i64();
    }
    const uint64_t n = reader.get_u64();
    order_.clear();
    for (uint64_t i = 0; i < n && reader.ok(); ++i) {
      order_.push_back(reader.get_u32());
      if (order_.back() >= counts_.size()) return reader.refuse();
      counts_[order_.back()].seen = true;
    }
  }

 private:
  static constexpr size_t kRows = 8192;
  struct Counts {
    int64_t of[2] = {0, 0};
    bool seen = false;  // the first input has brought it
  };

  const SetOperation& set_;
  std::unique_ptr<GroupTable> table_;
  std::vector<Counts> counts_;  // by group
  Vec<uint32_t> order_;         // the groups in the order of the first input
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
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<SetCounts>(set_);
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
