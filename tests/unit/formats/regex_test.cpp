#include <catch2/catch.hpp>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/regex_pattern.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string rewritten(std::string_view pattern) {
  auto read = read_regex_pattern(pattern, nullptr);
  return read ? read->text
              : "error at " + std::to_string(read.error().position.column) + ": " +
                    read.error().message;
}

std::unique_ptr<Format> regex(const std::string& pattern, const Declared& declared = {}) {
  return make_format(kRegexFormat, {{"pattern", text_node(pattern)}}, declared);
}

std::string regex_problem(const Options& options, const Declared& declared = {}) {
  Errors errors;
  CHECK(make_format(kRegexFormat, options, errors, declared) == nullptr);
  return errors.empty() ? "" : errors[0].message + " (" + errors[0].hint + ")";
}

}  // namespace

TEST_CASE("regex: patterns made fit for RE2") {
  CHECK(rewritten("(?P<a>x)(?<b>y)(?'c'z)(w)") == "(x)(y)(z)(?:w)");
  CHECK(rewritten("(?>a+)b*+c++d?+e{2,3}+") == "(?:a+)b*c+d?e{2,3}");
  CHECK(rewritten("a\\++") == "a\\++");
  CHECK(rewritten("[a+]+") == "[a+]+");
  CHECK(rewritten("[]a(]\\(x\\)[[:alpha:](]") == "[]a(]\\(x\\)[[:alpha:](]");
  CHECK(rewritten("(?<![0-9])x(?![0-9])") == "x");
  CHECK(rewritten("(?i)a(?i:b)(?#comment)c") == "(?i)a(?i:b)c");
  CHECK(rewritten("a(?=b)c").find("error at 2: the look-around (?=b)") == 0);
  CHECK(rewritten("a(?<=b)c").find("error at 2") == 0);
  CHECK(rewritten("a(b").find("not closed") != std::string::npos);
  CHECK(rewritten("ab)").find("error at 3") == 0);
  CHECK(rewritten("a\\").find("backslash") != std::string::npos);
  CHECK(read_regex_pattern("(?<a>x)(?<b>(?<c>y))", nullptr)->with_groups({true, false, true}) ==
        "(x)(?:(y))");
}

TEST_CASE("regex: groups are columns") {
  const auto format =
      regex(R"(^(?P<host>\S+) (?<status>\d+)(?: (?P<note>.*))?$)",
            {{"status", "INT"}, {"comment", "STRING", "", "note"}, {"host", "STRING"}});
  CHECK(format->schema().to_string() == "(host STRING, status INT, comment STRING)");
  CHECK_FALSE(format->needs_sample());
  const Decoded decoded = decode(*format, "a 1 x y\nb 22\r\n\nc 3 \nbad\nd x1\n");
  CHECK(show(decoded.batch) == "a|1|x y\nb|22|NULL\nc|3|\n");
  CHECK(
      show_rejects(decoded.batch) ==
      "@1020 3 : does not match the pattern: matches as far as `host`, then the record ends [bad]\n"
      "@1024 3 : does not match the pattern: matches as far as `host`, then comes ` x1` [d x1]\n");
  CHECK(lengths_agree(decoded.batch));
  CHECK(decode(*format, "").batch.rows == 0);
}

TEST_CASE("regex: only the groups that are needed are taken") {
  const auto format = regex("(?<a>[a-z]+) (?<b>[0-9]+) (?<c>[a-z]+)",
                            {{"a", "STRING"}, {"b", "INT"}, {"c", "STRING"}});
  DecodeRequest request;
  request.needed = {false, false, true};
  CHECK(show(decode(*format, "x 1 y\nz 99999999999999 w\n", request).batch) == "-|-|y\n-|-|w\n");
  request.needed = {false, false, false};
  CHECK(decode(*format, "x 1 y\nz\n", request).batch.rows == 1);
  request.needed = {false, true, false};
  CHECK(show_rejects(decode(*format, "z 99999999999999 w\n", request).batch) ==
        "@1000 0 b: not an INT: `99999999999999` [z 99999999999999 w]\n");
}

TEST_CASE("regex: a sample decides types") {
  const auto format = regex("(?<n>[0-9]+) (?<t>\\S+) (?<w>\\w+)");
  CHECK(format->needs_sample());
  REQUIRE(format->infer("1 2024-01-31 x\n?\n2 2024-02-01 y\n", true));
  CHECK(format->schema().to_string() == "(n BIGINT, t DATE, w STRING)");
  const auto empty = regex("(?<n>[0-9]+)");
  REQUIRE(empty->infer("", true));
  CHECK(empty->schema().to_string() == "(n STRING)");
}

TEST_CASE("regex: several patterns, the first that matches counts") {
  const auto format = make_format(
      kRegexFormat, {{"pattern", list_node({"^a=(?<a>\\d+)$", "^b=(?<b>\\d+) (?<a>\\d+)$"})}},
      {{"a", "INT"}, {"b", "INT"}});
  const Decoded decoded = decode(*format, "a=1\nb=2 3\nb=4 x\n");
  CHECK(show(decoded.batch) == "1|NULL\n3|2\n");
  CHECK(decoded.batch.rejects[0].reason ==
        "matches none of the patterns: matches as far as `b`, then comes ` x`");
}

TEST_CASE("regex: records of several lines") {
  const auto format = make_format(kRegexFormat,
                                  {{"pattern", text_node("^(?<level>[A-Z]+) (?<text>.*)$")},
                                   {"record_start", text_node("^[A-Z]+ ")}},
                                  {{"level", "STRING"}, {"text", "STRING"}});
  CHECK(show(decode(*format, "ERROR boom\n  at x\n  at y\nINFO fine\n").batch) ==
        "ERROR|boom\n  at x\n  at y\nINFO|fine\n");
}

TEST_CASE("regex: bytes that are not UTF-8 are matched all the same") {
  const auto format = regex("^(?<a>.*) (?<b>[0-9]+)$", {{"a", "STRING"}, {"b", "INT"}});
  CHECK(show(decode(*format, "caf\xE9 5\n\xC3\xA9 6\n").batch) == "caf\xE9|5\n\xC3\xA9|6\n");
}

TEST_CASE("regex: nested quantifiers stay linear") {
  const auto format = regex("^(?<a>(a+)+)$|^(?<b>(x+x+)+y)$", {{"a", "STRING"}, {"b", "STRING"}});
  const Decoded decoded =
      decode(*format, std::string(200000, 'a') + "!\n" + std::string(200000, 'x') + "\n");
  CHECK(decoded.batch.rejects.size() == 2);
}

TEST_CASE("regex: problems of the pipeline") {
  CHECK(regex_problem({}).find("pattern") != std::string::npos);
  CHECK(regex_problem({{"pattern", text_node("[a")}}).find("not a valid regular expression") !=
        std::string::npos);
  CHECK(regex_problem({{"pattern", text_node("a+")}}).find("names no field") != std::string::npos);
  CHECK(regex_problem({{"pattern", text_node("(?<status>a)")}}, {{"statu", "INT"}})
            .find("did you mean `status`?") != std::string::npos);
  CHECK(regex_problem({{"pattern", text_node("(?<a>a)")}, {"record_start", text_node("[")}}) != "");
}
