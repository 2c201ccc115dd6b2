// What the joins have in common: kinds, keys, and the columns of joined rows.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "expr/binder.h"
#include "operators/operator.h"

namespace weir {

enum class JoinKind { kInner, kLeft, kRight, kFull, kSemi, kAnti, kMark };

// A column of joined rows.
struct JoinColumn {
  size_t side = 0;
  size_t index = 0;
  // A key that both sides call alike is one column: the right side's, for rows without a left side.
  size_t right_index = SIZE_MAX;
};

// A join, bound.
struct Join {
  JoinKind kind = JoinKind::kInner;
  Schema sides[2];
  std::vector<size_t> keys[2];
  std::vector<Type> key_types;
  std::vector<JoinColumn>
      columns;              // of pairs: what `where` sees, and what inner and outer joins give
  Schema pairs;             // their names and types
  ExprPtr where;            // a further condition on pairs; may be null
  bool null_aware = false;  // IN and NOT IN: a NULL on either side may be equal
  std::string mark;         // kMark: the name of the column with the answer
  std::string text;         // "left join of `a` and `b` on id"

  bool gives_pairs() const { return kind <= JoinKind::kFull; }
  bool keeps_left() const { return kind == JoinKind::kLeft || kind == JoinKind::kFull; }
  bool keeps_right() const { return kind == JoinKind::kRight || kind == JoinKind::kFull; }
  Schema output() const;
  // The columns of one side that are read when these output columns are needed.
  std::vector<bool> columns_needed(size_t side, const std::vector<bool>& output_needed) const;
  // The key columns of a batch of one side.
  std::vector<ColumnPtr> key_columns(size_t side, const std::vector<ColumnPtr>& columns) const;
};

// What every step that joins by a Join tells the planner.
class JoinStepPlan : public OperatorPlan {
 public:
  JoinStepPlan(std::string name, const Join& join)
      : OperatorPlan(std::move(name), join.sides[0], join.output()) {}

  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    return input_columns_needed(0, output_needed);
  }
  std::vector<bool> input_columns_needed(size_t side,
                                         const std::vector<bool>& output_needed) const override {
    return join().columns_needed(side, output_needed);
  }
  bool can_reject() const override { return join().where && join().where->can_fail(); }

 protected:
  virtual const Join& join() const = 0;
};

// As written; each operator reads the options that it has.
struct JoinOptions {
  Node on;
  std::string join = "inner";
  std::optional<SourceText> where;
  bool null_aware = false;
  std::string as;
  Node within;
};

// Binds kind, keys and columns of a join of the two inputs; adds all problems to `errors`.
Join bind_join(const ComponentSpec& spec, const JoinOptions& options, const BindContext& context,
               Errors& errors);

// The keys of two inputs written as `on`: ["id"], or { left = "right" }.
void bind_join_keys(const Node& on, const Schema (&sides)[2], std::vector<size_t> (&keys)[2],
                    std::vector<Type>& types, Errors& errors);

// True of rows that have no partners because of a NULL.
inline bool has_null_key(std::span<const ColumnPtr> keys, size_t row) {
  for (const auto& key : keys)
    if (key->is_null(row)) return true;
  return false;
}

inline constexpr uint32_t kNoRow = UINT32_MAX;

// The listed rows of a column; NULL for kNoRow.
ColumnPtr gather_or_null(const Column& column, std::span<const uint32_t> rows);

}  // namespace weir
