// Semi, anti and mark joins: whether a row has a partner, and where NULLs leave that open.

#include <algorithm>

#include "operators/join_probe.h"

namespace weir {

namespace {

constexpr size_t kAnswerPairs = 16384;  // looked at at a time

enum Answer : uint8_t { kNo = 0, kYes = 1, kUnknown = 2 };

class AnswerProbe final : public Transform {
 public:
  AnswerProbe(const Join& join, std::shared_ptr<JoinTable> table, const OperatorContext& context)
      : join_(join), table_(std::move(table)), context_(context), condition_(join, context) {
    for (size_t c = 0; c < join_.sides[1].size(); ++c) right_columns_.push_back(table_->column(c));
    right_keys_ = join_.key_columns(1, right_columns_);
  }

  void apply(Batch& batch) override {
    keys_ = join_.key_columns(0, batch.columns);
    groups_.resize(batch.rows);
    table_->find(keys_, batch.rows, groups_.data());
    answers_.assign(batch.rows, kNo);
    faults_.clear();
    begin_pairs();
    for (size_t i = 0; i < batch.rows; ++i) {
      const auto matches = table_->matches(groups_[i]);
      if (!join_.where) {
        answers_[i] = matches.empty() ? kNo : kYes;
      } else {
        try_pairs(batch, i, matches, kYes);
      }
    }
    settle(batch, kYes);
    if (join_.null_aware) find_unknown(batch);
    keys_.clear();
    give(batch);
  }

 private:
  void begin_pairs() {
    left_.clear();
    right_.clear();
  }

  void try_pairs(const Batch& batch, size_t row, std::span<const uint32_t> partners,
                 Answer answer) {
    for (const uint32_t partner : partners) {
      left_.push_back(static_cast<uint32_t>(row));
      right_.push_back(partner);
      if (left_.size() < kAnswerPairs) continue;
      settle(batch, answer);
      if (answers_[row] != kNo || is_refused(row)) return;
    }
  }

  // Looks at the pairs that have been gathered.
  void settle(const Batch& batch, Answer answer) {
    condition_.pick(batch.columns, {left_.data(), left_.size()}, right_columns_,
                    {right_.data(), right_.size()}, picked_);
    size_t p = 0;
    for (const RowFault& failed : condition_.failed()) {
      for (; p < picked_.size() && picked_[p] < failed.row; ++p) say(left_[picked_[p]], answer);
      const uint32_t row = left_[failed.row];
      if (answers_[row] == kNo && !is_refused(row)) faults_.push_back({row, failed.reason});
    }
    for (; p < picked_.size(); ++p) say(left_[picked_[p]], answer);
    begin_pairs();
  }
  void say(uint32_t row, Answer answer) {
    if (answers_[row] == kNo) answers_[row] = answer;
  }
  bool is_refused(size_t row) const {
    return std::any_of(faults_.begin(), faults_.end(),
                       [&](const RowFault& fault) { return fault.row == row; });
  }

  // A row without a partner is unknown if one would be its partner with some value for NULL.
  void find_unknown(const Batch& batch) {
    if (table_->is_empty()) return;
    Vec<uint32_t> all;
    for (size_t i = 0; i < batch.rows; ++i) {
      if (answers_[i] != kNo) continue;
      const bool has_null =
          std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return key->is_null(i); });
      if (keys_.size() == 1 && !join_.where) {
        if (has_null || table_->has_null_keys()) answers_[i] = kUnknown;
        continue;
      }
      if (has_null && all.empty())
        for (size_t r = 0; r < table_->rows(); ++r) all.push_back(static_cast<uint32_t>(r));
      possible_.clear();
      for (const uint32_t r :
           has_null ? std::span<const uint32_t>(all.data(), all.size()) : table_->null_keys())
        if (may_be_equal(i, r)) possible_.push_back(r);
      try_pairs(batch, i, {possible_.data(), possible_.size()}, kUnknown);
    }
    settle(batch, kUnknown);
  }
  bool may_be_equal(size_t i, size_t r) const {
    for (size_t k = 0; k < keys_.size(); ++k)
      if (!keys_[k]->is_null(i) && !right_keys_[k]->is_null(r) &&
          compare_rows(*keys_[k], i, *right_keys_[k], r) != 0)
        return false;
    return true;
  }

  void give(Batch& batch) {
    auto column = make_column(Type::boolean(), batch.rows);
    std::copy_n(answers_.data(), batch.rows, column->values<uint8_t>());
    batch.columns.push_back(std::move(column));
    batch.reject(faults_, "where", context_.fail_fast);
    Column& answers = *batch.columns.back();
    uint8_t* values = answers.values<uint8_t>();
    if (join_.kind == JoinKind::kMark) {
      for (size_t i = 0; i < batch.rows; ++i) {
        if (values[i] != kUnknown) continue;
        values[i] = 0;
        answers.set_null(i);
      }
      return;
    }
    const Answer wanted = join_.kind == JoinKind::kSemi ? kYes : kNo;
    Vec<uint32_t> rows;
    for (size_t i = 0; i < batch.rows; ++i)
      if (values[i] == wanted) rows.push_back(static_cast<uint32_t>(i));
    batch.columns.pop_back();
    batch.select({rows.data(), rows.size()});
  }

  const Join& join_;
  const std::shared_ptr<JoinTable> table_;
  const OperatorContext context_;
  PairCondition condition_;
  std::vector<ColumnPtr> right_columns_;
  std::vector<ColumnPtr> right_keys_;

  std::vector<ColumnPtr> keys_;
  Vec<uint32_t> groups_;
  Vec<uint8_t> answers_;
  std::vector<RowFault> faults_;
  Vec<uint32_t> left_;
  Vec<uint32_t> right_;
  Vec<uint32_t> picked_;
  Vec<uint32_t> possible_;
};

}  // namespace

std::unique_ptr<Transform> make_answer_probe(const Join& join, std::shared_ptr<JoinTable> table,
                                             const OperatorContext& context) {
  return std::make_unique<AnswerProbe>(join, std::move(table), context);
}

}  // namespace weir
