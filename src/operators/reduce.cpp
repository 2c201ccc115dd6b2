// reduce: combines the records of a key one after another, `a` so far with `b` new.
//
// The first record of a key starts its row. `a.n + b.n`, LEAST and GREATEST of both and plain `a.n` and
// `b.n` run as loops over the batch. Any other expression runs in rounds: the first record of every key in the batch, then the second
// of every key, and so on, each round over whole columns.

#include <algorithm>
#include <limits>
#include <map>

#include "expr/aggregates/row_codec.h"
#include "operators/column_list.h"
#include "operators/group_snapshot.h"
#include "operators/operator_list.h"
#include "operators/reduce_state.h"
#include "operators/reduction.h"
#include "state/spill.h"

namespace weir {

namespace {

constexpr size_t kReducedRows = 8192;  // of one batch of final results
constexpr size_t kLoadedKeys = 4096;   // read from the disk at once
constexpr size_t kReducedGroupsLookedAt = size_t{1}
                                          << 12;  // new ones, before memory is looked at again
constexpr uint64_t kReductionIsSpilled =
    ~uint64_t{0};                              // in a snapshot, in place of the number of keys
constexpr Int128 kUnknown = Int128{1} << 100;  // a bound beyond every type's

struct ReduceOptions {
  std::vector<SourceText> key_by;
  NamedTexts reduce;
  std::string emit = "running";
};

const OptionTable<ReduceOptions>& reduce_options() {
  static const OptionTable<ReduceOptions> table = {
      {"key_by", &ReduceOptions::key_by, "columns to group by; none: one result over all records"},
      {"reduce", &ReduceOptions::reduce,
       "columns and how two rows of a key become one, `a` so far and `b` new: n = \"a.n + b.n\"",
       true},
      {"emit", &ReduceOptions::emit, std::vector<std::string>{"running", "final"},
       "a result for every record, or one per key at the end, in key order"},
  };
  return table;
}

// What is bound, shared by the plan and all that runs.
struct RunningReduction : Reduction {
  std::vector<size_t> key_columns;
  std::vector<Type> key_types;
  bool final_only = false;
};

class Reduce final : public Ordered {
 public:
  Reduce(const RunningReduction& reduction, const OperatorContext& context)
      : reduction_(reduction), context_(context), eval_(context.eval_context()) {
    if (!reduction_.key_types.empty())
      table_ = make_group_table(reduction_.key_types, run_hash_seed());
    for (const auto& column : reduction_.columns) states_.emplace_back(column.type);
    bounds_.resize(states_.size(), kUnknown);
  }

  void process(Batch batch, Emitter& out) override {
    eval_.arena = &batch.arena();
    const size_t known = states_.empty() ? 0 : states_[0].size();
    find_groups(batch);
    std::vector<ColumnPtr> results;  // the reduced columns after each record
    if (!reduction_.general && sums_stay_in_range(batch)) {
      reduce_in_loops(batch, known, results);
    } else {
      reduce_in_rounds(batch, known, results);
    }
    std::vector<ColumnPtr> columns;
    for (const size_t c : reduction_.key_columns) columns.push_back(batch.columns[c]);
    for (auto& r : results) columns.push_back(std::move(r));
    batch.columns = std::move(columns);
    if (!eval_.errors.empty()) reject_failed_rows(batch, eval_, "reduce", context_);
    if (reduction_.final_only) batch.select({});
    out.emit(std::move(batch));
    if (table_ && context_.spill && table_->size() >= look_at_) look_at_memory();
  }

  void end(Emitter& out) override {
    if (store_ && reduction_.final_only) return emit_spilled(out);
    if (!reduction_.final_only || states_.empty() || states_[0].size() == 0) return;
    Vec<uint32_t> order;
    if (table_) {
      order = table_->sorted();
    } else {
      order.push_back(0);
    }
    for (size_t begin = 0; begin < order.size(); begin += kReducedRows) {
      const std::span<const uint32_t> groups(order.data() + begin,
                                             std::min(kReducedRows, order.size() - begin));
      Batch batch;
      batch.rows = groups.size();
      batch.sequence = begin / kReducedRows;
      if (table_) {
        batch.columns = table_->keys(groups, batch.arena());
        for (auto& key : batch.columns) key->own_strings(batch.arena());
      }
      for (const auto& state : states_)
        batch.columns.push_back(state.gather(groups, batch.arena()));
      out.emit(std::move(batch));
    }
  }

  uint64_t state_bytes() const override {
    uint64_t total = table_ ? table_->memory_bytes() : 0;
    for (const auto& state : states_) total += state.memory_bytes();
    return total;
  }
  void snapshot(SnapshotWriter& writer) const override {
    if (store_) {
      // What is in memory comes behind, and counts where a key is in both.
      writer.put_u64(kReductionIsSpilled);
      for (SpillStore::Cursor cursor(*store_, ""); cursor.valid(); cursor.next()) {
        writer.put_u8(1);
        writer.put_text(cursor.key());
        writer.put_text(cursor.value());
      }
      writer.put_u8(0);
    }
    if (table_) snapshot_keys(*table_, writer);
    for (const auto& state : states_) state.snapshot(writer);
  }
  void restore(SnapshotReader& reader) override {
    SnapshotReader head = reader;
    if (table_ && head.get_u64() == kReductionIsSpilled) {
      reader = head;
      make_store();
      while (reader.get_u8() != 0 && reader.ok()) {
        const std::string_view key = reader.get_text();
        store_->put(key, reader.get_text());
      }
      store_->flush();
    }
    if (table_ && !restore_keys(*table_, reduction_.key_types, reader)) return;
    for (auto& state : states_) state.restore(reader);
    std::fill(bounds_.begin(), bounds_.end(), kUnknown);
  }

 private:
  // --- keys on the disk: all that were in memory when it was full; a key that comes again is read back ---

  void make_store() {
    if (store_) return;
    if (!context_.spill)
      throw SpillError({ErrorKind::kDiskFull,
                        "the state of reduce does not fit into memory",
                        {},
                        "runtime.spill = true keeps it on the disk",
                        {}});
    store_ = context_.spill->make_store();
  }

  void look_at_memory() {
    look_at_ = table_->size() + std::max(kReducedGroupsLookedAt, table_->size() / 8);
    const size_t total = table_->size();
    if (state_bytes() <= context_.state_limit_bytes) return;
    spill_all();
    // The memory is kept for as many keys again.
    look_at_ = std::max(total, kReducedGroupsLookedAt);
  }

  void spill_all() {
    make_store();
    std::string key;
    std::string value;
    Vec<uint32_t> ids;
    const size_t total = table_->size();
    for (size_t begin = 0; begin < total; begin += kReducedRows) {
      ids.clear();
      for (size_t g = begin; g < std::min(total, begin + kReducedRows); ++g)
        ids.push_back(static_cast<uint32_t>(g));
      Arena arena;
      const auto keys = table_->keys({ids.data(), ids.size()}, arena);
      std::vector<ColumnPtr> values;
      for (const auto& state : states_)
        values.push_back(state.gather({ids.data(), ids.size()}, arena));
      for (size_t i = 0; i < ids.size(); ++i) {
        key.clear();
        value.clear();
        for (const auto& column : keys) encode_value(*column, i, key);
        for (const auto& column : values) encode_value(*column, i, value);
        store_->put(key, value);
      }
    }
    store_->flush();
    table_->clear();
    for (auto& state : states_) state.resize(0);
  }

  // Reads back those of the groups from `known` on that are on the disk, and notes which.
  void load_groups(size_t known) {
    loaded_from_ = known;
    loaded_.assign(table_->size() - known, 0);
    std::vector<std::string> keys;
    Vec<uint32_t> ids;
    for (size_t begin = known; begin < table_->size(); begin += kLoadedKeys) {
      ids.clear();
      keys.clear();
      for (size_t g = begin; g < std::min(table_->size(), begin + kLoadedKeys); ++g)
        ids.push_back(static_cast<uint32_t>(g));
      Arena arena;
      const auto columns = table_->keys({ids.data(), ids.size()}, arena);
      for (size_t i = 0; i < ids.size(); ++i) {
        keys.emplace_back();
        for (const auto& column : columns) encode_value(*column, i, keys.back());
      }
      const auto found = store_->get(keys);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (!found[i]) continue;
        loaded_[begin + i - known] = 1;
        std::string_view bytes = *found[i];
        for (auto& state : states_) {
          Column column(state.type());
          if (decode_value(bytes, column, arena)) state.set(ids[i], column, 0);
        }
      }
    }
    std::fill(bounds_.begin(), bounds_.end(), kUnknown);
  }
  bool is_loaded(size_t group) const {
    return store_ && group >= loaded_from_ && group - loaded_from_ < loaded_.size() &&
           loaded_[group - loaded_from_] != 0;
  }

  void emit_spilled(Emitter& out) {
    spill_all();
    SpillStore::Cursor cursor(*store_, "");
    for (uint64_t sequence = 0; cursor.valid(); ++sequence) {
      Batch batch;
      batch.sequence = sequence;
      for (const auto& type : reduction_.key_types) batch.columns.push_back(make_column(type));
      for (const auto& state : states_) batch.columns.push_back(make_column(state.type()));
      for (; cursor.valid() && batch.rows < kReducedRows; cursor.next(), ++batch.rows) {
        std::string_view key = cursor.key();
        std::string_view value = cursor.value();
        for (size_t c = 0; c < batch.columns.size(); ++c)
          decode_value(c < reduction_.key_types.size() ? key : value, *batch.columns[c],
                       batch.arena());
      }
      out.emit(std::move(batch));
    }
  }

  void find_groups(const Batch& batch) {
    groups_.resize(batch.rows);
    size_t total = 1;
    if (table_) {
      std::vector<ColumnPtr> keys;
      for (const size_t c : reduction_.key_columns) keys.push_back(batch.columns[c]);
      table_->find_or_add(keys, batch.rows, groups_.data());
      total = table_->size();
    } else {
      std::fill(groups_.begin(), groups_.end(), 0u);
      if (batch.rows == 0) return;
    }
    const size_t known = states_.empty() ? total : states_[0].size();
    for (auto& state : states_) state.resize(total);
    if (store_) load_groups(known);
  }

  // True if no sum of the batch can overflow, so that no record can fail half-way through its columns.
  // Tracks a bound of the absolute states; only where it gets too large the states are looked at.
  bool sums_stay_in_range(const Batch& batch) {
    bool in_range = true;
    for (size_t k = 0; k < states_.size(); ++k) {
      const ReducedColumn& column = reduction_.columns[k];
      if (column.form != ReduceForm::kSum || context_.wrap_overflow || batch.rows == 0) continue;
      for_fixed(column.type, [&]<class T>(T) {
        if constexpr (std::is_integral_v<T>) {
          const auto limit = static_cast<Int128>(std::numeric_limits<T>::max());
          const Int128 more =
              largest(batch.columns[column.input]->template values<T>(), batch.rows) *
              static_cast<Int128>(batch.rows);
          Int128& bound = bounds_[k];
          if (bound + more > limit)
            bound = largest(states_[k].template values<T>(), states_[k].size());
          bound += more;
          if (bound > limit) {
            bound = kUnknown;
            in_range = false;
          }
        }
      });
    }
    return in_range;
  }
  template <class T>
  static Int128 largest(const T* values, size_t n) {
    T low = 0;
    T high = 0;
    for (size_t i = 0; i < n; ++i) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    return std::max(-static_cast<Int128>(low), static_cast<Int128>(high));
  }

  // Groups below `known` have a row already; of the others the first record makes it.
  void reduce_in_loops(const Batch& batch, size_t known, std::vector<ColumnPtr>& results) {
    if (batch.rows == 0) known = SIZE_MAX;
    for (size_t k = 0; k < states_.size(); ++k) {
      const ReducedColumn& column = reduction_.columns[k];
      const Column& input = *batch.columns[column.input];
      auto out = reduction_.final_only ? nullptr : make_column(column.type, batch.rows);
      size_t next = known;
      for_fixed(column.type, [&]<class T>(T) {
        T* states = states_[k].values<T>();
        uint8_t* valid = states_[k].valid();
        const T* in = input.values<T>();
        for (size_t i = 0; i < batch.rows; ++i) {
          const uint32_t g = groups_[i];
          const bool null = input.is_null(i);
          const bool first = g == next;
          if (first) ++next;
          if (first && !is_loaded(g)) {
            valid[g] = null ? 0 : 1;
            states[g] = null ? T{} : in[i];
          } else if (column.form == ReduceForm::kReplace) {
            valid[g] = null ? 0 : 1;
            states[g] = null ? T{} : in[i];
          } else if (column.form == ReduceForm::kSum) {
            if (null) valid[g] = 0;
            if (valid[g] != 0) add(states[g], in[i]);
          } else if (column.form == ReduceForm::kLeast || column.form == ReduceForm::kGreatest) {
            if (null) valid[g] = 0;
            if (valid[g] != 0)
              states[g] = column.form == ReduceForm::kLeast ? std::min(states[g], in[i])
                                                            : std::max(states[g], in[i]);
          }
          if (out) {
            out->values<T>()[i] = states[g];
            if (valid[g] == 0) out->set_null(i);
          }
        }
      });
      results.push_back(std::move(out));
    }
  }

  template <class T>
  static void add(T& sum, T value) {
    if constexpr (std::is_floating_point_v<T>) {
      sum += value;
    } else {
      __builtin_add_overflow(sum, value, &sum);  // wraps where that is wanted
    }
  }

  template <class F>
  static void for_fixed(const Type& type, F&& f) {
    switch (type.id) {
      case TypeId::kBoolean: f(uint8_t{}); break;
      case TypeId::kTinyInt: f(int8_t{}); break;
      case TypeId::kSmallInt: f(int16_t{}); break;
      case TypeId::kInt:
      case TypeId::kDate:
      case TypeId::kTime: f(int32_t{}); break;
      case TypeId::kFloat: f(float{}); break;
      case TypeId::kDouble: f(double{}); break;
      default: f(int64_t{}); break;
    }
  }

  void reduce_in_rounds(const Batch& batch, size_t known, std::vector<ColumnPtr>& results) {
    std::vector<Round> rounds = make_rounds(batch, known);
    // Where each row's result is: a round and a row of it.
    std::vector<std::pair<uint32_t, uint32_t>> places(batch.rows);
    std::vector<std::vector<ColumnPtr>> made(rounds.size());
    for (size_t r = 0; r < rounds.size(); ++r) {
      const Round& round = rounds[r];
      for (uint32_t k = 0; k < round.rows.size(); ++k)
        places[round.rows[k]] = {static_cast<uint32_t>(r), k};
      made[r] = run_round(batch, round);
    }
    if (reduction_.final_only) {
      results.resize(states_.size());
      return;
    }
    for (size_t k = 0; k < states_.size(); ++k) {
      auto out = make_column(reduction_.columns[k].type);
      out->reserve(batch.rows);
      for (const auto& [round, row] : places) out->push_from(*made[round][k], row);
      results.push_back(std::move(out));
    }
  }

  struct Round {
    bool starts = false;  // the rows are their keys' first
    Vec<uint32_t> rows;
    Vec<uint32_t> groups;
  };

  // Round 0 starts keys; the n-th later one holds the n-th further record of each key.
  std::vector<Round> make_rounds(const Batch& batch, size_t known) {
    std::vector<Round> rounds(1);
    rounds[0].starts = true;
    std::map<uint32_t, uint32_t> counts;  // of groups that came in this batch
    size_t next = known;
    for (uint32_t i = 0; i < batch.rows; ++i) {
      const uint32_t g = groups_[i];
      size_t round = 0;
      const bool first = g == next;
      if (first) ++next;
      if (!first || is_loaded(g)) round = ++counts[g];
      if (round >= rounds.size()) rounds.resize(round + 1);
      rounds[round].rows.push_back(i);
      rounds[round].groups.push_back(g);
    }
    return rounds;
  }

  // The reduced columns after the round's records. The state of a key whose record fails stays.
  std::vector<ColumnPtr> run_round(const Batch& batch, const Round& round) {
    const std::span<const uint32_t> rows(round.rows.data(), round.rows.size());
    const std::span<const uint32_t> groups(round.groups.data(), round.groups.size());
    std::vector<ColumnPtr> news;
    for (const auto& column : reduction_.columns)
      news.push_back(batch.columns[column.input]->gather(rows));
    std::vector<ColumnPtr> results = news;
    std::vector<bool> failed(rows.size(), false);
    if (!round.starts) {
      Batch pair;  // one row per record: a and b
      pair.rows = rows.size();
      auto a = make_column(reduction_.row_type, rows.size());
      auto b = make_column(reduction_.row_type, rows.size());
      for (size_t k = 0; k < states_.size(); ++k) {
        a->children()[k] = states_[k].gather(groups, *eval_.arena);
        b->children()[k] = news[k];
      }
      pair.columns = {std::move(a), std::move(b)};
      const size_t before = eval_.errors.size();
      for (size_t k = 0; k < states_.size(); ++k)
        results[k] = flat(reduction_.columns[k].expr->eval(pair, eval_));
      for (size_t e = before; e < eval_.errors.size(); ++e) {
        failed[eval_.errors[e].row] = true;
        eval_.errors[e].row = rows[eval_.errors[e].row];
      }
    }
    for (size_t k = 0; k < states_.size(); ++k) {
      for (size_t i = 0; i < rows.size(); ++i) {
        if (!failed[i]) states_[k].set(groups[i], *results[k], i);
      }
    }
    return results;
  }

  const RunningReduction& reduction_;
  const OperatorContext context_;
  EvalContext eval_;
  std::unique_ptr<GroupTable> table_;
  std::vector<ReduceState> states_;
  std::vector<Int128> bounds_;  // of the absolute integer states
  std::unique_ptr<SpillStore> store_;
  size_t look_at_ = kReducedGroupsLookedAt;  // how many groups there are when memory is looked at
  size_t loaded_from_ = 0;
  Vec<uint8_t> loaded_;  // of the groups from there on: 1: read back from the disk
  Vec<uint32_t> groups_;
};

class ReducePlan final : public OperatorPlan {
 public:
  ReducePlan(const Schema& input, Schema output, RunningReduction reduction, std::string text)
      : OperatorPlan("reduce", input, std::move(output)),
        reduction_(std::move(reduction)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>&) const override {
    std::vector<bool> needed(input().size(), false);
    for (const size_t c : reduction_.key_columns) needed[c] = true;
    for (const auto& column : reduction_.columns) needed[column.input] = true;
    return needed;
  }
  std::string explain() const override { return "reduce: " + text_; }
  bool can_reject() const override { return true; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<Reduce>(reduction_, context);
  }

 private:
  RunningReduction reduction_;
  std::string text_;
};

std::unique_ptr<OperatorPlan> bind_reduce(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  ReduceOptions options;
  const size_t before = errors.size();
  read_options(reduce_options(), spec.options, options, errors, "the reduce operator", {"op"});
  if (context.streaming && options.emit == "final")
    errors.push_back({ErrorKind::kConfig,
                      "emit = \"final\" needs bounded input",
                      spec.options.find("emit")->position,
                      {},
                      {}});
  RunningReduction reduction;
  reduction.final_only = options.emit == "final";
  reduction.key_columns = resolve_columns(options.key_by, input, errors);
  if (options.reduce.empty() && errors.size() == before)
    errors.push_back(
        {ErrorKind::kConfig, "reduce needs at least one column", spec.position, {}, {}});
  static_cast<Reduction&>(reduction) =
      bind_reduction(options.reduce, input, reduction.key_columns, context.zone, errors);
  if (errors.size() != before) return nullptr;
  Schema output;
  for (const size_t c : reduction.key_columns) {
    reduction.key_types.push_back(input[c].type);
    output.add(input[c].name, input[c].type);
  }
  for (const auto& column : reduction.columns) output.add(column.name, column.type);
  std::string text = join_texts(options.reduce);
  if (!reduction.key_columns.empty()) text = join_names(reduction.key_columns, input) + ": " + text;
  if (reduction.final_only) text += ", final results only";
  return std::make_unique<ReducePlan>(input, std::move(output), std::move(reduction),
                                      std::move(text));
}

}  // namespace

const OperatorDescriptor kReduceOperator = {
    "reduce",
    "Combines the records of a key one after another, and gives the running or the final result.",
    [] { return option_docs(reduce_options()); },
    bind_reduce,
};

}  // namespace weir
