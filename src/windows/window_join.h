// The parts of joins in windows: what is joined, the rows that wait for their window, and the pairs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/vec.h"
#include "data/batch.h"
#include "data/schema.h"
#include "operators/join.h"
#include "operators/late_count.h"
#include "operators/operator.h"
#include "operators/row_bytes.h"
#include "windows/slice_layout.h"
#include "windows/time_window.h"

namespace weir {

struct WindowJoin {
  struct Side {
    Schema schema;
    std::vector<size_t> key_columns;
  };
  SliceLayout layout;  // windows of fixed length
  int64_t gap_us = 0;  // sessions; 0: the windows have a fixed length
  JoinKind kind = JoinKind::kInner;
  Side sides[2];
  std::vector<Type> key_types;

  bool gives_right() const { return kind != JoinKind::kSemi && kind != JoinKind::kAnti; }
  // True if rows of the side that have no partner are given.
  bool keeps_lonely(size_t side) const {
    if (kind == JoinKind::kFull) return true;
    return side == 0 ? kind == JoinKind::kLeft || kind == JoinKind::kAnti
                     : kind == JoinKind::kRight;
  }
};

// Rows of one side that wait, with strings of their own. A column that nobody reads is absent.
class WaitingRows {
 public:
  explicit WaitingRows(const Schema& schema) : schema_(&schema) {}

  size_t size() const { return rows_; }
  const std::vector<ColumnPtr>& columns() const { return columns_; }
  const std::shared_ptr<Arena>& arena() const { return arena_; }
  void append(const std::vector<ColumnPtr>& columns, std::span<const uint32_t> rows);
  // Rows as bytes: appends row i to `out`, and takes such a row; false after damage.
  void encode(size_t i, std::string& out) const { encode_row(columns_, i, out); }
  bool append_encoded(std::string_view row);
  // Only the given rows (increasing), numbered anew.
  void keep(std::span<const uint32_t> rows);
  size_t memory_bytes() const;

  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  const Schema* schema_;
  std::vector<ColumnPtr> columns_;
  size_t rows_ = 0;
  std::shared_ptr<Arena> arena_;
};

// The results of a join: pairs of rows, one of which may be missing, each with its window.
class WindowPairs {
 public:
  explicit WindowPairs(const WindowJoin& join) : join_(join) {}

  // All pairs of one window and key, in order. `matches`: the key has no NULL in it.
  void add(const WindowBounds& window, bool matches, std::span<const uint32_t> left,
           std::span<const uint32_t> right, const WaitingRows& left_rows,
           const WaitingRows& right_rows, Emitter& out);
  // Emits what is left.
  void flush(const WaitingRows& left, const WaitingRows& right, Emitter& out);

 private:
  void add_side(size_t side, const WaitingRows& rows, Batch& batch) const;

  const WindowJoin& join_;
  Vec<uint32_t> pairs_[2];
  Vec<WindowBounds> windows_;
};

// `join` must outlive them.
std::unique_ptr<Ordered> make_fixed_window_join(const WindowJoin& join,
                                                const OperatorContext& context);
std::unique_ptr<Ordered> make_session_join(const WindowJoin& join, const OperatorContext& context);

}  // namespace weir
