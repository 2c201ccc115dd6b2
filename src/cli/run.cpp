// weir run: a pipeline over its input.
#include "run/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"
#include "cli/progress_line.h"
#include "cli/summary.h"
#include "sources/source.h"

namespace weir {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

// The first signal stops the run in order, or the wait for the head of a pipe; the second at once.
void on_signal(int signal) {
  if (stop_signal.exchange(signal) != 0) _exit(128 + signal);
  interrupt_sampling();
}

void watch_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before{};
    // A signal that the parent had ignored (nohup, background jobs) stays ignored.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    ::sigaction(signal, &action, nullptr);
  }
}

// Not when rows and progress would share a terminal.
bool wants_progress(const Invocation& invocation, const Plan& plan) {
  const std::string choice = invocation.value("progress", "auto");
  if (choice != "auto") return choice == "always";
  if (invocation.has("quiet") || ::isatty(STDERR_FILENO) != 1) return false;
  return std::none_of(plan.sinks.begin(), plan.sinks.end(), [](const PlannedSink& planned) {
    return planned.sink->encode_options().terminal;
  });
}

int run_pipeline_command(const Invocation& invocation, Console& console) {
  const auto text = pipeline_text(invocation);
  if (!text) {
    console.error(text.error());
    return exit_code(text.error().kind);
  }
  const auto refuse = [&](const Errors& errors) {
    console.errors(errors);
    return exit_code_of(errors);
  };
  if (invocation.has("emit-toml")) {
    const auto emitted = emit_pipeline(*text);
    return emitted ? console.print(*emitted) : refuse(emitted.error());
  }
  watch_signals();
  const auto plan =
      prepare_plan(*text, console.output_color(), [](const PipelineSpec&) { return true; });
  const bool quiet = invocation.has("quiet");
  if (stop_signal != 0) {
    if (!quiet) console.line("weir: interrupted");
    return 128 + stop_signal;
  }
  if (!plan) return refuse(plan.error());

  if (invocation.has("verbose"))
    for (const auto& note : (*plan)->notes) console.line("weir: " + note);
  ProgressLine progress(console);
  RunOptions options;
  options.stop_signal = &stop_signal;
  options.fresh = invocation.has("fresh");
  options.drain = invocation.has("drain");
  if (wants_progress(invocation, **plan))
    options.progress = [&](const RunProgress& p) { progress.update(p); };
  if (!quiet) options.message = [&](const std::string& line) { progress.message(line); };
  const RunResult result = run_plan(**plan, options);
  progress.clear();

  if (result.error) console.error(*result.error);
  const bool reader_gone = result.exit_code == 141;
  const bool nothing_read = result.error && result.stats.records_in == 0;
  if (!quiet && !reader_gone && !nothing_read) {
    console.line(summary_line(result.stats));
    if (invocation.value("stats") == "text" || invocation.has("verbose"))
      for (const auto& line : step_lines(result.stats)) console.line("weir:" + line);
    if (!result.stats.silence.empty()) console.line("weir: " + result.stats.silence);
    if (stop_signal != 0) console.line("weir: interrupted");
  }
  if (invocation.value("stats") == "json") console.line(stats_json(result));
  return result.exit_code;
}

std::vector<Flag> run_flags() {
  std::vector<Flag> flags = text_flags();
  for (auto& flag : change_flags()) flags.push_back(std::move(flag));
  flags.push_back({"fresh", '\0', "", "with checkpoints: forget them and start over", {}});
  flags.push_back(
      {"drain", '\0', "", "with checkpoints: close all windows at the end of the input", {}});
  flags.push_back({"emit-toml", '\0', "", "print the pipeline that the flags make, and stop", {}});
  flags.push_back({"stats",
                   '\0',
                   "FORMAT",
                   "at the end, on stderr: what each step did, as lines or as one line of JSON",
                   {"text", "json"}});
  flags.push_back(
      {"progress", '\0', "WHEN", "how far the run is, on stderr", {"auto", "always", "never"}});
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
