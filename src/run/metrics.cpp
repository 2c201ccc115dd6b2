#include "run/metrics.h"

#include <fmt/format.h>

#include "base/backoff.h"

namespace weir {
namespace {

constexpr int64_t kPeriodUs = 200'000;

std::string label_text(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text;
}

class MetricsText {
 public:
  void head(const char* name, const char* type, const char* help) {
    out += fmt::format("# HELP weir_{} {}\n# TYPE weir_{} {}\n", name, help, name, type);
  }
  void value(const char* name, const std::string& labels, double number) {
    out += labels.empty() ? fmt::format("weir_{} {}\n", name, number)
                          : fmt::format("weir_{}{{{}}} {}\n", name, labels, number);
  }
  void counter(const char* name, const char* help, uint64_t number) {
    head(name, "counter", help);
    value(name, {}, static_cast<double>(number));
  }
  std::string out;
};

}  // namespace

bool MetricsBoard::is_due() const { return monotonic_us() >= next_us_.load(); }

void MetricsBoard::post(RunStats stats) {
  next_us_ = monotonic_us() + kPeriodUs;
  const std::lock_guard lock(mutex_);
  stats_ = std::move(stats);
}

std::string MetricsBoard::text() const {
  const std::lock_guard lock(mutex_);
  return metrics_text(stats_);
}

std::string metrics_text(const RunStats& stats) {
  MetricsText m;
  m.counter("records_in_total", "Records read.", stats.records_in);
  m.counter("rows_out_total", "Rows given to sinks.", stats.rows_out);
  m.counter("late_total", "Rows that came too late.", stats.late);
  m.counter("bad_total", "Bad records.", stats.bad);
  m.counter("bytes_in_total", "Decoded bytes read.", stats.bytes_in);
  m.counter("bytes_out_total", "Bytes given to sinks.", stats.bytes_out);
  m.head("source_records_total", "counter", "Records read from a source.");
  for (const auto& s : stats.sources)
    m.value("source_records_total", "source=\"" + label_text(s.name) + "\"",
            static_cast<double>(s.records));
  m.head("source_watermark_seconds", "gauge", "How far event time has come, since 1970.");
  for (const auto& s : stats.sources)
    if (s.has_event_time && s.watermark > kMinTime && s.watermark < kMaxTime)
      m.value("source_watermark_seconds", "source=\"" + label_text(s.name) + "\"",
              static_cast<double>(s.watermark) / 1e6);
  m.head("step_rows_in_total", "counter", "Rows that an ordered step has taken.");
  for (const auto& s : stats.steps)
    m.value("step_rows_in_total", "step=\"" + label_text(s.label) + "\"",
            static_cast<double>(s.rows_in));
  m.head("step_rows_out_total", "counter", "Rows that an ordered step has given.");
  for (const auto& s : stats.steps)
    m.value("step_rows_out_total", "step=\"" + label_text(s.label) + "\"",
            static_cast<double>(s.rows_out));
  m.head("step_open_windows", "gauge", "Windows that are open.");
  for (const auto& s : stats.steps)
    m.value("step_open_windows", "step=\"" + label_text(s.label) + "\"",
            static_cast<double>(s.operator_stats.open));
  return m.out;
}

}  // namespace weir
