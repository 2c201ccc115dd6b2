#include <catch2/catch.hpp>

#include "cli/catalogue.h"
#include "cli/help.h"
#include "cli/progress_line.h"
#include "cli/summary.h"

using namespace weir;

namespace {
// Lines longer than a terminal, examples (which may be long commands) aside.
size_t long_lines(const std::string& text) {
  size_t count = 0;
  const std::string head = text.substr(0, text.find("\nExamples:"));
  for (size_t pos = 0; pos < head.size();) {
    const size_t end = std::min(head.find('\n', pos), head.size());
    if (end - pos > 80) ++count;
    pos = end + 1;
  }
  return count;
}
}  // namespace

TEST_CASE("the summary shows late and bad records when there are any") {
  RunStats s;
  s.records_in = 2000;
  s.rows_out = 12;
  s.bytes_in = 421'888;
  s.seconds = 0.0133;
  CHECK(summary_line(s) == "weir: 2,000 in, 12 out, 412 KB in 0.013 s (30 MB/s)");
  s.late = 3;
  s.bad = 1;
  s.seconds = 83.04;
  CHECK(summary_line(s) == "weir: 2,000 in, 12 out, 3 late, 1 bad, 412 KB in 83.0 s (5 KB/s)");
  CHECK(summary_line({}) == "weir: 0 in, 0 out, 0 B in 0.000 s");
}

TEST_CASE("statistics are JSON") {
  RunResult r;
  r.stats.records_in = 5;
  StepStats step;
  step.label = "[[transform]] 1 (\"x\")";
  step.rows_in = 5;
  step.rows_out = 2;
  r.stats.steps = {step};
  CHECK(stats_json(r) ==
        "{\"records_in\":5,\"rows_out\":0,\"late\":0,\"bad\":0,\"bytes_in\":0,\"bytes_out\":0,"
        "\"seconds\":0.000000,"
        "\"exit_code\":0,\"sources\":[],\"steps\":[{\"step\":\"[[transform]] 1 "
        "(\\\"x\\\")\",\"rows_in\":5,\"rows_out\":2}]}");
}

TEST_CASE("progress with and without a known end") {
  CHECK(progress_text({5'000'000, 1'288'490'189, 10'737'418'240, 1.5}) ==
        "1.2 GB of 10 GB (12%), 5,000,000 records, 819 MB/s, 11s left");
  CHECK(progress_text({10, 2048, 0, 2}) == "2 KB, 10 records, 1 KB/s");
  CHECK(progress_text({}) == "0 B, 0 records");
}

TEST_CASE("texts are wrapped at words") {
  std::string out = "ab";
  append_wrapped(out, std::string(70, 'x') + " yyyy zzzzzz", 4, 2);
  CHECK(out == "ab" + std::string(70, 'x') + " yyyy\n    zzzzzz");
}

TEST_CASE("every command has its help, and all lines fit") {
  CHECK(long_lines(program_help()) == 0);
  for (const auto* command : commands()) {
    const std::string help = command_help(*command);
    INFO(help);
    CHECK(help.starts_with("Usage: weir "));
    CHECK(long_lines(help) == 0);
    CHECK(find_command(command->name) == command);
    CHECK(
        (command->hidden || program_help().find(std::string(command->name)) != std::string::npos));
  }
  CHECK(find_command("rnu") == nullptr);
}

TEST_CASE("flags of one command differ in name and letter") {
  for (const auto* command : commands()) {
    for (size_t i = 0; i < command->flags.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        CHECK(command->flags[i].name != command->flags[j].name);
        CHECK((command->flags[i].letter == '\0' ||
               command->flags[i].letter != command->flags[j].letter));
      }
    }
  }
}

TEST_CASE("the catalogue lists and describes") {
  const std::vector<CatalogueEntry> entries = {
      {"csv",
       "input and output",
       "Comma-separated values.",
       {{"delimiter", "character", "\",\"", "the character between fields", false, {}},
        {"mode", "string", "", "how", true, {"a", "b"}}},
       {}},
      {"grok", "input only", "Patterns.", {}, {}},
  };
  CHECK(catalogue_list(entries) ==
        "input and output\n  csv   Comma-separated values.\n\ninput only\n  grok  Patterns.\n");
  CHECK(catalogue_page(entries[0]) ==
        "csv (input and output)\nComma-separated values.\n\nOptions:\n"
        "  delimiter  (character, default \",\")\n      the character between fields\n"
        "  mode  (a | b, required)\n      how\n");
}

TEST_CASE("every registered thing is described") {
  for (const auto& entries :
       {function_entries(), operator_entries(), format_entries(), connector_entries()}) {
    CHECK_FALSE(entries.empty());
    for (const auto& e : entries) {
      INFO(e.name);
      CHECK_FALSE(e.doc.empty());
      for (const auto& o : e.options) {
        INFO(o.name);
        CHECK_FALSE(o.help.empty());
        CHECK_FALSE(o.type.empty());
      }
    }
  }
}
