// What a subcommand is: its flags, its help and the function that runs it, in one table each.
//
// A subcommand is one file with one Command and one line in commands.cpp. Parsing, --help, the
// spelling hints and the man page's tables all read this.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir {

class Console;

struct Flag {
  std::string_view name;   // without dashes
  char letter = '\0';      // '\0': none
  std::string_view value;  // what its value is called in the help; empty for a switch
  std::string_view help;
  std::vector<std::string> choices;  // empty: any
  bool number = false;               // the value is a whole number from 0
};

// What was typed. Only known flags, with checked values; a flag given twice counts as its last.
struct Invocation {
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<std::string>, std::less<>> flags;

  bool has(std::string_view name) const { return flags.find(name) != flags.end(); }
  std::string value(std::string_view name, std::string otherwise = {}) const {
    const auto it = flags.find(name);
    return it == flags.end() || it->second.empty() ? std::move(otherwise) : it->second.back();
  }
  std::vector<std::string> values(std::string_view name) const {
    const auto it = flags.find(name);
    return it == flags.end() ? std::vector<std::string>() : it->second;
  }
};

struct Example {
  std::string_view command;
  std::string_view does;
};

struct Command {
  std::string_view name;
  std::vector<std::string_view> usage;  // "weir run PIPELINE.toml [FILE...]"
  std::string_view summary;             // one line for the list of commands
  std::string_view description;         // paragraphs for its own help
  std::vector<Flag> flags;
  size_t most_arguments = 0;
  std::vector<Example> examples;
  int (*run)(const Invocation& invocation, Console& console) = nullptr;  // gives the exit code
  bool hidden = false;
};

// The one list, in the order of the help.
std::span<const Command* const> commands();
const Command* find_command(std::string_view name);

// The subcommands, one file each.
const Command& run_command();
const Command& sql_command();
const Command& check_command();
const Command& explain_command();
const Command& state_command();
const Command& functions_command();
const Command& operators_command();
const Command& formats_command();
const Command& connectors_command();
const Command& man_tables_command();

// Parses the words behind the command's name (app.cpp, the only file that sees CLI11).
Result<Invocation> parse_arguments(const Command& command, const std::vector<std::string>& words);

// Runs the program: argv -> exit code. Everything goes to the process's stdout and stderr.
int run_cli(int argc, const char* const* argv);

}  // namespace weir
