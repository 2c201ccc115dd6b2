#include "cli/pipeline_run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "base/units.h"
#include "cli/pipeline_flags.h"
#include "cli/progress_line.h"
#include "cli/summary.h"
#include "run/run.h"
#include "sources/source.h"

namespace weir {
namespace {

constexpr unsigned kStopSeconds = 30;

std::atomic<int> stop_signal{0};
std::atomic<unsigned> reopen_requests{0};
std::atomic<unsigned> statistics_requests{0};
static_assert(std::atomic<int>::is_always_lock_free);

// The first stop signal ends the run in order, or the wait for the head of a pipe; the second ends it at once,
// and so does time: an output that nobody reads must not keep it.
void on_signal(int signal) {
  switch (signal) {
    case SIGHUP: ++reopen_requests; break;
    case SIGUSR1: ++statistics_requests; break;
    case SIGALRM: _exit(128 + stop_signal.load());
    default:
      if (stop_signal.exchange(signal) != 0) _exit(128 + signal);
      ::alarm(kStopSeconds);
      interrupt_sampling();
  }
}

void watch_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
  action.sa_flags = 0;
  ::sigaction(SIGALRM, &action, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    action.sa_flags = signal == SIGHUP ? SA_RESTART : 0;
    struct sigaction before{};
    // A signal that the parent had ignored (nohup, background jobs) stays ignored.
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    ::sigaction(signal, &action, nullptr);
  }
}

// What to do when another run holds the checkpoints.
struct IfBusy {
  bool skip = false;
  int64_t wait_us = 0;
};

Result<IfBusy> if_busy(const std::string& text) {
  constexpr std::string_view kWait = "wait:";
  if (text == "fail") return IfBusy{};
  if (text == "skip") return IfBusy{true, 0};
  const auto time = text.starts_with(kWait) ? parse_duration(text.substr(kWait.size()))
                                            : Result<Duration>(fail(ErrorKind::kUsage, ""));
  if (time && time->us >= 0) return IfBusy{false, time->us};
  return fail(ErrorKind::kUsage, "--if-busy: `" + text + "` is not fail, skip or wait:DURATION",
              "for example --if-busy wait:30s");
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

}  // namespace

int run_pipeline(const PipelineText& text, const Invocation& invocation, Console& console) {
  const auto refuse = [&](const Errors& errors) {
    console.errors(errors);
    return exit_code_of(errors);
  };
  const auto busy = if_busy(invocation.value("if-busy", "fail"));
  if (!busy) {
    console.error(busy.error());
    return exit_code(busy.error().kind);
  }
  watch_signals();
  const auto plan =
      prepare_plan(text, console.output_color(), [](const PipelineSpec&) { return true; });
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
  options.metrics = invocation.value("metrics");
  options.wait_for_lock_us = busy->wait_us;
  options.reset_steps = invocation.values("reset-step");
  if (wants_progress(invocation, **plan))
    options.progress = [&](const RunProgress& p) { progress.update(p); };
  if (!quiet) options.message = [&](const std::string& line) { progress.message(line); };
  options.reopen_requests = &reopen_requests;
  options.statistics_requests = &statistics_requests;
  options.statistics = [&](const RunStats& stats) {
    progress.message(summary_line(stats));
    for (const auto& line : step_lines(stats)) progress.message("weir:" + line);
  };
  const RunResult result = run_plan(**plan, options);
  ::alarm(0);
  progress.clear();

  if (result.error && result.error->kind == ErrorKind::kBusy && busy->skip) {
    if (!quiet) console.line("weir: nothing done: " + result.error->message);
    return 0;
  }
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

std::vector<Flag> run_only_flags() {
  return {
      {"fresh", '\0', "", "with checkpoints: forget them and start over", {}},
      {"drain", '\0', "", "with checkpoints: close all windows at the end of the input", {}},
      {"metrics",
       '\0',
       "ADDRESS",
       "tell statistics to Prometheus at http://ADDRESS/metrics while the run goes on; a port "
       "alone "
       "is 127.0.0.1's",
       {}},
      {"reset-step",
       '\0',
       "NAME",
       "with checkpoints: forget this step's state; may be repeated",
       {}},
      {"if-busy",
       '\0',
       "WHAT",
       "with checkpoints, while another run works on them: fail (exit code 5), skip (0), or "
       "wait:30s, then fail",
       {}},
      {"emit-toml", '\0', "", "print the pipeline that the flags make, and stop", {}},
      {"stats",
       '\0',
       "FORMAT",
       "at the end, on stderr: what each step did, as lines or as one line of JSON",
       {"text", "json"}},
      {"progress", '\0', "WHEN", "how far the run is, on stderr", {"auto", "always", "never"}},
  };
}

}  // namespace weir
