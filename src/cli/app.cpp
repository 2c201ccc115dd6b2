// Words -> Invocation with CLI11, and its complaints in our words.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/spelling.h"
#include "cli/command.h"

namespace weir {
namespace {

std::string usage_hint(const Command& command) {
  return fmt::format("see `weir {} --help`", command.name);
}

std::unexpected<Error> refuse(std::string message, std::string hint) {
  return fail(ErrorKind::kUsage, std::move(message), std::move(hint));
}

// Where the values of one flag are collected by CLI11.
struct Slot {
  const Flag* flag = nullptr;
  CLI::Option* option = nullptr;
  std::vector<std::string> values;
};

Result<void> check_value(const Flag& flag, const std::string& value) {
  const std::string shown = fmt::format("--{}", flag.name);
  if (flag.number && (value.empty() || value.size() > 18 ||
                      value.find_first_not_of("0123456789") != std::string::npos))
    return refuse(fmt::format("{}: expected a whole number, found `{}`", shown, value), "");
  if (flag.choices.empty()) return {};
  for (const auto& choice : flag.choices)
    if (choice == value) return {};
  return refuse(
      fmt::format("{}: `{}` is not one of {}", shown, value, fmt::join(flag.choices, ", ")),
      nearest_name(value, flag.choices).empty() ? "" : spelling_hint(value, flag.choices));
}

std::unexpected<Error> unknown_word(const Command& command, const std::string& word) {
  if (word.empty() || word[0] != '-')
    return refuse(fmt::format("unexpected argument `{}`", word), usage_hint(command));
  std::vector<std::string> known = {"help"};
  for (const auto& flag : command.flags) known.emplace_back(flag.name);
  const std::string name = word.substr(0, word.find('='));
  for (const auto* other : {"-f", "-c", "--file", "--config", "--pipeline"})
    if (name == other && command.usage.front().find("PIPELINE.toml") != std::string_view::npos)
      return refuse(fmt::format("unknown flag `{}`", name),
                    fmt::format("the pipeline stands without a flag: {}", command.usage.front()));
  const std::string near =
      word.starts_with("--") ? nearest_name(name.substr(2), known) : std::string();
  return refuse(fmt::format("unknown flag `{}`", name),
                near.empty() ? usage_hint(command) : fmt::format("did you mean `--{}`?", near));
}

}  // namespace

Result<Invocation> parse_arguments(const Command& command, const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  Invocation invocation;
  std::vector<std::unique_ptr<Slot>> slots;
  bool help = false;
  for (const auto& flag : command.flags) {
    auto slot = std::make_unique<Slot>();
    slot->flag = &flag;
    std::string names = fmt::format("--{}", flag.name);
    if (flag.letter != '\0') names = fmt::format("-{},{}", flag.letter, names);
    if (flag.value.empty())
      slot->option = app.add_flag(names);
    else
      slot->option = app.add_option(names, slot->values)->allow_extra_args(false);
    slots.push_back(std::move(slot));
  }
  app.add_flag("-h,--help", help);
  if (command.most_arguments > 0) app.add_option("arguments", invocation.arguments);
  try {
    // CLI11 takes the words in reverse.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ExtrasError&) {
    const auto extras = app.remaining();
    return unknown_word(command, extras.empty() ? std::string() : extras.front());
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string_view what = e.what();  // "--output: 1 required TEXT missing"
    for (const auto& flag : command.flags)
      if (!flag.value.empty() && what.starts_with(fmt::format("--{}:", flag.name)))
        return refuse(fmt::format("--{} needs a value: {}", flag.name, flag.value),
                      usage_hint(command));
    return refuse(e.what(), usage_hint(command));
  } catch (const CLI::ParseError& e) {
    return refuse(e.what(), usage_hint(command));
  }
  if (help) {
    invocation.flags["help"];
    return invocation;
  }
  for (auto& slot : slots) {
    if (slot->option->count() == 0) continue;
    for (const auto& value : slot->values)
      if (auto r = check_value(*slot->flag, value); !r) return fail(std::move(r.error()));
    invocation.flags[std::string(slot->flag->name)] = std::move(slot->values);
  }
  if (invocation.arguments.size() > command.most_arguments)
    return refuse(
        fmt::format("unexpected argument `{}`", invocation.arguments[command.most_arguments]),
        usage_hint(command));
  return invocation;
}

}  // namespace weir
