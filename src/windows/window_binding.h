// What every window binds: keys, results, the output's columns, late rows; and the plan around it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "expr/binder.h"
#include "operators/aggregation.h"
#include "operators/operator.h"
#include "operators/reduction.h"
#include "windows/window_options.h"

namespace weir {

enum class WindowColumn { kStart, kEnd, kTime };

// The common part of a bound window. Output rows are [window columns..., keys..., results...].
struct WindowBinding {
  Schema input;
  Schema output;
  Schema late_output;  // the input's columns, event_time, watermark, late_by_ms
  std::vector<WindowColumn> columns;
  std::vector<size_t> key_columns;  // of the input
  std::vector<Type> key_types;
  // The results. `reduce` in one of the simple forms is a list of aggregates too; in its general form
  // (reduction->general) there are no aggregates and records have to be taken one after another.
  AggregateBinding aggregates;
  std::optional<Reduction> reduction;
  ExprPtr having;  // over the output; may be null
  GroupOrder order = GroupOrder::kKey;
  bool event_time = true;  // else processing time
  int64_t allowed_lateness_us = 0;
  int64_t out_of_orderness_us = 0;
  bool one_partition = true;
  std::string text;  // for explain: ", by k: n = COUNT(*), having n > 1"

  // Set by the plan once it is known which output columns are needed (empty: all).
  std::vector<bool> needed;
  std::unique_ptr<AggregateProgram> program;
  bool want_late = false;

  bool track_arrival() const { return order == GroupOrder::kArrival; }
  bool is_needed(size_t output_column) const { return needed.empty() || needed[output_column]; }
  // The aggregates' program for the output columns needed (empty: all).
  std::unique_ptr<AggregateProgram> make_program(const std::vector<bool>& outputs) const;
  // `outputs` and those that `having` reads.
  std::vector<bool> with_having(std::vector<bool> outputs) const;
};

// What a kind of window says of itself.
struct WindowKind {
  std::string title;       // "the tumbling window"
  bool has_bounds = true;  // windows have a start and an end
  bool needs_time = true;  // with time = "event", [source.event_time] must be there
};

// Binds the common options. Problems go to `complaints`; nullopt then, and when there were some before.
std::optional<WindowBinding> bind_window(const WindowOptions& options, const WindowKind& kind,
                                         const Schema& input, const BindContext& context,
                                         WindowComplaints& complaints);

// The plan of a window: derive, give explain() and the objects that run.
class WindowPlan : public OperatorPlan {
 public:
  // `name`: "tumbling window".
  WindowPlan(std::string name, WindowBinding binding);

  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override;
  void set_output_needed(const std::vector<bool>& needed) override;
  bool can_reject() const override { return window_.program->can_fail(); }
  const Schema* late_output() const override {
    return window_.want_late ? &window_.late_output : nullptr;
  }
  void want_late_rows() override { window_.want_late = true; }
  bool makes_changelog(bool) const override { return window_.allowed_lateness_us > 0; }

 protected:
  const WindowBinding& window() const { return window_; }

 private:
  WindowBinding window_;
};

}  // namespace weir
