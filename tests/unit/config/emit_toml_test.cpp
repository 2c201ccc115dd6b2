#include "config/emit_toml.h"

#include <catch2/catch.hpp>

#include "config/merge.h"
#include "config/toml_text.h"

using namespace weir;

namespace {

Node text(std::string value) {
  Node node;
  node.kind = Node::Kind::kString;
  node.text = std::move(value);
  return node;
}

// What is written for the key `k`; read back it is the same.
std::string written(const std::string& value) {
  Node root;
  set_entry(root, "k", text(value), {});
  std::string toml = emit_toml(root);
  const auto again = parse_toml(toml, "test");
  REQUIRE(again);
  CHECK(again->find("k")->text == value);
  return toml;
}

}  // namespace

TEST_CASE("emit_toml: strings stand in the quotes that need the fewest escapes") {
  CHECK(written("a > 1") == "k = \"a > 1\"\n");
  CHECK(written("a = 'x'") == "k = \"a = 'x'\"\n");
  CHECK(written("\"") == "k = '\"'\n");
  CHECK(written("re\\d") == "k = 're\\d'\n");
  CHECK(written("a = 'say \"x\"'") == "k = '''a = 'say \"x\"''''\n");
  CHECK(written("'\"'") == "k = ''''\"''''\n");
  CHECK(written("''\\''") == "k = '''''\\'''''\n");
  CHECK(written("'''\"") == "k = \"'''\\\"\"\n");
  CHECK(written("a\nb = 'c'") == "k = '''\na\nb = 'c''''\n");
  CHECK(written("a\r\n\x01") == "k = \"a\\r\\n\\u0001\"\n");
}

TEST_CASE("emit_toml: tables of tables have no header of their own, texts of several lines one") {
  Node columns;
  set_entry(columns, "a", text("CASE\n  WHEN b THEN 1 END"), {});
  Node step;
  set_entry(step, "op", text("map"), {});
  set_entry(step, "columns", columns, {});
  Node steps;
  steps.kind = Node::Kind::kArray;
  steps.items.push_back(step);
  Node sources;
  set_entry(sources, "in", step, {});
  Node root;
  set_entry(root, "sources", sources, {});
  set_entry(root, "transform", steps, {});
  const std::string toml = emit_toml(root);
  CHECK(
      toml ==
      "[sources.in]\nop = \"map\"\n\n[sources.in.columns]\na = '''\nCASE\n  WHEN b THEN 1 END'''\n"
      "\n[[transform]]\nop = \"map\"\n\n[transform.columns]\na = '''\nCASE\n  WHEN b THEN 1 "
      "END'''\n");
  CHECK(parse_toml(toml, "test").has_value());
}
