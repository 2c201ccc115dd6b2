#include <stdlib.h>

#include <catch2/catch.hpp>

#include "config/spec.h"

using namespace weir;

namespace {

PipelineText inline_text(std::vector<std::string> fragments,
                         std::vector<std::string> settings = {}) {
  PipelineText text;
  text.fragments = std::move(fragments);
  text.settings = std::move(settings);
  return text;
}

PipelineSpec good(const PipelineText& text) {
  auto r = read_pipeline(text);
  if (!r) FAIL(r.error().front().message);
  return std::move(*r);
}
PipelineSpec good(std::string fragment) { return good(inline_text({std::move(fragment)})); }

Errors bad(const PipelineText& text) {
  auto r = read_pipeline(text);
  REQUIRE_FALSE(r.has_value());
  return r.error();
}
std::string first_message(std::string fragment) {
  INFO(fragment);
  const Errors errors = bad(inline_text({std::move(fragment)}));
  CHECK(errors.size() == 1);
  return errors.front().message;
}
std::string emitted(const PipelineText& text) {
  auto r = emit_pipeline(text);
  REQUIRE(r.has_value());
  return *r;
}

constexpr const char* kFull = R"toml(
name = "errors"
mode = "batch"
timezone = "Europe/Berlin"
max_bad = 10
strict = true
[source]
type = "file"
path = ["a.log", "b.log"]
format = { name = "csv", delimiter = ";" }
[source.schema]
status = "INT"
when = { type = "TIMESTAMP(3)", format = "clf", path = "t" }
[source.event_time]
column = "when"
max_out_of_orderness = "3s"
idle_timeout = "1m"
[[transform]]
op = "filter"
where = "status >= 500"
[[transform]]
op = "map"
columns = { s = "status" }
[window]
type = "tumbling"
size = "1m"
[[then]]
op = "top"
by = "hits"
[sink]
path = "out.json"
format = "json"
[late]
path = "late.json"
[dead_letter]
type = "file"
path = "bad.json"
[checkpoint]
dir = "state"
[runtime]
parallelism = 2
pin = false
memory_limit = "1GB"
[[test]]
name = "ignored"
)toml";

}  // namespace

TEST_CASE("a full pipeline fills every part of the spec") {
  const PipelineSpec p = good(kFull);
  CHECK(p.name == "errors");
  CHECK(p.mode == "batch");
  CHECK(p.timezone.text == "Europe/Berlin");
  CHECK(p.errors.skip);
  CHECK(p.errors.max_bad == 10);
  CHECK(p.errors.strict);
  REQUIRE(p.sources.size() == 1);
  const SourceSpec& s = p.sources[0];
  CHECK(s.name == "input");
  CHECK(s.kind == "file");
  CHECK(s.format.name == "csv");
  CHECK(s.format.options.find("delimiter") != nullptr);
  CHECK(s.format.options.find("name") == nullptr);
  REQUIRE(s.schema.size() == 2);
  CHECK(s.schema[0].name == "status");
  CHECK(s.schema[0].type.text == "INT");
  CHECK(s.schema[1].format.text == "clf");
  CHECK(s.schema[1].path.text == "t");
  REQUIRE(s.event_time.has_value());
  CHECK(s.event_time->column.text == "when");
  CHECK(s.event_time->max_out_of_orderness.us == 3'000'000);
  CHECK(s.event_time->idle_timeout->us == 60'000'000);
  REQUIRE(p.transforms.size() == 2);
  CHECK(p.transforms[0].kind == "filter");
  CHECK(p.transforms[0].name == "[[transform]] 1 (filter)");
  CHECK(p.transforms[0].position.line == 18);
  CHECK(p.transforms[1].options.find("columns") != nullptr);
  CHECK(p.window->kind == "tumbling");
  CHECK(p.then.size() == 1);
  REQUIRE(p.sinks.size() == 1);
  CHECK(p.sinks[0].kind == "file");
  CHECK(p.sinks[0].format.name == "json");
  CHECK(p.late->kind == "file");
  CHECK(p.dead_letter->kind == "file");
  CHECK(p.checkpoint->options.find("dir") != nullptr);
  CHECK(p.runtime.parallelism == 2);
  CHECK_FALSE(p.runtime.pin);
  CHECK(p.runtime.memory_limit.bytes == uint64_t{1} << 30);
}

TEST_CASE("the empty pipeline reads stdin") {
  const PipelineSpec p = good("");
  REQUIRE(p.sources.size() == 1);
  CHECK(p.sources[0].kind == "stdin");
  CHECK(p.sinks.empty());
  CHECK_FALSE(p.errors.skip);
  CHECK(good("[source]\nformat = 'csv'").sources[0].kind == "stdin");
  CHECK(good("source.path = 'x'").sources[0].kind == "file");
}

TEST_CASE("several sources and sinks keep their names") {
  const PipelineSpec p =
      good("[sources.b]\npath='b'\n[sources.a]\npath='a'\n[sinks.x]\ntype='stdout'\n");
  REQUIRE(p.sources.size() == 2);
  CHECK(p.sources[0].name == "b");
  CHECK(p.sources[1].name == "a");
  CHECK(p.sinks[0].name == "x");
}

TEST_CASE("the error policy follows from what is given") {
  CHECK(good("on_error = 'skip'").errors.skip);
  CHECK(good("[dead_letter]\npath = 'x'").errors.skip);
  CHECK_FALSE(good("on_error = 'fail'\nmax_bad = 3").errors.skip);
}

TEST_CASE("shapes that are wrong are named") {
  CHECK(first_message("sorce = 1") == "unknown key `sorce` in the pipeline");
  CHECK(first_message("[[source]]\npath = 'x'") == "expected the table [source], found an array");
  CHECK(first_message("source = 'x.log'") == "expected the table [source], found a string");
  CHECK(first_message("[transform]\nop = 'filter'") == "expected [[transform]], found a table");
  CHECK(first_message("transform = ['x']") ==
        "expected a table in [[transform]] 1, found a string");
  CHECK(first_message("[[transform]]\nwhere = 'a'") == "[[transform]] 1 needs the key `op`");
  CHECK(first_message("[[transform]]\nop = 1") == "expected a string, found an integer");
  CHECK(first_message("[window]\nsize = '1m'") == "[window] needs the key `type`");
  CHECK(first_message("[late]\nformat = 'json'") == "[late] needs the key `type`");
  CHECK(first_message("[source]\npath='a'\n[sources.b]\npath='b'") ==
        "a pipeline has either [source] or [sources.NAME]");
  CHECK(first_message("[sink]\npath='a'\n[sinks.b]\npath='b'") ==
        "a pipeline has either [sink] or [sinks.NAME]");
  CHECK(first_message("sources.a = 1") == "expected the table [sources.a], found an integer");
  CHECK(first_message("[runtime]\nthreads = 4") == "unknown key `threads` in [runtime]");
  CHECK(first_message("[runtime]\nparallelism = -1") == "parallelism must be from 0 to 1024");
  CHECK(first_message("[source.event_time]\nformat = 'clf'") ==
        "event_time needs the key `column`");
  CHECK(first_message("[source.schema]\na = 1") ==
        "expected the type of the column `a`, found an integer");
  CHECK(first_message("[source.schema]\na = { typ = 'INT', type = 'INT' }") ==
        "unknown key `typ` in the column `a`");
  CHECK(first_message("source.format = 1") ==
        "expected a format's name or a table with `name`, found an integer");
  CHECK(first_message("mode = 'bacth'") ==
        "`bacth` is not allowed here; expected one of auto, batch, streaming");
  CHECK(first_message("max_bad = -1") == "max_bad cannot be negative");
  CHECK(first_message("test = 1") == "expected [[test]], found an integer");
}

TEST_CASE("all problems are reported together") {
  const Errors errors =
      bad(inline_text({"mode = 'x'\nfoo = 1\n[runtime]\npin = 1\n[[transform]]\nx = 1\n"}));
  CHECK(errors.size() == 4);
  for (const auto& e : errors) CHECK(e.position.line > 0);
}

TEST_CASE("fragments merge key by key, arrays of tables are appended") {
  const PipelineSpec p =
      good(inline_text({"[source]\npath = 'a'\nformat = 'csv'\n[[transform]]\nop = 'filter'",
                        "[source]\npath = 'b'\n[[transform]]\nop = 'map'"}));
  CHECK(p.sources[0].options.find("path")->text == "b");
  CHECK(p.sources[0].format.name == "csv");
  REQUIRE(p.transforms.size() == 2);
  CHECK(p.transforms[1].kind == "map");
  CHECK(p.transforms[1].position.file == "<-e 2>");
  const Errors errors = bad(inline_text({"[source]\npath = 'a'", "source = 'b'"}));
  CHECK(errors[0].message == "`source` is a string here and a table in <-e 1>");
}

TEST_CASE("a pipeline file and what is wrong with reading it") {
  PipelineText text;
  text.file = "/nonexistent/p.toml";
  const Errors errors = bad(text);
  CHECK(exit_code(errors[0].kind) == 2);
  CHECK(errors[0].message ==
        "cannot read the pipeline `/nonexistent/p.toml`: No such file or directory");
  text.file = "/";
  CHECK(exit_code(bad(text)[0].kind) == 2);
}

TEST_CASE("settings are TOML values, else text") {
  const PipelineSpec p = good(inline_text(
      {"[[transform]]\nop='filter'\nwhere='a'\n[source]\nformat='csv'"},
      {"runtime.parallelism=3", "transform.0.where=b > 1", "name=a b", "source.path=[\"x\", \"y\"]",
       "source.format.delimiter=;", "runtime.pin=false", "timezone=2024-01-01"}));
  CHECK(p.runtime.parallelism == 3);
  CHECK_FALSE(p.runtime.pin);
  CHECK(p.name == "a b");
  CHECK(p.transforms[0].options.find("where")->text == "b > 1");
  CHECK(p.transforms[0].options.find("where")->position.column == 19);
  CHECK(p.sources[0].options.find("path")->items.size() == 2);
  CHECK(p.sources[0].format.name == "csv");
  CHECK(p.sources[0].format.options.find("delimiter")->text == ";");
  CHECK(p.timezone.text == "2024-01-01");
  CHECK(good(inline_text({"[[transform]]\nop='x'"}, {"transform[0].op=y"})).transforms[0].kind ==
        "y");
  CHECK(good(inline_text({""}, {"name=1 # 2"})).name == "1 # 2");
  CHECK(good(inline_text({""}, {"name="})).name.empty());
  CHECK(good(inline_text({""}, {"source.path=\"5\""})).sources[0].options.find("path")->text ==
        "5");
}

TEST_CASE("settings cannot change more than their key") {
  CHECK(good(inline_text({""}, {"name=x\"\nmode=\"batch"})).mode == "auto");
  for (const char* setting :
       {"name", "=x", "a..b=1", "a.=1", "name.x=1", "transform.9.op=x", "a[=1", "\"a=1"}) {
    INFO(setting);
    const Errors errors = bad(inline_text({"name = 'n'\n[[transform]]\nop='x'"}, {setting}));
    CHECK(exit_code(errors[0].kind) == 2);
    CHECK(errors[0].position.line_text == setting);
  }
}

TEST_CASE("environment variables stand in string values") {
  ::setenv("WEIR_T_A", "va\"lue", 1);
  ::setenv("WEIR_T_EMPTY", "", 1);
  ::unsetenv("WEIR_T_NONE");
  const auto name = [](const char* value) {
    return good(std::string("name = '") + value + "'").name;
  };
  CHECK(name("${WEIR_T_A}") == "va\"lue");
  CHECK(name("x${WEIR_T_A}y") == "xva\"luey");
  CHECK(name("${WEIR_T_NONE:-d:x}") == "d:x");
  CHECK(name("${WEIR_T_EMPTY:-d}") == "d");
  CHECK(name("[${WEIR_T_EMPTY}]") == "[]");
  CHECK(name("$$x $1 $x a$") == "$x $1 $x a$");
  CHECK(name("$${WEIR_T_A}") == "${WEIR_T_A}");
  ::setenv("WEIR_T_A", "${WEIR_T_NONE}", 1);
  CHECK(name("${WEIR_T_A}") == "${WEIR_T_NONE}");  // once only
  CHECK(first_message("name = 'a ${WEIR_T_NONE}'") ==
        "the environment variable WEIR_T_NONE is not set");
  CHECK(first_message("name = '${WEIR_T_NONE:?say where}'") == "WEIR_T_NONE: say where");
  CHECK(first_message("name = '${WEIR_T_A'") == "`${` is not closed");
  CHECK(first_message("name = '${1}'").starts_with("`${1}` is not"));
  const Errors errors = bad(inline_text({"name = 'a ${WEIR_T_NONE}'"}));
  CHECK(errors[0].position.column == 11);
  CHECK(errors[0].position.length == 14);
}

TEST_CASE("an overridden value need not be set") {
  CHECK(good(inline_text({"name = '${WEIR_T_NONE}'"}, {"name=x"})).name == "x");
}

TEST_CASE("FILE arguments replace the source's path") {
  PipelineText text = inline_text({"[source]\ntype = 'collection'\nlines = ['a']\nformat = 'csv'"});
  text.flags.inputs = {"x$.log"};
  PipelineSpec p = good(text);
  CHECK(p.sources[0].kind == "file");
  CHECK(p.sources[0].options.find("path")->text == "x$.log");
  CHECK(p.sources[0].options.find("lines") == nullptr);
  CHECK(p.sources[0].format.name == "csv");
  text.flags.inputs = {"-"};
  CHECK(good(text).sources[0].kind == "stdin");
  text.flags.inputs = {"a", "-"};
  p = good(text);
  CHECK(p.sources[0].kind == "file");
  CHECK(p.sources[0].options.find("path")->items.size() == 2);
  text = inline_text({"[source]\npath = 'a'\nfollow = true"});
  text.flags.inputs = {"b"};
  CHECK(good(text).sources[0].options.find("follow") != nullptr);
  text = inline_text({"[sources.only]\npath = 'a'"});
  text.flags.inputs = {"b"};
  CHECK(good(text).sources[0].options.find("path")->text == "b");
  text = inline_text({"[sources.a]\npath = 'a'\n[sources.b]\npath = 'b'"});
  text.flags.inputs = {"c"};
  CHECK(bad(text)[0].message == "FILE cannot be used with a pipeline of 2 sources");
}

TEST_CASE("flags name formats and the output") {
  PipelineText text =
      inline_text({"[source]\nformat = { name = 'csv', header = false }\n[sink]\ntype = 'print'"});
  text.flags.input_format = "csv";
  text.flags.output = "out.txt";
  text.flags.output_format = "tsv";
  text.flags.overwrite = true;
  PipelineSpec p = good(text);
  CHECK(p.sources[0].format.options.find("header") != nullptr);
  CHECK(p.sinks[0].kind == "file");
  CHECK(p.sinks[0].options.find("path")->text == "out.txt");
  CHECK(p.sinks[0].options.find("overwrite")->boolean);
  CHECK(p.sinks[0].format.name == "tsv");
  text.flags.input_format = "json";
  text.flags.output = "-";
  text.flags.overwrite = false;
  p = good(text);
  CHECK(p.sources[0].format.name == "json");
  CHECK(p.sources[0].format.options.entries.empty());
  CHECK(p.sinks[0].kind == "stdout");
  text = inline_text({""});
  text.flags.dead_letter = "bad.json";
  p = good(text);
  CHECK(p.dead_letter->kind == "file");
  CHECK(p.errors.skip);
}

TEST_CASE("--limit is a last step") {
  PipelineText text = inline_text({"[[transform]]\nop = 'filter'"});
  text.flags.limit = 5;
  PipelineSpec p = good(text);
  REQUIRE(p.transforms.size() == 2);
  CHECK(p.transforms[1].kind == "limit");
  CHECK(p.transforms[1].options.find("limit")->integer == 5);
  text = inline_text({"[window]\ntype = 'tumbling'"});
  text.flags.limit = 5;
  p = good(text);
  CHECK(p.transforms.empty());
  CHECK(p.then.size() == 1);
}

TEST_CASE("the emitted pipeline reads as the same one") {
  const std::string text = emitted(inline_text({kFull}, {"runtime.parallelism=8"}));
  CHECK(text.find("parallelism = 8") != std::string::npos);
  CHECK(emitted(inline_text({text})) == text);
  const PipelineSpec p = good(text);
  CHECK(p.transforms.size() == 2);
  CHECK(p.sources[0].schema.size() == 2);
}

TEST_CASE("every string survives emitting") {
  const std::string source = R"toml(
name = '${WEIR_T_NONE} $$'
[source]
a = 'C:\d+ "x"'
b = "it's \"both\""
c = "tab\t nul\u0001"
d = """
line 1
line 2
"""
e = ''
"odd key" = 1.0
f = [1, 'x', { y = 2 }]
g = {}
h = 1979-05-27
i = inf
)toml";
  const std::string text = emitted(inline_text({source}));
  CHECK(emitted(inline_text({text})) == text);
  CHECK(text.find("a = 'C:\\d+ \"x\"'\n") != std::string::npos);
  CHECK(text.find("name = \"${WEIR_T_NONE} $$\"\n") != std::string::npos);
  CHECK(text.find("d = '''\nline 1\nline 2\n'''\n") != std::string::npos);
  CHECK(text.find("\"odd key\" = 1.0\n") != std::string::npos);
  CHECK(text.find("i = inf\n") != std::string::npos);
}
