// Help texts, made from the commands' tables.
#pragma once

#include <string>

#include "cli/command.h"

namespace weir {

std::string version_line();                        // "weir 0.1.0\n"
std::string program_help();                        // weir --help
std::string short_help();                          // weir
std::string command_help(const Command& command);  // weir run --help

// "-o, --output PATH"
std::string flag_spelling(const Flag& flag);

// Appends `text` broken into lines of at most 80 columns, all but the first indented by `indent`.
// `column` is where the first one begins.
void append_wrapped(std::string& out, std::string_view text, size_t indent, size_t column);

}  // namespace weir
