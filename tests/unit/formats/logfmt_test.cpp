#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/format_list.h"

using namespace weir;
using namespace weir::test;

namespace {

Decoded read(const Declared& columns, std::string_view text) {
  Decoded decoded = decode(*make_format(kLogfmtFormat, {}, columns), text);
  CHECK(lengths_agree(decoded.batch));
  return decoded;
}

}  // namespace

TEST_CASE("logfmt: pairs") {
  const Declared columns = {
      {"level", "STRING"}, {"n", "INT"}, {"msg", "STRING"}, {"debug", "BOOLEAN"}};
  CHECK(show(read(columns,
                  "level=info n=1 msg=\"a \\\"b\\\" \\n\" debug\n"
                  "  n=2\t\tlevel=warn  \r\n"
                  "\n"
                  "n= msg=\"\" level=a=b x=y")
                 .batch) ==
        "info|1|a \"b\" \n|TRUE\n"
        "warn|2|NULL|NULL\n"
        "a=b|NULL||NULL\n");
  CHECK(show(read(columns, "").batch) == "");
  CHECK(show(read(columns, "n=1 n=2\n").batch) == "NULL|1|NULL|NULL\n");
  CHECK(show(read({{"a", "INT", "", "key.x"}, {"b", "STRING", "", "key.x"}}, "key.x=5").batch) ==
        "5|5\n");
  CHECK(read(columns, "\n \n\r\n").batch.records == 0);
}

TEST_CASE("logfmt: what is refused") {
  const Declared columns = {{"n", "INT"}};
  const std::string text =
      "n=1\nplain words\nn=\"1\nn=\"1\"x\n=5\nn=12x\nn=99999999999\nn=\"\\q\"\nn=2\n";
  const Decoded decoded = read(columns, text);
  CHECK(show(decoded.batch) == "1\n2\n");
  CHECK(show_rejects(decoded.batch) ==
        "@1004 1 : no key=value pair in the line [plain words]\n"
        "@1016 1 n: a quote is not closed [n=\"1]\n"
        "@1021 1 n: text behind a closing quote [n=\"1\"x]\n"
        "@1028 1 : a value without a key [=5]\n"
        "@1031 1 n: not an INT: `12x` [n=12x]\n"
        "@1037 1 n: not an INT: `99999999999` [n=99999999999]\n"
        "@1051 1 n: a wrong escape in `\\q` [n=\"\\q\"]\n");
  CHECK(decoded.batch.records == 9);
}

TEST_CASE("logfmt: a sample decides keys and types") {
  const auto format = make_format(kLogfmtFormat);
  CHECK(format->needs_sample());
  REQUIRE(format->infer(
      "ts=2024-01-31T12:00:00Z level=info n=1\nnot a pair\nlevel=warn d=1.5 n=2 retry\n", true));
  CHECK(format->schema().to_string() ==
        "(ts TIMESTAMP_LTZ(6), level STRING, n BIGINT, d DOUBLE, retry BOOLEAN)");
  const auto empty = make_format(kLogfmtFormat);
  REQUIRE(empty->infer("", true));
  CHECK(empty->schema().size() == 0);
}

TEST_CASE("logfmt: written and read again") {
  const auto format = make_format(
      kLogfmtFormat, {}, {{"a", "STRING"}, {"n", "BIGINT"}, {"b", "BOOLEAN"}, {"d", "DOUBLE"}});
  const std::string text =
      "a=plain n=-5 b=true d=1.5\n"
      "a=\"two words\" b=false\n"
      "a=\"\"\n"
      "a=\"\\\"q\\\" \\\\ \\n\\u0001=\"\n"
      "n=7\n";
  CHECK(encode(*format, format->schema(), decode(*format, text).batch) == text);
  const auto odd = make_format(kLogfmtFormat, {}, {{"a b=\"", "STRING", "", "k"}});
  CHECK(encode(*odd, odd->schema(), decode(*odd, "k=v\n").batch) == "a_b__=v\n");
}

TEST_CASE("logfmt: where blocks end makes no difference") {
  std::mt19937 random(3);
  const auto format = make_format(kLogfmtFormat, {}, {{"a", "INT"}, {"b", "STRING"}});
  for (int round = 0; round < 50; ++round) {
    std::string text;
    const std::string alphabet = "ab= \"\\1\nx";
    for (size_t i = 0; i < 300; ++i)
      text += random() % 3 == 0 ? "a=1 " : std::string(1, alphabet[random() % alphabet.size()]);
    const std::string whole = show(decode(*format, text).batch);
    std::string pieces;
    for (size_t begin = 0; begin < text.size();) {
      size_t end = text.find('\n', begin);
      end = end == std::string::npos ? text.size() : end + 1;
      pieces += show(decode(*format, text.substr(begin, end - begin)).batch);
      begin = end;
    }
    CHECK(pieces == whole);
  }
}
