#include "cli/catalogue.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spelling.h"
#include "cli/help.h"

namespace weir {
namespace {

constexpr size_t kOptionColumn = 6;

std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

}  // namespace

std::string option_type_text(const OptionDoc& option) {
  std::string out = option.type;
  if (!option.choices.empty()) out = fmt::format("{}", fmt::join(option.choices, " | "));
  if (option.required) return out + ", required";
  if (!option.default_value.empty()) out += fmt::format(", default {}", option.default_value);
  return out;
}

std::string options_text(const std::vector<OptionDoc>& options) {
  std::string out;
  for (const auto& option : options) {
    out +=
        fmt::format("  {}  ({})\n{:{}}", option.name, option_type_text(option), "", kOptionColumn);
    append_wrapped(out, option.help, kOptionColumn, kOptionColumn);
    out += '\n';
  }
  return out;
}

std::string catalogue_list(const std::vector<CatalogueEntry>& entries) {
  size_t width = 0;
  for (const auto& entry : entries)
    width = std::max(width, std::min<size_t>(entry.name.size(), 24));
  const size_t column = width + 4;
  std::string out;
  std::string group;
  for (const auto& entry : entries) {
    if (entry.group != group) {
      if (!out.empty()) out += '\n';
      out += entry.group + "\n";
      group = entry.group;
    }
    out += fmt::format("  {:<{}}", entry.name, width);
    const size_t used = std::max(width, entry.name.size()) + 2;
    out.append(used < column ? column - used : 2, ' ');
    append_wrapped(out, entry.doc, column, std::max(column, used + 2));
    out += '\n';
  }
  return out;
}

std::string catalogue_page(const CatalogueEntry& entry) {
  std::string out = fmt::format("{} ({})\n", entry.name, entry.group);
  if (!entry.body.empty()) return out + entry.body;
  append_wrapped(out, entry.doc, 0, 0);
  out += '\n';
  if (!entry.options.empty()) out += fmt::format("\nOptions:\n{}", options_text(entry.options));
  return out;
}

int print_catalogue(const std::vector<CatalogueEntry>& entries, const Invocation& invocation,
                    std::string_view what, Console& console) {
  if (invocation.arguments.empty()) return console.print(catalogue_list(entries));
  const std::string name = invocation.arguments.front();
  std::string out;
  std::vector<std::string> known;
  for (const auto& entry : entries) {
    if (std::find(known.begin(), known.end(), entry.name) == known.end())
      known.push_back(entry.name);
    if (upper(entry.name) != upper(name)) continue;
    if (!out.empty()) out += '\n';
    out += catalogue_page(entry);
  }
  if (!out.empty()) return console.print(out);
  std::string hint = spelling_hint(name, known);
  if (hint.empty()) hint = fmt::format("`weir {}s` lists them", what);
  console.error(
      {ErrorKind::kUsage, fmt::format("no {} `{}`", what, name), {}, std::move(hint), {}});
  return 2;
}

}  // namespace weir
