#include "run/run_stats.h"

#include <fmt/format.h>

#include "base/units.h"

namespace weir {

namespace {

std::string counted(uint64_t n, const char* what) {
  return fmt::format("{} {}{}", format_count(n), what, n == 1 ? "" : "s");
}

// Why a step gave nothing of the rows it got.
std::string explain_step(const StepStats& step, bool interrupted) {
  const OperatorStats& s = step.operator_stats;
  const std::string rows = counted(step.rows_in, "row");
  if (s.late > 0 && s.late >= step.rows_in)
    return fmt::format("no output: all {} that reached {} were late, the first by {}", rows,
                       step.label, format_duration({std::max<int64_t>(s.first_late_by_us, 0)}));
  if (interrupted && s.open > 0)
    return fmt::format("no output: {} still open in {} when the run was stopped",
                       counted(s.open, "window") + (s.open == 1 ? " was" : " were"), step.label);
  if (s.fired > 0)
    return fmt::format("no output: `having` dropped all results of the {} that {} fired",
                       counted(s.fired, "window"), step.label);
  if (s.late > 0)
    return fmt::format("no output: {} of {} that reached {} were late", format_count(s.late), rows,
                       step.label);
  return fmt::format("no output: none of the {} that reached {} passed it", rows, step.label);
}

}  // namespace

std::string explain_silence(const RunStats& stats, bool interrupted, bool goes_on) {
  if (stats.rows_out > 0) return {};
  if (stats.records_in == 0 && goes_on) return "no output: nothing new in the input";
  if (stats.records_in == 0)
    return interrupted ? "no output: no record had come" : "no output: the input holds no records";
  if (stats.bad == stats.records_in) return "no output: every record was bad";
  for (const auto& step : stats.steps) {
    if (step.rows_in == 0 || step.rows_out > 0) continue;
    if (goes_on && step.operator_stats.open > 0)
      return fmt::format("no output yet: {} open in {}; later input closes them, or --drain",
                         counted(step.operator_stats.open, "window") +
                             (step.operator_stats.open == 1 ? " is" : " are"),
                         step.label);
    if (goes_on && step.collects)
      return fmt::format("no output yet: {} keeps {} for later runs; --drain gives its result",
                         step.label, counted(step.rows_in, "row"));
    std::string why = explain_step(step, interrupted);
    if (interrupted && step.operator_stats.open > 0) {
      for (const auto& source : stats.sources)
        if (source.holds_back) why += fmt::format("; `{}` holds the watermark back", source.name);
    }
    return why;
  }
  return {};
}

void mark_holder(std::vector<SourceStats>& sources) {
  SourceStats* slowest = nullptr;
  bool differ = false;
  for (auto& source : sources) {
    if (!source.has_event_time || source.idle) continue;
    if (slowest != nullptr) differ = differ || source.watermark != slowest->watermark;
    if (slowest == nullptr || source.watermark < slowest->watermark) slowest = &source;
  }
  if (differ) slowest->holds_back = true;
}

}  // namespace weir
