// weir man-tables (hidden): the generated sections of the man pages, as man(7) macros.
#include <fmt/format.h>

#include "cli/catalogue.h"
#include "cli/help.h"
#include "config/spec.h"
#include "plan/checkpoint_plan.h"

namespace weir {
namespace {

// The UTF-8 character at `pos` as troff writes it, \[u00DF].
std::string unicode_escape(std::string_view text, size_t& pos) {
  const auto lead = static_cast<unsigned char>(text[pos]);
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  uint32_t code = lead & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length && pos + i < text.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(text[pos + i]) & 0x3FU);
  pos += length;
  return fmt::format("\\[u{:04X}]", code);
}

// Text that troff shall show as it is.
std::string roff(std::string_view text) {
  std::string out;
  for (size_t pos = 0; pos < text.size();) {
    const char c = text[pos];
    if (static_cast<unsigned char>(c) >= 0x80) {
      out += unicode_escape(text, pos);
      continue;
    }
    ++pos;
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
  }
  // A line must not begin with a control character.
  if (out.starts_with('.')) out.insert(0, "\\&");
  return out;
}

// Inside a macro's quoted argument " is written "".
std::string argument(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out;
}

std::string options_section(const std::vector<OptionDoc>& options) {
  std::string out;
  for (const auto& o : options)
    out += fmt::format(".TP\n.BR {} \" ({})\"\n{}\n", roff(o.name),
                       argument(roff(option_type_text(o))), roff(o.help));
  return out;
}

std::string described(const std::vector<CatalogueEntry>& entries) {
  std::string out;
  for (const auto& e : entries) {
    out += fmt::format(".SS {}: {}\n{}\n", roff(e.group), roff(e.name), roff(e.doc));
    out += options_section(e.options);
  }
  return out;
}

std::string commands_section() {
  std::string out;
  for (const auto* command : commands()) {
    if (command->hidden) continue;
    out += fmt::format(".SS weir {}\n", command->name);
    for (const auto usage : command->usage) out += fmt::format(".B {}\n.br\n", roff(usage));
    out += ".PP\n";
    std::string_view rest = command->description;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      out += end == 0 ? std::string(".PP\n") : roff(rest.substr(0, end)) + "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (const auto& flag : command->flags) {
      std::string spelling = flag_spelling(flag);
      spelling.erase(0, spelling.find_first_not_of(' '));
      out += fmt::format(".TP\n.B {}\n{}", roff(spelling), roff(flag.help));
      if (!flag.choices.empty())
        out += fmt::format(" ({})", roff(fmt::format("{}", fmt::join(flag.choices, ", "))));
      out += '\n';
    }
    if (command->examples.empty()) continue;
    out += ".PP\nExamples:\n";
    for (const auto& e : command->examples)
      out += fmt::format(".PP\n{}:\n.PP\n.EX\n    {}\n.EE\n", roff(e.does), roff(e.command));
  }
  return out;
}

std::string pipeline_section() {
  std::string out;
  auto tables = pipeline_table_docs();
  tables.push_back({"checkpoint", "Positions and state kept between runs.", checkpoint_docs()});
  for (const auto& table : tables) {
    out += fmt::format(".SS {}\n{}\n",
                       table.table.empty() ? "Top level" : roff("[" + table.table + "]"),
                       roff(table.doc));
    out += options_section(table.options);
  }
  return out;
}

std::string functions_section() {
  std::string out;
  std::string group;
  for (const auto& e : function_entries()) {
    if (e.group != group) out += fmt::format(".SS {}\n", roff(e.group));
    group = e.group;
    // The page of a function: signatures at the margin, their texts indented.
    std::string_view rest = e.body;
    bool in_text = false;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!line.starts_with("  ")) {
        out += fmt::format(".TP\n.B {}\n", roff(line));
        in_text = false;
        continue;
      }
      if (in_text && line.starts_with("  Example: ")) out += ".br\n";
      out += roff(line.substr(2)) + "\n";
      in_text = true;
    }
  }
  return out;
}

int run_man_tables(const Invocation& invocation, Console& console) {
  const std::string name =
      invocation.arguments.empty() ? std::string() : invocation.arguments.front();
  std::string out;
  if (name == "commands")
    out = commands_section();
  else if (name == "pipeline")
    out = pipeline_section();
  else if (name == "connectors")
    out = described(connector_entries());
  else if (name == "formats")
    out = described(format_entries());
  else if (name == "operators")
    out = described(operator_entries());
  else if (name == "functions")
    out = functions_section();
  if (out.empty()) {
    console.error(fail(ErrorKind::kUsage, fmt::format("no section `{}`", name),
                       "known: commands, pipeline, connectors, formats, operators, functions")
                      .error());
    return 2;
  }
  return console.print(out);
}

}  // namespace

const Command& man_tables_command() {
  static const Command command = {
      "man-tables", {"weir man-tables SECTION"},
      "",           "Prints a generated section of the man pages.",
      {},           1,
      {},           run_man_tables,
      true,
  };
  return command;
}

}  // namespace weir
