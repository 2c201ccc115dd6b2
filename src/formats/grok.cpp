// The format "grok": records matched by patterns made of named ones, as Logstash has them.
#include "formats/format_list.h"
#include "formats/grok_library.h"
#include "formats/regex_format.h"
#include "formats/regex_matcher.h"

namespace weir {
namespace {

struct GrokOptions {
  std::vector<SourceText> pattern;
  NamedTexts patterns;
  std::vector<std::string> patterns_file;
  SourceText record_start;
};

const OptionTable<GrokOptions>& grok_options() {
  static const OptionTable<GrokOptions> table = {
      {"pattern", &GrokOptions::pattern,
       "text, %{NAME}, %{NAME:field} and %{NAME:field:type}; of several patterns the first that "
       "matches counts",
       true},
      {"patterns", &GrokOptions::patterns, "more named patterns: { NAME = 'regex' }"},
      {"patterns_file", &GrokOptions::patterns_file,
       "files of named patterns, `NAME regex` a line"},
      {"record_start", &GrokOptions::record_start,
       "a record begins at a line that matches this expression and may have several lines"},
  };
  return table;
}

std::unique_ptr<Format> make_grok(const FormatSpec& spec, const FormatContext& context,
                                  Errors& errors) {
  const size_t before = errors.size();
  GrokOptions options;
  read_options(grok_options(), spec.options, options, errors, "the grok format", {"name"});
  GrokLibrary library;
  for (const auto& path : options.patterns_file) {
    if (auto added = library.add_file(path); !added) {
      Error error = added.error();
      const Node* node = spec.options.find("patterns_file");
      if (error.position.line == 0 && node != nullptr) error.position = node->position;
      error.kind = ErrorKind::kConfig;
      errors.push_back(std::move(error));
    }
  }
  for (const auto& pattern : options.patterns) library.add(pattern.name, pattern.value.text);
  if (errors.size() > before) return nullptr;

  std::vector<PatternText> patterns;
  for (const auto& source : options.pattern) {
    auto pattern = read_regex_pattern(source.text, &library);
    if (pattern && RegexMatcher::counts_too_far(*pattern))
      pattern = read_regex_pattern(source.text, &library, true);
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

const FormatDescriptor kGrokFormat = {
    .name = "grok",
    .doc = "text matched by patterns made of named ones: %{IPORHOST:client} %{NUMBER:bytes:int}",
    .reads = true,
    .writes = false,
    .options = [] { return option_docs(grok_options()); },
    .make = make_grok,
};

}  // namespace weir
