// argv -> the command that it names.
#include <fmt/format.h>

#include "base/spelling.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/help.h"

namespace weir {
namespace {

Error unknown_command(const std::string& name) {
  if (name.starts_with('-')) {
    const std::vector<std::string> flags = {"--help", "--version"};
    std::string near = nearest_name(name, flags);
    std::string hint = near.empty() ? "flags stand behind the command: weir run -q PIPELINE.toml"
                                    : spelling_hint(name, flags);
    return Error{
        ErrorKind::kUsage, fmt::format("unknown flag `{}`", name), {}, std::move(hint), {}};
  }
  std::vector<std::string> known = {"help"};
  for (const auto* command : commands())
    if (!command->hidden) known.emplace_back(command->name);
  std::string hint = spelling_hint(name, known);
  if (name.ends_with(".toml")) hint = fmt::format("to run a pipeline: weir run {}", name);
  return Error{
      ErrorKind::kUsage, fmt::format("unknown command `{}`", name), {}, std::move(hint), {}};
}

int refuse_command(Console& console, const Error& error) {
  console.error(error);
  return exit_code(error.kind);
}

int help_of(Console& console, const std::vector<std::string>& words) {
  if (words.empty()) return console.print(program_help());
  const Command* command = find_command(words[0]);
  if (command == nullptr) return refuse_command(console, unknown_command(words[0]));
  return console.print(command_help(*command));
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  Console console;
  if (words.empty()) {
    std::string text = short_help();
    text.pop_back();
    console.line(text);
    return 2;
  }
  const std::string name = words.front();
  words.erase(words.begin());
  if (name == "--version" || name == "-V") return console.print(version_line());
  if (name == "--help" || name == "-h" || name == "help") return help_of(console, words);

  const Command* command = find_command(name);
  if (command == nullptr) return refuse_command(console, unknown_command(name));
  auto invocation = parse_arguments(*command, words);
  if (!invocation) return refuse_command(console, invocation.error());
  if (invocation->has("help")) return console.print(command_help(*command));
  console = Console(invocation->value("color", "auto"));
  return command->run(*invocation, console);
}

}  // namespace weir
