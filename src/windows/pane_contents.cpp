#include "windows/pane_contents.h"

#include "expr/aggregates/row_codec.h"
#include "operators/reduce_state.h"

namespace weir {

namespace {

class AggregateContents final : public PaneContents {
 public:
  explicit AggregateContents(const AggregateProgram& program) : states_(program) {}

  void grow(size_t panes) override { states_.grow(panes); }
  void add(const PaneRows& rows, EvalContext& context) override {
    // Every row once and in order: no need to gather arguments.
    bool whole = rows.rows.size() == rows.batch.rows;
    for (uint32_t i = 0; whole && i < rows.rows.size(); ++i) whole = rows.rows[i] == i;
    if (whole) {
      states_.update(rows.batch, rows.panes, context);
    } else {
      states_.update_rows(rows.batch, rows.rows, rows.panes, context);
    }
  }
  void merge(uint32_t into, uint32_t from) override {
    states_.merge(&into, states_, &from, 1);
    states_.reset(from);
  }
  void clear(uint32_t pane) override { states_.reset(pane); }
  Batch result(std::vector<ColumnPtr> keys, std::span<const uint32_t> panes,
               EvalContext& context) override {
    return states_.result(std::move(keys), panes, context);
  }
  size_t memory_bytes() const override { return states_.memory_bytes(); }
  void snapshot(uint32_t pane, SnapshotWriter& writer) const override {
    states_.snapshot(pane, writer);
  }
  void restore(uint32_t pane, SnapshotReader& reader) override { states_.restore(pane, reader); }

 private:
  AggregateStates states_;
};

// Folds rows in rounds: the first row of every pane, then the second of every pane, and so on, each round
// over whole columns.
class ReducedContents final : public PaneContents {
 public:
  explicit ReducedContents(const Reduction& reduction) : reduction_(reduction) {
    for (const auto& column : reduction.columns) states_.emplace_back(column.type);
  }

  void grow(size_t panes) override {
    for (auto& state : states_) state.resize(panes);
    started_.resize(panes, 0);
    counts_.resize(panes, 0);
  }

  void add(const PaneRows& rows, EvalContext& context) override {
    sort_into_rounds(rows);
    for (size_t r = 0; r < used_rounds_; ++r) run_round(rows.batch, rounds_[r], context);
  }

  void merge(uint32_t into, uint32_t from) override {
    if (started_[from] == 0) return;
    const std::span<const uint32_t> source(&from, 1);
    std::vector<ColumnPtr> values;
    Arena arena;
    for (const auto& state : states_) values.push_back(state.gather(source, arena));
    if (started_[into] != 0) {
      EvalContext context;
      context.arena = &arena;
      values = combine({&into, 1}, values, context);
      // A row that cannot be computed leaves the earlier part as it is.
      if (!context.errors.empty()) return clear(from);
    }
    for (size_t k = 0; k < states_.size(); ++k) states_[k].set(into, *values[k], 0);
    started_[into] = 1;
    clear(from);
  }

  void clear(uint32_t pane) override { started_[pane] = 0; }

  Batch result(std::vector<ColumnPtr> keys, std::span<const uint32_t> panes,
               EvalContext&) override {
    Batch rows;
    rows.rows = panes.size();
    rows.columns = std::move(keys);
    for (const auto& state : states_) rows.columns.push_back(state.gather(panes, rows.arena()));
    return rows;
  }

  size_t memory_bytes() const override {
    size_t total = started_.size() + counts_.size() * sizeof(uint32_t);
    for (const auto& state : states_) total += state.memory_bytes();
    return total;
  }
  void snapshot(uint32_t pane, SnapshotWriter& writer) const override {
    writer.put_u8(started_[pane]);
    for (const auto& state : states_) {
      std::string encoded;
      Arena arena;
      encode_value(*state.gather({&pane, 1}, arena), 0, encoded);
      writer.put_text(encoded);
    }
  }
  void restore(uint32_t pane, SnapshotReader& reader) override {
    started_[pane] = reader.get_u8();
    for (auto& state : states_) {
      std::string_view encoded = reader.get_text();
      Arena arena;
      auto column = make_column(state.type());
      if (decode_value(encoded, *column, arena)) state.set(pane, *column, 0);
    }
  }

 private:
  struct Round {
    Vec<uint32_t> rows;
    Vec<uint32_t> panes;
  };

  void sort_into_rounds(const PaneRows& rows) {
    used_rounds_ = 0;
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      const size_t r = counts_[rows.panes[i]]++;
      if (r >= rounds_.size()) rounds_.emplace_back();
      if (r >= used_rounds_) {
        rounds_[r].rows.clear();
        rounds_[r].panes.clear();
        used_rounds_ = r + 1;
      }
      rounds_[r].rows.push_back(rows.rows[i]);
      rounds_[r].panes.push_back(rows.panes[i]);
    }
    for (size_t i = 0; i < rows.rows.size(); ++i) counts_[rows.panes[i]] = 0;
  }

  void run_round(const Batch& batch, const Round& round, EvalContext& context) {
    const std::span<const uint32_t> rows(round.rows.data(), round.rows.size());
    const std::span<const uint32_t> panes(round.panes.data(), round.panes.size());
    std::vector<ColumnPtr> news;
    for (const auto& column : reduction_.columns)
      news.push_back(batch.columns[column.input]->gather(rows));
    const size_t before = context.errors.size();
    const std::vector<ColumnPtr> folded = combine(panes, news, context);
    failed_.assign(rows.size(), 0);
    for (size_t e = before; e < context.errors.size();) {
      const uint32_t i = context.errors[e].row;
      if (started_[panes[i]] == 0) {  // a first row is taken as it is
        context.errors.erase(context.errors.begin() + static_cast<ptrdiff_t>(e));
        continue;
      }
      failed_[i] = 1;
      context.errors[e++].row = rows[i];
    }
    for (size_t k = 0; k < states_.size(); ++k) {
      for (size_t i = 0; i < rows.size(); ++i) {
        if (failed_[i] == 0)
          states_[k].set(panes[i], started_[panes[i]] != 0 ? *folded[k] : *news[k], i);
      }
    }
    for (const uint32_t pane : panes) started_[pane] = 1;
  }

  // The reduced columns of every pane with one more row each.
  std::vector<ColumnPtr> combine(std::span<const uint32_t> panes,
                                 const std::vector<ColumnPtr>& news, EvalContext& context) const {
    Batch pair;
    pair.rows = panes.size();
    auto a = make_column(reduction_.row_type, panes.size());
    auto b = make_column(reduction_.row_type, panes.size());
    for (size_t k = 0; k < states_.size(); ++k) {
      a->children()[k] = states_[k].gather(panes, *context.arena);
      b->children()[k] = news[k];
    }
    pair.columns = {std::move(a), std::move(b)};
    std::vector<ColumnPtr> folded;
    for (const auto& column : reduction_.columns)
      folded.push_back(flat(column.expr->eval(pair, context)));
    return folded;
  }

  const Reduction& reduction_;
  std::vector<ReduceState> states_;
  std::vector<uint8_t> started_;
  std::vector<uint32_t> counts_;  // scratch: rows of a pane so far
  std::vector<Round> rounds_;
  size_t used_rounds_ = 0;
  Vec<uint8_t> failed_;
};

}  // namespace

std::unique_ptr<PaneContents> make_aggregate_contents(const AggregateProgram& program) {
  return std::make_unique<AggregateContents>(program);
}

std::unique_ptr<PaneContents> make_reduced_contents(const Reduction& reduction) {
  return std::make_unique<ReducedContents>(reduction);
}

}  // namespace weir
