// A batch is aggregated in rounds: the first row of every key in it, then the second of every key, and so on, so that
// the result after each row is seen while functions still run over many rows. Where a function cannot take rows
// out again (MIN, DISTINCT) and rows are taken back, the rows of a key are kept, and it is computed anew.
// Source: Flink, the group aggregation of its SQL runtime, in what it emits when.

#include "operators/aggregate_stream.h"

#include <algorithm>
#include <numeric>

#include "operators/row_bytes.h"
#include "operators/spilling_keys.h"

namespace weir {

namespace {

class GroupStream final : public Ordered, private KeptByKey {
 public:
  GroupStream(const Aggregation& aggregation, const AggregateProgram& program, const Schema& input,
              const Schema& output, const OperatorContext& context)
      : aggregation_(aggregation),
        program_(program),
        input_columns_(input.size()),
        context_(context),
        eval_(context.eval_context()),
        states_(program),
        keeps_rows_(aggregation.retracts && !program.can_retract()),
        writer_(output, true),
        table_("aggregate", aggregation.key_types, context, *this) {}

  void process(Batch batch, Emitter& out) override {
    eval_.arena = &batch.arena();
    if (batch.columns.size() == input_columns_) program_.compute(batch, eval_);
    find_groups(batch);
    Rounds rounds = lay_out(batch);
    Batch results = run(batch, rounds);
    give(batch, rounds, results);
    writer_.flush(out);
    emit_rejects(batch, out);
    table_.look_at_memory(numbers_.size());
  }

  uint64_t state_bytes() const override { return table_.memory_bytes(); }
  void snapshot(SnapshotWriter& writer) const override { table_.snapshot(writer); }
  void restore(SnapshotReader& reader) override { table_.restore(reader); }

 private:
  struct KeptRow {
    uint64_t ordinal;
    std::string bytes;
  };
  struct Group {
    int64_t rows = 0;
    bool given = false;     // `last` is part of the result
    uint32_t in_batch = 0;  // rows of the batch at hand
    std::string last;       // the result row that was given last
    std::vector<KeptRow> kept;
  };
  struct Rounds {
    Vec<uint32_t> rows;        // in order of the rounds
    Vec<uint32_t> places;      // of each row of the batch in `rows`
    std::vector<size_t> ends;  // of each round
    Vec<uint8_t> ignored;      // by row: takes back what was never there
    Vec<uint8_t> emptied;      // by row: the key has no rows any more
  };

  void grow_kept(size_t keys) override {
    groups_.resize(keys);
    states_.grow(keys);
  }
  bool keeps(uint32_t key) const override { return groups_[key].rows > 0 || groups_[key].given; }
  void save_kept(uint32_t key, SnapshotWriter& writer) const override {
    const Group& group = groups_[key];
    writer.put_i64(group.rows);
    writer.put_u8(group.given ? 1 : 0);
    writer.put_text(group.last);
    states_.snapshot(key, writer);
    if (!keeps_rows_) return;
    writer.put_u64(group.kept.size());
    for (const auto& row : group.kept) {
      writer.put_u64(row.ordinal);
      writer.put_text(row.bytes);
    }
  }
  void load_kept(uint32_t key, SnapshotReader& reader) override {
    Group& group = groups_[key];
    group.rows = reader.get_i64();
    group.given = reader.get_u8() != 0;
    group.last = reader.get_text();
    states_.restore(key, reader);
    const uint64_t kept = keeps_rows_ ? reader.get_u64() : 0;
    for (uint64_t i = 0; i < kept && reader.ok(); ++i) {
      const uint64_t ordinal = reader.get_u64();
      group.kept.push_back({ordinal, std::string(reader.get_text())});
    }
  }
  void clear_kept() override {
    groups_ = {};
    AggregateStates none(program_);
    states_.swap(none);
  }
  uint64_t kept_bytes() const override {
    uint64_t total = groups_.capacity() * sizeof(Group) + states_.memory_bytes();
    for (const auto& group : groups_) {
      total += bytes_of(group.last) + group.kept.capacity() * sizeof(KeptRow);
      for (const auto& row : group.kept) total += bytes_of(row.bytes);
    }
    return total;
  }
  size_t kept_items() const override {
    size_t total = 0;
    for (const auto& group : groups_) total += group.kept.size();
    return total;
  }

  void find_groups(const Batch& batch) {
    numbers_.resize(batch.rows);
    std::vector<ColumnPtr> keys;
    for (const size_t c : aggregation_.key_columns) keys.push_back(batch.columns[c]);
    table_.find(keys, batch.rows, numbers_.data());
  }

  Rounds lay_out(const Batch& batch) {
    Rounds rounds;
    Vec<uint32_t> round_of(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      round_of[i] = groups_[numbers_[i]].in_batch++;
      if (round_of[i] == rounds.ends.size()) rounds.ends.push_back(0);
      ++rounds.ends[round_of[i]];
    }
    for (size_t i = 0; i < batch.rows; ++i) groups_[numbers_[i]].in_batch = 0;
    std::vector<size_t> at(rounds.ends.size(), 0);
    for (size_t r = 1; r < at.size(); ++r) at[r] = at[r - 1] + rounds.ends[r - 1];
    std::partial_sum(rounds.ends.begin(), rounds.ends.end(), rounds.ends.begin());
    rounds.rows.resize(batch.rows);
    rounds.places.resize(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      rounds.places[i] = static_cast<uint32_t>(at[round_of[i]]++);
      rounds.rows[rounds.places[i]] = static_cast<uint32_t>(i);
    }
    rounds.ignored.assign(batch.rows, 0);
    rounds.emptied.assign(batch.rows, 0);
    return rounds;
  }

  // The result row after each row of the batch.
  Batch run(const Batch& batch, Rounds& rounds) {
    const AggregateBinding& binding = program_.binding();
    std::vector<ColumnPtr> columns;
    for (const auto& aggregate : binding.aggregates) {
      columns.push_back(make_column(aggregate.function->result_type()));
      columns.back()->reserve(batch.rows);
    }
    size_t begin = 0;
    for (const size_t end : rounds.ends) {
      run_round(batch, rounds, begin, end);
      for (size_t k = begin; k < end; ++k) states_.finish(numbers_[rounds.rows[k]], columns, eval_);
      begin = end;
    }
    for (auto& error : eval_.errors) error.row = rounds.rows[error.row];

    Batch inner;
    inner.rows = batch.rows;
    for (const size_t c : aggregation_.key_columns) inner.columns.push_back(batch.columns[c]);
    for (const auto& column : columns) {
      const bool computed = column->size() == batch.rows;  // else nothing needs it
      inner.columns.push_back(
          computed ? column->gather({rounds.places.data(), rounds.places.size()}) : nullptr);
    }
    Batch results;
    results.rows = batch.rows;
    results.columns.assign(
        inner.columns.begin(),
        inner.columns.begin() + static_cast<ptrdiff_t>(aggregation_.key_columns.size()));
    for (size_t k = 0; k < binding.outputs.size(); ++k)
      results.columns.push_back(
          program_.needs_output(k) ? flat(binding.outputs[k]->eval(inner, eval_)) : nullptr);
    return results;
  }

  void run_round(const Batch& batch, Rounds& rounds, size_t begin, size_t end) {
    added_.clear();
    taken_.clear();
    added_groups_.clear();
    taken_groups_.clear();
    for (size_t k = begin; k < end; ++k) {
      const uint32_t row = rounds.rows[k];
      Group& group = groups_[numbers_[row]];
      if (adds_row(kind_of(batch, row))) {
        ++group.rows;
        added_.push_back(row);
        added_groups_.push_back(numbers_[row]);
        if (keeps_rows_) group.kept.push_back({batch.ordinal(row), encode_row(batch.columns, row)});
      } else if (group.rows == 0) {
        rounds.ignored[row] = 1;
      } else if (--group.rows == 0) {
        rounds.emptied[row] = 1;
        states_.reset(numbers_[row]);
        group.kept.clear();
      } else if (keeps_rows_) {
        compute_anew(batch, row, group);
      } else {
        taken_.push_back(row);
        taken_groups_.push_back(numbers_[row]);
      }
    }
    states_.update_rows(batch, {added_.data(), added_.size()}, added_groups_.data(), eval_);
    if (!taken_.empty())
      states_.retract_rows(batch, {taken_.data(), taken_.size()}, taken_groups_.data(), eval_);
  }

  void compute_anew(const Batch& batch, uint32_t row, Group& group) {
    const std::string bytes = encode_row(batch.columns, row);
    const auto found = std::find_if(group.kept.begin(), group.kept.end(),
                                    [&](const KeptRow& kept) { return kept.bytes == bytes; });
    if (found != group.kept.end()) group.kept.erase(found);
    Schema schema;
    for (const auto& column : batch.columns) schema.add({}, column ? column->type() : Type::null());
    std::vector<std::string_view> rows;
    for (const auto& kept : group.kept) rows.push_back(kept.bytes);
    Batch again = rows_to_batch(schema, rows);
    for (const auto& kept : group.kept) again.ordinals.push_back(kept.ordinal);
    const Vec<uint32_t> all(again.rows, numbers_[row]);
    states_.reset(numbers_[row]);
    states_.update(again, all.data(), eval_);
  }

  void give(Batch& batch, const Rounds& rounds, Batch& results) {
    Vec<uint8_t> passes(batch.rows, 1);
    if (aggregation_.having) {
      Vec<uint32_t> rows;
      eval_filter(*aggregation_.having, results, eval_, rows);
      std::fill(passes.begin(), passes.end(), uint8_t{0});
      for (const uint32_t row : rows) passes[row] = 1;
    }
    Vec<uint8_t> failed(batch.rows, 0);
    for (const auto& error : eval_.errors) failed[error.row] = 1;
    const size_t rows = batch.rows;
    reject_failed_rows(batch, eval_, "aggregate", context_);
    for (size_t i = 0; i < rows; ++i) {
      if (failed[i] != 0 && context_.fail_fast) return;
      if (rounds.ignored[i] != 0 || failed[i] != 0) continue;
      give_row(groups_[numbers_[i]], rounds.emptied[i] == 0 && passes[i] != 0, results, i);
    }
  }

  void give_row(Group& group, bool stays, const Batch& results, size_t i) {
    if (!stays) {
      if (group.given) writer_.add(group.last, RowKind::kDelete);
      group.given = false;
      group.last = {};
      return;
    }
    std::string row = encode_row(results.columns, i);
    if (!group.given) {
      writer_.add(row);
    } else if (row != group.last) {
      writer_.update(group.last, row);
    }
    group.given = true;
    group.last = std::move(row);
  }

  const Aggregation& aggregation_;
  const AggregateProgram& program_;
  const size_t input_columns_;
  const OperatorContext context_;
  EvalContext eval_;
  AggregateStates states_;
  std::vector<Group> groups_;
  const bool keeps_rows_;
  RowWriter writer_;
  SpillingKeys table_;
  Vec<uint32_t> numbers_;  // the group of each row
  Vec<uint32_t> added_;
  Vec<uint32_t> taken_;
  Vec<uint32_t> added_groups_;
  Vec<uint32_t> taken_groups_;
};

}  // namespace

std::unique_ptr<Ordered> make_group_stream(const Aggregation& aggregation,
                                           const AggregateProgram& program, const Schema& input,
                                           const Schema& output, const OperatorContext& context) {
  return std::make_unique<GroupStream>(aggregation, program, input, output, context);
}

}  // namespace weir
