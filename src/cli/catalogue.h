// What weir functions|operators|formats|connectors print, made from the registries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/console.h"
#include "config/options.h"

namespace weir {

// One thing with a name: a format, an operator, a source ...
struct CatalogueEntry {
  std::string name;
  std::string group;  // "Sources", "string": entries of one group stand together
  std::string doc;
  std::vector<OptionDoc> options;
  std::string body;  // more lines for its own page
};

// All entries as a list, grouped; one line each.
std::string catalogue_list(const std::vector<CatalogueEntry>& entries);
// One entry in full: its doc and options.
std::string catalogue_page(const CatalogueEntry& entry);
// The table of options: name, type and default, help; one option a paragraph.
std::string options_text(const std::vector<OptionDoc>& options);
// "integer, default 0", "required string: one of a, b"
std::string option_type_text(const OptionDoc& option);

// Prints the list, or the pages of the entries named `name` (letter case ignored; several kinds may
// share a name). An unknown name is a usage error with the nearest one.
int print_catalogue(const std::vector<CatalogueEntry>& entries, const Invocation& invocation,
                    std::string_view what, Console& console);

std::vector<CatalogueEntry> function_entries();  // scalar functions by family, aggregates
std::vector<CatalogueEntry> operator_entries();  // operators, windows
std::vector<CatalogueEntry> format_entries();
std::vector<CatalogueEntry> connector_entries();  // sources, sinks

}  // namespace weir
