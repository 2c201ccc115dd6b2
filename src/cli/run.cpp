// weir run: a pipeline over its input.
#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"
#include "cli/pipeline_run.h"

namespace weir {
namespace {

int run_pipeline_command(const Invocation& invocation, Console& console) {
  const auto text = pipeline_text(invocation);
  if (!text) {
    console.error(text.error());
    return exit_code(text.error().kind);
  }
  if (!invocation.has("emit-toml")) return run_pipeline(*text, invocation, console);
  const auto emitted = emit_pipeline(*text);
  if (emitted) return console.print(*emitted);
  console.errors(emitted.error());
  return exit_code_of(emitted.error());
}

std::vector<Flag> run_flags() {
  std::vector<Flag> flags = text_flags();
  for (auto& flag : change_flags()) flags.push_back(std::move(flag));
  for (auto& flag : run_only_flags()) flags.push_back(std::move(flag));
  for (auto& flag : output_flags()) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace

const Command& run_command() {
  static const Command command = {
      "run",
      {"weir run PIPELINE.toml [FILE...]", "weir run -e TOML [FILE...]"},
      "run a pipeline over files or stdin",
      "Runs a pipeline. FILEs ('-' is stdin) replace the input that it names. With -e the pipeline "
      "stands on "
      "the command line; a first argument that ends in .toml is then a file over which the -e "
      "parts are laid. "
      "Flags beat the file.\n"
      "\n"
      "Without [source] the input is stdin; without [sink] results go to stdout: as a table to a "
      "terminal, as "
      "JSON lines to a pipe. stderr gets messages and, at the end, one summary line.",
      run_flags(),
      static_cast<size_t>(-1),
      {
          {"weir run pipelines/top-urls.toml access.log.gz", "the pipeline over another file"},
          {"weir run job.toml --set window.size=5m -o out.csv -t csv",
           "other settings, another output"},
          {"weir run -i json -e 'transform = [{ op = \"filter\", where = \"amount > 1000\" }]' "
           "tx.json",
           "records that match, as JSON lines"},
          {"tail -n 1000 access.log | weir run hits.toml -", "a pipeline over stdin"},
      },
      run_pipeline_command,
  };
  return command;
}

}  // namespace weir
