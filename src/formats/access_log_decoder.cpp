// The decoder of access logs.
//
// Newlines come from the vector scanner; inside a line the literals between the variables are searched
// one after another, and only as far as the last needed column. Values do not depend on which columns are
// needed: every literal is searched from the end of the one before, never skipped.
//
// Lines take the quick way first (`LineStep`), which knows neither escapes nor faults; what it does not
// understand is parsed again by the steps that do.
#include <cstring>
#include <utility>

#include "base/check.h"
#include "formats/access_log.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir {
namespace {

constexpr size_t kLogSliceBytes = size_t{16} << 10;
constexpr std::string_view kLogByteOrderMark = "\xEF\xBB\xBF";
constexpr uint32_t kNowhere = UINT32_MAX;

// The first `c` in [p, end), or `end`. May read 15 bytes past the end.
inline const char* find_byte(const char* p, const char* end, char c) {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8(c);
  for (; p < end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));
    if (mask != 0) {
      const char* found = p + __builtin_ctz(static_cast<unsigned>(mask));
      return found < end ? found : end;
    }
  }
  return end;
#else
  while (p < end && *p != c) ++p;
  return p;
#endif
}

// A literal to look for; up to 8 bytes are compared at once.
struct Literal {
  explicit Literal(std::string literal_text) : text(std::move(literal_text)) {
    std::memcpy(&word, text.data(), text.size() < 8 ? text.size() : 8);
    mask = text.size() < 8 ? (uint64_t{1} << (8 * text.size())) - 1 : ~uint64_t{0};
  }
  // Is it at p? May read 7 bytes past the end.
  bool is_at(const char* p, const char* end) const {
    if (static_cast<size_t>(end - p) < text.size()) return false;
    uint64_t there;
    std::memcpy(&there, p, 8);
    if ((there & mask) != word) return false;
    return text.size() <= 8 || std::memcmp(p, text.data(), text.size()) == 0;
  }
  std::string text;
  uint64_t word = 0;
  uint64_t mask = 0;
};

// An element with the places where its parts go (indexes of the decoder's fields).
struct Step {
  explicit Step(const LogElement& e) : element(e), literal(e.literal) {}
  LogElement element;
  Literal literal;
  uint32_t whole = kNowhere;
  uint32_t method = kNowhere;
  uint32_t url = kNowhere;
  uint32_t protocol = kNowhere;
  bool splits = false;  // any of the request's parts is needed
  std::string column;   // for messages
};

class AccessLogDecoder final : public Decoder, private RecordSplitter {
 public:
  AccessLogDecoder(const LogPattern& pattern, const DecodeRequest& request, const TimeZone* zone,
                   int64_t reference_us)
      : prefix_(pattern.prefix),
        decoder_(field_columns(pattern), request, NullRule{}, zone, reference_us) {
    for (const auto& element : pattern.elements) steps_.emplace_back(element);
    for (const auto& c : pattern.columns) {
      if (steps_[c.element].column.empty() || c.part == LogPart::kUrl)
        steps_[c.element].column = c.column.name;
    }
    const auto& wanted = decoder_.wanted();
    size_t used = 0;
    for (uint32_t k = 0; k < wanted.size(); ++k) {
      const LogColumn& c = pattern.columns[wanted[k]];
      Step& step = steps_[c.element];
      switch (c.part) {
        case LogPart::kWhole: step.whole = k; break;
        case LogPart::kMethod: step.method = k; break;
        case LogPart::kUrl: step.url = k; break;
        case LogPart::kProtocol: step.protocol = k; break;
      }
      step.splits = step.splits || c.part != LogPart::kWhole;
      used = std::max<size_t>(used, c.element + 1);
    }
    steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(used), steps_.end());
    if (prefix_.text.empty()) make_quick_steps();
    one_.resize(std::max<size_t>(1, wanted.size()));
    for (size_t k = 0; k < one_.size(); ++k) one_fields_.push_back(&one_[k]);
  }

  void decode(const Block& block, Batch& batch) override {
    WEIR_CHECK(block.bytes.size() < UINT32_MAX);
    decoder_.begin(block, batch);
    arena_ = &batch.arena();
    std::string_view bytes = block.bytes;
    if (block.starts_partition && bytes.starts_with(kLogByteOrderMark))
      bytes.remove_prefix(kLogByteOrderMark.size());
    row_ = 0;
    if (take_lines(bytes)) flush();
    decoder_.end();
  }

 private:
  static std::vector<FieldColumn> field_columns(const LogPattern& pattern) {
    std::vector<FieldColumn> columns;
    for (const auto& c : pattern.columns) columns.push_back(c.column);
    return columns;
  }

  // The steps as quick ones; none if one of them has no quick form. Those whose values nobody needs and which end at
  // the byte that the next one's literal begins with become part of it: it passes over that many such bytes.
  void make_quick_steps() {
    const auto needed = [](const Step& step) { return step.whole != kNowhere || step.splits; };
    uint32_t jump = 0;
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      const std::string& text = step.literal.text;
      if (step.element.skip > 0 || text.size() > 8) {
        quick_.clear();
        return;
      }
      if (text.size() == 1 && !step.element.quoted && !step.element.or_end && !needed(step) &&
          i + 1 < steps_.size() && !needed(steps_[i + 1]) &&
          steps_[i + 1].literal.text.starts_with(text)) {
        ++jump;
        continue;
      }
      LineStep& quick = quick_.emplace_back();
      quick.first = text.empty() ? '\0' : text[0];
      quick.word = step.literal.word;
      quick.mask = step.literal.mask;
      quick.size = static_cast<uint32_t>(text.size());
      quick.jump = std::exchange(jump, 0);
      quick.quoted = step.element.quoted;
      quick.or_end = step.element.or_end;
      if (step.splits) {
        requests_.emplace_back(&step, Vec<FieldSpan>());
        requests_.back().second.resize(decoder_.run_rows());
        quick.values = requests_.back().second.data();
      } else if (needed(step)) {
        quick.values = decoder_.fields()[step.whole];
        quick.dash_is_absent = true;
      }
    }
  }

  bool flush() {
    const size_t rows = row_;
    row_ = 0;
    return decoder_.take(rows, true, *this);
  }

  bool take_lines(std::string_view bytes) {
    LineScan scan;
    scan.steps = quick_.data();
    scan.step_count = quick_.size();
    scan.records = decoder_.records();
    scan.absent = absent_field();
    scan.begin = bytes.data();
    newlines_.resize(kLogSliceBytes + kScanSlack);
    scan.newlines = newlines_.data();
    for (size_t from = 0; from < bytes.size(); from += kLogSliceBytes) {
      scan.data = bytes.data() + from;
      const size_t size =
          bytes.size() - from < kLogSliceBytes ? bytes.size() - from : kLogSliceBytes;
      scan.newline_count = scanners().find_all(scan.data, size, '\n', newlines_.data());
      scan.next_newline = 0;
      if (!take_slice(scan)) return false;
    }
    const char* end = bytes.data() + bytes.size();
    return scan.begin == end || take_line(scan.begin, end);
  }

  bool take_slice(LineScan& scan) {
    while (scan.next_newline < scan.newline_count) {
      if (!quick_.empty()) {
        const size_t before = row_;
        row_ = scanners().take_lines(scan, row_, decoder_.run_rows());
        split_requests(before);
        if (row_ == decoder_.run_rows()) {
          if (!flush()) return false;
          continue;
        }
        if (scan.next_newline == scan.newline_count) break;
      }
      const char* const end = scan.data + scan.newlines[scan.next_newline++];
      if (!take_line(std::exchange(scan.begin, end + 1), end)) return false;
    }
    return true;
  }

  // Of the rows from `row` on that came quickly.
  void split_requests(size_t row) {
    for (const auto& [step, requests] : requests_) {
      for (size_t i = row; i < row_; ++i) put(*step, requests[i].view(), decoder_.fields(), i);
    }
  }

  bool take_line(const char* begin, const char* end) {
    if (end > begin && end[-1] == '\r') --end;
    if (begin == end) return true;
    decoder_.records()[row_] = {begin, static_cast<uint32_t>(end - begin), FieldSpan::kPlain};
    if (!parse_line(begin, end, decoder_.fields(), row_, *arena_, nullptr)) {
      return flush() && decoder_.take_record({begin, static_cast<size_t>(end - begin)}, *this);
    }
    return ++row_ < decoder_.run_rows() || flush();
  }

  bool split(std::string_view record, Arena& arena, FieldSpan* fields,
             RecordFault& fault) override {
    if (!parse_line(record.data(), record.data() + record.size(), one_fields_.data(), 0, arena,
                    &fault))
      return false;
    for (size_t k = 0; k < decoder_.wanted().size(); ++k) fields[k] = one_[k];
    return true;
  }

  bool parse_line(const char* p, const char* end, FieldSpan* const* fields, size_t row,
                  Arena& arena, RecordFault* fault) {
    if (!prefix_.text.empty()) {
      if (!prefix_.is_at(p, end)) {
        if (fault != nullptr)
          fault->reason = "does not begin with " + quote_for_message(prefix_.text);
        return false;
      }
      p += prefix_.text.size();
    }
    for (const Step& step : steps_) {
      bool escaped = false;
      const char* stop = find_end(step, p, end, escaped);
      if (stop == nullptr) {
        if (fault != nullptr) {
          fault->reason = "not a line of this format: no " + quote_for_message(step.literal.text) +
                          " after the field " + std::string(step.column) + ": " +
                          quote_for_message({p, static_cast<size_t>(end - p)});
        }
        return false;
      }
      std::string_view text(p, static_cast<size_t>(stop - p));
      p = stop + (stop == end ? 0 : step.literal.text.size());
      if (step.whole == kNowhere && !step.splits) continue;
      if (escaped) text = without_escapes(text, arena);
      put(step, text, fields, row);
    }
    return true;
  }

  static void put(const Step& step, std::string_view text, FieldSpan* const* fields, size_t row) {
    if (step.whole != kNowhere)
      fields[step.whole][row] =
          text.size() == 1 && text[0] == '-'
              ? absent_field()
              : FieldSpan{text.data(), static_cast<uint32_t>(text.size()), FieldSpan::kPlain};
    if (!step.splits) return;
    FieldSpan unused;
    const auto place = [&](uint32_t k) -> FieldSpan& {
      return k == kNowhere ? unused : fields[k][row];
    };
    split_request(text, place(step.method), place(step.url), place(step.protocol));
  }

  // Where the step's value ends; nullptr: its literal is missing. `escaped`: an escaped quote is in it.
  static const char* find_end(const Step& step, const char* p, const char* end, bool& escaped) {
    if (step.literal.text.empty()) return end;
    const char first = step.literal.text[0];
    uint32_t skip = step.element.skip;
    for (const char* at = p;; ++at) {
      at = find_byte(at, end, first);
      if (at == end) return step.element.or_end ? end : nullptr;
      if (step.element.quoted && at > p && at[-1] == '\\' && is_escaped(p, at)) {
        escaped = true;
        continue;
      }
      if (!step.literal.is_at(at, end)) continue;
      if (skip == 0) return at;
      --skip;
    }
  }

  // An odd number of backslashes stands before `at`.
  static bool is_escaped(const char* begin, const char* at) {
    const char* p = at;
    while (p > begin && p[-1] == '\\') --p;
    return (at - p) % 2 == 1;
  }

  // \" becomes "; other escapes (\x16, \\) stay as the server wrote them, which is safe to show.
  static std::string_view without_escapes(std::string_view text, Arena& arena) {
    char* out = arena.allocate(text.size() + kFieldPadding);
    size_t n = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        if (text[i + 1] != '"') out[n++] = text[i];
        ++i;
      }
      out[n++] = text[i];
    }
    arena.give_back(text.size() - n);
    std::memset(out + n, 0, kFieldPadding);
    return {out, n};
  }

  Literal prefix_;
  std::vector<Step> steps_;  // up to the last needed element
  FieldDecoder decoder_;
  std::vector<LineStep> quick_;
  std::vector<std::pair<const Step*, Vec<FieldSpan>>>
      requests_;  // of quick lines, by row, to be split
  std::vector<FieldSpan> one_;
  std::vector<FieldSpan*> one_fields_;
  Vec<uint32_t> newlines_;
  size_t row_ = 0;  // of the run
  Arena* arena_ = nullptr;
};

}  // namespace

std::unique_ptr<Decoder> make_access_log_decoder(const LogPattern& pattern,
                                                 const DecodeRequest& request, const TimeZone* zone,
                                                 int64_t reference_us) {
  return std::make_unique<AccessLogDecoder>(pattern, request, zone, reference_us);
}

}  // namespace weir
