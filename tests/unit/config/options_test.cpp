#include "config/options.h"

#include <catch2/catch.hpp>

#include "config/toml_text.h"

using namespace weir;

namespace {

struct Sample {
  std::string name = "x";
  int count = 3;
  bool on = true;
  char delimiter = ',';
  double ratio = 0.5;
  Duration wait{1'000'000};
  ByteSize size{65'536};
  std::vector<std::string> paths;
  SourceText where;
  NamedTexts columns;
  std::optional<int64_t> limit;
  std::string mode = "a";
};

const OptionTable<Sample>& table() {
  static const OptionTable<Sample> options = {
      {"name", &Sample::name, "a name", true},
      {"count", &Sample::count, "a count"},
      {"on", &Sample::on, "a switch"},
      {"delimiter", &Sample::delimiter, "a character"},
      {"ratio", &Sample::ratio, "a number"},
      {"wait", &Sample::wait, "a duration"},
      {"size", &Sample::size, "a size"},
      {"paths", &Sample::paths, "a list"},
      {"where", &Sample::where, "an expression"},
      {"columns", &Sample::columns, "expressions"},
      {"limit", &Sample::limit, "optional"},
      {"mode", &Sample::mode, {"a", "b"}, "a choice of two"},
  };
  return options;
}

Sample read(std::string_view text, Errors& errors) {
  auto node = parse_toml(text, "p.toml");
  REQUIRE(node.has_value());
  Sample s;
  read_options(table(), *node, s, errors, "the sample", {"type"});
  return s;
}

std::string message(std::string_view text) {
  Errors errors;
  read(text, errors);
  INFO(text);
  REQUIRE(errors.size() == 1);
  return errors[0].message + " | " + errors[0].hint;
}

}  // namespace

TEST_CASE("options fill their struct") {
  Errors errors;
  const Sample s = read(
      "type = 'x'\nname = 'n'\ncount = 7\non = false\ndelimiter = '\\t'\nratio = 2\nwait = "
      "'1m'\nsize = 4096\n"
      "paths = 'one'\nwhere = 'a > 1'\ncolumns = { b = 'x', a = 1 }\nlimit = 5\nmode = 'b'\n",
      errors);
  CHECK(errors.empty());
  CHECK(s.name == "n");
  CHECK(s.count == 7);
  CHECK_FALSE(s.on);
  CHECK(s.delimiter == '\t');
  CHECK(s.ratio == 2);
  CHECK(s.wait.us == 60'000'000);
  CHECK(s.size.bytes == 4096);
  CHECK(s.paths == std::vector<std::string>{"one"});
  CHECK(s.where.text == "a > 1");
  CHECK(s.where.position.column == 10);
  REQUIRE(s.columns.size() == 2);
  CHECK(s.columns[0].name == "b");
  CHECK(s.columns[1].value.text == "1");
  CHECK(s.limit == 5);
  CHECK(s.mode == "b");
}

TEST_CASE("what is wrong is said with its remedy") {
  CHECK(message("name = 'n'\ncuont = 7") ==
        "unknown key `cuont` in the sample | did you mean `count`?");
  CHECK(message("count = 1") == "the sample needs the key `name` | ");
  CHECK(message("name = 5") == "expected a string, found an integer | write it in quotes: \"5\"");
  CHECK(message("name = 'n'\ncount = '5'") ==
        "expected an integer, found a string | write it without quotes: 5");
  CHECK(message("name = 'n'\ncount = 3000000000") == "3000000000 is out of range | ");
  CHECK(message("name = 'n'\non = 'true'") ==
        "expected true or false, found a string | write it without quotes: true");
  CHECK(message("name = 'n'\ndelimiter = 'ab'") == "expected one ASCII character, found `ab` | ");
  CHECK(message("name = 'n'\ndelimiter = ''") == "expected one ASCII character, found `` | ");
  CHECK(message("name = 'n'\nwait = 10") ==
        "10 is a duration without a unit | write it in quotes with a unit: \"10s\" or \"10ms\"");
  CHECK(message("name = 'n'\nwait = '10 parsecs'")
            .starts_with("`10 parsecs` has an unknown unit `parsecs` | "));
  CHECK(message("name = 'n'\nsize = -1") == "a size cannot be negative | ");
  CHECK(message("name = 'n'\npaths = ['a', 1]") ==
        "expected a string, found an integer | write it in quotes: \"1\"");
  CHECK(message("name = 'n'\npaths = {}") ==
        "expected a string or a list of strings, found a table | ");
  CHECK(message("name = 'n'\ncolumns = 'a'").starts_with("expected a table, found a string | "));
  CHECK(message("name = 'n'\nmode = 'c'") == "`c` is not allowed here; expected one of a, b | ");
}

TEST_CASE("all problems of a table are reported") {
  Errors errors;
  read("cuont = 7\nratio = 'x'\nzzz = 1", errors);
  CHECK(errors.size() == 4);
}

TEST_CASE("the documentation shows types and defaults") {
  const auto docs = option_docs(table());
  REQUIRE(docs.size() == 12);
  CHECK(docs[0].required);
  CHECK(docs[1].type == "integer");
  CHECK(docs[1].default_value == "3");
  CHECK(docs[3].default_value == "\",\"");
  CHECK(docs[5].default_value == "\"1s\"");
  CHECK(docs[6].default_value == "\"64KB\"");
  CHECK(docs[10].type == "integer");
  CHECK(docs[10].default_value.empty());
  CHECK(docs[11].choices == std::vector<std::string>{"a", "b"});
}
