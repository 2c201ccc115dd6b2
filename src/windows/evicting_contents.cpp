// Panes that keep their rows, because an evictor may take some of them away at every firing.

#include <algorithm>
#include <utility>

#include "expr/aggregates/row_codec.h"
#include "operators/row_store.h"
#include "windows/pane_contents.h"

namespace weir {

namespace {

constexpr uint32_t kNoBatch = UINT32_MAX;

class EvictingContents final : public PaneContents {
 public:
  EvictingContents(std::unique_ptr<PaneContents> results, const AggregateProgram* program,
                   const Schema& input, std::vector<size_t> columns, const Evictor& evictor)
      : results_(std::move(results)),
        program_(program),
        input_(input),
        columns_(std::move(columns)),
        evictor_(evictor) {}

  void grow(size_t panes) override { panes_.resize(panes); }

  void add(const PaneRows& rows, EvalContext&) override {
    if (current_ == kNoBatch) current_ = keep(rows.batch);
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      const uint32_t row = rows.rows[i];
      KeptRow kept{current_, row, rows.first_arrival + row, rows.times[row], 0, false};
      if (rows.values != nullptr && !rows.values->is_null(row)) {
        kept.value = rows.values->at<double>(row);
        kept.has_value = true;
      }
      panes_[rows.panes[i]].push_back(kept);
    }
    users_[current_] += rows.rows.size();
  }
  void end_batch() override {
    if (current_ == kNoBatch) return;
    release(std::exchange(current_, kNoBatch));
  }

  void merge(uint32_t into, uint32_t from) override {
    Vec<KeptRow>& rows = panes_[into];
    rows.append(panes_[from].data(), panes_[from].size());
    std::sort(rows.begin(), rows.end(),
              [](const KeptRow& a, const KeptRow& b) { return a.arrival < b.arrival; });
    panes_[from].clear();
  }

  void clear(uint32_t pane) override {
    for (const auto& row : panes_[pane]) release(row.batch);
    panes_[pane].clear();
  }

  bool prepare(uint32_t pane) override {
    if (evictor_.before()) evict(pane);
    return !panes_[pane].empty();
  }

  Batch result(std::vector<ColumnPtr> keys, std::span<const uint32_t> panes,
               EvalContext& context) override {
    places_.clear();
    numbers_.clear();
    Batch batch;
    for (uint32_t k = 0; k < panes.size(); ++k) {
      for (const auto& row : panes_[panes[k]]) {
        places_.push_back(RowPlace{row.batch} << 32 | row.row);
        numbers_.push_back(k);
        batch.ordinals.push_back(store_.batch(row.batch).ordinal(row.row));
      }
    }
    batch.rows = places_.size();
    batch.columns.resize(input_.size());
    for (const size_t c : columns_)
      batch.columns[c] = store_.gather(c, input_[c].type, {places_.data(), places_.size()});

    Arena* const outer = context.arena;
    context.arena = &batch.arena();
    if (program_ != nullptr) program_->compute(batch, context);
    rows_.resize(batch.rows);
    list_.resize(panes.size());
    for (uint32_t i = 0; i < batch.rows; ++i) rows_[i] = i;
    for (uint32_t k = 0; k < panes.size(); ++k) list_[k] = k;
    results_->grow(panes.size());
    results_->add({batch, {rows_.data(), rows_.size()}, numbers_.data()}, context);
    // Each of the rows was right when it came: what fails now is the result.
    for (auto& error : context.errors) error.row = numbers_[error.row];
    context.arena = outer;
    Batch made = results_->result(std::move(keys), {list_.data(), list_.size()}, context);
    for (const uint32_t k : list_) results_->clear(k);
    return made;
  }

  bool fired(uint32_t pane) override {
    if (!evictor_.before()) evict(pane);
    return !panes_[pane].empty();
  }

  size_t memory_bytes() const override {
    size_t total = store_.memory_bytes() + results_->memory_bytes();
    for (const auto& rows : panes_) total += rows.capacity() * sizeof(KeptRow) + sizeof(rows);
    return total;
  }

  void snapshot(uint32_t pane, SnapshotWriter& writer) const override {
    writer.put_u64(panes_[pane].size());
    std::string encoded;
    for (const auto& row : panes_[pane]) {
      const Batch& batch = store_.batch(row.batch);
      writer.put_u64(row.arrival);
      writer.put_u64(batch.ordinal(row.row));
      writer.put_i64(row.time);
      writer.put_u8(row.has_value ? 1 : 0);
      writer.put_double(row.value);
      encoded.clear();
      for (const size_t c : columns_) encode_value(*batch.columns[c], row.row, encoded);
      writer.put_text(encoded);
    }
  }

  void restore(uint32_t pane, SnapshotReader& reader) override {
    const uint64_t rows = reader.get_u64();
    Batch batch;
    batch.columns.resize(input_.size());
    for (const size_t c : columns_) batch.columns[c] = make_column(input_[c].type);
    for (uint64_t i = 0; i < rows && reader.ok(); ++i) {
      KeptRow row;
      row.row = static_cast<uint32_t>(i);
      row.arrival = reader.get_u64();
      batch.ordinals.push_back(reader.get_u64());
      row.time = reader.get_i64();
      row.has_value = reader.get_u8() != 0;
      row.value = reader.get_double();
      std::string_view encoded = reader.get_text();
      for (const size_t c : columns_) {
        if (!decode_value(encoded, *batch.columns[c], batch.arena())) return;
      }
      ++batch.rows;
      panes_[pane].push_back(row);
    }
    if (batch.rows == 0) return;
    const uint32_t number = keep(batch);
    for (auto& row : panes_[pane]) row.batch = number;
    users_[number] = panes_[pane].size();
  }

 private:
  // Copies the columns; the batch stays as long as some pane has a row of it, or end_batch() comes.
  uint32_t keep(const Batch& batch) {
    Batch copy;
    copy.rows = batch.rows;
    copy.sequence = batch.sequence;
    copy.ordinals = batch.ordinals;
    copy.columns.resize(input_.size());
    for (const size_t c : columns_) copy.columns[c] = batch.columns[c]->slice(0, batch.rows);
    const uint32_t number = store_.add(std::move(copy), true);
    if (number >= users_.size()) users_.resize(number + size_t{1}, 0);
    users_[number] = 1;  // the batch at hand
    return number;
  }

  void release(uint32_t number) {
    if (--users_[number] == 0) store_.release(number);
  }

  void evict(uint32_t pane) {
    Vec<KeptRow>& rows = panes_[pane];
    gone_.assign(rows.size(), 0);
    evictor_.evict({rows.data(), rows.size()}, gone_);
    size_t kept = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (gone_[i] != 0) {
        release(rows[i].batch);
      } else {
        rows[kept++] = rows[i];
      }
    }
    rows.resize(kept);
  }

  std::unique_ptr<PaneContents> results_;
  const AggregateProgram* program_;
  const Schema& input_;
  const std::vector<size_t> columns_;
  const Evictor& evictor_;
  RowStore store_;
  std::vector<uint64_t> users_;  // of each batch: rows in panes, and one while it is at hand
  uint32_t current_ = kNoBatch;  // the batch at hand
  std::vector<Vec<KeptRow>> panes_;
  // Scratch.
  Vec<RowPlace> places_;
  Vec<uint32_t> numbers_;
  Vec<uint32_t> rows_;
  Vec<uint32_t> list_;
  Vec<uint8_t> gone_;
};

}  // namespace

std::unique_ptr<PaneContents> make_evicting_contents(std::unique_ptr<PaneContents> results,
                                                     const AggregateProgram* program,
                                                     const Schema& input,
                                                     std::vector<size_t> columns,
                                                     const Evictor& evictor) {
  return std::make_unique<EvictingContents>(std::move(results), program, input, std::move(columns),
                                            evictor);
}

}  // namespace weir
