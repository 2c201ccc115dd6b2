#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "data/text.h"

namespace weir {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out + '"';
}

std::string time_text(int64_t time) {
  if (time == kMinTime) return "not yet";
  if (time == kMaxTime) return "at the end";
  Column column(Type::timestamp(3));
  column.push<int64_t>(time);
  return text_at(column, 0);
}

std::string seconds_text(double seconds) {
  return seconds < 10 ? fmt::format("{:.3f} s", seconds) : fmt::format("{:.1f} s", seconds);
}

}  // namespace

std::string summary_line(const RunStats& stats) {
  std::string out = fmt::format("weir: {} in, {} out", format_count(stats.records_in),
                                format_count(stats.rows_out));
  if (stats.late > 0) out += fmt::format(", {} late", format_count(stats.late));
  if (stats.bad > 0) out += fmt::format(", {} bad", format_count(stats.bad));
  out += fmt::format(", {} in {}", format_byte_size(stats.bytes_in), seconds_text(stats.seconds));
  if (stats.bytes_in > 0 && stats.seconds > 0)
    out += fmt::format(" ({}/s)", format_byte_size(static_cast<uint64_t>(
                                      static_cast<double>(stats.bytes_in) / stats.seconds)));
  return out;
}

std::vector<std::string> step_lines(const RunStats& stats) {
  std::vector<std::string> lines;
  for (const auto& source : stats.sources) {
    std::string line = fmt::format("  {}: {} records", source.name, format_count(source.records));
    if (source.has_event_time) line += ", watermark " + time_text(source.watermark);
    if (source.idle) line += ", idle";
    if (source.holds_back) line += ", holds the others back";
    if (!source.summary.empty()) line += "; " + source.summary;
    lines.push_back(std::move(line));
  }
  for (const auto& step : stats.steps) {
    const OperatorStats& s = step.operator_stats;
    std::string line = fmt::format("  {}: {} in, {} out", step.label, format_count(step.rows_in),
                                   format_count(step.rows_out));
    if (s.late > 0)
      line += fmt::format(", {} late (the first by {})", format_count(s.late),
                          format_duration({std::max<int64_t>(s.first_late_by_us, 0)}));
    if (s.open + s.fired > 0)
      line +=
          fmt::format(", windows: {} open, {} fired", format_count(s.open), format_count(s.fired));
    if (s.refired > 0) line += fmt::format(", {} of them updates", format_count(s.refired));
    if (s.state_bytes > 0) line += ", state " + format_byte_size(s.state_bytes);
    if (step.knows_time) line += ", watermark " + time_text(step.watermark);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string stats_json(const RunResult& result) {
  const RunStats& s = result.stats;
  std::string out = fmt::format(
      "{{\"records_in\":{},\"rows_out\":{},\"late\":{},\"bad\":{},\"bytes_in\":{},\"bytes_out\":{},"
      "\"seconds\":{:.6f},\"exit_code\":{},\"sources\":[",
      s.records_in, s.rows_out, s.late, s.bad, s.bytes_in, s.bytes_out, s.seconds,
      result.exit_code);
  for (size_t i = 0; i < s.sources.size(); ++i) {
    const SourceStats& source = s.sources[i];
    out += fmt::format("{}{{\"source\":{},\"records\":{}", i > 0 ? "," : "",
                       json_string(source.name), source.records);
    if (source.has_event_time)
      out += fmt::format(",\"watermark\":{},\"idle\":{},\"holds_back\":{}",
                         json_string(time_text(source.watermark)), source.idle, source.holds_back);
    out += "}";
  }
  out += "],\"steps\":[";
  for (size_t i = 0; i < s.steps.size(); ++i) {
    const StepStats& step = s.steps[i];
    const OperatorStats& o = step.operator_stats;
    out += fmt::format("{}{{\"step\":{},\"rows_in\":{},\"rows_out\":{}", i > 0 ? "," : "",
                       json_string(step.label), step.rows_in, step.rows_out);
    if (o.late + o.open + o.fired > 0)
      out += fmt::format(
          ",\"late\":{},\"first_late_by_us\":{},\"windows_open\":{},\"windows_fired\":{},"
          "\"updates\":{}",
          o.late, o.first_late_by_us, o.open, o.fired, o.refired);
    if (o.state_bytes > 0) out += fmt::format(",\"state_bytes\":{}", o.state_bytes);
    if (step.knows_time)
      out += fmt::format(",\"watermark\":{}", json_string(time_text(step.watermark)));
    out += "}";
  }
  return out + "]}";
}

}  // namespace weir
