#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr size_t kWidth = 80;
constexpr size_t kFlagColumn = 28;

constexpr std::string_view kWhat =
    "weir reads a pipeline (source, transforms, window, sink) written in TOML and\n"
    "runs it over files or stdin, with the event-time semantics of Apache Flink.\n";

constexpr Example kExamples[] = {
    {"weir run pipelines/wordcount.toml hamlet.txt", "a pipeline over another file"},
    {"weir run -i combined -e 'transform = [{ op = \"filter\", where = \"status >= 500\" }]' "
     "access.log",
     "the lines of a web log that are errors, as JSON"},
    {"zcat old.csv.gz | weir run -i csv -t json -e ''",
     "CSV to JSON; compressed files can also be named"},
    {"weir check my.toml && weir explain my.toml",
     "what is wrong with a pipeline, and what it will do"},
};

void append_examples(std::string& out, std::span<const Example> examples) {
  out += "\nExamples:\n";
  for (const auto& e : examples) out += fmt::format("  {}\n      {}\n", e.command, e.does);
}

}  // namespace

void append_wrapped(std::string& out, std::string_view text, size_t indent, size_t column) {
  bool first = true;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (!first && column + 1 + word.size() > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
}

std::string flag_spelling(const Flag& flag) {
  std::string out = flag.letter != '\0' ? fmt::format("-{}, ", flag.letter) : std::string("    ");
  out += fmt::format("--{}", flag.name);
  if (!flag.value.empty()) out += fmt::format(" {}", flag.value);
  return out;
}

std::string version_line() { return fmt::format("weir {}\n", kVersion); }

std::string short_help() {
  return "usage: weir COMMAND [ARGUMENT...]\n"
         "       weir run PIPELINE.toml [FILE...]\n"
         "`weir --help` lists the commands.\n";
}

std::string program_help() {
  std::string out(kWhat);
  out += "\nUsage: weir COMMAND [ARGUMENT...]\n\nCommands:\n";
  for (const auto* command : commands())
    if (!command->hidden) out += fmt::format("  {:<12}{}\n", command->name, command->summary);
  out +=
      "  help        the help of a command: weir help run\n"
      "\nFlags:\n"
      "  -h, --help  this text; `weir COMMAND --help` for a command\n"
      "  --version   the version\n";
  append_examples(out, kExamples);
  out +=
      "\nExit codes: 0 done, 1 failed while running, 2 wrong command or pipeline, 3 bad\n"
      "input, 4 state unusable, 5 locked by another run, 6 out of disk or memory, 130\n"
      "and 143 interrupted, 141 the reader has gone. More in weir(1), weir-pipeline(5)\n"
      "and weir-sql(7).\n";
  return out;
}

std::string command_help(const Command& command) {
  std::string out;
  for (size_t i = 0; i < command.usage.size(); ++i)
    out += fmt::format("{}{}\n", i == 0 ? "Usage: " : "       ", command.usage[i]);
  out += '\n';
  std::string_view rest = command.description;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    append_wrapped(out, rest.substr(0, end), 0, 0);
    out += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  out += "\nFlags:\n";
  const auto add = [&out](const Flag& flag) {
    std::string line = fmt::format("  {}", flag_spelling(flag));
    if (line.size() + 2 > kFlagColumn) {
      out += line + "\n";
      line.clear();
    }
    out += fmt::format("{:<{}}", line, kFlagColumn);
    std::string help(flag.help);
    if (!flag.choices.empty()) help += fmt::format(" ({})", fmt::join(flag.choices, ", "));
    append_wrapped(out, help, kFlagColumn, kFlagColumn);
    out += '\n';
  };
  for (const auto& flag : command.flags) add(flag);
  add(Flag{"help", 'h', "", "this text", {}});
  if (!command.examples.empty()) append_examples(out, command.examples);
  return out;
}

}  // namespace weir
