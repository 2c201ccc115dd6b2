#include "expr/functions/regex_cache.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <string>
#include <unordered_map>

namespace weir {

namespace {

// Java writes (?<name>...), RE2 of this age (?P<name>...). Look-behinds (?<= and (?<! stay, so that
// RE2 refuses them.
std::string to_re2_syntax(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    out += c;
    if (c == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (c == '(' && !in_class && pattern.substr(i).starts_with("(?<") &&
               i + 3 < pattern.size() && pattern[i + 3] != '=' && pattern[i + 3] != '!') {
      out += "?P";
      ++i;
    }
  }
  return out;
}

std::shared_ptr<const RE2> compile_cached(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const RE2>(to_re2_syntax(pattern), options);
}

}  // namespace

std::shared_ptr<const RE2> worker_regex(std::string_view pattern) {
  static constexpr size_t kMost = 256;
  thread_local std::unordered_map<std::string, std::shared_ptr<const RE2>> cache;
  std::string key(pattern);
  const auto it = cache.find(key);
  if (it != cache.end()) return it->second;
  std::shared_ptr<const RE2> regex = compile_cached(pattern);
  if (!regex->ok()) regex = nullptr;
  if (cache.size() >= kMost) cache.clear();
  cache.emplace(std::move(key), regex);
  return regex;
}

Result<void> check_pattern(std::string_view pattern, int* groups) {
  const auto regex = compile_cached(pattern);
  if (!regex->ok()) {
    const bool look = pattern.find("(?=") != std::string_view::npos ||
                      pattern.find("(?!") != std::string_view::npos ||
                      pattern.find("(?<=") != std::string_view::npos ||
                      pattern.find("(?<!") != std::string_view::npos;
    return fail(
        ErrorKind::kConfig,
        fmt::format("invalid regular expression `{}`: {}", pattern, regex->error()),
        look ? "look-ahead and look-behind are not supported: matching takes linear time" : "");
  }
  if (groups != nullptr) *groups = regex->NumberOfCapturingGroups();
  return {};
}

}  // namespace weir
