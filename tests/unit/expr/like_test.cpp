#include "expr/like.h"

#include <random>

#include "expr_tester.h"

using namespace weir;

namespace {

bool like(const std::string& text, const std::string& pattern, std::optional<char> escape = {}) {
  return LikePattern::compile(pattern, escape)->matches(text);
}

// The definition: exponential, but right. Bytes only.
bool naive(std::string_view t, std::string_view p) {
  if (p.empty()) return t.empty();
  if (p[0] == '%') {
    for (size_t i = 0; i <= t.size(); ++i) {
      if (naive(t.substr(i), p.substr(1))) return true;
    }
    return false;
  }
  return !t.empty() && (p[0] == '_' || p[0] == t[0]) && naive(t.substr(1), p.substr(1));
}

}  // namespace

TEST_CASE("patterns of one part are searched for directly") {
  using Kind = LikePattern::Kind;
  const auto kind = [](const std::string& p) { return LikePattern::compile(p, {})->kind(); };
  CHECK(kind("abc") == Kind::kEquals);
  CHECK(kind("") == Kind::kEquals);
  CHECK(kind("abc%") == Kind::kStartsWith);
  CHECK(kind("%abc") == Kind::kEndsWith);
  CHECK(kind("%abc%") == Kind::kContains);
  CHECK(kind("%%") == Kind::kAnything);
  CHECK(kind("a%b") == Kind::kGeneral);
  CHECK(kind("a_b") == Kind::kGeneral);
}

TEST_CASE("LIKE") {
  CHECK(like("abc", "abc"));
  CHECK_FALSE(like("abcd", "abc"));
  CHECK(like("", ""));
  CHECK(like("", "%"));
  CHECK_FALSE(like("", "_"));
  CHECK(like("abcabd", "%abd"));
  CHECK(like("a%b", "a\\%b", '\\'));
  CHECK_FALSE(like("axb", "a\\%b", '\\'));
  CHECK(like("a\\xb", "a\\%b"));  // no escape by default
  CHECK(like("a_b", "a!_b", '!'));
  CHECK(like("a!b", "a!!b", '!'));
  CHECK(like("h\xC3\xA4user", "h_user"));  // one character of two bytes
  CHECK_FALSE(like("h\xC3\xA4user", "h__user"));
  CHECK(like("\xF0\x9F\x98\x80", "_"));
  CHECK(like("x\xC3\xA4", "%_"));
  CHECK(like("line\nbreak", "line%break"));
  CHECK_FALSE(LikePattern::compile("a\\", '\\').has_value());
  CHECK_FALSE(LikePattern::compile("\\a", '\\').has_value());
}

TEST_CASE("LIKE agrees with its definition on random texts") {
  std::mt19937 random(1);
  for (int i = 0; i < 30000; ++i) {
    std::string text;
    std::string pattern;
    for (size_t n = random() % 9; n > 0; --n) text += "ab"[random() % 2];
    for (size_t n = random() % 7; n > 0; --n) pattern += "ab%_"[random() % 4];
    INFO(text << " LIKE " << pattern);
    REQUIRE(like(text, pattern) == naive(text, pattern));
  }
}

TEST_CASE("many wildcards take linear time") {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "%a";
  CHECK_FALSE(like(std::string(100000, 'a') + "b", pattern + "c"));
  CHECK(like(std::string(100000, 'a'), pattern));
}

TEST_CASE("LIKE over columns") {
  Table t;
  t.add("s", "STRING", {"'/api/users'", "'/static/x.css'", "NULL", "'/api'", "''"});
  t.add("p", "STRING", {"'/api%'", "'%.css'", "'%'", "NULL", "'_'"});
  CHECK(t.eval("s LIKE '/api%'") == Texts{"TRUE", "FALSE", "NULL", "TRUE", "FALSE"});
  CHECK(t.eval("s NOT LIKE '/api%'") == Texts{"FALSE", "TRUE", "NULL", "FALSE", "TRUE"});
  CHECK(t.eval("s LIKE '%.css'") == Texts{"FALSE", "TRUE", "NULL", "FALSE", "FALSE"});
  CHECK(t.eval("s LIKE '%s%'") == Texts{"TRUE", "TRUE", "NULL", "FALSE", "FALSE"});
  CHECK(t.eval("s LIKE '%s_ers%'") == Texts{"FALSE", "FALSE", "NULL", "FALSE", "FALSE"});
  CHECK(t.eval("s LIKE '/api'") == Texts{"FALSE", "FALSE", "NULL", "TRUE", "FALSE"});
  CHECK(t.eval("s LIKE '%'") == Texts{"TRUE", "TRUE", "NULL", "TRUE", "TRUE"});
  CHECK(t.eval("s LIKE p") == Texts{"TRUE", "TRUE", "NULL", "NULL", "FALSE"});
  CHECK(t.eval("s NOT LIKE p") == Texts{"FALSE", "FALSE", "NULL", "NULL", "TRUE"});
  CHECK(t.eval("s LIKE NULL") == Texts(5, "NULL"));
  CHECK(t.eval("'a%' LIKE s ESCAPE '%'")[0] == "FALSE");
  CHECK(value_of("'50%' LIKE '50!%' ESCAPE '!'") == "TRUE");
  CHECK(bind_error("'a' LIKE 'a!' ESCAPE '!'") ==
        "the escape character of LIKE must stand before %, _ or itself");
  CHECK(bind_error("'a' LIKE 'a' ESCAPE 'xy'") == "the escape of LIKE is one character");
  CHECK(bind_error("1 LIKE 'a'") == "LIKE needs texts, `1` is INT");
}

TEST_CASE("SIMILAR TO") {
  CHECK(value_of("'abc' SIMILAR TO 'a(b|x)_'") == "TRUE");
  CHECK(value_of("'abc' SIMILAR TO 'ab'") == "FALSE");
  CHECK(value_of("'a.c' SIMILAR TO 'a.c'") == "TRUE");
  CHECK(value_of("'abc' SIMILAR TO 'a.c'") == "FALSE");
  CHECK(value_of("'x12' SIMILAR TO 'x[0-9]{2}'") == "TRUE");
  CHECK(value_of("'a%' SIMILAR TO 'a!%' ESCAPE '!'") == "TRUE");
  CHECK(value_of("'anything' NOT SIMILAR TO '%'") == "FALSE");
  CHECK(value_of("NULL SIMILAR TO '%'") == "NULL");
  CHECK(bind_error("'a' SIMILAR TO '(('").starts_with("wrong pattern of SIMILAR TO: "));
  Table t;
  t.add("p", "STRING", {"'a|b'", "'(('", "NULL"});
  const Texts r = t.eval("'b' SIMILAR TO p");
  CHECK(r[0] == "TRUE");
  CHECK(r[1].starts_with("! wrong pattern of SIMILAR TO: "));
  CHECK(r[2] == "NULL");
}
