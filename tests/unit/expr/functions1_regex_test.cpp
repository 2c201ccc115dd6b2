#include "functions1_call.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string regex(std::string_view name, const std::vector<Value>& args) {
  static const FunctionList family = regex_functions();
  return eval(family, name, args);
}

}  // namespace

TEST_CASE("regex functions: matching") {
  CHECK(regex("REGEXP", {text("foobar"), text("o+b")}) == "TRUE");
  CHECK(regex("REGEXP", {text("foobar"), text("^b")}) == "FALSE");
  CHECK(regex("REGEXP", {text("foobar"), text("")}) == "FALSE");
  CHECK(regex("REGEXP", {text(""), text("^$")}) == "TRUE");
  CHECK(regex("REGEXP", {none(), text("a")}) == "NULL");
  CHECK(regex("REGEXP_COUNT", {text("a1b22c"), text("[0-9]+")}) == "2");
  CHECK(regex("REGEXP_COUNT", {text("abc"), text("")}) == "4");
  CHECK(regex("REGEXP_COUNT", {text("aé日"), text("")}) == "4");
  CHECK(regex("REGEXP_COUNT", {text("baaac"), text("a*")}) == "4");
  CHECK(regex("REGEXP_COUNT", {text(""), text("x")}) == "0");
  CHECK(regex("REGEXP_INSTR", {text("hello world"), text("o")}) == "5");
  CHECK(regex("REGEXP_INSTR", {text("日本x"), text("x")}) == "3");
  CHECK(regex("REGEXP_INSTR", {text("abc"), text("z")}) == "0");
  CHECK(regex("REGEXP_SUBSTR", {text("a1b22c"), text("[0-9]{2}")}) == "22");
  CHECK(regex("REGEXP_SUBSTR", {text("abc"), text("[0-9]")}) == "NULL");
}

TEST_CASE("regex functions: extracting") {
  CHECK(regex("REGEXP_EXTRACT", {text("foothebar"), text("foo(.*?)(bar)"), number(2)}) == "bar");
  CHECK(regex("REGEXP_EXTRACT", {text("foothebar"), text("foo(.*?)(bar)")}) == "foothebar");
  CHECK(regex("REGEXP_EXTRACT", {text("/a/b?c=1"), text("^[^?]*")}) == "/a/b");
  CHECK(regex("REGEXP_EXTRACT", {text("?c=1"), text("^[^?]*")}) == "");
  CHECK(regex("REGEXP_EXTRACT", {text("xyz"), text("a")}) == "NULL");
  CHECK(regex("REGEXP_EXTRACT", {text("b"), text("(a)?b"), number(1)}) == "NULL");
  CHECK(regex("REGEXP_EXTRACT",
              {text("2024-05"), text("(?<year>\\d+)-(?<month>\\d+)"), number(2)}) == "05");
  CHECK(regex("REGEXP_EXTRACT", {text("abc"), text("b"), number(1)}) ==
        "bind: REGEXP_EXTRACT: group 1 is not in the pattern `b`, which has 0");
  CHECK(regex("REGEXP_EXTRACT", {text(""), text(".*")}) == "");
  CHECK(regex("REGEXP_EXTRACT_ALL", {text("100-200, 300-400"), text("(\\d+)-(\\d+)")}) ==
        "[100, 300]");
  CHECK(regex("REGEXP_EXTRACT_ALL", {text("100-200, 300-400"), text("(\\d+)-(\\d+)"), number(2)}) ==
        "[200, 400]");
  CHECK(regex("REGEXP_EXTRACT_ALL", {text("ab"), text("[a-z]"), number(0)}) == "[a, b]");
  CHECK(regex("REGEXP_EXTRACT_ALL", {text("1"), text("([a-z])")}) == "[]");
  CHECK(regex("REGEXP_EXTRACT_ALL", {text("ab a"), text("a(b)?")}) == "[b, NULL]");
  CHECK(regex("REGEXP_EXTRACT_ALL", {none(), text("([a-z])")}) == "NULL");
}

TEST_CASE("regex functions: the part before a character agrees with the general way") {
  const FunctionList family = regex_functions();
  for (const char* pattern : {"^[^?]*", "^[^/]*", "^[^\\]]*", "^[^\\\\]*", "^[^-]*", "^[^]]*",
                              "^[^\\d]*", "^[^a]*", "^[^ab]*", "^[^é]*"}) {
    for (const char* s : {"/a?b", "?", "", "a]b\\c", "12-3", "no such", "xéy"}) {
      INFO(pattern << " on " << s);
      // Group 0 by number takes the general way; a constant column is needed for the other.
      const Outcome general =
          run(family, "REGEXP_EXTRACT", {{text(s), text(pattern), number(0)}}, true);
      const Outcome constant =
          run(family, "REGEXP_EXTRACT", {{text(s), text(pattern)}}, true, true);
      CHECK(shown(constant, 0) == shown(general, 0));
    }
  }
}

TEST_CASE("regex functions: replacing") {
  CHECK(regex("REGEXP_REPLACE", {text("foobar"), text("oo|ar"), text("")}) == "fb");
  CHECK(regex("REGEXP_REPLACE", {text("abc"), text("(b)"), text("[$1\\1]")}) == "a[$1\\1]c");
  CHECK(regex("REGEXP_REPLACE", {text("abc"), text("x*"), text("-")}) == "-a-b-c-");
  CHECK(regex("REGEXP_REPLACE", {text("baaac"), text("a*"), text("-")}) == "-b--c-");
  CHECK(regex("REGEXP_REPLACE", {text("abab"), text("^a"), text("x")}) == "xbab");
  CHECK(regex("REGEXP_REPLACE", {text("é日"), text("日"), text("longer than that")}) ==
        "élonger than that");
  CHECK(regex("REGEXP_REPLACE", {text("same"), text("z"), text("y")}) == "same");
  CHECK(regex("REGEXP_REPLACE", {text(""), text("^"), text("y")}) == "y");
  CHECK(regex("REGEXP_REPLACE", {text("a"), text("a"), none()}) == "NULL");
}

TEST_CASE("regex functions: wrong patterns") {
  CHECK(
      regex("REGEXP", {text("a"), text("(")}).starts_with("bind: invalid regular expression `(`"));
  CHECK(regex("REGEXP_REPLACE", {text("a"), text("(?=a)"), text("b")})
            .starts_with("bind: invalid regular"));
  // Computed per row they give NULL, REGEXP gives FALSE; the rows around are not touched.
  const FunctionList family = regex_functions();
  const std::vector<std::vector<Value>> rows = {
      {text("a1"), text("[0-9]")}, {text("a1"), text("(")}, {text("a1"), text("[a-z]")}};
  const auto column = [&](std::string_view name, std::vector<std::vector<Value>> input) {
    const Outcome out = run(family, name, input);
    return shown(out, 0) + " " + shown(out, 1) + " " + shown(out, 2);
  };
  CHECK(column("REGEXP", rows) == "TRUE FALSE TRUE");
  CHECK(column("REGEXP_COUNT", rows) == "1 NULL 1");
  CHECK(column("REGEXP_INSTR", rows) == "2 NULL 1");
  CHECK(column("REGEXP_EXTRACT", rows) == "1 NULL a");
  CHECK(column("REGEXP_SUBSTR", rows) == "1 NULL a");
  auto with = rows;
  for (auto& row : with) row.push_back(text("-"));
  CHECK(column("REGEXP_REPLACE", with) == "a- NULL -1");
  with = rows;
  for (auto& row : with) row.push_back(number(0));
  CHECK(column("REGEXP_EXTRACT_ALL", with) == "[1] NULL [a]");
  with[0][2] = number(1);  // a group that the pattern does not have
  with[2][2] = number(-1);
  CHECK(column("REGEXP_EXTRACT_ALL", with) == "NULL NULL NULL");
  CHECK(column("REGEXP_EXTRACT", with) == "NULL NULL NULL");
}

TEST_CASE("regex functions: more patterns than a worker keeps") {
  const FunctionList family = regex_functions();
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 600; ++i)
    rows.push_back({text("x" + std::to_string(i) + "y"), text("x" + std::to_string(i) + "y")});
  const Outcome out = run(family, "REGEXP", rows);
  for (size_t i = 0; i < rows.size(); ++i) CHECK(shown(out, i) == "TRUE");
}
