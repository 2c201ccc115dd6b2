#include "cli/summary.h"

#include <fmt/format.h>

#include "base/units.h"

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

std::string stats_json(const RunResult& result) {
  const RunStats& s = result.stats;
  std::string out = fmt::format(
      "{{\"records_in\":{},\"rows_out\":{},\"late\":{},\"bad\":{},\"bytes_in\":{},\"bytes_out\":{},"
      "\"seconds\":{:.6f},\"exit_code\":{},\"steps\":[",
      s.records_in, s.rows_out, s.late, s.bad, s.bytes_in, s.bytes_out, s.seconds,
      result.exit_code);
  for (size_t i = 0; i < s.steps.size(); ++i)
    out += fmt::format("{}{{\"step\":{},\"rows_in\":{},\"rows_out\":{}}}", i > 0 ? "," : "",
                       json_string(s.steps[i].label), s.steps[i].rows_in, s.steps[i].rows_out);
  return out + "]}";
}

}  // namespace weir
