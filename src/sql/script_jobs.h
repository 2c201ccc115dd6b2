// A script -> what there is to do, one thing after the other: pipelines to run or to explain, texts to show.
//
// A pipeline is a tree like the one that TOML gives, with the query as an `op = "sql"` step, so that flags,
// --emit-toml and messages are those of `weir run`.
#pragma once

#include <string>
#include <vector>

#include "config/node.h"
#include "sql/parser.h"

namespace weir::sql {

struct ScriptJob {
  enum class Kind { kRun, kExplain, kText, kFunctions };
  Kind kind = Kind::kRun;
  Node pipeline;          // kRun, kExplain
  bool has_sink = false;  // of its own: INSERT INTO
  std::string text;       // kText: to print; kFunctions: the LIKE pattern, if any
};

// What the command line gives the script: the files that the table `input` is, stdin without any.
struct ScriptInput {
  std::vector<std::string> files;
  std::string format;  // of `input` and of files named in FROM; empty: found by looking
};

std::vector<ScriptJob> script_jobs(const Script& script, const SourceText& text,
                                   const ScriptInput& input, Errors& errors);

}  // namespace weir::sql
