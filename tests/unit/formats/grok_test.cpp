#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/grok_library.h"
#include "formats/regex_matcher.h"

using namespace weir;
using namespace weir::test;

namespace {

// What the whole of a text is to a pattern: its fields as "name=text;", or "no".
std::string match(const std::string& pattern, std::string_view text) {
  static const GrokLibrary library;
  auto read = read_regex_pattern("^" + pattern + "$", &library);
  if (!read) return read.error().message;
  if (auto ok = RegexMatcher::check(*read); !ok) return ok.error().message;
  std::vector<std::string_view> groups(read->groups.size());
  RegexMatcher matcher(*read, std::vector<bool>(groups.size(), true), false);
  if (!matcher.match(text, groups.data())) return "no";
  std::string out = groups.empty() ? "yes" : "";
  for (size_t i = 0; i < groups.size(); ++i)
    if (groups[i].data() != nullptr)
      out += read->groups[i].field + "=" + std::string(groups[i]) + ";";
  return out;
}

bool is(const std::string& name, std::string_view text) {
  return match("%{" + name + "}", text) == "yes";
}

std::string problem(const Options& options) {
  Errors errors;
  CHECK(make_format(kGrokFormat, options, errors) == nullptr);
  return errors.empty() ? "" : errors[0].message + " (" + errors[0].hint + ")";
}

}  // namespace

TEST_CASE("grok: every built-in pattern is one that RE2 takes") {
  for (const auto& name : GrokLibrary().names()) {
    INFO(name);
    const GrokLibrary library;
    const auto read = read_regex_pattern("%{" + name + ":x}", &library);
    REQUIRE(read);
    CHECK(RegexMatcher::check(*read));
  }
}

TEST_CASE("grok: built-in patterns") {
  for (const char* ip : {"1.2.3.4", "255.255.255.255", "0.0.0.0"}) CHECK(is("IPV4", ip));
  for (const char* ip : {"256.1.1.1", "1.2.3", "1.2.3.4.5"}) CHECK_FALSE(is("IPV4", ip));
  for (const char* ip :
       {"::", "::1", "1::", "fe80::1", "2001:db8:0:0:0:0:2:1", "2001:db8::2:1",
        "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1::2:3:4:5:6:7"})
    CHECK((is("IPV6", ip) ? "" : ip) == std::string());
  for (const char* ip : {":", "1", "1:2:3:4:5:6:7", "1.2.3.4", "12:34:56", "g::"})
    CHECK_FALSE(is("IPV6", ip));
  CHECK(is("IPORHOST", "example.org"));
  CHECK(is("HOSTPORT", "example.org:80"));
  CHECK(is("EMAILADDRESS", "a.b+c@example.org"));
  CHECK(is("NUMBER", "-12.5"));
  CHECK(is("NUMBER", ".5"));
  CHECK_FALSE(is("INT", "1.5"));
  CHECK(is("UUID", "123e4567-e89b-12d3-a456-426614174000"));
  CHECK(is("QS", "\"a \\\" b\""));
  CHECK(is("QS", "''"));
  CHECK_FALSE(is("QS", "\"a"));
  CHECK(is("PATH", "/var/log/x.log"));
  CHECK(is("PATH", "C:\\dir\\x.log"));
  CHECK(is("URI", "https://me@example.org:8080/a/b?c=d&e=f"));
  for (const char* at : {"2024-01-31T12:34:56.789Z", "2024-01-31 12:34:56,789",
                         "2024-01-31T12:34+02:00", "2024-1-1 1:02:03 "})
    CHECK(is("TIMESTAMP_ISO8601", at) == (std::string_view(at).back() != ' '));
  CHECK(is("HTTPDATE", "10/Oct/2000:13:55:36 -0700"));
  CHECK(is("SYSLOGTIMESTAMP", "Oct  1 13:55:36"));
  for (const char* level : {"INFO", "warn", "Error", "CRITICAL", "debug"})
    CHECK(is("LOGLEVEL", level));
  CHECK_FALSE(is("LOGLEVEL", "loud"));
  CHECK(is("MONTH", "September"));
  CHECK(is("MONTHNUM", "12"));
  CHECK(is("YEAR", "1999"));
}

TEST_CASE("grok: references, fields and types") {
  CHECK(match("%{WORD:a} %{INT:b}", "x 5") == "a=x;b=5;");
  CHECK(match("%{WORD:[source][address]}", "x") == "source.address=x;");
  CHECK(match("(?<n>%{INT})(?:,%{INT:m})?", "1") == "n=1;");
  CHECK(match("(?:%{IP:client}|%{WORD:client})", "host") == "client=host;");
  CHECK(match("%{SYSLOGBASE} %{GREEDYDATA:m}", "Oct  1 13:55:36 box sshd[42]: in") ==
        "timestamp=Oct  1 13:55:36;logsource=box;program=sshd;pid=42;m=in;");
  CHECK(match("%{COMBINEDAPACHELOG}",
              "1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] \"GET /a?b HTTP/1.1\" 200 - \"-\" "
              "\"curl\"") ==
        "clientip=1.2.3.4;ident=-;auth=bob;timestamp=10/Oct/2000:13:55:36 "
        "-0700;verb=GET;request=/a?b;"
        "httpversion=1.1;response=200;referrer=\"-\";agent=\"curl\";");
  CHECK(match("%{WRD:a}", "x") == "no grok pattern `WRD`");
}

TEST_CASE("grok: a format") {
  const auto format = make_format(
      kGrokFormat,
      {{"pattern",
        text_node("^%{IP:client} %{WORD:verb} %{NUMBER:bytes:int} %{NUMBER:took:float}$")}},
      {{"verb", "STRING"}});
  CHECK(format->needs_sample());  // `client`
  REQUIRE(format->infer("1.2.3.4 GET 5 0.25\n", true));
  CHECK(format->schema().to_string() == "(client STRING, verb STRING, bytes BIGINT, took DOUBLE)");
  const Decoded decoded =
      decode(*format, "1.2.3.4 GET 5 0.25\n::1 PUT 7 1\n1.2.3.4 GET x 1\n1.2.3.4 GET 1.5 1\n");
  CHECK(show(decoded.batch) == "1.2.3.4|GET|5|0.25\n::1|PUT|7|1.0\n");
  CHECK(show_rejects(decoded.batch) ==
        "@1031 2 : does not match the pattern: matches as far as `verb`, then comes ` x 1` "
        "[1.2.3.4 GET x 1]\n"
        "@1047 2 bytes: not a BIGINT: `1.5` [1.2.3.4 GET 1.5 1]\n");
}

TEST_CASE("grok: patterns of one's own") {
  Node patterns;
  patterns.entries = {{"ID", text_node("[A-Z]{2}%{INT}")},
                      {"PAIR", text_node("%{ID:left}-%{ID:right}")}};
  const auto format =
      make_format(kGrokFormat, {{"pattern", text_node("%{PAIR}")}, {"patterns", patterns}},
                  {{"left", "STRING"}, {"right", "STRING"}});
  CHECK(show(decode(*format, "AB12-CD34\n").batch) == "AB12|CD34\n");

  char path[] = "/tmp/grok-test-XXXXXX";
  const int fd = mkstemp(path);
  REQUIRE(fd >= 0);
  close(fd);
  std::ofstream(path) << "# a comment\n\nID [A-Z]{2}%{INT}\r\n  PAIR   %{ID:left} - %{ID:right}\n";
  const auto from_file = make_format(
      kGrokFormat, {{"pattern", text_node("%{PAIR}")}, {"patterns_file", text_node(path)}},
      {{"left", "STRING"}, {"right", "STRING"}});
  CHECK(show(decode(*from_file, "AB12 - CD34\n").batch) == "AB12|CD34\n");
  std::ofstream(path) << "GOOD x\nBAD\n";
  CHECK(problem({{"pattern", text_node("%{GOOD:a}")}, {"patterns_file", text_node(path)}})
            .find("without a definition") != std::string::npos);
  std::remove(path);
  CHECK(problem({{"pattern", text_node("%{GOOD:a}")}, {"patterns_file", text_node(path)}})
            .find("cannot read") != std::string::npos);
}

TEST_CASE("grok: counts that RE2 does not take are relaxed") {
  Node patterns;
  patterns.entries = {{"L", text_node("(?:[a-z]{1,63}\\.){0,63}[a-z]{2,64}")}};
  const auto format = make_format(
      kGrokFormat, {{"pattern", text_node("^%{L:l} %{INT:n:int}$")}, {"patterns", patterns}},
      {{"l", "STRING"}});
  CHECK(show(decode(*format, "ab.cd.ef 5\n").batch) == "ab.cd.ef|5\n");
  CHECK(decode(*format, "a 5\n").batch.rejects.size() == 1);
}

TEST_CASE("grok: problems name the pattern") {
  Node cycle;
  cycle.entries = {{"A", text_node("x%{B}")}, {"B", text_node("%{A}?")}};
  CHECK(
      problem({{"pattern", text_node("%{A:a}")}, {"patterns", cycle}}).find("A refers to itself") !=
      std::string::npos);
  Node look;
  look.entries = {{"Q", text_node("\\{ (?<={ ).*(?= } ntoreturn:) \\}")},
                  {"UNUSED", text_node("(?=x)y")}};
  CHECK(problem({{"pattern", text_node("%{Q:a}")}, {"patterns", look}})
            .find("in the pattern Q: the look-around (?<={ ) is not supported") !=
        std::string::npos);
  CHECK(problem({{"pattern", text_node("%{NUMBR:a}")}}).find("did you mean `NUMBER`?") !=
        std::string::npos);
  CHECK(problem({{"pattern", text_node("%{NUMBER:a:intt}")}}) != "");
  CHECK(problem({{"pattern", text_node("%{NUMBER")}}).find("not closed") != std::string::npos);
  Node bomb;
  std::string ten;
  for (int i = 0; i < 10; ++i) {
    bomb.entries.emplace_back("P" + std::to_string(i), text_node(i == 0 ? "x" : ten));
    ten.clear();
    for (int k = 0; k < 10; ++k) ten += "%{P" + std::to_string(i) + "}";
  }
  CHECK(problem({{"pattern", text_node("%{P9:a}")}, {"patterns", bomb}}).find("too large") !=
        std::string::npos);
}
