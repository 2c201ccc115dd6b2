#include "formats/access_log.h"

#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/simd.h"

using namespace weir;
using namespace weir::test;

namespace {

const std::string kLine =
    "203.0.113.9 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a%20b?x=1 HTTP/1.1\" 200 2326 "
    "\"http://example.org/\" \"Mozilla/5.0 (X11)\"";

std::string columns_of(std::string_view log_format) {
  const auto pattern = compile_log_pattern(log_format);
  if (!pattern) return "error: " + pattern.error().message;
  std::string out;
  for (const auto& c : pattern->columns)
    out += (out.empty() ? "" : ", ") + c.column.name + " " + c.column.type.to_string();
  return out;
}

std::string read_log(const Format& format, std::string_view text) {
  const Decoded d = decode(format, text);
  CHECK(lengths_agree(d.batch));
  return show(d.batch) + show_rejects(d.batch);
}

}  // namespace

TEST_CASE("combined: all columns of a line") {
  const auto format = make_format(kCombinedFormat);
  CHECK(format->schema().to_string() ==
        "(host STRING, ident STRING, user STRING, time TIMESTAMP(3), method STRING, url STRING, "
        "protocol STRING, "
        "status INT, bytes BIGINT, referer STRING, user_agent STRING)");
  CHECK(read_log(*format, kLine + "\n") ==
        "203.0.113.9|NULL|frank|2000-10-10 "
        "20:55:36.000|GET|/a%20b?x=1|HTTP/1.1|200|2326|http://example.org/|"
        "Mozilla/5.0 (X11)\n");
  CHECK(read_log(*format, kLine + "\r\n\n" + kLine + " 0.003 \"-\"").find("rejected") ==
        std::string::npos);
  CHECK(decode(*format, kLine + "\r\n\n" + kLine + " 0.003 \"-\"").batch.rows == 2);
  CHECK(decode(*format, "").batch.rows == 0);
}

TEST_CASE("combined: hyphens are NULL, escaped quotes belong to the value") {
  const auto format = make_format(kCombinedFormat);
  CHECK(read_log(*format,
                 "h - - [10/Oct/2000:13:55:36 +0000] \"GET /\\\"q\\\" HTTP/1.0\" 304 - \"-\" \"a "
                 "\\\"b\\\" \\\\\"\n") ==
        "h|NULL|NULL|2000-10-10 13:55:36.000|GET|/\"q\"|HTTP/1.0|304|NULL|NULL|a \"b\" \\\\\n");
}

TEST_CASE("combined: requests that are none") {
  const auto format = make_format(kCombinedFormat);
  DecodeRequest request;
  request.needed = {false, false, false, false, true, true, true, true, false, false, false};
  const auto url = [&](const std::string& line) {
    const Decoded d =
        decode(*format, "h - - [10/Oct/2000:13:55:36 +0000] \"" + line + "\" 400 0 \"-\" \"-\"\n",
               request);
    return show(d.batch) + show_rejects(d.batch);
  };
  CHECK(url("-") == "-|-|-|-|NULL|-|NULL|400|-|-|-\n");
  CHECK(url("\\x16\\x03\\x01") == "-|-|-|-|NULL|\\x16\\x03\\x01|NULL|400|-|-|-\n");
  CHECK(url("") == "-|-|-|-|NULL||NULL|400|-|-|-\n");
  CHECK(url("GET /") == "-|-|-|-|NULL|GET /|NULL|400|-|-|-\n");
  CHECK(url("GET /a b HTTP/1.1") == "-|-|-|-|GET|/a b|HTTP/1.1|400|-|-|-\n");
}

TEST_CASE("combined: bad lines name the field") {
  const auto format = make_format(kCombinedFormat);
  const Decoded d = decode(*format, kLine + "\ngarbage\n" + kLine + "\n");
  CHECK(d.batch.rows == 2);
  REQUIRE(d.batch.rejects.size() == 1);
  CHECK(d.batch.rejects[0].field.empty());  // the record as a whole is wrong
  CHECK(d.batch.rejects[0].reason ==
        "not a line of this format: no ` ` after the field host: `garbage`");
  CHECK(d.batch.rejects[0].row == 1);
  CHECK(d.batch.rejects[0].offset == 1000 + kLine.size() + 1);
  std::string bad_status = kLine;
  bad_status.replace(bad_status.find(" 200 "), 5, " 2x0 ");
  std::string bad_time = kLine;
  bad_time.replace(bad_time.find("Oct"), 3, "Okt");
  CHECK(decode(*format, bad_status).batch.rejects.at(0).reason == "not an INT: `2x0`");
  CHECK(decode(*format, bad_time).batch.rejects.at(0).field == "time");
  CHECK(decode(*format, "a b c [10/Oct/2000:13:55:36 -0700] \"x\" 200 5\n")
            .batch.rejects.at(0)
            .reason.find("field bytes") != std::string::npos);
}

TEST_CASE("combined: values do not depend on which columns are needed") {
  const auto format = make_format(kCombinedFormat);
  const std::string line =
      "1.2.3.4 - [x [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n";
  const Decoded all = decode(*format, line);
  REQUIRE(all.batch.rows == 1);
  DecodeRequest request;
  request.needed.assign(11, false);
  request.needed[3] = true;
  const Decoded time = decode(*format, line, request);
  REQUIRE(time.batch.rows == 1);
  CHECK(text_at(*all.batch.columns[3], 0) == text_at(*time.batch.columns[3], 0));
}

// A prefix keeps the decoder from the quick way, so both ways read the same lines here. Empty lines are no records.
TEST_CASE("combined: the quick way reads what the careful one does") {
  const auto quick = make_format(kCombinedFormat);
  LogPattern pattern = common_log_pattern(true);
  pattern.prefix = "#";
  std::mt19937 random(7);
  const std::string_view marks = "\" \\[]-\\\"   a";
  for (size_t round = 0; round < 400; ++round) {
    const Scanners* level = scanners_of(kSimdLevels[round % std::size(kSimdLevels)]);
    if (level == nullptr) continue;
    std::string lines;
    std::string marked;
    for (int i = 0; i < 50; ++i) {
      std::string line = kLine;
      for (uint32_t changes = random() % 4; changes > 0 && !line.empty(); --changes) {
        const size_t at = random() % line.size();
        const char mark = marks[random() % marks.size()];
        if (random() % 2 == 0) {
          line[at] = mark;
        } else if (random() % 2 == 0) {
          line.insert(at, 1 + random() % 40, mark);
        } else {
          line.resize(at);
        }
      }
      if (random() % 10 == 0) lines += random() % 2 == 0 ? "\n" : "\r\n";
      if (line.empty()) continue;
      if (random() % 10 == 0) line += '\r';
      lines += line + "\n";
      marked += "#" + line + "\n";
    }
    DecodeRequest request;
    for (size_t c = 0; c < quick->schema().size(); ++c) request.needed.push_back(random() % 3 == 0);
    use_scanners(level);
    const Decoded a = decode(*quick, lines, request);
    use_scanners(nullptr);
    Batch b;
    Block block;
    const std::string padded = marked + std::string(kPadding, '\0');
    block.bytes = std::string_view(padded).substr(0, marked.size());
    make_access_log_decoder(pattern, request, nullptr, 0)->decode(block, b);
    REQUIRE(show(a.batch) == show(b));
    REQUIRE(a.batch.rejects.size() == b.rejects.size());
    for (size_t i = 0; i < b.rejects.size(); ++i) CHECK(a.batch.rejects[i].row == b.rejects[i].row);
  }
}

TEST_CASE("combined: pushed predicates") {
  const auto format = make_format(kCombinedFormat);
  DecodeRequest request;
  request.needed.assign(11, false);
  request.needed[5] = true;
  request.predicates = {{7, PushedPredicate::Op::kGe, Value::integer(500)}};
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    std::string line = kLine;
    if (i % 100 == 7) line.replace(line.find(" 200 "), 5, " 503 ");
    text += line + "\n";
  }
  const Decoded d = decode(*format, text, request);
  CHECK(d.batch.rows == 20);
  CHECK(d.batch.records == 2000);
  CHECK(d.batch.columns[7] == nullptr);
}

TEST_CASE("common: ends with the bytes, what follows is left out") {
  const auto format = make_format(kCommonFormat);
  DecodeRequest request = request_all(format->schema());
  CHECK(format->schema().size() == 9);
  CHECK(read_log(*format, "h - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 17\n") ==
        "h|NULL|NULL|2000-10-10 13:55:36.000|GET|/|HTTP/1.0|200|17\n");
  CHECK(read_log(*format, kLine + "\n") ==
        "203.0.113.9|NULL|frank|2000-10-10 20:55:36.000|GET|/a%20b?x=1|HTTP/1.1|200|2326\n");
}

TEST_CASE("declared columns change types and names") {
  const auto format = make_format(kCombinedFormat, {},
                                  {{"status", "STRING"}, {"ts", "TIMESTAMP_LTZ(0)", "", "time"}});
  DecodeRequest request;
  request.needed = {false, false, false, true, false, false, false, true, false, false, false};
  CHECK(show(decode(*format, kLine, request).batch) ==
        "-|-|-|2000-10-10 20:55:36|-|-|-|200|-|-|-\n");
  CHECK(format->schema().find("ts") == 3);
  Errors errors;
  CHECK(make_format(kCombinedFormat, {}, errors, {{"statsu", "INT"}}) == nullptr);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "the log has no column `statsu`");
  CHECK(errors[0].hint == "did you mean `status`?");
}

TEST_CASE("nginx: log_format as pasted") {
  const std::string main =
      "log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n"
      "                  '$status $body_bytes_sent \"$http_referer\" '\n"
      "                  '\"$http_user_agent\" \"$http_x_forwarded_for\" $request_time';";
  CHECK(columns_of(main) ==
        "remote_addr STRING, remote_user STRING, time_local TIMESTAMP(3), request STRING, method "
        "STRING, url STRING, "
        "protocol STRING, status INT, body_bytes_sent BIGINT, http_referer STRING, http_user_agent "
        "STRING, "
        "http_x_forwarded_for STRING, request_time DOUBLE");
  const auto format = make_format(kNginxFormat, {{"log_format", text_node(main)}});
  CHECK(read_log(*format,
                 "1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl "
                 "\\\"8\\\"\" \"-\" 0.012\n") ==
        "1.2.3.4|NULL|2000-10-10 13:55:36.000|GET / HTTP/1.1|GET|/|HTTP/1.1|200|5|NULL|curl "
        "\"8\"|NULL|0.012\n");
}

TEST_CASE("nginx: other times, braces, a prefix") {
  const auto format = make_format(
      kNginxFormat, {{"log_format", text_node("<$msec> ${host}: $time_iso8601 | $status")}});
  CHECK(read_log(*format, "<1000000000.250> a.b: 2001-09-09T03:46:40+02:00 | 200\n") ==
        "2001-09-09 01:46:40.250|a.b|2001-09-09 01:46:40.000|200\n");
  CHECK(decode(*format, "1 a: b | 200\n").batch.rejects.at(0).reason == "does not begin with `<`");
}

TEST_CASE("apache: LogFormat, bare and as pasted") {
  const std::string bare = R"(%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D)";
  CHECK(columns_of(bare) ==
        "host STRING, ident STRING, user STRING, time TIMESTAMP(3), method STRING, url STRING, "
        "protocol STRING, "
        "request STRING, status INT, bytes BIGINT, referer STRING, user_agent STRING, duration_us "
        "BIGINT");
  CHECK(columns_of("LogFormat \"" + bare + "\" timed") == columns_of(bare));
  const auto format = make_format(kNginxFormat, {{"log_format", text_node(bare)}});
  CHECK(read_log(*format, kLine + " 1234\n") ==
        "203.0.113.9|NULL|frank|2000-10-10 20:55:36.000|GET|/a%20b?x=1|HTTP/1.1|GET /a%20b?x=1 "
        "HTTP/1.1|200|2326|"
        "http://example.org/|Mozilla/5.0 (X11)|1234\n");
  const auto timed =
      make_format(kNginxFormat, {{"log_format", text_node("%{%Y-%m-%d %H:%M:%S}t %>s")}},
                  {{"time", "TIMESTAMP(0)", "%Y-%m-%d %H:%M:%S"}});
  CHECK(read_log(*timed, "2001-09-09 03:46:40 200\n") == "2001-09-09 03:46:40|200\n");
}

TEST_CASE("log formats that cannot be read") {
  CHECK(columns_of("$a$b") == "error: nothing separates `$b` from the variable before it");
  CHECK(columns_of("plain") == "error: the log format names no variable");
  CHECK(columns_of("$ x") == "error: a `$` without a variable's name at character 1");
  CHECK(columns_of("%h %Z") == "error: unknown directive `%Z`");
  CHECK(columns_of("%h %{Referer") == "error: `%{Referer` has no closing brace");
  Errors errors;
  CHECK(make_format(kNginxFormat, {}, errors) == nullptr);
  CHECK(errors.size() == 1);
}

TEST_CASE("logs longer than a slice, at every instruction set") {
  const auto format = make_format(kCombinedFormat);
  std::string text;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string agent(static_cast<size_t>(i % 170), 'u');
    const int minute = i / 50 % 10;
    const int second = 10 + i % 50;
    const bool bad = i % 500 == 499;
    text += fmt::format(
        "h{0} - - [10/Oct/2000:13:5{1}:{2} +0000] \"GET /{0} HTTP/1.1\" {3} 5 \"-\" \"{4}\"\n", i,
        minute, second, bad ? "x" : "200", agent);
    if (bad) continue;
    expected +=
        fmt::format("h{0}|NULL|NULL|2000-10-10 13:5{1}:{2}.000|GET|/{0}|HTTP/1.1|200|5|NULL|{3}\n",
                    i, minute, second, agent);
  }
  for (const SimdLevel level : kSimdLevels) {
    if (scanners_of(level) == nullptr) continue;
    use_scanners(scanners_of(level));
    const Decoded d = decode(*format, text);
    use_scanners(nullptr);
    CHECK(d.batch.rejects.size() == 6);
    CHECK(d.batch.records == 3000);
    REQUIRE(show(d.batch) == expected);
  }
}
