#include "cli/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace weir {
namespace {

constexpr double kQuietSeconds = 1;  // runs shorter than this show nothing

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void write_raw(std::string_view text) {
  // Nothing can be done about a terminal that does not take it.
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

std::string progress_text(const RunProgress& progress) {
  std::string out = format_byte_size(progress.bytes_done);
  const bool known = progress.bytes_total > 0 && progress.bytes_done <= progress.bytes_total;
  const double done = static_cast<double>(progress.bytes_done);
  const double total = static_cast<double>(progress.bytes_total);
  if (known)
    out += fmt::format(" of {} ({:.0f}%)", format_byte_size(progress.bytes_total),
                       std::floor(100 * done / total));
  out += fmt::format(", {} records", format_count(progress.records_in));
  if (progress.seconds > 0 && done > 0) {
    const double rate = done / progress.seconds;
    out += fmt::format(", {}/s", format_byte_size(static_cast<uint64_t>(rate)));
    const auto left = static_cast<int64_t>(std::ceil((total - done) / rate));
    if (known && left > 0 && left < 1'000'000)
      out += fmt::format(", {} left", format_duration({left * 1'000'000}));
  }
  return out;
}

void ProgressLine::update(const RunProgress& progress) {
  if (progress.seconds < kQuietSeconds) return;
  std::string text = progress_text(progress);
  text.resize(
      std::min(text.size(), terminal_width() - 1));  // a line that wraps cannot be taken back
  const std::lock_guard lock(mutex_);
  write_raw(fmt::format("\r{}\033[K", text));
  shown_ = true;
}

void ProgressLine::message(const std::string& text) {
  const std::lock_guard lock(mutex_);
  erase();
  console_.line(text);
}

void ProgressLine::clear() {
  const std::lock_guard lock(mutex_);
  erase();
}

void ProgressLine::erase() {
  if (shown_) write_raw("\r\033[K");
  shown_ = false;
}

}  // namespace weir
