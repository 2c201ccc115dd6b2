#include "operators/join_probe.h"

#include <algorithm>
#include <atomic>

namespace weir {

PairCondition::PairCondition(const Join& join, const OperatorContext& context)
    : join_(join), used_(join.columns.size(), false), eval_(context.eval_context()) {
  if (join.where) join.where->collect_columns(used_);
}

void PairCondition::pick(const std::vector<ColumnPtr>& left, std::span<const uint32_t> left_rows,
                         const std::vector<ColumnPtr>& right, std::span<const uint32_t> right_rows,
                         Vec<uint32_t>& picked) {
  failed_.clear();
  if (!join_.where) {
    picked.resize(left_rows.size());
    for (size_t i = 0; i < picked.size(); ++i) picked[i] = static_cast<uint32_t>(i);
    return;
  }
  Batch pairs;
  pairs.rows = left_rows.size();
  pairs.columns.resize(join_.columns.size());
  for (size_t c = 0; c < used_.size(); ++c) {
    if (!used_[c]) continue;
    const JoinColumn& column = join_.columns[c];
    pairs.columns[c] = column.side == 0 ? left[column.index]->gather(left_rows)
                                        : right[column.index]->gather(right_rows);
  }
  eval_.arena = &pairs.arena();
  eval_filter(*join_.where, pairs, eval_, picked);
  if (eval_.errors.empty()) return;
  failed_ = std::move(eval_.errors);
  eval_.errors.clear();
  const auto by_row = [](const RowFault& a, const RowFault& b) { return a.row < b.row; };
  std::stable_sort(failed_.begin(), failed_.end(), by_row);
  failed_.erase(std::unique(failed_.begin(), failed_.end(),
                            [](const auto& a, const auto& b) { return a.row == b.row; }),
                failed_.end());
  Vec<uint32_t> good;
  for (const uint32_t row : picked)
    if (!std::binary_search(failed_.begin(), failed_.end(), RowFault{row, {}}, by_row))
      good.push_back(row);
  picked = std::move(good);
}

Batch right_without_partner(const Join& join, const std::vector<ColumnPtr>& columns,
                            std::span<const uint32_t> rows, const std::vector<bool>& needed) {
  Batch batch;
  batch.rows = rows.size();
  for (size_t c = 0; c < join.columns.size(); ++c) {
    const JoinColumn& column = join.columns[c];
    const size_t from = column.side == 1 ? column.index : column.right_index;
    if (!needed[c]) {
      batch.columns.push_back(nullptr);
    } else if (from != SIZE_MAX) {
      batch.columns.push_back(columns[from]->gather(rows));
    } else {
      batch.columns.push_back(make_null_constant(join.pairs[c].type, rows.size())->flatten());
    }
  }
  return batch;
}

namespace {

constexpr size_t kPartPairs = 16384;

template <class T>
Vec<T> pick_rows(const Vec<T>& values, const Vec<uint32_t>& rows) {
  Vec<T> picked;
  if (values.empty()) return picked;
  picked.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) picked[i] = values[rows[i]];
  return picked;
}

// The pairs of the batch at hand, in the order of its rows, then of the right side's.
class PairProbe final : public Transform {
 public:
  PairProbe(const Join& join, std::shared_ptr<JoinTable> table, std::vector<bool> needed,
            const OperatorContext& context)
      : join_(join),
        table_(std::move(table)),
        needed_(std::move(needed)),
        context_(context),
        condition_(join, context) {}

  void apply(Batch& batch) override {
    begin(std::move(batch));
    const bool more = next(batch);
    WEIR_CHECK(!more);
  }
  bool expands() const override { return true; }

  void begin(Batch batch) override {
    batch_ = std::move(batch);
    groups_.resize(batch_.rows);
    table_->find(join_.key_columns(0, batch_.columns), batch_.rows, groups_.data());
    row_ = 0;
    at_ = 0;
    matched_ = false;
    next_reject_ = 0;
    refused_.clear();
    stopped_ = false;
  }

  bool next(Batch& part) override {
    left_.clear();
    right_.clear();
    if (table_->unique() && !join_.where) {
      take_unique();
    } else {
      take_pairs();
    }
    if (join_.keeps_right())
      for (const uint32_t row : right_)
        if (row != kNoRow) table_->mark(row);
    make_part(part);
    return row_ < batch_.rows;
  }

 private:
  // At most one partner for each row: a part is never longer than the batch.
  void take_unique() {
    const size_t n = batch_.rows;
    row_ = n;
    right_.resize(n);
    if (join_.keeps_left()) {
      std::copy_n(groups_.data(), n, right_.data());  // kNoGroup is kNoRow
      all_left_ = true;
      return;
    }
    left_.resize(n);
    size_t pairs = 0;
    for (size_t i = 0; i < n; ++i) {
      left_[pairs] = static_cast<uint32_t>(i);
      right_[pairs] = groups_[i];
      pairs += groups_[i] != GroupTable::kNoGroup ? 1 : 0;
    }
    left_.resize(pairs);
    right_.resize(pairs);
    all_left_ = pairs == n;
  }
  static_assert(GroupTable::kNoGroup == kNoRow);

  void take_pairs() {
    all_left_ = false;
    while (left_.empty() && row_ < batch_.rows) {
      const size_t first = row_;
      candidates();
      settle(first);
    }
  }

  // The next pairs with equal keys: up to row_, and of that row the first at_.
  void candidates() {
    pair_left_.clear();
    pair_right_.clear();
    while (row_ < batch_.rows && pair_left_.size() < kPartPairs) {
      const auto matches = table_->matches(groups_[row_]);
      const size_t take = std::min(matches.size() - at_, kPartPairs - pair_left_.size());
      for (size_t k = 0; k < take; ++k) {
        pair_left_.push_back(static_cast<uint32_t>(row_));
        pair_right_.push_back(matches[at_ + k]);
      }
      at_ += take;
      if (at_ < matches.size()) return;
      ++row_;
      at_ = 0;
    }
  }

  // What becomes of the rows from `first` on.
  void settle(size_t first) {
    condition_.pick(batch_.columns, {pair_left_.data(), pair_left_.size()}, table_columns(),
                    {pair_right_.data(), pair_right_.size()}, picked_);
    size_t p = 0;
    size_t f = 0;
    const auto& failed = condition_.failed();
    const size_t end = row_ + (at_ > 0 ? 1 : 0);
    for (size_t row = first; row < end; ++row) {
      while (f < failed.size() && pair_left_[failed[f].row] < row) ++f;
      const bool fails = f < failed.size() && pair_left_[failed[f].row] == row;
      for (; p < picked_.size() && pair_left_[picked_[p]] == row; ++p) {
        if (fails && picked_[p] > failed[f].row) continue;
        left_.push_back(static_cast<uint32_t>(row));
        right_.push_back(pair_right_[picked_[p]]);
        matched_ = true;
      }
      if (fails) {
        refuse(row, failed[f].reason);
        if (stopped_) return;
      } else if (row < row_ && !matched_ && join_.keeps_left()) {
        left_.push_back(static_cast<uint32_t>(row));
        right_.push_back(kNoRow);
      }
      if (row < row_ || fails) matched_ = false;
    }
  }

  // A row whose condition cannot be computed gives no further pairs.
  void refuse(size_t row, const std::string& reason) {
    refused_.push_back(batch_.refusal({static_cast<uint32_t>(row), reason}, "where"));
    if (context_.fail_fast) {
      row_ = batch_.rows;
      at_ = 0;
      stopped_ = true;
    } else if (row == row_) {
      ++row_;
      at_ = 0;
    }
  }

  const std::vector<ColumnPtr>& table_columns() {
    if (right_columns_.empty())
      for (size_t c = 0; c < join_.sides[1].size(); ++c)
        right_columns_.push_back(table_->column(c));
    return right_columns_;
  }

  void make_part(Batch& part) {
    const bool last = row_ >= batch_.rows;
    part = Batch();
    part.sequence = batch_.sequence;
    part.origin = batch_.origin;
    part.watermark = batch_.watermark;
    part.watermark_cap = batch_.watermark_cap;
    part.watermark_delay = batch_.watermark_delay;
    part.block_begin = batch_.block_begin;
    part.first_line = batch_.first_line;
    part.owners = batch_.owners;
    part.keep(table_);
    part.rows = right_.size();
    const std::span<const uint32_t> right(right_.data(), right_.size());
    for (size_t c = 0; c < join_.columns.size(); ++c) {
      const JoinColumn& column = join_.columns[c];
      if (!needed_[c]) {
        part.columns.push_back(nullptr);
      } else if (column.side == 1) {
        part.columns.push_back(gather_or_null(*table_->column(column.index), right));
      } else {
        const ColumnPtr& from = batch_.columns[column.index];
        part.columns.push_back(all_left_ ? from : from->gather({left_.data(), left_.size()}));
      }
    }
    if (all_left_) {
      part.event_time = batch_.event_time;
      part.running_max = batch_.running_max;
      part.raw = batch_.raw;
    } else {
      part.event_time = pick_rows(batch_.event_time, left_);
      part.running_max = pick_rows(batch_.running_max, left_);
      part.raw = pick_rows(batch_.raw, left_);
    }
    give_rejects(part, last);
    if (!last) return;
    part.records = batch_.records;
    part.max_event_time = batch_.max_event_time;
    part.stopped = batch_.stopped || stopped_;
  }

  // Refused rows go with the part that gives what stands before them.
  void give_rejects(Batch& part, bool last) {
    if (batch_.rejects.empty() && refused_.empty()) return;
    for (auto& reject : refused_) batch_.rejects.push_back(std::move(reject));
    if (!refused_.empty())
      std::stable_sort(batch_.rejects.begin() + static_cast<ptrdiff_t>(next_reject_),
                       batch_.rejects.end(),
                       [](const Reject& a, const Reject& b) { return a.row < b.row; });
    refused_.clear();
    for (; next_reject_ < batch_.rejects.size(); ++next_reject_) {
      Reject& reject = batch_.rejects[next_reject_];
      if (!last && reject.row >= row_) return;
      if (stopped_ && !part.rejects.empty() && part.rejects.back().field == "where") return;
      if (!all_left_)
        reject.row = static_cast<uint32_t>(
            std::lower_bound(left_.begin(), left_.end(), reject.row) - left_.begin());
      part.rejects.push_back(std::move(reject));
    }
  }

  const Join& join_;
  const std::shared_ptr<JoinTable> table_;
  const std::vector<bool> needed_;
  const OperatorContext context_;
  PairCondition condition_;
  std::vector<ColumnPtr> right_columns_;

  Batch batch_;
  Vec<uint32_t> groups_;
  size_t row_ = 0;        // the row that comes next
  size_t at_ = 0;         // how many of its partners have been taken
  bool matched_ = false;  // one of them fulfilled the condition
  bool all_left_ = false;
  size_t next_reject_ = 0;
  std::vector<Reject> refused_;
  bool stopped_ = false;
  Vec<uint32_t> left_;  // the pairs of a part
  Vec<uint32_t> right_;
  Vec<uint32_t> pair_left_;  // with equal keys
  Vec<uint32_t> pair_right_;
  Vec<uint32_t> picked_;
};

class JoinRest final : public BatchSource {
 public:
  JoinRest(const Join& join, std::shared_ptr<JoinTable> table, std::vector<bool> needed)
      : join_(join), table_(std::move(table)), needed_(std::move(needed)) {
    const auto marks = table_->marks();
    for (size_t i = 0; i < marks.size(); ++i)
      if (marks[i] == 0) rows_.push_back(static_cast<uint32_t>(i));
  }

  bool claim(Batch& batch) override {
    const uint64_t sequence = next_.fetch_add(1);
    const size_t begin = sequence * kPartPairs;
    if (begin >= rows_.size()) return false;
    const std::span<const uint32_t> rows(rows_.data() + begin,
                                         std::min(kPartPairs, rows_.size() - begin));
    batch = right_without_partner(join_, table_->columns(), rows, needed_);
    batch.sequence = sequence;
    batch.keep(table_);
    return true;
  }

 private:
  const Join& join_;
  const std::shared_ptr<JoinTable> table_;
  const std::vector<bool> needed_;
  Vec<uint32_t> rows_;
  std::atomic<uint64_t> next_{0};
};

}  // namespace

std::unique_ptr<Transform> make_pair_probe(const Join& join, std::shared_ptr<JoinTable> table,
                                           std::vector<bool> needed,
                                           const OperatorContext& context) {
  return std::make_unique<PairProbe>(join, std::move(table), std::move(needed), context);
}

std::unique_ptr<BatchSource> make_join_rest(const Join& join, std::shared_ptr<JoinTable> table,
                                            std::vector<bool> needed) {
  return std::make_unique<JoinRest>(join, std::move(table), std::move(needed));
}

}  // namespace weir
