#include "io/cutter.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "io/byte_scan.h"

namespace weir {
namespace {

constexpr size_t kNone = RecordCutter::npos;

// The offset of the first '\n' at or after `from`, or npos.
size_t find_newline(std::string_view bytes, size_t from) {
  if (from >= bytes.size()) return kNone;
  const void* p = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
  return p == nullptr ? kNone : static_cast<size_t>(static_cast<const char*>(p) - bytes.data());
}

// The offset of the last '\n' before `before`, or npos.
size_t find_last_newline(std::string_view bytes, size_t before) {
  if (before == 0) return kNone;
  const void* p = ::memrchr(bytes.data(), '\n', before);
  return p == nullptr ? kNone : static_cast<size_t>(static_cast<const char*>(p) - bytes.data());
}

// The answer when no end was found: with nothing behind them, the bytes end their last record.
size_t at_bytes_end(std::string_view bytes, size_t from, bool complete) {
  return complete && from < bytes.size() ? bytes.size() : kNone;
}

class LineCutter final : public RecordCutter {
 public:
  bool stateless() const override { return true; }
  State advance(State, std::string_view) const override { return 0; }
  size_t first_end(std::string_view bytes, size_t from, State, bool complete) const override {
    const size_t newline = find_newline(bytes, from);
    return newline == npos ? at_bytes_end(bytes, from, complete) : newline + 1;
  }
  size_t last_end(std::string_view bytes, State) const override {
    const size_t newline = find_last_newline(bytes, bytes.size());
    return newline == npos ? npos : newline + 1;
  }
};

// State: 1 inside quotes. Newlines are rare beside other bytes, so both searches go from newline to newline
// and take the parity of the quotes between them; every byte is looked at twice at most.
class QuotedCutter final : public RecordCutter {
 public:
  explicit QuotedCutter(char quote) : quote_(quote) {}

  bool stateless() const override { return false; }
  State advance(State before, std::string_view bytes) const override {
    return before ^ static_cast<State>(odd_count(bytes, quote_));
  }
  size_t first_end(std::string_view bytes, size_t from, State state, bool complete) const override {
    size_t at = from;
    for (;;) {
      const size_t newline = find_newline(bytes, at);
      if (newline == npos) return at_bytes_end(bytes, from, complete);
      state = advance(state, bytes.substr(at, newline - at));
      if (state == 0) return newline + 1;
      at = newline + 1;
    }
  }
  size_t last_end(std::string_view bytes, State at_begin) const override {
    State state = advance(at_begin, bytes);  // the state at `before`
    size_t before = bytes.size();
    for (;;) {
      const size_t newline = find_last_newline(bytes, before);
      if (newline == npos) return npos;
      state = advance(state, bytes.substr(newline, before - newline));
      if (state == 0) return newline + 1;
      before = newline;
    }
  }

 private:
  char quote_;
};

class RecordStartCutter final : public RecordCutter {
 public:
  explicit RecordStartCutter(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}

  bool stateless() const override { return true; }
  State advance(State, std::string_view) const override { return 0; }
  size_t first_end(std::string_view bytes, size_t from, State, bool complete) const override {
    for (size_t at = from;;) {
      const size_t newline = find_newline(bytes, at);
      if (newline == npos) return at_bytes_end(bytes, from, complete);
      const Answer answer = begins_record(bytes, newline + 1, complete);
      if (answer == Answer::kYes) return newline + 1;
      if (answer == Answer::kUnknown) return npos;
      at = newline + 1;
    }
  }
  size_t last_end(std::string_view bytes, State) const override {
    for (size_t before = bytes.size();;) {
      const size_t newline = find_last_newline(bytes, before);
      if (newline == npos) return npos;
      if (begins_record(bytes, newline + 1, false) == Answer::kYes) return newline + 1;
      before = newline;
    }
  }

 private:
  enum class Answer { kYes, kNo, kUnknown };
  static constexpr size_t kSeen = kLookAhead - 1;

  // Whether a record begins at `at`, which is the start of a line or the end of the bytes. The answer
  // depends on the line's first kSeen bytes alone, however much of it the caller happens to hold.
  Answer begins_record(std::string_view bytes, size_t at, bool complete) const {
    if (at == bytes.size()) return complete ? Answer::kYes : Answer::kUnknown;
    std::string_view line = bytes.substr(at, kSeen);
    const size_t newline = find_newline(line, 0);
    if (newline != npos) {
      line = line.substr(0, newline);
      if (line.ends_with('\r')) line.remove_suffix(1);
    } else if (line.size() < kSeen && !complete) {
      return Answer::kUnknown;
    }
    const re2::StringPiece text(line.data(), line.size());
    return re2::RE2::PartialMatch(text, *pattern_) ? Answer::kYes : Answer::kNo;
  }

  std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace

std::unique_ptr<RecordCutter> make_line_cutter() { return std::make_unique<LineCutter>(); }

std::unique_ptr<RecordCutter> make_quoted_cutter(char quote) {
  return std::make_unique<QuotedCutter>(quote);
}

Result<std::unique_ptr<RecordCutter>> make_record_start_cutter(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<re2::RE2>(pattern, options);
  if (!compiled->ok()) {
    return fail(ErrorKind::kConfig, "wrong regular expression: " + compiled->error());
  }
  return std::make_unique<RecordStartCutter>(std::move(compiled));
}

}  // namespace weir
