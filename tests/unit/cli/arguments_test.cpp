#include <catch2/catch.hpp>

#include "cli/command.h"
#include "cli/pipeline_flags.h"

using namespace weir;

namespace {
Invocation parsed(const Command& command, const std::vector<std::string>& words) {
  auto r = parse_arguments(command, words);
  if (!r) FAIL(r.error().message);
  return std::move(*r);
}
Error refused(const Command& command, const std::vector<std::string>& words) {
  auto r = parse_arguments(command, words);
  REQUIRE_FALSE(r.has_value());
  CHECK(exit_code(r.error().kind) == 2);
  return r.error();
}
}  // namespace

TEST_CASE("flags and arguments in any order") {
  const Invocation i = parsed(run_command(), {"p.toml", "-qp4", "a.log", "--set", "a=-1",
                                              "--set=b=2", "-o", "-", "-", "--limit=7"});
  CHECK(i.arguments == std::vector<std::string>{"p.toml", "a.log", "-"});
  CHECK(i.has("quiet"));
  CHECK_FALSE(i.has("verbose"));
  CHECK(i.value("parallelism") == "4");
  CHECK(i.values("set") == std::vector<std::string>{"a=-1", "b=2"});
  CHECK(i.value("output") == "-");
  CHECK(i.value("limit") == "7");
  CHECK(i.value("mode", "none") == "none");
}

TEST_CASE("a repeated flag counts as its last") {
  CHECK(parsed(run_command(), {"-t", "csv", "-t", "json"}).value("output-format") == "json");
}

TEST_CASE("words behind -- are arguments") {
  CHECK(parsed(run_command(), {"p.toml", "--", "-x.log"}).arguments ==
        std::vector<std::string>{"p.toml", "-x.log"});
}

TEST_CASE("values may be empty or look odd") {
  CHECK(parsed(run_command(), {"-e", ""}).values("toml") == std::vector<std::string>{""});
  CHECK(parsed(run_command(), {"-e", "a = [1,\n 2]", "-e", "b = {x = \"y\"}"})
            .values("toml")
            .size() == 2);
  CHECK(parsed(run_command(), {"--set", "where=a > 1"}).value("set") == "where=a > 1");
}

TEST_CASE("wrong flags are named with the nearest one") {
  Error e = refused(run_command(), {"p.toml", "--paralelism", "4"});
  CHECK(e.message == "unknown flag `--paralelism`");
  CHECK(e.hint == "did you mean `--parallelism`?");
  e = refused(run_command(), {"-x"});
  CHECK(e.message == "unknown flag `-x`");
  CHECK(e.hint == "see `weir run --help`");
  e = refused(run_command(), {"p.toml", "--outpt=x"});
  CHECK(e.message == "unknown flag `--outpt`");
  e = refused(run_command(), {"p.toml", "-o"});
  CHECK(e.message == "--output needs a value: PATH");
  e = refused(run_command(), {"p.toml", "--limit", "x"});
  CHECK(e.message == "--limit: expected a whole number, found `x`");
  e = refused(run_command(), {"p.toml", "--limit", "-1"});
  CHECK(e.message == "--limit: expected a whole number, found `-1`");
  e = refused(run_command(), {"p.toml", "--limit", "99999999999999999999"});
  e = refused(run_command(), {"p.toml", "--mode", "bacth"});
  CHECK(e.message == "--mode: `bacth` is not one of auto, batch, streaming");
  CHECK(e.hint == "did you mean `batch`?");
  e = refused(functions_command(), {"a", "b"});
  CHECK(e.message == "unexpected argument `b`");
}

TEST_CASE("the first argument is the pipeline unless -e is given") {
  auto text = pipeline_text(parsed(run_command(), {"p.toml", "a.log"}));
  REQUIRE(text.has_value());
  CHECK(text->file == "p.toml");
  CHECK(text->flags.inputs == std::vector<std::string>{"a.log"});
  text = pipeline_text(parsed(run_command(), {"-e", "", "a.log"}));
  CHECK(text->file.empty());
  CHECK(text->flags.inputs == std::vector<std::string>{"a.log"});
  text = pipeline_text(parsed(run_command(), {"-e", "", "p.toml", "a.log"}));
  CHECK(text->file == "p.toml");
  CHECK(text->flags.inputs == std::vector<std::string>{"a.log"});
  CHECK_FALSE(pipeline_text(parsed(run_command(), {"-q"})).has_value());
}

TEST_CASE("flags become settings") {
  const auto text =
      pipeline_text(parsed(run_command(), {"-e", "", "-p", "3", "--mode", "batch", "--on-error",
                                           "skip", "--max-bad", "9", "--strict", "--limit", "4"}));
  REQUIRE(text.has_value());
  const auto spec = read_pipeline(*text);
  REQUIRE(spec.has_value());
  CHECK(spec->runtime.parallelism == 3);
  CHECK(spec->mode == "batch");
  CHECK(spec->errors.skip);
  CHECK(spec->errors.max_bad == 9);
  CHECK(spec->errors.strict);
  CHECK(spec->transforms.size() == 1);
}
