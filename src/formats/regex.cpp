// The format "regex": records matched by regular expressions with named groups.
#include "formats/format_list.h"
#include "formats/regex_format.h"

namespace weir {
namespace {

struct RegexOptions {
  std::vector<SourceText> pattern;
  SourceText record_start;
};

const OptionTable<RegexOptions>& regex_options() {
  static const OptionTable<RegexOptions> table = {
      {"pattern", &RegexOptions::pattern,
       "a regular expression (RE2) whose named groups, (?P<name>...), are the columns; of several "
       "the first "
       "that matches counts",
       true},
      {"record_start", &RegexOptions::record_start,
       "a record begins at a line that matches this expression and may have several lines"},
  };
  return table;
}

std::unique_ptr<Format> make_regex(const FormatSpec& spec, const FormatContext& context,
                                   Errors& errors) {
  const size_t before = errors.size();
  RegexOptions options;
  read_options(regex_options(), spec.options, options, errors, "the regex format", {"name"});
  std::vector<PatternText> patterns;
  for (const auto& source : options.pattern) {
    auto pattern = read_regex_pattern(source.text, nullptr);
    if (pattern) {
      patterns.push_back({std::move(*pattern), source});
      continue;
    }
    Error error = pattern.error();
    error.position = source.at(static_cast<size_t>(error.position.column - 1));
    errors.push_back(std::move(error));
  }
  if (errors.size() > before) return nullptr;
  return make_pattern_format(std::move(patterns), options.record_start, context, errors);
}

}  // namespace

const FormatDescriptor kRegexFormat = {
    .name = "regex",
    .doc = "text matched by a regular expression whose named groups are the columns",
    .reads = true,
    .writes = false,
    .options = [] { return option_docs(regex_options()); },
    .make = make_regex,
};

}  // namespace weir
