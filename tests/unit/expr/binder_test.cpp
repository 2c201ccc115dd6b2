#include "expr/function.h"
#include "expr_tester.h"

using namespace weir;

namespace {

Schema log_schema() {
  Schema s;
  s.add("status", Type::integer());
  s.add("url", Type::string());
  s.add("bytes", Type::bigint());
  s.add("time", Type::timestamp(3));
  s.add("Host", Type::string());
  return s;
}

Error error_of(const std::string& text) {
  const SourceText source(text, Position{"p.toml", 3, 10, "where = '" + text + "'", 1});
  auto expr = bind_text(source, log_schema());
  REQUIRE_FALSE(expr.has_value());
  return expr.error();
}

}  // namespace

TEST_CASE("unknown columns name the nearest and stand at their place") {
  const Error e = error_of("bytes > 5 AND statsu = 200");
  CHECK(e.message == "no column `statsu`");
  CHECK(e.hint == "did you mean `status`?");
  CHECK(e.position.line == 3);
  CHECK(e.position.column == 24);
  CHECK(e.position.length == 6);
  CHECK(error_of("host").hint == "did you mean `Host`?");
  CHECK(error_of("xyzzy").hint == "known: status, url, bytes, time, Host");
  CHECK(error_of("foo.bar").message == "no column `foo`");
}

TEST_CASE("unknown functions and wrong arguments") {
  CHECK(bind_error("UPER('a')") == "unknown function UPER / did you mean UPPER?");
  CHECK(bind_error("QQQQQQQQ(1)") == "unknown function QQQQQQQQ / `weir functions` lists them");
  CHECK(bind_error("UPPER(1)") == "no UPPER takes (INT) / UPPER(s STRING) -> STRING");
  CHECK(bind_error("UPPER('a', 'b')") ==
        "no UPPER takes (STRING, STRING) / UPPER(s STRING) -> STRING");
  const Error e = error_of("status = 1 OR UPPER(5) = 'X'");
  CHECK(e.position.column == 24);
  CHECK(e.position.length == 8);
}

TEST_CASE("arguments convert where nothing is lost") {
  CHECK(value_of("SQRT(4)") == "2.0");
  CHECK(value_of("SQRT(4.0)") == "2.0");
  CHECK(value_of("UPPER(NULL)") == "NULL");
  CHECK(value_of("REPEAT('x', CAST(2 AS BIGINT))") == "xx");
  CHECK(value_of("YEAR('2024-05-06')") == "2024");
}

TEST_CASE("aggregates stand only where they may") {
  CHECK(bind_error("SUM(1) > 2") ==
        "the aggregate SUM may not stand here / aggregates stand in `aggregate = { ... }` of an "
        "aggregate step or a window");
  CHECK(bind_error("UPPER(DISTINCT 'a')") == "DISTINCT belongs to aggregates, UPPER is none");
  CHECK(bind_error("UPPER('a') FILTER (WHERE TRUE)") ==
        "FILTER belongs to aggregates, UPPER is none");
  CHECK(bind_error("UPPER(*)") == "`*` stands only in COUNT(*)");
}

TEST_CASE("a predicate is BOOLEAN") {
  const auto message = [](const std::string& text) {
    auto e = bind_predicate(SourceText(text), log_schema());
    return e ? (*e)->type().to_string() : e.error().message;
  };
  CHECK(message("status >= 500") == "BOOLEAN");
  CHECK(message("NULL") == "BOOLEAN");
  CHECK(message("status") == "the condition must be BOOLEAN, `status` is INT");
  CHECK(message("NOT url") == "the operand of NOT must be BOOLEAN, `url` is STRING");
  CHECK(message("status = 1 AND bytes") == "each side of AND must be BOOLEAN, `bytes` is BIGINT");
}

TEST_CASE("constants are folded, unless they fail or are random") {
  Table t;
  t.add("x", "INT", {"1"});
  const auto literal = [&](const std::string& text) {
    return t.bound(text)->as_literal() != nullptr;
  };
  CHECK(literal("1 + 2 * 3"));
  CHECK(literal("UPPER('a') || 'b'"));
  CHECK(literal("CASE WHEN TRUE THEN 1 ELSE 2 END"));
  CHECK(literal("ARRAY[1, 2][1]"));
  CHECK(literal("CAST('2024-01-01' AS DATE)"));
  CHECK_FALSE(literal("x + 1"));
  CHECK_FALSE(literal("1 / 0"));
  CHECK_FALSE(literal("CAST('x' AS INT)"));
  CHECK_FALSE(literal("RAND()"));
  CHECK_FALSE(literal("CURRENT_TIMESTAMP"));
  CHECK(t.bound("x")->as_column() == 0);
  // A literal takes the column's type, not the other way round.
  std::vector<bool> used(1);
  t.bound("x > 5")->collect_columns(used);
  CHECK(used[0]);
  CHECK_FALSE(t.bound("x > 5")->can_fail());
  CHECK(t.bound("10 / x > 5")->can_fail());
}

TEST_CASE("|| joins anything that has a text") {
  Table t;
  t.add("x", "INT", {"1", "NULL"}).add("s", "STRING", {"'a'", "'b'"});
  CHECK(t.eval("s || '-' || x") == Texts{"a-1", "NULL"});
  CHECK(t.eval("s || DATE '2024-01-01'")[0] == "a2024-01-01");
  CHECK(bind_error("'a' || ARRAY[1]") == "cannot apply `||` to ARRAY<INT>");
}

TEST_CASE("predicates that a decoder can use") {
  Schema s = log_schema();
  s.add("price", Type::float64());
  s.add("small", Type{TypeId::kFloat});
  s.add("cost", Type::decimal(10, 2));
  const auto pushed = [&](const std::string& text) {
    constexpr const char* kOps[] = {"=", "<>", "<", "<=", ">", ">=", "contains", "starts", "ends"};
    auto ast = parse_expression(SourceText(text));
    REQUIRE(ast.has_value());
    std::string out;
    for (const auto& p : pushable_predicates(**ast, s)) {
      const Value& v = p.value;
      out += (out.empty() ? "" : "; ") + s[p.column].name + " " + kOps[static_cast<size_t>(p.op)] +
             " " +
             (v.type.is_text()               ? v.text
              : v.type.id == TypeId::kDouble ? std::to_string(v.real)
                                             : std::to_string(static_cast<int64_t>(v.number)));
    }
    return out;
  };
  CHECK(pushed("status >= 500") == "status >= 500");
  CHECK(pushed("500 <= status") == "status >= 500");
  CHECK(pushed("status = -1 AND url <> 'x' AND price > 1000") ==
        "status = -1; url <> x; price > 1000.000000");
  CHECK(pushed("price > 1.5") == "price > 1.500000");
  CHECK(pushed("bytes BETWEEN 1 AND 5") == "bytes >= 1; bytes <= 5");
  CHECK(pushed("bytes NOT BETWEEN 1 AND 5").empty());
  CHECK(pushed("url LIKE '%x%' AND url LIKE 'a%' AND url LIKE '%z' AND url LIKE 'eq'") ==
        "url contains x; url starts a; url ends z; url = eq");
  CHECK(pushed("url LIKE 'a%b'").empty());
  CHECK(pushed("url LIKE '%a_%'").empty());
  CHECK(pushed("url NOT LIKE '%x%'").empty());
  CHECK(pushed("POSITION('err' IN url) > 0") == "url contains err");
  CHECK(pushed("status = 200 OR bytes = 1").empty());
  CHECK(pushed("NOT status = 200").empty());
  CHECK(pushed("status + 1 = 200").empty());
  CHECK(pushed("status = bytes").empty());
  CHECK(pushed("status = NULL").empty());
  CHECK(pushed("status > 1.5").empty());
  CHECK(pushed("status = 2.0") == "status = 2");
  CHECK(pushed("small > 1 AND cost > 1 AND time > '2024-01-01'").empty());
  CHECK(pushed("nosuch = 1").empty());
}

TEST_CASE("expressions at the depth limit bind and run") {
  Table t;
  t.add("x", "INT", {"1", "0"});
  std::string calls = "x";
  std::string sums = "x";
  std::string nots = "x = 1";
  for (int i = 0; i < 240; ++i) calls = "ABS(-" + calls + ")";
  for (int i = 0; i < 240; ++i) sums = "1 + (" + sums + ")";
  for (int i = 0; i < 480; ++i) nots = "NOT (" + nots + ")";
  CHECK(t.eval(calls) == Texts{"1", "0"});
  CHECK(t.eval(sums) == Texts{"241", "240"});
  CHECK(parse_expression(SourceText(nots)).error().message.starts_with("the expression is nested"));
  nots = "x = 1";
  for (int i = 0; i < 240; ++i) nots = "NOT (" + nots + ")";
  CHECK(t.eval(nots) == Texts{"TRUE", "FALSE"});
  std::string cases = "x";
  for (int i = 0; i < 480; ++i) cases = "CASE WHEN x = 0 THEN 5 ELSE " + cases + " END";
  CHECK(t.eval(cases) == Texts{"1", "5"});
}
