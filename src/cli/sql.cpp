// weir sql: queries and scripts.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/catalogue.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"
#include "cli/pipeline_run.h"
#include "config/emit_toml.h"
#include "config/pipeline_tree.h"
#include "expr/functions/utf8.h"
#include "plan/spell_queries.h"
#include "sql/script_jobs.h"

namespace weir {
namespace {

Result<SourceText> read_script(const Invocation& invocation, std::vector<std::string>& files) {
  files = invocation.arguments;
  if (!invocation.has("file")) {
    if (files.empty())
      return fail(ErrorKind::kUsage, "no query given",
                  "weir sql 'SELECT ...' [FILE...], or --file job.sql");
    std::string query = files.front();
    files.erase(files.begin());
    if (query.ends_with(".sql") && query.find(' ') == std::string::npos)
      return fail(ErrorKind::kUsage, "`" + query + "` is no query",
                  "a script is run by weir sql --file " + query);
    return sql::script_text(std::move(query), "<sql>");
  }
  const std::string path = invocation.value("file");
  std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof())
    return fail(ErrorKind::kUsage, "cannot read the script `" + path + "`");
  return sql::script_text(std::move(text), path == "-" ? "<stdin>" : path);
}

bool reads_input(const Node& pipeline) {
  if (pipeline.find("source") != nullptr) return true;
  const Node* sources = pipeline.find("sources");
  return sources != nullptr && sources->find("input") != nullptr;
}

// A pipeline of the script with the flags of the command.
PipelineText job_text(const sql::ScriptJob& job, const Invocation& invocation) {
  PipelineText text;
  text.tree = job.pipeline;
  text.fragments = invocation.values("toml");
  text.settings = invocation.values("set");
  add_change_flags(invocation, text);
  if (job.has_sink) {  // -o and its kind are for the rows of queries
    text.flags.output.clear();
    text.flags.output_format.clear();
    text.flags.limit.reset();
  }
  return text;
}

std::string function_names(const std::string& pattern) {
  std::string out;
  for (const auto& entry : function_entries()) {
    std::string prefix = pattern;
    if (prefix.ends_with('%')) prefix.pop_back();
    std::transform(prefix.begin(), prefix.end(), prefix.begin(), ::toupper);
    if (pattern.empty() || entry.name.starts_with(prefix)) out += entry.name + "\n";
  }
  return out;
}

bool is_pipeline(const sql::ScriptJob& job) {
  return job.kind == sql::ScriptJob::Kind::kRun || job.kind == sql::ScriptJob::Kind::kExplain;
}

// The pipeline with each query as the steps that it becomes.
std::expected<std::string, Errors> emit_steps(const PipelineText& text) {
  const auto tree = read_tree(text);
  if (!tree) return std::unexpected(tree.error());
  if (has_open_queries(*tree))
    return "# ${} in a query is replaced when it runs: which steps it becomes is not known "
           "before.\n" +
           emit_toml(*tree);
  StepRecord record;
  const auto plan = prepare_plan(text, false, [](const PipelineSpec&) { return true; }, &record);
  if (!plan) return std::unexpected(plan.error());
  std::string steps = emit_toml(spell_queries(*tree, record));
  if (is_valid_utf8(steps.data(), steps.size())) return steps;
  return std::unexpected(
      Errors{{ErrorKind::kUsage,
              "the query holds bytes that are not UTF-8, and a pipeline file is UTF-8",
              {},
              "weir sql runs the query as it is",
              {}}});
}

// A script has several pipelines, each of which is a file of its own.
int emit_jobs(const std::vector<sql::ScriptJob>& jobs, const Invocation& invocation,
              Console& console) {
  std::vector<const sql::ScriptJob*> pipelines;
  for (const auto& job : jobs)
    if (is_pipeline(job)) pipelines.push_back(&job);
  for (size_t i = 0; i < pipelines.size(); ++i) {
    const auto emitted = emit_steps(job_text(*pipelines[i], invocation));
    if (!emitted) {
      console.errors(emitted.error());
      return exit_code_of(emitted.error());
    }
    std::string heading;
    if (pipelines.size() > 1)
      heading =
          fmt::format("{}# pipeline {} of {}\n\n", i > 0 ? "\n" : "", i + 1, pipelines.size());
    if (const int code = console.print(heading + *emitted); code != 0) return code;
  }
  return 0;
}

int run_job(const sql::ScriptJob& job, const Invocation& invocation, Console& console) {
  using Kind = sql::ScriptJob::Kind;
  if (job.kind == Kind::kText) return console.print(job.text);
  if (job.kind == Kind::kFunctions) return console.print(function_names(job.text));
  const PipelineText text = job_text(job, invocation);
  if (job.kind == Kind::kRun && !invocation.has("explain"))
    return run_pipeline(text, invocation, console);
  const auto plan = prepare_plan(text, false, [](const PipelineSpec&) { return true; });
  if (plan) return console.print(explain_plan(**plan, "text"));
  console.errors(plan.error());
  return exit_code_of(plan.error());
}

int run_sql(const Invocation& invocation, Console& console) {
  sql::ScriptInput input;
  const auto text = read_script(invocation, input.files);
  if (!text) {
    console.error(text.error());
    return exit_code(text.error().kind);
  }
  input.format = invocation.value("input-format");
  sql::Script script = sql::parse_script(*text);
  Errors errors = std::move(script.errors);
  std::vector<sql::ScriptJob> jobs;
  if (errors.empty()) jobs = sql::script_jobs(script, *text, input, errors);
  if (!errors.empty()) {
    console.errors(errors);
    return exit_code_of(errors);
  }
  if (!input.files.empty() && std::none_of(jobs.begin(), jobs.end(), [](const auto& job) {
        return reads_input(job.pipeline);
      })) {
    console.error({ErrorKind::kUsage,
                   "nothing reads `" + input.files.front() + "`",
                   {},
                   "the files behind the query are the table `input`: SELECT ... FROM input",
                   {}});
    return 2;
  }
  if (invocation.has("emit-toml")) return emit_jobs(jobs, invocation, console);
  for (const auto& job : jobs)
    if (const int code = run_job(job, invocation, console); code != 0) return code;
  return 0;
}

std::vector<Flag> sql_flags() {
  std::vector<Flag> flags;
  flags.push_back({"file", 'f', "SCRIPT", "run the statements of a file; - is stdin", {}});
  flags.push_back({"explain", '\0', "", "print the plan of each query, and run nothing", {}});
  for (auto& flag : text_flags()) flags.push_back(std::move(flag));
  for (auto& flag : change_flags()) flags.push_back(std::move(flag));
  for (auto& flag : run_only_flags()) flags.push_back(std::move(flag));
  for (auto& flag : output_flags()) flags.push_back(std::move(flag));
  return flags;
}

}  // namespace

const Command& sql_command() {
  static const Command command = {
      "sql",
      {"weir sql 'SELECT ...' [FILE...]", "weir sql --file SCRIPT.sql [FILE...]"},
      "run a query over files or stdin, or a script",
      "Runs a query in the dialect of Flink SQL. The FILEs ('-' is stdin) are the table `input`, "
      "stdin without any; a file can also be named in the query itself, FROM 'access.log'. Its "
      "format is found by looking, or named by -i.\n"
      "\n"
      "A script holds several statements: CREATE TABLE ... WITH (...), CREATE VIEW, INSERT INTO, "
      "EXECUTE STATEMENT SET, SELECT, SET, EXPLAIN, SHOW, DESCRIBE; they are run one after the "
      "other. weir-sql(7) describes the dialect.\n"
      "\n"
      "Results go to stdout: as a table to a terminal, as JSON lines to a pipe. A query "
      "becomes steps like others: --emit-toml prints them as a pipeline file, for which the input "
      "must be there, and the flags are those of run.",
      sql_flags(),
      static_cast<size_t>(-1),
      {
          {"weir sql 'SELECT status, COUNT(*) AS n FROM input GROUP BY status' access.log",
           "requests by status"},
          {"weir sql \"SELECT * FROM 'orders.csv' o JOIN 'users.csv' u ON o.user_id = u.id\"",
           "two files joined"},
          {"weir sql --file job.sql", "a script"},
          {"weir sql --explain 'SELECT path FROM input WHERE status = 404' access.log",
           "what the query will do"},
      },
      run_sql,
  };
  return command;
}

}  // namespace weir
