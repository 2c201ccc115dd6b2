#include "formats/syslog_frames.h"

#include <charconv>

namespace weir {
namespace {

// Longer counts are none: no message has a gigabyte.
constexpr size_t kMostDigits = 9;

class SyslogCutter final : public RecordCutter {
 public:
  explicit SyslogCutter(SyslogFraming framing) : framing_(framing) {}

  bool stateless() const override { return false; }
  bool sequential() const override { return true; }
  State advance(State, std::string_view) const override { return 0; }
  size_t first_end(std::string_view bytes, size_t from, State, bool complete) const override {
    std::string_view message;
    const auto status = next_syslog_frame(framing_, bytes, from, complete, message);
    return status == FrameStatus::kDone ? from : npos;
  }
  size_t last_end(std::string_view bytes, State) const override {
    size_t at = 0;
    std::string_view message;
    while (at < bytes.size() &&
           next_syslog_frame(framing_, bytes, at, false, message) == FrameStatus::kDone) {
    }
    return at == 0 ? npos : at;
  }
  std::optional<std::string> damage(std::string_view bytes) const override {
    size_t at = 0;
    std::string_view message;
    if (next_syslog_frame(framing_, bytes, at, false, message) != FrameStatus::kDamaged)
      return std::nullopt;
    return "no message's length is here, as framing = \"octet-counting\" has it";
  }

 private:
  SyslogFraming framing_;
};

bool is_frame_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

FrameStatus next_syslog_frame(SyslogFraming framing, std::string_view bytes, size_t& at,
                              bool complete, std::string_view& message) {
  size_t begin = at;
  // Some end a counted message with a line end that they do not count.
  while (framing == SyslogFraming::kCounted && begin < bytes.size() &&
         (bytes[begin] == '\n' || bytes[begin] == '\r'))
    ++begin;
  if (framing != SyslogFraming::kLines) {
    size_t digits = 0;
    while (begin + digits < bytes.size() && digits <= kMostDigits &&
           is_frame_digit(bytes[begin + digits]))
      ++digits;
    const size_t blank = begin + digits;
    const bool seen_all = blank < bytes.size();
    const bool counts = digits > 0 && digits <= kMostDigits && bytes[begin] != '0';
    if (counts && seen_all && bytes[blank] == ' ') {
      size_t length = 0;
      std::from_chars(bytes.data() + begin, bytes.data() + blank, length);
      if (bytes.size() - blank - 1 < length) return FrameStatus::kShort;
      message = bytes.substr(blank + 1, length);
      at = blank + 1 + length;
      return FrameStatus::kDone;
    }
    if (!seen_all && (digits == 0 || counts) && !(complete && framing == SyslogFraming::kDetected))
      return FrameStatus::kShort;
    if (framing == SyslogFraming::kCounted) return FrameStatus::kDamaged;
  }
  const size_t newline = bytes.find('\n', at);
  if (newline == std::string_view::npos && (!complete || at == bytes.size()))
    return FrameStatus::kShort;
  const size_t end = newline == std::string_view::npos ? bytes.size() : newline;
  message = bytes.substr(at, end - at);
  at = newline == std::string_view::npos ? end : newline + 1;
  return FrameStatus::kDone;
}

std::unique_ptr<RecordCutter> make_syslog_cutter(SyslogFraming framing) {
  return framing == SyslogFraming::kLines ? make_line_cutter()
                                          : std::make_unique<SyslogCutter>(framing);
}

}  // namespace weir
