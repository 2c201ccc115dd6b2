// Turns the results of panes into output rows, and, where early results are given, into the changes that
// they are to what was given before: +I first, then -U and +U, nothing where a result is as it was.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "windows/window_results.h"

namespace weir {

class PaneUpdates {
 public:
  PaneUpdates(const WindowBinding& binding, const OperatorContext& context)
      : binding_(binding), results_(binding, context) {}

  // For what makes the rows given to results() and changes().
  EvalContext& eval() { return results_.eval(); }

  // Rows [keys..., results...] of windows; `updates[i]`: row i is not the first result of its pane.
  Batch results(Batch rows, std::span<const WindowBounds> windows,
                std::span<const uint8_t> updates);
  // The same as changes; row i is the result of panes[i].
  Batch changes(Batch rows, std::span<const uint32_t> panes, std::span<const WindowBounds> windows);
  // Takes back what was given for a pane; no rows if nothing was. `keys`: the pane's, one row.
  Batch deletion(uint32_t pane, std::vector<ColumnPtr> keys);

  void grow(size_t panes) { given_.resize(panes); }
  void forget(uint32_t pane) { given_[pane].clear(); }
  void clear() { given_.clear(); }
  size_t memory_bytes() const {
    size_t total = 0;
    for (const auto& given : given_) total += sizeof(given) + given.capacity();
    return total;
  }
  void snapshot(uint32_t pane, SnapshotWriter& writer) const { writer.put_text(given_[pane]); }
  void restore(uint32_t pane, SnapshotReader& reader) {
    given_[pane] = std::string(reader.get_text());
  }

 private:
  // A result as bytes: the window's start and end, then the results' columns.
  void encode(const Batch& rows, size_t row, const WindowBounds& window, std::string& out) const;
  WindowBounds decode(std::string_view bytes, std::vector<ColumnPtr>& columns, Arena& arena) const;
  size_t first_result() const { return binding_.key_columns.size(); }

  const WindowBinding& binding_;
  WindowResults results_;
  std::vector<std::string> given_;  // by pane: the last result given; empty: none
};

}  // namespace weir
