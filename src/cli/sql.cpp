// weir sql: queries and scripts.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/catalogue.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/pipeline_flags.h"
#include "cli/pipeline_run.h"
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

int run_job(const sql::ScriptJob& job, const Invocation& invocation, Console& console) {
  using Kind = sql::ScriptJob::Kind;
  const bool shows = job.kind == Kind::kText || job.kind == Kind::kFunctions;
  if (shows && invocation.has("emit-toml")) return 0;  // no pipeline
  if (job.kind == Kind::kText) return console.print(job.text);
  if (job.kind == Kind::kFunctions) return console.print(function_names(job.text));
  const PipelineText text = job_text(job, invocation);
  const auto refuse = [&](const Errors& errors) {
    console.errors(errors);
    return exit_code_of(errors);
  };
  if (invocation.has("emit-toml")) {
    const auto emitted = emit_pipeline(text);
    return emitted ? console.print(*emitted) : refuse(emitted.error());
  }
  if (job.kind == Kind::kRun && !invocation.has("explain"))
    return run_pipeline(text, invocation, console);
  const auto plan = prepare_plan(text, false, [](const PipelineSpec&) { return true; });
  return plan ? console.print(explain_plan(**plan, "text")) : refuse(plan.error());
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
      "Results go to stdout: as a table to a terminal, as JSON lines to a pipe. The query is a "
      "step "
      "like others: --emit-toml prints the pipeline, and the flags are those of run.",
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
