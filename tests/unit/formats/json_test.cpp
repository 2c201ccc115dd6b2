#include <catch2/catch.hpp>
#include <random>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/json_decoder.h"
#include "formats/json_infer.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string rows(const Declared& declared, std::string_view text) {
  return show(decode(*make_format(kJsonFormat, {}, declared), text).batch);
}

// The rejects' fields and reasons.
std::string reasons(const Declared& declared, std::string_view text) {
  std::string out;
  const Decoded decoded = decode(*make_format(kJsonFormat, {}, declared), text);
  CHECK(lengths_agree(decoded.batch));
  for (const auto& r : decoded.batch.rejects)
    out += (r.field.empty() ? "" : r.field + ": ") + r.reason + "\n";
  return out;
}

std::string inferred(std::string_view text) { return infer_json_schema(text).to_string(); }

}  // namespace

TEST_CASE("json: values of every type") {
  const Declared columns = {{"b", "BOOLEAN"},          {"t", "TINYINT"}, {"i", "INT"},
                            {"l", "BIGINT"},           {"f", "FLOAT"},   {"d", "DOUBLE"},
                            {"n", "DECIMAL(10, 2)"},   {"s", "STRING"},  {"y", "BYTES"},
                            {"date", "DATE"},          {"time", "TIME"}, {"ts", "TIMESTAMP(3)"},
                            {"at", "TIMESTAMP_LTZ(3)"}};
  CHECK(
      rows(
          columns,
          R"({"b":true,"t":-128,"i":2147483647,"l":-9223372036854775808,"f":1.5,"d":-0.25,"n":12.5,"s":"x",)"
          R"("y":"aGk=","date":"2024-02-29","time":"12:34:56","ts":"2021-09-24 12:34:56.1",)"
          R"("at":"2021-09-24T12:34:56.100+02:00"})") ==
      "TRUE|-128|2147483647|-9223372036854775808|1.5|-0.25|12.50|x|hi|2024-02-29|12:34:56|"
      "2021-09-24 12:34:56.100|2021-09-24 10:34:56.100\n");
  CHECK(rows(columns, "{}\n") ==
        "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
  CHECK(rows(columns,
             R"({"b":null,"t":null,"i":null,"l":null,"f":null,"d":null,"n":null,"s":null,"y":null,)"
             R"("date":null,"time":null,"ts":null,"at":null})") ==
        "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n");
  // Texts of numbers and booleans, numbers that are integers in another spelling.
  CHECK(
      rows(
          columns,
          R"({"b":"True","t":"7","i":1e3,"l":5.0,"f":"1.5","d":"NaN","n":"3","s":7,"ts":"2021-09-24"})") ==
      "TRUE|7|1000|5|1.5|NaN|3.00|7|NULL|NULL|NULL|2021-09-24 00:00:00.000|NULL\n");
}

TEST_CASE("json: nested values") {
  const Declared columns = {{"r", "ROW<a INT, b ROW<c STRING>>"},
                            {"l", "ARRAY<INT>"},
                            {"m", "MAP<STRING, DOUBLE>"},
                            {"x", "ARRAY<ROW<k STRING, v ARRAY<BIGINT>>>"}};
  CHECK(rows(columns, R"({"r":{"b":{"c":"in"},"a":1},"l":[1,null,3],"m":{"p":1.5,"q":null},)"
                      R"("x":[{"k":"a","v":[1,2]},{"v":[]},null]})"
                      "\n"
                      R"({"r":{},"l":[],"m":{},"x":[{}]})"
                      "\n"
                      R"({"r":null,"l":null,"m":{"one":1}})"
                      "\n") ==
        "(1, (in))|[1, NULL, 3]|{p=1.5, q=NULL}|[(a, [1, 2]), (NULL, []), NULL]\n"
        "(NULL, NULL)|[]|{}|[(NULL, NULL)]\n"
        "NULL|NULL|{one=1.0}|NULL\n");
  // A STRING column takes any value's text as it is written.
  CHECK(rows({{"s", "STRING"}, {"t", "STRING"}}, R"({"s": {"a" : [1, 2]} , "t": [ ] })") ==
        "{\"a\" : [1, 2]}|[ ]\n");
  CHECK(rows({{"s", "ARRAY<STRING>"}}, R"({"s":[{"a":1},[2],3.50,true,"t"]})") ==
        "[{\"a\":1}, [2], 3.50, true, t]\n");
}

TEST_CASE("json: paths reach into objects") {
  const Declared columns = {{"login", "STRING", "", "actor.login"},
                            {"actor", "STRING"},
                            {"dotted", "INT", "", "/a.b/c~1d"},
                            {"plain.dot", "INT"}};
  CHECK(rows(columns, R"({"actor":{"id":1,"login":"x"},"a.b":{"c/d":7},"plain.dot":8})") ==
        "x|{\"id\":1,\"login\":\"x\"}|7|8\n");
  CHECK(rows(columns, R"({"actor":"nobody","a":{"b":{"c/d":7}},"plain":{"dot":8}})") ==
        "NULL|nobody|NULL|NULL\n");
  CHECK(rows({{"v", "INT", "", "a.b"}}, R"({"a":{"x":1},"a":{"b":2}})") == "NULL\n");
  Errors errors;
  CHECK(make_format(kJsonFormat, {}, errors, {{"v", "INT", "", "a..b"}}) == nullptr);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message.find("empty key") != std::string::npos);
}

TEST_CASE("json: of equal keys the first counts, escapes or not") {
  const Declared columns = {{"key", "INT"}, {"m", "MAP<STRING, INT>"}, {"r", "ROW<a INT>"}};
  CHECK(rows(columns, R"({"key":1,"key":2})") == "1|NULL|NULL\n");
  CHECK(rows(columns, R"({"k\u0065y":1,"key":2})") == "1|NULL|NULL\n");
  CHECK(rows(columns, R"({"key":null,"k\u0065y":2})") == "NULL|NULL|NULL\n");
  CHECK(rows(columns, R"({"m":{"a":1,"\u0061":2},"r":{"\u0061":3,"a":4}})") == "NULL|{a=1}|(3)\n");
}

TEST_CASE("json: strings") {
  const Declared s = {{"s", "STRING"}};
  CHECK(rows(s, R"({"s":"a\"b\\c\/d\b\f\n\r\te"})") == "a\"b\\c/d\b\f\n\r\te\n");
  CHECK(rows(s, R"({"s":"\u00e9\u20AC\ud83d\ude00\u0000"})") == std::string("é€😀\0\n", 11));
  CHECK(rows(s, "{\"s\":\"é€😀\"}") == "é€😀\n");
  CHECK(rows(s, R"({"s":""})") == "\n");
  for (const char* bad :
       {R"({"s":"\x"})", R"({"s":"\u12"})", R"({"s":"\ud800"})", R"({"s":"\ud800\u0041"})",
        R"({"s":"\udc00"})", R"({"t":"\q"})", R"({"\q":1})", R"({"t":{"\q":1}})"}) {
    INFO(bad);
    CHECK(reasons(s, bad).find("a wrong escape") != std::string::npos);
  }
}

TEST_CASE("json: lines, blanks and marks") {
  const Declared a = {{"a", "INT"}};
  CHECK(rows(a, "") == "");
  CHECK(rows(a, "\n \n\r\n") == "");
  CHECK(rows(a, "{\"a\":1}\r\n\r\n{\"a\":2}") == "1\n2\n");
  CHECK(rows(a, "\xEF\xBB\xBF{\"a\":1}\n") == "1\n");
  CHECK(rows(a, " { \"a\" : 1 } \n\t{\"a\"\t:\t2}\t\n") == "1\n2\n");
  const std::string with_nul = std::string("{\"a\":1}\n") + std::string(5, '\0') + "{\"a\":2}\n";
  CHECK(rows(a, with_nul) == "1\n2\n");
  CHECK(decode(*make_format(kJsonFormat, {}, a), "\n{}\n\n{}\n").batch.records == 2);
}

TEST_CASE("json: what is refused") {
  const Declared a = {{"a", "INT"}};
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"[1]", "not a JSON object"},
      {"1", "not a JSON object"},
      {"\"x\"", "not a JSON object"},
      {"null", "not a JSON object"},
      {"hello", "not a JSON object"},
      {"{", "expected a key in quotes"},
      {"{\"a\"", "expected `:`"},
      {"{\"a\":", "expected a value"},
      {"{\"a\":1", "expected `,` or `}`"},
      {"{\"a\":1,", "expected a key"},
      {"{\"a\":1,}", "expected a key"},
      {"{\"a\":1]", "expected `,` or `}`"},
      {"{\"a\":1}}", "expected the end of the line"},
      {"{\"a\":1}{\"a\":2}", "expected the end of the line"},
      {"{\"a\":1} x", "expected the end of the line"},
      {"{a:1}", "expected a key"},
      {"{'a':1}", "expected a key"},
      {"{\"a\" 1}", "expected `:`"},
      {"{\"a\":1 2}", "expected `,` or `}`"},
      {"{\"a\":1 \"b\":2}", "expected `,` or `}`"},
      {"{\"a\":1,,\"b\":2}", "expected a key"},
      {"{,}", "expected a key"},
      {"{\"b\":[1,]}", "expected a value"},
      {"{\"b\":[1 2]}", "expected `,` or `]`"},
      {"{\"b\":[}", "expected a value"},
      {"{\"b\":{]}", "expected a key"},
      {"{\"b\":[{]}]}", "expected a key"},
      {"{\"b\":tru}", "expected a value"},
      {"{\"b\":truex}", "expected a value"},
      {"{\"b\":True}", "expected a value"},
      {"{\"b\":NaN}", "expected a value"},
      {"{\"b\":Infinity}", "expected a value"},
      {"{\"b\":-Infinity}", "expected a value"},
      {"{\"b\":+1}", "expected a value"},
      {"{\"b\":01}", "expected a value"},
      {"{\"b\":-01}", "expected a value"},
      {"{\"b\":.5}", "expected a value"},
      {"{\"b\":1.}", "expected a value"},
      {"{\"b\":1.e3}", "expected a value"},
      {"{\"b\":1e}", "expected a value"},
      {"{\"b\":1e+}", "expected a value"},
      {"{\"b\":0x10}", "expected a value"},
      {"{\"b\":-}", "expected a value"},
      {"{\"b\":1_000}", "expected a value"},
      {"{\"b\":12abc}", "expected a value"},
      {"{\"b\":\"x\"y}", "expected `,` or `}`"},
      {"{\"b\":\"x\"\"y\"}", "expected `,` or `}`"},
      {"{\"a\":tru}", "expected a value"},
      {"{\"a\":01}", "expected a value"},
      {"{\"b\":\"x}", "a string is not closed"},
      {"{\"b\":\"a\tb\"}", "a control character inside a string"},
      {std::string("{\"b\":\"a\0b\"}", 11), "a control character inside a string"},
      {"{\"b\":\"\xFF\"}", "invalid UTF-8"},
      {"{\"b\":\"\xC0\x80\"}", "invalid UTF-8"},
      {"{\"b\":\"\xED\xA0\x80\"}", "invalid UTF-8"},
      {"{\"b\":\"\xE2\x82\"}", "invalid UTF-8"},
      {"{\"b\":\xC3\xA9}", "expected a value"},
      {"\xFF\xFE{\"a\":1}", "invalid UTF-8"},
      {"// comment", "not a JSON object"},
      {"{\"a\":1,/* x */\"b\":2}", "expected a key"},
      {"{\"a\":12x}", "expected a value"},
      {"{\"a\":1.5}", "a: not an INT: `1.5`"},
      {"{\"a\":2147483648}", "a: not an INT: `2147483648`"},
      {"{\"a\":-2147483649}", "a: not an INT: `-2147483649`"},
      {"{\"a\":1e400}", "a: not an INT: `1e400`"},
      {"{\"a\":true}", "a: not an INT: `true`"},
      {"{\"a\":\"\"}", "a: not an INT: `\"\"`"},
      {"{\"a\":\"1x\"}", "a: not an INT: `\"1x\"`"},
      {"{\"a\":[1]}", "a: not an INT: `[1]`"},
      {"{\"a\":{\"x\":1}}", "a: not an INT: `{\"x\":1}`"},
  };
  for (const auto& [line, reason] : bad) {
    INFO(line);
    CHECK(reasons(a, line).find(reason) != std::string::npos);
    // Neighbours are not disturbed, before or behind, in the same run of lines or another.
    const std::string text = "{\"a\":7}\n" + line + "\n{\"a\":8}\n";
    const Decoded decoded = decode(*make_format(kJsonFormat, {}, a), text);
    CHECK(show(decoded.batch) == "7\n8\n");
    REQUIRE(decoded.batch.rejects.size() == 1);
    CHECK(decoded.batch.rejects[0].row == 1);
    CHECK(decoded.batch.rejects[0].offset == 1008);
    CHECK(decoded.batch.rejects[0].raw == line);
    CHECK(decoded.batch.records == 3);
  }
}

TEST_CASE("json: numbers at the edges") {
  CHECK(rows({{"a", "BIGINT"}},
             "{\"a\":9223372036854775807}\n{\"a\":-9223372036854775808}\n{\"a\":-0}\n") ==
        "9223372036854775807\n-9223372036854775808\n0\n");
  CHECK(reasons({{"a", "BIGINT"}}, "{\"a\":9223372036854775808}") ==
        "a: not a BIGINT: `9223372036854775808`\n");
  CHECK(reasons({{"a", "BIGINT"}}, "{\"a\":-9223372036854775809}") ==
        "a: not a BIGINT: `-9223372036854775809`\n");
  CHECK(reasons({{"a", "DOUBLE"}}, "{\"a\":1e400}") == "a: not a DOUBLE: `1e400`\n");
  CHECK(reasons({{"a", "DOUBLE"}}, "{\"a\":-1" + std::string(400, '0') + "}") != "");
  CHECK(rows({{"a", "DOUBLE"}},
             "{\"a\":1e-400}\n{\"a\":9007199254740993}\n{\"a\":0.1}\n{\"a\":5e-300}\n"
             "{\"a\":123456789012345678901234567890}\n") ==
        "0.0\n9.007199254740992E15\n0.1\n5.0E-300\n1.2345678901234568E29\n");
  CHECK(rows({{"a", "DECIMAL(38, 0)"}}, "{\"a\":12345678901234567890123456789012345678}") ==
        "12345678901234567890123456789012345678\n");
  CHECK(rows({{"a", "DECIMAL(10, 3)"}},
             "{\"a\":1.5e2}\n{\"a\":-25e-3}\n{\"a\":0}\n{\"a\":1234567.125}\n") ==
        "150.000\n-0.025\n0.000\n1234567.125\n");
  CHECK(
      reasons({{"a", "DECIMAL(4, 2)"}}, "{\"a\":123}\n{\"a\":1e30}\n{\"a\":1e999999999}\n").size() >
      30);
  CHECK(rows({{"a", "STRING"}}, "{\"a\":1.50}\n{\"a\":" + std::string(100000, '7') + "}").size() ==
        100006);
}

TEST_CASE("json: times from numbers") {
  const std::string second = "2023-11-14 22:13:20";
  CHECK(rows({{"t", "TIMESTAMP(0)", "epoch_s"}}, "{\"t\":1700000000}") == second + "\n");
  CHECK(rows({{"t", "TIMESTAMP(3)", "epoch_s"}}, "{\"t\":1700000000.25}") == second + ".250\n");
  CHECK(rows({{"t", "TIMESTAMP(3)", "epoch_ms"}}, "{\"t\":1700000000250}\n{\"t\":-1}\n") ==
        second + ".250\n1969-12-31 23:59:59.999\n");
  CHECK(rows({{"t", "TIMESTAMP(9)", "epoch_ns"}}, "{\"t\":1700000000000000001}") ==
        second + ".000000001\n");
  CHECK(rows({{"t", "TIMESTAMP(0)"}},
             "{\"t\":1700000000}\n{\"t\":1700000000000}\n{\"t\":1700000000000000}\n") ==
        second + "\n" + second + "\n" + second + "\n");
  CHECK(rows({{"t", "TIMESTAMP(0)", "%d/%m/%Y"}}, "{\"t\":\"24/12/2021\"}") ==
        "2021-12-24 00:00:00\n");
  CHECK(
      reasons({{"t", "TIMESTAMP(3)"}}, "{\"t\":\"2021-09-24T12:34:56Z\"}").find("TIMESTAMP_LTZ") !=
      std::string::npos);
  CHECK(reasons({{"t", "TIMESTAMP(3)", "epoch_s"}}, "{\"t\":1e30}") ==
        "t: not a TIMESTAMP(3): `1e30`\n");
}

TEST_CASE("json: faults name the place inside a nested value") {
  const Declared columns = {{"r", "ROW<a ARRAY<ROW<b INT>>>"}, {"m", "MAP<STRING, INT>"}};
  CHECK(reasons(columns, R"({"r":{"a":[{"b":1},{"b":"x"}]}})") ==
        "r.a[2].b: not an INT: `\"x\"`\n");
  CHECK(reasons(columns, R"({"m":{"k":[]}})") == "m[k]: not an INT: `[]`\n");
  CHECK(reasons(columns, R"({"r":7})").starts_with("r: not a ROW<"));
  // The columns are whole again for the rows behind.
  const std::string bad = R"({"m":{"a":1,"b":2},"r":{"a":[{"b":1},{"b":"x"}]}})";
  const std::string good = R"({"m":{"c":3},"r":{"a":[{"b":4}]}})";
  CHECK(rows(columns, bad + "\n" + good + "\n" + bad + "\n" + good + "\n") ==
        "([(4)])|{c=3}\n([(4)])|{c=3}\n");
}

TEST_CASE("json: depth is bounded") {
  const auto nested = [](size_t depth, bool closed) {
    std::string text = "{\"a\":1,\"b\":" + std::string(depth, '[');
    if (closed) text += std::string(depth, ']');
    return text + "}\n{\"a\":2}\n";
  };
  const Declared a = {{"a", "INT"}};
  CHECK(rows(a, nested(200, true)) == "1\n2\n");
  CHECK(rows({{"b", "STRING"}}, nested(200, true)).size() == 400 + 1 + 5);
  for (const size_t depth : {300UL, 100000UL}) {
    CHECK(rows(a, nested(depth, true)) == "2\n");
    CHECK(rows(a, nested(depth, false)) == "2\n");
    CHECK(rows({{"b", "STRING"}}, nested(depth, true)) == "NULL\n");
    CHECK(reasons(a, nested(depth, true)) == "nested deeper than 256 levels\n");
    CHECK(inferred(nested(depth, true)) == "(a BIGINT)");
  }
}

TEST_CASE("json: many fields, long keys") {
  std::string line = "{";
  for (int i = 0; i < 50000; ++i)
    line += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  line += "\"" + std::string(1 << 20, 'x') + "\":1,\"\":2,\"last\":3}\n";
  CHECK(rows({{"k49999", "INT"}, {"last", "INT"}, {"k0", "INT"}, {"", "INT"}}, line + line) ==
        "49999|3|0|2\n49999|3|0|2\n");
}

TEST_CASE("json: only what is needed is filled") {
  const auto format = make_format(kJsonFormat, {}, {{"a", "INT"}, {"b", "INT"}, {"c", "STRING"}});
  DecodeRequest request;
  request.needed = {false, true, false};
  request.want_raw = true;
  const Decoded decoded =
      decode(*format, "{\"a\":\"x\",\"b\":1}\r\n\n{\"b\":\"y\"}\n{\"c\":{}}", request);
  CHECK(show(decoded.batch) == "-|1|-\n-|NULL|-\n");
  REQUIRE(decoded.batch.raw.size() == 2);
  CHECK(decoded.batch.raw[0].view() == "{\"a\":\"x\",\"b\":1}");
  CHECK(decoded.batch.raw[1].view() == "{\"c\":{}}");
  CHECK(decoded.batch.raw[1].ptr - decoded.batch.block_begin == 28);
  CHECK(show_rejects(decoded.batch) == "@1018 1 b: not an INT: `\"y\"` [{\"b\":\"y\"}]\n");
  request.needed = {false, false, false};
  CHECK(decode(*format, "{}\n{}\n", request).batch.rows == 2);
}

TEST_CASE("json: fail fast stops at the first bad record") {
  const auto format = make_format(kJsonFormat, {}, {{"a", "INT"}});
  DecodeRequest request = request_all(format->schema());
  request.fail_fast = true;
  const Decoded decoded = decode(*format, "{\"a\":1}\n{\"a\":x}\n{\"a\":2}\n{\"a\":y}\n", request);
  CHECK(show(decoded.batch) == "1\n");
  CHECK(decoded.batch.rejects.size() == 1);
  CHECK(decoded.batch.stopped);
  CHECK(decoded.batch.records == 2);
}

TEST_CASE("json: what a sample decides") {
  CHECK(inferred("") == "()");
  CHECK(inferred("{\"i\":1,\"d\":1.5,\"s\":\"x\",\"b\":true,\"n\":null,\"o\":{\"x\":1},\"l\":[1,2."
                 "5],\"e\":[]}\n") ==
        "(i BIGINT, d DOUBLE, s STRING, b BOOLEAN, n STRING, o ROW<x BIGINT>, l ARRAY<DOUBLE>, e "
        "ARRAY<STRING>)");
  CHECK(inferred("{\"a\":1}\n{\"a\":\"x\"}\n") == "(a STRING)");
  CHECK(inferred("{\"a\":1}\n{\"a\":2.5,\"b\":{}}\n{\"b\":{\"c\":null}}") ==
        "(a DOUBLE, b ROW<c STRING>)");
  CHECK(inferred("{\"a\":18446744073709551615}\n{\"a\":1}\n") == "(a DECIMAL(38, 0))");
  CHECK(inferred("{\"a\":" + std::string(39, '9') + "}\n") == "(a DOUBLE)");
  CHECK(inferred("{\"a\":[{\"x\":1},{\"y\":\"z\"}]}\n") == "(a ARRAY<ROW<x BIGINT, y STRING>>)");
  CHECK(inferred("{\"a\":[1,{\"x\":1}],\"b\":{\"c\":1}}\n{\"b\":[1]}") ==
        "(a ARRAY<STRING>, b STRING)");
  CHECK(inferred("garbage\n{\"a\":1}\n{\"a\":\n[1]\n{\"a\":2}{}\n") == "(a BIGINT)");
  CHECK(inferred("{\"a\":1,\"a\":\"x\",\"\\u0061\":[]}") == "(a BIGINT)");
  CHECK(inferred("{\"at\":\"2024-01-31T12:00:00Z\"}") == "(at STRING)");

  const auto format = make_format(kJsonFormat);
  CHECK(format->needs_sample());
  REQUIRE(format->infer("{\"a\":1}\n", true));
  CHECK(show(decode(*format, "{\"a\":5}\n").batch) == "5\n");
  CHECK_FALSE(make_format(kJsonFormat, {}, {{"a", "INT"}})->needs_sample());
}

TEST_CASE("json: where blocks end makes no difference") {
  std::string text;
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    switch (random() % 6) {
      case 0: text += "{\"a\":" + std::to_string(random() % 1000) + ",\"s\":\"x\\ny\"}\n"; break;
      case 1:
        text += "{\"s\":\"" + std::string(random() % 90, 'z') + "\",\"a\":" + std::to_string(i) +
                "}\r\n";
        break;
      case 2: text += "{\"a\":\"bad\"}\n"; break;
      case 3: text += "{\"s\":\"unclosed}\n"; break;
      case 4: text += "\n"; break;
      default: text += "{\"a\":{\"n\":[1,2]},\"s\":null}\n";
    }
  }
  const auto format = make_format(kJsonFormat, {}, {{"a", "STRING"}, {"s", "STRING"}});
  const auto whole = decode(*format, text);
  const auto decoder = format->make_decoder(request_all(format->schema()));
  for (const size_t size : {1UL, 30UL, 100UL, 1000UL}) {
    std::string seen;
    size_t rejects = 0;
    for (size_t begin = 0; begin < text.size();) {
      size_t end = text.find('\n', std::min(begin + size, text.size()) - 1);
      end = end == std::string::npos ? text.size() : end + 1;
      const Block block =
          make_block(std::string_view(text).substr(begin, end - begin), begin == 0, '"');
      Batch batch;
      decoder->decode(block, batch);
      seen += show(batch);
      rejects += batch.rejects.size();
      begin = end;
    }
    CHECK(seen == show(whole.batch));
    CHECK(rejects == whole.batch.rejects.size());
  }
}

TEST_CASE("json: a line that fits a template gives what it gives alone") {
  const std::vector<JsonColumn> columns = {
      {"id", Type::bigint(), {}, {"id"}},
      {"d", Type::float64(), {}, {"d"}},
      {"s", Type::string(), {}, {"s"}},
      {"b", Type::boolean(), {}, {"b"}},
      {"t", Type::timestamp(3), {}, {"t"}},
      {"n", Type::decimal(8, 2), {}, {"n"}},
      {"in", Type::integer(), {}, {"o", "x"}},
      {"l", Type::array(Type::bigint()), {}, {"l"}},
      {"m", Type::map(Type::integer(), Type::string()), {}, {"m"}}};
  std::mt19937 random(23);
  const std::vector<std::vector<std::string>> values = {
      {"1", "-5", "0", "9223372036854775807", "9223372036854775808", "1.0", "1.5", "\"7\"", "null",
       "01", "-"},
      {"1.5", "2", "-0", "1e5", "1e400", "0.1", "123456789012345678901", "null", "\"NaN\"", "1."},
      {"\"x\"", "\"\"", "\"a\\nb\"", "\"\\u00e9\"", "\"\\ud800\"", "\"\xC3\xA9\"", "\"\xC3\"", "5",
       "true", "null", "{\"k\":1}", "\"0123456789abcdefghij\"", "\"a\tb\"", "\"tail\\\\\""},
      {"true", "false", "null", "\"true\"", "1", "tru", "falsey"},
      {"\"2024-01-31 12:00:00\"", "\"2024-01-31T12:00:00.123\"", "1700000000", "null", "\"x\"",
       "\"2024\\u002d01-31\""},
      {"1.25", "100", "1e3", "\"3.5\"", "null", "123456789", "1.005"},
      {"{\"x\":5}", "{\"x\":6}", "{}", "null", "{\"y\":1,\"x\":2}", "{\"x\":\"q\"}"},
      {"[1,2]", "[]", "null", "5"},
      {"{\"1\":\"a\"}", "null", "5", "\"5\""}};
  const std::vector<std::string> keys = {"id", "d", "s", "b", "t", "n", "o", "l", "m"};
  for (int round = 0; round < 60; ++round) {
    // A few shapes per round; within one, mostly the first values of each list.
    std::vector<std::vector<size_t>> shapes(1 + random() % 3);
    for (auto& shape : shapes)
      for (size_t k = 0; k < keys.size(); ++k)
        if (random() % 3 != 0) shape.push_back(k);
    std::string text;
    for (int i = 0; i < 60; ++i) {
      const auto& shape = shapes[random() % shapes.size()];
      std::string line = "{";
      for (const size_t k : shape) {
        if (line.size() > 1) line += ",";
        const auto& list = values[k];
        line += "\"" + keys[k] +
                "\":" + list[random() % 4 == 0 ? random() % list.size() : random() % 2];
      }
      line += "}";
      if (random() % 15 == 0)
        line.insert(random() % line.size(), 1, "\"\\ {}[],:x0"[random() % 11]);
      if (random() % 30 == 0) line.erase(random() % line.size(), 1);
      if (random() % 30 == 0) line = "{\"o\":{},\"o\":{\"x\":1}}";
      text += line + (random() % 20 == 0 ? "\r\n" : "\n");
    }
    DecodeRequest request;
    for (size_t c = 0; c < columns.size(); ++c) request.needed.push_back(random() % 3 != 0);
    const auto decoder = make_json_decoder(columns, request, utc(), 0);
    const Block block = make_block(text, true, '"');
    Batch batch;
    decoder->decode(block, batch);
    CHECK(lengths_agree(batch));
    std::string rows_alone;
    std::string rejects_alone;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin) + 1;
      const Block one = make_block(text.substr(begin, end - begin), begin == 0, '}');
      Batch single;
      make_json_decoder(columns, request, utc(), 0)->decode(one, single);
      rows_alone += show(single);
      for (const auto& r : single.rejects) rejects_alone += r.field + ": " + r.reason + "\n";
      begin = end;
    }
    std::string rejects;
    for (const auto& r : batch.rejects) rejects += r.field + ": " + r.reason + "\n";
    CHECK(show(batch) == rows_alone);
    CHECK(rejects == rejects_alone);
  }
}

TEST_CASE("json: written and read again") {
  const Declared columns = {{"b", "BOOLEAN"},
                            {"l", "BIGINT"},
                            {"f", "FLOAT"},
                            {"d", "DOUBLE"},
                            {"n", "DECIMAL(12, 3)"},
                            {"s", "STRING"},
                            {"y", "BYTES"},
                            {"da", "DATE"},
                            {"ti", "TIME"},
                            {"ts", "TIMESTAMP(3)"},
                            {"at", "TIMESTAMP_LTZ(3)"},
                            {"r", "ROW<x INT, y STRING>"},
                            {"a", "ARRAY<STRING>"},
                            {"m", "MAP<STRING, INT>"}};
  const std::string line =
      R"({"b":true,"l":-7,"f":1.5,"d":0.1,"n":12.500,"s":"a\"\\\n\u0001é😀","y":"AAH/","da":"2024-02-29",)"
      R"("ti":"12:34:56","ts":"2021-09-24 12:34:56.100","at":"2021-09-24 10:34:56.100Z",)"
      R"("r":{"x":1,"y":null},"a":["x",null],"m":{"k":1,"l\n":null}})"
      "\n";
  const auto format = make_format(kJsonFormat, {}, columns);
  CHECK(encode(*format, format->schema(), decode(*format, line).batch) == line);
  const std::string nulls =
      R"({"b":null,"l":null,"f":null,"d":null,"n":null,"s":null,"y":null,"da":null,"ti":null,"ts":null,)"
      R"("at":null,"r":null,"a":null,"m":null})"
      "\n";
  CHECK(encode(*format, format->schema(), decode(*format, "{}").batch) == nulls);
  CHECK(encode(*format, format->schema(), decode(*format, "").batch) == "");

  const auto sparse = make_format(
      kJsonFormat, {{"leave_out_nulls", flag_node(true)}, {"times", text_node("iso8601")}},
      {{"a", "INT"}, {"t", "TIMESTAMP(0)"}});
  CHECK(encode(*sparse, sparse->schema(),
               decode(*sparse, "{\"t\":\"2024-01-31 12:00:00\"}\n{}\n").batch) ==
        "{\"t\":\"2024-01-31T12:00:00\"}\n{}\n");
}

TEST_CASE("json: what JSON cannot say is written as text") {
  const auto format = make_format(kJsonFormat, {}, {{"d", "DOUBLE"}, {"s", "STRING"}});
  Batch batch;
  batch.rows = 3;
  batch.columns = {make_column(Type::float64()), make_column(Type::string())};
  for (const double v : {std::nan(""), HUGE_VAL, -HUGE_VAL}) batch.columns[0]->push(v);
  for (const std::string_view s : {std::string_view("\xFF"), std::string_view("a\xC3"),
                                   std::string_view("0123456789abcdef\xED\xA0\x80!")})
    batch.columns[1]->push(StringRef(s));
  const std::string written = encode(*format, format->schema(), batch);
  CHECK(written ==
        "{\"d\":\"NaN\",\"s\":\"\xEF\xBF\xBD\"}\n{\"d\":\"Infinity\",\"s\":\"a\xEF\xBF\xBD\"}\n"
        "{\"d\":\"-Infinity\",\"s\":\"0123456789abcdef\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD!\"}\n");
  CHECK(show(decode(*format, written).batch).starts_with("NaN|"));
}

TEST_CASE("json: every character in every place of a string survives") {
  const auto format = make_format(kJsonFormat, {}, {{"s", "STRING"}});
  for (int c = 0; c < 128; ++c) {
    for (size_t length = 0; length < 40; length += 3) {
      std::string text(length, 'a');
      text += static_cast<char>(c);
      text += std::string(20, 'b');
      Batch batch;
      batch.rows = 1;
      batch.columns = {make_column(Type::string())};
      batch.columns[0]->push(StringRef(text));
      const Decoded back = decode(*format, encode(*format, format->schema(), batch));
      REQUIRE(back.batch.rows == 1);
      CHECK(back.batch.columns[0]->at<StringRef>(0).view() == text);
    }
  }
}

TEST_CASE("json: options are checked") {
  Errors errors;
  CHECK(make_format(kJsonFormat, {{"tims", text_node("sql")}}, errors) == nullptr);
  CHECK(make_format(kJsonFormat, {{"times", text_node("java")}}, errors) == nullptr);
  CHECK(make_format(kJsonFormat, {}, errors, {{"a", "INTT"}}) == nullptr);
  CHECK(make_format(kJsonFormat, {}, errors, {{"a", "INT", "%Y"}}) == nullptr);
  CHECK(make_format(kJsonFormat, {}, errors, {{"a", "MAP<ARRAY<INT>, INT>"}}) == nullptr);
  CHECK(errors.size() == 5);
}
