// weir functions: the scalar and aggregate functions.
#include <fmt/format.h>

#include <algorithm>

#include "cli/catalogue.h"
#include "cli/help.h"
#include "expr/aggregate.h"
#include "expr/function.h"

namespace weir {
namespace {

std::string paragraph(std::string_view text) {
  std::string out = "  ";
  append_wrapped(out, text, 2, 2);
  return out + "\n";
}

std::string overload_text(const FunctionDescriptor& f) {
  std::string out = fmt::format("{}\n{}", f.signature, paragraph(f.doc));
  if (f.example.empty()) return out;
  if (f.result == "*") return out + fmt::format("  Example: {}\n", f.example);
  return out + fmt::format("  Example: {} -> {}\n", f.example, f.result);
}

int run_functions(const Invocation& invocation, Console& console) {
  return print_catalogue(function_entries(), invocation, "function", console);
}

}  // namespace

std::vector<CatalogueEntry> function_entries() {
  std::vector<CatalogueEntry> entries;
  // By family, in the order in which the families first appear; overloads are one entry.
  std::vector<std::string_view> families;
  for (const auto& f : scalar_functions())
    if (std::find(families.begin(), families.end(), f.family) == families.end())
      families.push_back(f.family);
  std::sort(families.begin(), families.end());
  for (const auto family : families) {
    for (const auto& f : scalar_functions()) {
      if (f.family != family) continue;
      const std::string group = fmt::format("{} functions", family);
      if (!entries.empty() && entries.back().name == f.name && entries.back().group == group) {
        entries.back().body += overload_text(f);
        continue;
      }
      entries.push_back({std::string(f.name), group, std::string(f.doc), {}, overload_text(f)});
    }
  }
  for (const auto* a : aggregate_functions()) {
    std::string body = fmt::format("{}\n{}", a->signature, paragraph(a->doc));
    if (!a->example.empty()) body += fmt::format("  Example: {}\n", a->example);
    entries.push_back(
        {std::string(a->name), "aggregate functions", std::string(a->doc), {}, std::move(body)});
  }
  return entries;
}

const Command& functions_command() {
  static const Command command = {
      "functions",
      {"weir functions [NAME]"},
      "the functions of the expression language",
      "Lists the functions that expressions may call, or shows one with its types and an example. "
      "The grammar is "
      "in weir-sql(7).",
      {},
      1,
      {{"weir functions regexp_extract", "one function"}},
      run_functions,
  };
  return command;
}

}  // namespace weir
