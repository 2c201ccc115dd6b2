#include "expr/parser.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {

std::string round(const std::string& text) {
  auto ast = parse_expression(SourceText(text));
  if (!ast) return "! " + ast.error().message;
  return to_sql(**ast);
}

struct Failure {
  std::string message;
  std::string hint;
  int column = 0;
  int length = 0;
};
Failure failure(const std::string& text) {
  auto ast = parse_expression(SourceText(text, Position{"f", 1, 1, text, 1}));
  if (ast) return {"no error: " + to_sql(**ast), "", 0, 0};
  const Error& e = ast.error();
  CHECK(e.kind == ErrorKind::kConfig);
  return {e.message, e.hint, e.position.column, e.position.length};
}

}  // namespace

TEST_CASE("canonical text of expressions") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a", "a"},
      {"`my col`.b", "`my col`.b"},
      {"`tick``ed`", "`tick``ed`"},
      {"1+2*3", "1 + 2 * 3"},
      {"(1+2)*3", "(1 + 2) * 3"},
      {"1-(2-3)", "1 - (2 - 3)"},
      {"1-2-3", "1 - 2 - 3"},
      {"a%2", "a % 2"},
      {"-5", "-5"},
      {"- 5", "-5"},
      {"-(-5)", "- -5"},
      {"-a", "-a"},
      {"-(a+b)", "-(a + b)"},
      {"1.50", "1.50"},
      {".5", "0.5"},
      {"1e3", "1e+03"},
      {"9223372036854775808", "9223372036854775808"},
      {"not a and b or c", "NOT a AND b OR c"},
      {"not (a or b)", "NOT (a OR b)"},
      {"a and (b or c)", "a AND (b OR c)"},
      {"a AND b AND c AND d AND e", "a AND b AND c AND d AND e"},
      {"a != b", "a <> b"},
      {"a is null", "a IS NULL"},
      {"a = b is not true", "a = b IS NOT TRUE"},
      {"a is unknown", "a IS UNKNOWN"},
      {"a is json object", "a IS JSON OBJECT"},
      {"a is not distinct from b", "a IS NOT DISTINCT FROM b"},
      {"a between 1 and 2 and b", "a BETWEEN 1 AND 2 AND b"},
      {"a not between symmetric 1 and 2", "a NOT BETWEEN SYMMETRIC 1 AND 2"},
      {"a between asymmetric 1 and 2", "a BETWEEN 1 AND 2"},
      {"a in (1,2)", "a IN (1, 2)"},
      {"a not in ('x')", "a NOT IN ('x')"},
      {"a like '%x' escape '!'", "a LIKE '%x' ESCAPE '!'"},
      {"a not similar to 'x|y'", "a NOT SIMILAR TO 'x|y'"},
      {"a || 'it''s'", "a || 'it''s'"},
      {"case when a then 1 else 2 end", "CASE WHEN a THEN 1 ELSE 2 END"},
      {"case a when 1 then 'x' when 2 then 'y' end", "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END"},
      {"case a when 1, 2 then 'x' end", "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'x' END"},
      {"cast(a as decimal(10,2))", "CAST(a AS DECIMAL(10, 2))"},
      {"cast(a as row<x int, y array<map<string,int>>>)",
       "CAST(a AS ROW<x INT, y ARRAY<MAP<STRING, INT>>>)"},
      {"try_cast(a as timestamp_ltz(3))", "TRY_CAST(a AS TIMESTAMP_LTZ(3))"},
      {"extract(hours from t)", "EXTRACT(HOUR FROM t)"},
      {"trim(x)", "TRIM(BOTH ' ' FROM x)"},
      {"trim(leading 'x' from y)", "TRIM(LEADING 'x' FROM y)"},
      {"trim(both from y)", "TRIM(BOTH ' ' FROM y)"},
      {"trim('x' from y)", "TRIM(BOTH 'x' FROM y)"},
      {"substring(a from 2 for 3)", "SUBSTRING(a, 2, 3)"},
      {"substring(a, 2)", "SUBSTRING(a, 2)"},
      {"position('x' in a)", "POSITION('x' IN a)"},
      {"overlay(a placing 'x' from 2 for 1)", "OVERLAY(a PLACING 'x' FROM 2 FOR 1)"},
      {"floor(t to day)", "FLOOR(t TO DAY)"},
      {"ceil(x)", "CEIL(x)"},
      {"timestampadd(sql_tsi_day, 1, t)", "TIMESTAMPADD(DAY, 1, t)"},
      {"timestampdiff(second, a, b)", "TIMESTAMPDIFF(SECOND, a, b)"},
      {"count(*)", "COUNT(*)"},
      {"count(distinct a, b)", "COUNT(DISTINCT a, b)"},
      {"sum(all a)", "SUM(a)"},
      {"sum(a) filter (where b > 1)", "SUM(a) FILTER (WHERE b > 1)"},
      {"(a, b) overlaps (c, d)", "(a, b) OVERLAPS (c, d)"},
      {"current_date", "CURRENT_DATE"},
      {"now()", "NOW()"},
      {"a.b[1].c", "a.b[1].c"},
      {"m['k']", "m['k']"},
      {"array[1,2]", "ARRAY[1, 2]"},
      {"array[]", "ARRAY[]"},
      {"map['a',1]", "MAP['a', 1]"},
      {"row(1,'x')", "ROW(1, 'x')"},
      {"(1,'x')", "ROW(1, 'x')"},
      {"date '2024-01-31'", "DATE '2024-01-31'"},
      {"timestamp '2024-01-31 12:00:00.120'", "TIMESTAMP '2024-01-31 12:00:00.120'"},
      {"time '12:34:56'", "TIME '12:34:56'"},
      {"interval '10' minutes", "INTERVAL '10' MINUTE"},
      {"interval '1 02:03' day to minute", "INTERVAL '1563' MINUTE"},
      {"interval '1-6' year to month", "INTERVAL '18' MONTH"},
      {"interval -'2' day", "INTERVAL -'2' DAY"},
      {"interval '1.5' second", "INTERVAL '1.5' SECOND"},
      {"interval 5 minute", "INTERVAL '5' MINUTE"},
      {"x'0cFF'", "X'0cff'"},
      {"u&'\\263A\\\\'", "'\xE2\x98\xBA\\'"},
      {"u&'!+01F600' uescape '!'", "'\xF0\x9F\x98\x80'"},
      {"a -- the rest\n + /* in between */ b", "a + b"},
      {"time + date", "time + date"},
      {"`current_date`", "`current_date`"},
      {"json_value(j, '$.a' returning int null on empty default 5 on error)",
       "JSON_VALUE(j, '$.a' RETURNING INT NULL ON EMPTY DEFAULT 5 ON ERROR)"},
      {"json_query(j, '$.a' with conditional array wrapper empty array on error)",
       "JSON_QUERY(j, '$.a' WITH CONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON ERROR)"},
      {"json_exists(j, '$.a' false on error)", "JSON_EXISTS(j, '$.a' FALSE ON ERROR)"},
      {"json_object(key 'a' value 1, 'b' value x absent on null)",
       "JSON_OBJECT(KEY 'a' VALUE 1, KEY 'b' VALUE x ABSENT ON NULL)"},
      {"json_object()", "JSON_OBJECT()"},
      {"json_array(1, null null on null)", "JSON_ARRAY(1, NULL NULL ON NULL)"},
      {"json_array(null on null)", "JSON_ARRAY(NULL ON NULL)"},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    CHECK(round(text) == wanted);
    // The canonical text means the same and is its own canonical text.
    CHECK(round(wanted) == wanted);
    auto ast = parse_expression(SourceText(text));
    if (ast) CHECK(to_sql(*clone(**ast)) == wanted);
  }
}

TEST_CASE("literals have the smallest exact type") {
  const auto type = [](const std::string& text) {
    return (*parse_expression(SourceText(text)))->type.to_string();
  };
  CHECK(type("1") == "INT");
  CHECK(type("-2147483648") == "INT");
  CHECK(type("2147483648") == "BIGINT");
  CHECK(type("-9223372036854775808") == "BIGINT");
  CHECK(type("9223372036854775808") == "DECIMAL(19, 0)");
  CHECK(type("1.0") == "DECIMAL(2, 1)");
  CHECK(type("1.") == "INT");
  CHECK(type("0.5") == "DECIMAL(2, 1)");
  CHECK(type(".5") == "DECIMAL(2, 1)");
  CHECK(type("007.50") == "DECIMAL(3, 2)");
  CHECK(type("1e0") == "DOUBLE");
  CHECK(type("NULL") == "NULL");
  CHECK(type("TIMESTAMP '2024-01-01 00:00:00'") == "TIMESTAMP(0)");
  CHECK(type("TIMESTAMP '2024-01-01 00:00:00.1234567'") == "TIMESTAMP(7)");
  CHECK(type("INTERVAL '1' YEAR") == "INTERVAL YEAR TO MONTH");
}

TEST_CASE("an error points at the token and says what was expected") {
  struct Wrong {
    std::string text;
    int column;
    int length;
    std::string message;
  };
  const std::vector<Wrong> cases = {
      {"", 1, 1, "the expression is empty"},
      {"a +", 4, 1, "expected an expression, found the end"},
      {"a b", 3, 1, "expected an operator or the end, found `b`"},
      {"(a", 3, 1, "expected `)`, found the end"},
      {"a == b", 3, 2, "`==` is no operator"},
      {"'abc", 1, 1, "the string is never closed"},
      {"x + `ab", 5, 1, "the backquote is never closed"},
      {"a /* b", 3, 2, "the comment is never closed"},
      {"a # b", 3, 1, "`#` has no place in an expression"},
      {"x = \"y\"", 5, 3, "double quotes mean nothing here"},
      {"12ab", 1, 4, "`12ab` is neither a number nor a name"},
      {"x'0'", 1, 4, "X'...' holds pairs of hexadecimal digits"},
      {"a between 1 or 2", 13, 2, "expected AND after BETWEEN's lower bound, found `or`"},
      {"case when a then 1", 19, 1, "expected END at the end of CASE, found the end"},
      {"case a end", 8, 3, "expected WHEN, found `end`"},
      {"cast(a as strng)", 11, 5, "unknown type `strng`"},
      {"cast(a string)", 8, 6, "expected AS after the value to cast, found `string`"},
      {"f(a, )", 6, 1, "expected an expression, found `)`"},
      {"f(a b)", 5, 1, "expected `,` or `)` in the call of F, found `b`"},
      {"extract(foo from t)", 9, 3,
       "expected a unit such as YEAR, MONTH, DAY, HOUR, MINUTE or SECOND, found `foo`"},
      {"a is 5", 6, 1,
       "expected NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS, found `5`"},
      {"date '2024-02-30'", 6, 12, "`2024-02-30` is no DATE"},
      {"interval '1:2' day", 10, 5, "`1:2` is no interval of DAY"},
      {"interval '5'", 13, 1,
       "expected an interval's unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND, found the end"},
      {"map['a']", 1, 8, "MAP[...] holds pairs: MAP[key, value, ...]"},
      {"a.5", 3, 1, "expected a field name after `.`, found `5`"},
      {"u&'\\26'", 1, 7,
       "wrong escape in a U&'...' string: write \\XXXX or \\+XXXXXX with hexadecimal digits"},
      {"123456789012345678901234567890123456789.5", 1, 41, "the number has more than 38 digits"},
      {"1e999", 1, 5, "the number is out of DOUBLE's range"},
      {"a in ()", 7, 1, "expected an expression, found `)`"},
      {"select", 1, 6, "expected an expression, found `select`"},
  };
  for (const auto& wrong : cases) {
    INFO(wrong.text);
    const Failure f = failure(wrong.text);
    CHECK(f.message == wrong.message);
    CHECK(f.column == wrong.column);
    CHECK(f.length == wrong.length);
  }
  CHECK(failure("select").hint == "an expression alone, such as status >= 500, without SELECT");
}

TEST_CASE("nodes know their place in the text") {
  auto ast = parse_expression(SourceText("  abc + f(x, 12)"));
  REQUIRE(ast);
  CHECK((*ast)->offset == 2);
  CHECK((*ast)->length == 14);
  CHECK((*ast)->args[1]->offset == 8);
  CHECK((*ast)->args[1]->length == 8);
  CHECK((*ast)->args[1]->args[1]->offset == 13);
}

TEST_CASE("depth is limited, long chains of AND and OR are not deep") {
  const auto nested = [](int n) {
    return std::string(static_cast<size_t>(n), '(') + "a" +
           std::string(static_cast<size_t>(n), ')');
  };
  CHECK(round(nested(400)) == "a");
  CHECK(round(nested(501)) == "! the expression is nested too deeply (more than 500 levels)");
  CHECK(round(nested(100000)) == "! the expression is nested too deeply (more than 500 levels)");
  std::string sum = "a";
  std::string ors = "a = 0";
  std::string nots;
  for (int i = 0; i < 20000; ++i) {
    sum += " + a";
    ors += " OR a = " + std::to_string(i);
    nots += "NOT ";
  }
  CHECK(round(sum) == "! the expression is nested too deeply (more than 500 levels)");
  CHECK(round(nots + "a") == "! the expression is nested too deeply (more than 500 levels)");
  CHECK(round(ors) == ors);
}

TEST_CASE("an order is a list of expressions with directions") {
  auto order = parse_order(SourceText("hits DESC, a + 1, b asc nulls last, c desc nulls first"));
  REQUIRE(order);
  REQUIRE(order->size() == 4);
  CHECK((*order)[0].descending);
  CHECK_FALSE((*order)[0].nulls_first);
  CHECK_FALSE((*order)[1].descending);
  CHECK((*order)[1].nulls_first);
  CHECK(to_sql(*(*order)[1].expression) == "a + 1");
  CHECK_FALSE((*order)[2].nulls_first);
  CHECK((*order)[3].nulls_first);
  CHECK(parse_order(SourceText("")).error().message == "the order is empty");
  CHECK(parse_order(SourceText("a,")).error().message == "expected an expression, found the end");
  CHECK(parse_order(SourceText("a down")).error().message ==
        "expected `,`, ASC, DESC or the end, found `down`");
  CHECK(parse_order(SourceText("a nulls")).error().message ==
        "expected FIRST or LAST after NULLS, found the end");
}
