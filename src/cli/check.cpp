// weir check: every mistake in some pipelines, without running them.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"
#include "plan/delivery.h"

namespace weir {
namespace {

std::string columns_text(const Schema& schema) {
  size_t width = 0;
  for (const auto& column : schema) width = std::max(width, column.name.size());
  std::string out;
  for (const auto& column : schema)
    out += fmt::format("    {:<{}}  {}\n", column.name, width, column.type.to_string());
  return out;
}

std::string describe(const Plan& plan) {
  std::string out;
  for (const auto& planned : plan.sources)
    out += fmt::format("  input {}\n{}", planned.source->explain(),
                       columns_text(planned.source->schema()));
  for (const auto& planned : plan.sinks)
    out += fmt::format("  output {}\n{}", planned.sink->explain(), columns_text(planned.schema));
  if (plan.late)
    out += fmt::format("  late records {}\n{}", plan.late->sink->explain(),
                       columns_text(plan.late->schema));
  for (const auto& line : delivery_lines(plan)) out += fmt::format("  delivery to {}\n", line);
  for (const auto& note : plan.notes) out += fmt::format("  note: {}\n", note);
  return out;
}

// stdin is never sampled here: it is not ours to eat (`while read f; do weir check $f; done <
// list`).
bool may_sample(const PipelineSpec& spec) {
  for (const auto& source : spec.sources)
    if (source.kind == "stdin") return false;
  return true;
}

// True if the pipeline is right.
bool check_one(const PipelineText& text, const Invocation& invocation, Console& console,
               std::string& out) {
  const auto plan = prepare_plan(text, false, may_sample);
  if (!plan) {
    console.errors(plan.error());
    return false;
  }
  if (!invocation.has("quiet"))
    out += fmt::format("{}: ok\n", text.file.empty() ? "-e" : text.file);
  if (invocation.has("verbose")) out += describe(**plan);
  return true;
}

int check(const Invocation& invocation, Console& console) {
  std::vector<PipelineText> texts;
  for (const auto& file : invocation.arguments) {
    PipelineText text;
    text.file = file;
    texts.push_back(std::move(text));
  }
  if (texts.empty() && invocation.has("toml")) texts.emplace_back();
  if (texts.empty()) {
    Error error;
    error.kind = ErrorKind::kUsage;
    error.message = "no pipeline given";
    error.hint = "name one or more files: weir check PIPELINE.toml";
    console.error(error);
    return 2;
  }
  int code = 0;
  for (auto& text : texts) {
    text.fragments = invocation.values("toml");
    text.settings = invocation.values("set");
    std::string out;
    if (!check_one(text, invocation, console, out)) code = 2;
    if (const int failed = console.print(out); failed != 0) return failed;
  }
  return code;
}

std::vector<Flag> check_flags() {
  std::vector<Flag> flags = text_flags();
  flags.push_back({"quiet", 'q', "", "print nothing for right pipelines", {}});
  flags.push_back({"verbose",
                   'v',
                   "",
                   "show the columns of the input, as a sample decided them, and the output",
                   {}});
  flags.push_back({"color", '\0', "WHEN", "colours", {"auto", "always", "never"}});
  return flags;
}

}  // namespace

const Command& check_command() {
  static const Command command = {
      "check",
      {"weir check PIPELINE.toml...", "weir check -e TOML"},
      "report every mistake in pipelines",
      "Reads each pipeline, binds names and types and reports all mistakes with their places. "
      "Nothing is run or "
      "written; the head of an input file is read where its columns are not declared. Exits with 2 "
      "if any "
      "pipeline is wrong.",
      check_flags(),
      static_cast<size_t>(-1),
      {
          {"weir check pipelines/*.toml", "all at once"},
          {"weir check -v job.toml", "also which columns there are"},
      },
      check,
  };
  return command;
}

}  // namespace weir
