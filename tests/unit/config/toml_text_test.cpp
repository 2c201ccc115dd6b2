#include "config/toml_text.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {
Node parsed(std::string_view text) {
  auto r = parse_toml(text, "p.toml");
  INFO(text);
  if (!r) FAIL(r.error().message);
  return std::move(*r);
}
Error refused(std::string_view text) {
  auto r = parse_toml(text, "p.toml");
  INFO(text);
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().kind == ErrorKind::kConfig);
  return r.error();
}
}  // namespace

TEST_CASE("values of every kind come with their places") {
  const Node root =
      parsed("a = 'x'\nb = -3\nc = 2.5\nd = true\ne = 2024-01-31\nf = [1, 2]\ng = { h = 1 }\n");
  REQUIRE(root.entries.size() == 7);
  CHECK(root.find("a")->text == "x");
  CHECK(root.find("b")->integer == -3);
  CHECK(root.find("c")->real == 2.5);
  CHECK(root.find("d")->boolean);
  CHECK(root.find("e")->kind == Node::Kind::kDateTime);
  CHECK(root.find("e")->text == "2024-01-31");
  CHECK(root.find("f")->items.size() == 2);
  CHECK(root.find("g")->find("h")->integer == 1);
  CHECK(root.find("b")->position.line == 2);
  CHECK(root.find("b")->position.column == 5);
  CHECK(root.find("b")->position.length == 2);
  CHECK(root.find("b")->position.line_text == "b = -3");
  CHECK(root.find("b")->position.file == "p.toml");
  CHECK(root.key_positions[1].line == 2);
  CHECK(root.key_positions[1].column == 1);
  CHECK(root.find("z") == nullptr);
}

TEST_CASE("entries keep the order written") {
  const Node root = parsed("z = 1\na = 2\n[m]\nk = 1\nb = 2\n");
  CHECK(root.entries[0].first == "z");
  CHECK(root.entries[1].first == "a");
  CHECK(root.find("m")->entries[0].first == "k");
}

TEST_CASE("a string's place is its first character") {
  const Node root = parsed("where = \"status >= 500\"\nb = 'x'\n\"é\" = \"世 x\"\n");
  const SourceText where = root.find("where")->source_text();
  CHECK(where.exact);
  CHECK(where.position.column == 10);
  CHECK(where.at(10, 3).column == 20);
  CHECK(where.at(10, 3).length == 3);
  CHECK(root.find("b")->position.column == 6);
  const SourceText wide = root.find("é")->source_text();
  CHECK(wide.position.column == 8);
  CHECK(wide.at(4).column == 10);  // columns count characters, not bytes
}

TEST_CASE("escapes make offsets inexact, and every offset the whole string") {
  const Node root = parsed("a = \"x\\ty\"\n");
  CHECK_FALSE(root.find("a")->exact_text);
  CHECK(root.find("a")->text == "x\ty");
  CHECK(root.find("a")->source_text().at(2).column == root.find("a")->position.column);
}

TEST_CASE("texts of several lines keep their places") {
  const Node root = parsed("q = '''\nSELECT a\nFROM  b'''\nr = \"\"\"x\ny\"\"\"\n");
  const SourceText q = root.find("q")->source_text();
  CHECK(q.text == "SELECT a\nFROM  b");
  REQUIRE(q.exact);
  CHECK(q.position.line == 2);
  CHECK(q.position.column == 1);
  CHECK(q.at(7).line == 2);
  CHECK(q.at(7).column == 8);
  CHECK(q.at(15).line == 3);
  CHECK(q.at(15).column == 7);
  CHECK(q.at(15).line_text == "FROM  b");
  const SourceText r = root.find("r")->source_text();
  CHECK(r.position.line == 4);
  CHECK(r.at(2).line == 5);
  CHECK(r.at(2).column == 1);
}

TEST_CASE("CRLF, a byte order mark and a missing last newline change nothing") {
  const Node root = parsed(
      "\xEF\xBB\xBF"
      "a = 'x'\r\n[t]\r\nb = 'y'");
  CHECK(root.find("a")->position.column == 6);
  CHECK(root.find("a")->position.line_text == "a = 'x'");
  CHECK(root.find("t")->find("b")->position.line == 3);
  CHECK(parsed("").entries.empty());
}

TEST_CASE("syntax errors have a place and a remedy") {
  Error e = refused("a = 1\na = 2\n");
  CHECK(e.message == "`a` is defined twice");
  CHECK(e.position.line == 2);
  e = refused("where = status >= 500\n");
  CHECK(e.hint == "text stands in quotes: where = \"status >= 500\"");
  CHECK(e.position.column == 9);
  e = refused("type = file\n");
  CHECK(e.hint == "text stands in quotes: type = \"file\"");
  e = refused("size = 10s\n");
  CHECK(e.hint == "text stands in quotes: size = \"10s\"");
  e = refused("a = True\n");
  CHECK(e.hint == "write true");
  e = refused("a = \"x\nb = 1\n");
  CHECK(e.message == "the string is not closed on its line");
  e = refused("a = \"\\d\"\n");
  CHECK(e.hint == "in single quotes a backslash is a plain character: '\\d+'");
  e = refused("a = { b = 1,\n c = 2 }\n");
  CHECK_FALSE(e.hint.empty());
  e = refused("a = [1, 2");
  CHECK(e.message == "the text ends too early: something is not closed");
  refused("[x\n");
  refused("a\n");
  refused("\xff");
}

TEST_CASE("hostile texts end in an error, not in a crash") {
  refused("a = " + std::string(100'000, '['));
  std::string dotted = "a";
  for (int i = 0; i < 200'000; ++i) dotted += ".a";
  refused(dotted + " = 1");
  refused("[" + dotted + "]");
  std::string deep = "a = 1";
  for (int i = 0; i < 100; ++i) deep = "a = { " + deep + " }";
  refused(deep);
  refused(std::string((1 << 20) + 1, '#'));
  parsed("# " + std::string(100'000, '.') + "\na = '" + std::string(1000, '.') + "'");
  parsed("a = \"\"\"" + std::string(1000, '.') +
         "\"\"\"\nb = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, "
         "1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]");
}
