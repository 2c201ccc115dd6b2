#include "formats/regex_matcher.h"

#include <re2/re2.h>

#include <algorithm>

namespace weir {
namespace {

RE2::Options options_of(bool several_lines, bool utf8) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(several_lines);
  options.set_max_mem(int64_t{64} << 20);
  options.set_encoding(utf8 ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1);
  return options;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// The offsets behind the outermost groups, quantifiers included, at which a pattern's text may be
// cut.
struct Cut {
  size_t group;
  size_t end;
};
std::vector<Cut> cuts_of(const RegexPattern& pattern, const std::vector<bool>& none) {
  std::vector<Cut> cuts;
  if (!pattern.can_cut) return cuts;
  const std::string text = pattern.with_groups(none);
  size_t added = 0;  // "?:" per group before
  for (size_t i = 0; i < pattern.groups.size(); ++i) {
    const PatternGroup& group = pattern.groups[i];
    added += 2;
    if (!group.outermost) continue;
    // Groups inside this one come before its end.
    size_t inside = 0;
    for (size_t k = i + 1; k < pattern.groups.size() && pattern.groups[k].open < group.close; ++k)
      inside += 2;
    size_t end = group.close + added + inside;
    if (end < text.size() && text[end] == '{') {
      end = text.find('}', end) == std::string::npos ? end : text.find('}', end) + 1;
    }
    while (end < text.size() && (text[end] == '*' || text[end] == '+' || text[end] == '?')) ++end;
    cuts.push_back({i, end});
  }
  return cuts;
}

}  // namespace

struct RegexMatcher::Impl {
  RegexPattern pattern;
  std::string text;
  bool several_lines;
  std::unique_ptr<RE2> bytes_regex;
  std::unique_ptr<RE2> characters_regex;  // made for the first record that is not ASCII
  std::vector<re2::StringPiece> submatches;

  std::string head_text;  // nothing captures
  std::vector<Cut> cuts;
  std::vector<std::unique_ptr<RE2>> heads;  // by cut, made when asked for

  RE2& characters() {
    if (!characters_regex)
      characters_regex = std::make_unique<RE2>(text, options_of(several_lines, true));
    return *characters_regex;
  }

  bool run(const RE2& re, std::string_view record) {
    if (!re.ok()) return false;
    // The leftmost match counts, and most patterns match at the start: an anchored search is far
    // cheaper.
    const re2::StringPiece subject(record.data(), record.size());
    const auto count = static_cast<int>(submatches.size());
    return re.Match(subject, 0, record.size(), RE2::ANCHOR_START, submatches.data(), count) ||
           re.Match(subject, 0, record.size(), RE2::UNANCHORED, submatches.data(), count);
  }
};

RegexMatcher::RegexMatcher(const RegexPattern& pattern, const std::vector<bool>& wanted,
                           bool several_lines)
    : impl_(std::make_unique<Impl>()) {
  impl_->pattern = pattern;
  impl_->text = pattern.with_groups(wanted);
  impl_->several_lines = several_lines;
  impl_->bytes_regex = std::make_unique<RE2>(impl_->text, options_of(several_lines, false));
  const auto groups = static_cast<size_t>(std::count(wanted.begin(), wanted.end(), true));
  impl_->submatches.resize(groups == 0 ? 0 : groups + 1);
  const std::vector<bool> none(pattern.groups.size(), false);
  impl_->head_text = pattern.with_groups(none);
  impl_->cuts = cuts_of(pattern, none);
  impl_->heads.resize(impl_->cuts.size());
}

RegexMatcher::~RegexMatcher() = default;
RegexMatcher::RegexMatcher(RegexMatcher&&) noexcept = default;
RegexMatcher& RegexMatcher::operator=(RegexMatcher&&) noexcept = default;

bool RegexMatcher::match(std::string_view record, std::string_view* groups) {
  // Byte by byte a pattern is smaller, and on ASCII it means the same. Otherwise characters come
  // first; a point does not match a byte that is not UTF-8, and logs do hold such bytes.
  const bool found = is_ascii(record) ? impl_->run(*impl_->bytes_regex, record)
                                      : impl_->run(impl_->characters(), record) ||
                                            impl_->run(*impl_->bytes_regex, record);
  if (!found) return false;
  for (size_t i = 1; i < impl_->submatches.size(); ++i)
    groups[i - 1] = {impl_->submatches[i].data(), impl_->submatches[i].size()};
  return true;
}

RegexMatcher::Reach RegexMatcher::reach(std::string_view record) {
  const auto matches = [&](size_t cut, size_t& end) {
    auto& head = impl_->heads[cut];
    if (!head)
      head = std::make_unique<RE2>(impl_->head_text.substr(0, impl_->cuts[cut].end),
                                   options_of(impl_->several_lines, true));
    if (!head->ok()) return false;
    re2::StringPiece all;
    if (!head->Match(re2::StringPiece(record.data(), record.size()), 0, record.size(),
                     RE2::UNANCHORED, &all, 1))
      return false;
    end = static_cast<size_t>(all.data() - record.data()) + all.size();
    return true;
  };
  // What a longer head matches, a shorter one does too: search for the last one that matches.
  Reach reach;
  size_t low = 0;
  size_t high = impl_->cuts.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    size_t end = 0;
    if (matches(middle, end)) {
      low = middle + 1;
      reach = {low, impl_->pattern.groups[impl_->cuts[middle].group].field, end};
    } else {
      high = middle;
    }
  }
  return reach;
}

Result<void> RegexMatcher::check(const RegexPattern& pattern) {
  const RE2 regex(pattern.text, options_of(false, true));
  if (regex.ok()) return {};
  std::string message = "the pattern is not a valid regular expression: " + regex.error();
  if (!regex.error_arg().empty()) message += " at `" + regex.error_arg() + "`";
  return fail(ErrorKind::kConfig, std::move(message));
}

bool RegexMatcher::counts_too_far(const RegexPattern& pattern) {
  return RE2(pattern.text, options_of(false, true)).error_code() == RE2::ErrorRepeatSize;
}

}  // namespace weir
