#include "expr/functions/json_path.h"
#include "expr/functions/json_text.h"
#include "functions2_harness.h"

namespace weir::test {
namespace {

TEST_CASE("texts that are JSON") {
  for (const auto* text :
       {"0", "-0", "1.5", "-1e5", "1E+5", "1.25e-10", "123456789012345678901234567890", "true",
        "false", "null", "\"\"", "\"a\\n\\u00e4\\\"\"", "[]", "{}", " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[null]}}", "\t\n\r 1 ", "\"\xC3\xA4\""}) {
    CAPTURE(text);
    CHECK(json_parse(text).has_value());
  }
}

TEST_CASE("texts that are not") {
  for (const auto* text : {"",
                           " ",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "-",
                           "tru",
                           "True",
                           "nul",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"a\nb\"",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{a:1}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "[1",
                           "{\"a\":1",
                           "1 2",
                           "[]]",
                           "NaN",
                           "{\"a\":1 \"b\":2}"}) {
    CAPTURE(text);
    CHECK_FALSE(json_parse(text).has_value());
  }
}

TEST_CASE("every prefix and every changed byte of a document is read without a crash") {
  const std::string text =
      R"({"a": [1, -2.5e3, "x\u00e4\ud83d\ude00", true, null], "b": {"c": {}}})";
  for (size_t n = 0; n < text.size(); ++n) CHECK_FALSE(json_parse(text.substr(0, n)).has_value());
  const auto path = JsonPath::parse("$.a[*]");
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'"', '\\', '{', '}', '[', ']', ',', ':', '0', ' ', '\0'}) {
      std::string changed = text;
      changed[i] = c;
      if (const auto value = json_parse(changed)) {
        path->find(*value);
        std::string out;
        json_compact(out, value->text);
        CHECK(json_parse(out).has_value());
      }
    }
  }
}

TEST_CASE("nesting is limited") {
  CHECK(json_parse(std::string(1000, '[') + std::string(1000, ']')).has_value());
  CHECK_FALSE(json_parse(std::string(1002, '[') + std::string(1002, ']')).has_value());
  CHECK_FALSE(json_parse(std::string(1'000'000, '[')).has_value());
}

TEST_CASE("strings are escaped and read back") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string quoted;
  json_quote(quoted, all);
  REQUIRE(json_parse(quoted).has_value());
  std::string back;
  json_unescape(back, quoted);
  CHECK(back == all);
  back.clear();
  json_unescape(back, R"("\u00e4\ud83d\ude00\ud83d-\b\/")");
  CHECK(back == "\xC3\xA4\xF0\x9F\x98\x80\xEF\xBF\xBD-\b/");
}

TEST_CASE("JSON_VALUE finds scalars") {
  Family f(json_functions());
  const auto value = [&](const char* json, const char* path) {
    return f("JSON_VALUE", {S(json), S(path)});
  };
  CHECK(value(R"({"a": "x"})", "$.a") == "x");
  CHECK(value(R"({"a": "x\ty"})", "$.a") == "x\ty");
  CHECK(value(R"({"a": 1.50})", "lax $.a") == "1.50");
  CHECK(value(R"({"a": true})", "$['a']") == "true");
  CHECK(value(R"({"a": [10, 20, 30]})", "$.a[1]") == "20");
  CHECK(value(R"({"a": [10, 20, 30]})", "$.a[-1]") == "30");
  CHECK(value(R"({"a": [10, 20, 30]})", "$.a[3]") == "NULL");
  CHECK(value(R"({"a": [10, 20, 30]})", "$.a[-4]") == "NULL");
  CHECK(value(R"({"a b": {"c.d": 5}})", R"($["a b"]['c.d'])") == "5");
  CHECK(value(R"({"\u0061": 5})", "$.a") == "5");
  CHECK(value(R"({"a": 1, "a": 2})", "$.a") == "2");
  CHECK(value(R"({"a": null})", "$.a") == "NULL");
  CHECK(value(R"({"a": {"b": 1}})", "$.a") == "NULL");
  CHECK(value(R"({"a": 1})", "$.b") == "NULL");
  CHECK(value(R"({"a": 1})", "$.a.b") == "NULL");
  CHECK(value(R"({"a": 1)", "$.a") == "NULL");
  CHECK(value(R"({"a": 12345678901234567890123})", "$.a") == "12345678901234567890123");
  CHECK(value("7", "$") == "7");
  CHECK(value("", "$") == "NULL");
  CHECK(f("JSON_VALUE", {null(Type::string()), S("$.a")}) == "NULL");
}

TEST_CASE("JSON_VALUE with clauses") {
  Family f(json_functions());
  const auto value = [&](const char* json, const char* path, std::vector<std::string> words,
                         std::vector<Value> more = {}) {
    std::vector<Value> args = {S(json), S(path)};
    args.insert(args.end(), more.begin(), more.end());
    return f("JSON_VALUE", args, words);
  };
  CHECK(value(R"({"a": "12"})", "$.a", {"RETURNING INT"}) == "12");
  CHECK(value(R"({"a": 1.5})", "$.a", {"RETURNING DOUBLE"}) == "1.5");
  CHECK(value(R"({"a": true})", "$.a", {"RETURNING BOOLEAN"}) == "TRUE");
  CHECK(value(R"({"a": "x"})", "$.a", {"RETURNING INT"}) == "NULL");
  CHECK(value(R"({"a": "x"})", "$.a", {"RETURNING INT", "DEFAULT ON ERROR"}, {I(-1)}) == "-1");
  CHECK(value(R"({"a": 1})", "$.b", {"RETURNING INT", "DEFAULT ON ERROR"}, {I(-1)}) == "NULL");
  CHECK(value(R"({"a": 1})", "$.b", {"DEFAULT ON EMPTY"}, {S("none")}) == "none");
  CHECK(value(R"({"a": 1})", "strict $.b", {"DEFAULT ON EMPTY"}, {S("none")}) == "NULL");
  CHECK(value(R"({"a": 1})", "strict $.b", {"DEFAULT ON EMPTY", "DEFAULT ON ERROR"},
              {S("e"), S("x")}) == "x");
  CHECK(value(R"({"a": [1]})", "strict $.a", {"DEFAULT ON ERROR"}, {S("x")}) == "x");
  CHECK(value(R"({"a": [1]})", "lax $.a", {"DEFAULT ON EMPTY"}, {S("e")}) == "e");
  CHECK(value("{", "$.a", {"DEFAULT ON EMPTY", "DEFAULT ON ERROR"}, {S("e"), S("x")}) == "x");
  CHECK(value(R"({"a": 1})", "$.b", {"ERROR ON EMPTY"}) ==
        "row error: JSON_VALUE found nothing at the path");
  CHECK(value("{", "$.b", {"ERROR ON ERROR"}).starts_with("row error: JSON_VALUE failed"));
  CHECK(value(R"({"a": 1})", "$.a", {"NULL ON EMPTY", "ERROR ON ERROR"}) == "1");
  CHECK(f.type("JSON_VALUE", {S("{}"), S("$")}, {"RETURNING DECIMAL(5, 2)"}) == "DECIMAL(5, 2)");
  CHECK(value("{}", "$", {"RETURNING ARRAY<INT>"}).starts_with("error: "));
  CHECK(value("{}", "$", {"EMPTY ARRAY ON EMPTY"}).starts_with("error: "));
  CHECK(value("{}", "$", {"NULL ON NULL"}).starts_with("error: "));
  CHECK(value("{}", "$", {}, {S("x")}).starts_with("error: "));
}

TEST_CASE("wrong paths") {
  Family f(json_functions());
  for (const auto* path :
       {"", "a", "$.", "$a", "$..a", "$.a[", "$.a[x]", "$['a]", "$['a'", "$.a[1:x]", "$ .a"}) {
    CAPTURE(path);
    CHECK(f("JSON_VALUE", {S("{}"), S(path)}).starts_with("error: wrong JSON path"));
    CHECK(f("JSON_VALUE", {S("{}"), S(path)}, {}, 1).starts_with("row error: wrong JSON path"));
  }
  CHECK(f("JSON_VALUE", {S(R"({"a":1})"), S("$.a")}, {}, 1) == "1");
}

TEST_CASE("JSON_QUERY finds objects and arrays") {
  Family f(json_functions());
  const auto query = [&](const char* json, const char* path, std::vector<std::string> words = {}) {
    return f("JSON_QUERY", {S(json), S(path)}, words);
  };
  CHECK(query(R"({"a": {"b" : [1, "x y"]}})", "$.a") == R"({"b":[1,"x y"]})");
  CHECK(query(R"({"a": {"b": 1}})", "$.a.b") == "NULL");
  CHECK(query(R"({"a": {"b": 1}})", "$.a.b", {"WITH CONDITIONAL ARRAY WRAPPER"}) == "[1]");
  CHECK(query(R"({"a": [1, 2]})", "$.a", {"WITH CONDITIONAL ARRAY WRAPPER"}) == "[1,2]");
  CHECK(query(R"({"a": [1, 2]})", "$.a", {"WITH UNCONDITIONAL ARRAY WRAPPER"}) == "[[1,2]]");
  CHECK(query(R"({"a": [1, 2]})", "$.a", {"WITH WRAPPER"}) == "[[1,2]]");
  CHECK(query(R"({"a": [1, 2]})", "$.a", {"WITHOUT ARRAY WRAPPER"}) == "[1,2]");
  CHECK(query(R"({"a": [{"b": 1}, {"c": 2}, {"b": 3}]})", "$.a[*].b") == "[1,3]");
  CHECK(query(R"({"a": [1, 2, 3, 4]})", "$.a[1:3]") == "[2,3]");
  CHECK(query(R"({"a": [1, 2, 3, 4]})", "$.a[-2:]") == "[3,4]");
  CHECK(query(R"({"a": 1, "b": [2]})", "$.*") == "[1,[2]]");
  CHECK(query(R"({"a": 1})", "$.b[*]") == "NULL");
  CHECK(query(R"({"a": 1})", "$.b", {"EMPTY ARRAY ON EMPTY"}) == "[]");
  CHECK(query("{", "$.b", {"EMPTY OBJECT ON ERROR"}) == "{}");
  CHECK(query("{", "$.b") == "NULL");
  CHECK(query(R"({"a": 1})", "$.b", {"ERROR ON EMPTY"}).starts_with("row error: "));
  CHECK(query(R"({"a": 1})", "strict $.a", {"EMPTY ARRAY ON ERROR"}) == "[]");
  CHECK(query(R"({"a": ["x", 1, null, {"b": 2}]})", "$.a", {"RETURNING ARRAY<STRING>"}) ==
        R"([x, 1, NULL, {"b":2}])");
  CHECK(query(R"({"a": {}})", "$.a", {"RETURNING ARRAY<STRING>"}) == "NULL");
  CHECK(query("{}", "$", {"RETURNING INT"}).starts_with("error: "));
}

TEST_CASE("JSON_EXISTS") {
  Family f(json_functions());
  const auto exists = [&](const char* json, const char* path, std::vector<std::string> words = {}) {
    return f("JSON_EXISTS", {S(json), S(path)}, words);
  };
  CHECK(exists(R"({"a": null})", "$.a") == "TRUE");
  CHECK(exists(R"({"a": 1})", "$.b") == "FALSE");
  CHECK(exists(R"({"a": [{"b": 1}]})", "$.a[0].b") == "TRUE");
  CHECK(exists(R"({"a": 1})", "strict $.b", {"TRUE ON ERROR"}) == "TRUE");
  CHECK(exists(R"({"a": 1})", "lax $.b", {"TRUE ON ERROR"}) == "FALSE");
  CHECK(exists("{", "$.b") == "FALSE");
  CHECK(exists("{", "$.b", {"UNKNOWN ON ERROR"}) == "NULL");
  CHECK(exists("{", "$.b", {"ERROR ON ERROR"}).starts_with("row error: "));
  CHECK(exists("{}", "$.b", {"NULL ON EMPTY"}).starts_with("error: "));
  CHECK(f("JSON_EXISTS", {null(Type::string()), S("$")}) == "NULL");
}

TEST_CASE("IS JSON") {
  Family f(json_functions());
  const auto is = [&](const char* text, const char* kind) {
    return f("IS_JSON", {S(text), S(kind)});
  };
  CHECK(is("1", "VALUE") == "TRUE");
  CHECK(is("1", "SCALAR") == "TRUE");
  CHECK(is("1", "ARRAY") == "FALSE");
  CHECK(is("[1]", "ARRAY") == "TRUE");
  CHECK(is("{}", "OBJECT") == "TRUE");
  CHECK(is("{}", "SCALAR") == "FALSE");
  CHECK(is("{", "VALUE") == "FALSE");
  CHECK(f("IS_JSON", {S("{}")}) == "TRUE");
  CHECK(f("IS_JSON", {null(Type::string()), S("VALUE")}) == "FALSE");
  CHECK(is("{}", "NUMBER").starts_with("error: "));
}

TEST_CASE("lengths and kinds") {
  Family f(json_functions());
  CHECK(f("JSON_LENGTH", {S("[1, [2, 3], {}]")}) == "3");
  CHECK(f("JSON_LENGTH", {S(R"({"a": 1, "b": 2})")}) == "2");
  CHECK(f("JSON_LENGTH", {S("\"abc\"")}) == "1");
  CHECK(f("JSON_LENGTH", {S("[]")}) == "0");
  CHECK(f("JSON_LENGTH", {S("[[1, 2]]"), S("$[0]")}) == "2");
  CHECK(f("JSON_LENGTH", {S("[[1, 2]]"), S("$[1]")}) == "NULL");
  CHECK(f("JSON_LENGTH", {S("[")}) == "NULL");
  const std::pair<const char*, const char*> kinds[] = {
      {"1", "INTEGER"},    {"1.0", "DOUBLE"}, {"1e3", "DOUBLE"}, {"\"x\"", "STRING"},
      {"true", "BOOLEAN"}, {"null", "NULL"},  {"[]", "ARRAY"},   {"{}", "OBJECT"}};
  for (const auto& [text, kind] : kinds) {
    CAPTURE(text);
    CHECK(f("JSON_TYPE", {S(text)}) == kind);
  }
}

TEST_CASE("JSON texts checked and quoted") {
  Family f(json_functions());
  CHECK(f("PARSE_JSON", {S(R"( {"a": [1,  "x y"]} )")}) == R"({"a":[1,"x y"]})");
  CHECK(f("PARSE_JSON", {S("{")}) == "row error: not valid JSON");
  CHECK(f("PARSE_JSON", {S(R"({"a":1,"\u0061":2})")}) ==
        "row error: JSON object with a key that occurs twice");
  CHECK(f("PARSE_JSON", {S(R"({"a":1,"a":2})"), Value::boolean(true)}) == R"({"a":1,"a":2})");
  CHECK(f("TRY_PARSE_JSON", {S("{")}) == "NULL");
  CHECK(f("TRY_PARSE_JSON", {S(R"([{"b":{"a":1,"a":2}}])")}) == "NULL");
  CHECK(f("JSON", {S("[1, 2]")}) == "[1,2]");
  CHECK(f("JSON", {S("[1, 2")}) == "row error: not valid JSON");
  CHECK(f("JSON_QUOTE", {S("a\"b\\c/d\n\x01\xC3\xA4\xF0\x9F\x98\x80")}) ==
        R"("a\"b\\c\/d\n\u0001\u00e4\ud83d\ude00")");
  CHECK(f("JSON_UNQUOTE", {S(R"("a\"b\u00e4")")}) == "a\"b\xC3\xA4");
  CHECK(f("JSON_UNQUOTE", {S("abc")}) == "abc");
  CHECK(f("JSON_UNQUOTE", {S("\"")}) == "\"");
  CHECK(f("JSON_UNQUOTE", {S(R"("\x")")}) == R"("\x")");
}

TEST_CASE("values written as JSON") {
  Family f(json_functions());
  const auto json = [&](const Value& v) { return f("JSON_STRING", {v}); };
  CHECK(json(I(-5)) == "-5");
  CHECK(json(Value::float64(1)) == "1.0");
  CHECK(json(Value::float64(1e300)) == "1e+300");
  CHECK(json(of(Type::decimal(5, 2), 150)) == "1.50");
  CHECK(json(Value::boolean(true)) == "true");
  CHECK(json(S("a\"b")) == R"("a\"b")");
  CHECK(json(D("2021-09-27")) == "\"2021-09-27\"");
  CHECK(json(TS("2021-09-27 12:34:56.5", 3)) == "\"2021-09-27T12:34:56.500\"");
  CHECK(json(LTZ("2021-09-27 12:34:56")) == "\"2021-09-27T12:34:56.000Z\"");
  Value bytes = S("abcd");
  bytes.type = Type::bytes();
  CHECK(json(bytes) == "\"YWJjZA==\"");
  CHECK(json(list({I(1), null(Type::integer())}, Type::integer())) == "[1,null]");
  CHECK(json(map({S("k"), I(1)}, Type::string(), Type::integer())) == R"({"k":1})");
  Value row;
  row.type = Type::row({{"a", Type::integer()}, {"b", Type::string()}});
  row.is_null = false;
  row.items = {I(1), S("x")};
  CHECK(json(row) == R"({"a":1,"b":"x"})");
  CHECK(json(null(Type::integer())) == "NULL");
  CHECK(json(of(Type{TypeId::kIntervalMillis}, 5)).starts_with("error: "));
}

TEST_CASE("JSON_OBJECT and JSON_ARRAY") {
  Family f(json_functions());
  CHECK(f("JSON_OBJECT", {}) == "{}");
  CHECK(f("JSON_OBJECT", {S("b"), I(1), S("a"), S("x")}) == R"({"a":"x","b":1})");
  CHECK(f("JSON_OBJECT", {S("a"), null(Type::integer())}) == R"({"a":null})");
  CHECK(f("JSON_OBJECT", {S("a"), null(Type::integer())}, {"ABSENT ON NULL"}) == "{}");
  CHECK(f("JSON_OBJECT", {S("a"), I(1), S("a"), I(2)}) == R"({"a":2})");
  CHECK(f("JSON_OBJECT", {S("a"), S("[1]")}) == R"({"a":"[1]"})");
  CHECK(f("JSON_OBJECT", {S("a"), S("[1]")}, {"RAW 1"}) == R"({"a":[1]})");
  CHECK(f("JSON_OBJECT", {null(Type::string()), I(1)}) ==
        "row error: a key of JSON_OBJECT is NULL");
  CHECK(f("JSON_OBJECT", {S("a")}).starts_with("error: "));
  CHECK(f("JSON_OBJECT", {I(1), I(1)}).starts_with("error: "));
  CHECK(f("JSON_ARRAY", {}) == "[]");
  CHECK(f("JSON_ARRAY", {I(1), S("x"), null(Type::integer()), Value::boolean(false)}) ==
        R"([1,"x",false])");
  CHECK(f("JSON_ARRAY", {I(1), null(Type::integer())}, {"NULL ON NULL"}) == "[1,null]");
  CHECK(f("JSON_ARRAY", {S("{}")}, {"RAW 0"}) == "[{}]");
  CHECK(f("JSON_ARRAY", {I(1)}, {"ERROR ON NULL"}).starts_with("error: "));
}

TEST_CASE("every JSON function is described") {
  for (const FunctionDescriptor& d : json_functions()) {
    CAPTURE(d.name);
    CHECK_FALSE(d.signature.empty());
    CHECK_FALSE(d.example.empty());
    CHECK_FALSE(d.result.empty());
    CHECK(d.doc.ends_with('.'));
  }
}

}  // namespace
}  // namespace weir::test
