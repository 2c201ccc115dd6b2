#include "cli/pipeline_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/option_keys.h"
#include "run/threads.h"

namespace weir {

std::vector<Flag> text_flags() {
  return {
      {"toml",
       'e',
       "TOML",
       "a pipeline, or a part of one, given here; may be repeated, parts are merged",
       {}},
      {"set",
       '\0',
       "KEY=VALUE",
       "set one key, e.g. source.event_time.column=ts or transform.0.where='a > 1'",
       {}},
  };
}

std::vector<Flag> change_flags() {
  return {
      {"input-format", 'i', "FORMAT", "the source's format; `weir formats` lists them", {}},
      {"output-format", 't', "FORMAT", "the sink's format", {}},
      {"output", 'o', "PATH", "write to a file; - is stdout", {}},
      {"follow", 'F', "", "keep reading as the files grow and rotate", {}},
      {"overwrite", '\0', "", "replace the output file if it exists", {}},
      {"limit", '\0', "N", "stop after N rows of output", {}, true},
      {"parallelism", 'p', "N", "worker threads; 0: every usable core", {}, true},
      {"mode", '\0', "MODE", "how to run", {"auto", "batch", "streaming"}},
      {"on-error", '\0', "POLICY", "what a bad record does", {"fail", "skip"}},
      {"max-bad", '\0', "N", "skip at most N bad records, then fail with exit code 3", {}, true},
      {"strict", '\0', "", "exit with 3 if any record was bad", {}},
      {"dead-letter", '\0', "PATH", "skip bad records and write them to this file", {}},
      {"checkpoint",
       '\0',
       "DIR",
       "keep positions and state in this folder; the next run goes on from them",
       {}},
  };
}

std::vector<Flag> output_flags() {
  return {
      {"quiet", 'q', "", "errors only on stderr", {}},
      {"verbose", 'v', "", "more on stderr", {}},
      {"color", '\0', "WHEN", "colours", {"auto", "always", "never"}},
  };
}

Result<PipelineText> pipeline_text(const Invocation& invocation) {
  PipelineText text;
  text.fragments = invocation.values("toml");
  text.settings = invocation.values("set");
  std::vector<std::string> arguments = invocation.arguments;
  if (text.fragments.empty() && arguments.empty())
    return fail(
        ErrorKind::kUsage, "no pipeline given",
        "name a file, or write the pipeline behind -e (-e '' is the empty one: input to output)");
  if (!arguments.empty() && (text.fragments.empty() || arguments.front().ends_with(".toml"))) {
    text.file = arguments.front();
    arguments.erase(arguments.begin());
  }
  text.flags.inputs = std::move(arguments);
  text.flags.input_format = invocation.value("input-format");
  add_change_flags(invocation, text);
  return text;
}

void add_change_flags(const Invocation& invocation, PipelineText& text) {
  text.flags.output_format = invocation.value("output-format");
  text.flags.output = invocation.value("output");
  text.flags.follow = invocation.has("follow");
  text.flags.overwrite = invocation.has("overwrite");
  text.flags.dead_letter = invocation.value("dead-letter");
  if (invocation.has("limit")) text.flags.limit = std::stoll(invocation.value("limit"));
  const auto set = [&](const char* flag, const char* key, std::string_view quote) {
    if (invocation.has(flag))
      text.settings.push_back(fmt::format("{}={}{}{}", key, quote, invocation.value(flag), quote));
  };
  set("parallelism", "runtime.parallelism", "");
  set("mode", "mode", "\"");
  set("on-error", "on_error", "\"");
  set("max-bad", "max_bad", "");
  set("checkpoint", "checkpoint.dir", "\"");
  if (invocation.has("strict")) text.settings.emplace_back("strict=true");
}

std::expected<std::unique_ptr<Plan>, Errors> prepare_plan(const PipelineText& text, bool color,
                                                          bool (*may_open)(const PipelineSpec&),
                                                          StepRecord* record) {
  PipelineReading reading = read_pipeline_leniently(text);
  if (!reading.spec) return std::unexpected(std::move(reading.errors));
  PlanContext context = plan_context(may_open(*reading.spec), color);
  context.record = record;
  auto plan = make_plan(*reading.spec, context);
  if (plan && reading.errors.empty()) return plan;
  Errors all = std::move(reading.errors);
  if (!plan) {
    const size_t read = all.size();
    for (auto& error : plan.error()) {
      // What the reader has said of a place is the better explanation.
      const auto same_place = [&](const Error& e) {
        return e.position.line > 0 && e.position.line == error.position.line &&
               e.position.file == error.position.file;
      };
      if (std::none_of(all.begin(), all.begin() + static_cast<ptrdiff_t>(read), same_place))
        all.push_back(std::move(error));
    }
  }
  add_key_errors(*reading.spec, all);
  sort_by_place(all);
  return std::unexpected(std::move(all));
}

int exit_code_of(const Errors& errors) {
  for (const auto& e : errors)
    if (exit_code(e.kind) == 2) return 2;
  return errors.empty() ? 0 : exit_code(errors.front().kind);
}

PlanContext plan_context(bool open_inputs, bool color) {
  PlanContext context;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  context.now_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  context.usable_cores = static_cast<int>(usable_cores().size());
  context.open_inputs = open_inputs;
  context.color = color;
  return context;
}

}  // namespace weir
