// weir explain: the plan of a pipeline.
#include <unistd.h>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"

namespace weir {
namespace {

// A terminal has no sample to offer; anything else given as stdin was meant to be looked at.
bool may_explain_sample(const PipelineSpec& spec) {
  for (const auto& source : spec.sources)
    if (source.kind == "stdin" && ::isatty(STDIN_FILENO) == 1) return false;
  return true;
}

int explain(const Invocation& invocation, Console& console) {
  const auto text = pipeline_text(invocation);
  if (!text) {
    console.error(text.error());
    return exit_code(text.error().kind);
  }
  const auto plan = prepare_plan(*text, false, may_explain_sample);
  if (!plan) {
    console.errors(plan.error());
    return exit_code_of(plan.error());
  }
  std::string out = explain_plan(**plan, invocation.value("format", "text"));
  if (!out.ends_with('\n')) out += '\n';
  return console.print(out);
}

std::vector<Flag> explain_flags() {
  std::vector<Flag> flags;
  flags.push_back(
      {"format", '\0', "FORMAT", "how to print it", {"text", "dot", "mermaid", "json"}});
  for (auto& flag : text_flags()) flags.push_back(std::move(flag));
  for (auto& flag : change_flags()) flags.push_back(std::move(flag));
  flags.push_back({"color", '\0', "WHEN", "colours", {"auto", "always", "never"}});
  return flags;
}

}  // namespace

const Command& explain_command() {
  static const Command command = {
      "explain",
      {"weir explain PIPELINE.toml [FILE...]", "weir explain -e TOML [FILE...]"},
      "show what a pipeline will do",
      "Prints the plan: operators, columns, what is pushed into the decoder, where threads meet. "
      "Takes the flags "
      "of run, so that the plan is that of the same command line. Nothing is run.",
      explain_flags(),
      static_cast<size_t>(-1),
      {
          {"weir explain job.toml", "as text"},
          {"weir explain --format dot job.toml | dot -Tsvg > job.svg", "as a picture"},
      },
      explain,
  };
  return command;
}

}  // namespace weir
