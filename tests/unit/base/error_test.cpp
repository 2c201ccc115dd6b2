#include "base/error.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace weir;

namespace {
Error error_at(int column, int length, std::string line) {
  return Error{ErrorKind::kConfig,
               "no column `statsu`",
               {"p.toml", 7, column, std::move(line), length},
               "did you mean `status`?",
               ""};
}
}  // namespace

TEST_CASE("an error shows place, line, caret and hint") {
  CHECK(format_error(error_at(10, 6, "where = \"statsu >= 500\"")) ==
        "p.toml:7:10: error: no column `statsu`\n"
        "  where = \"statsu >= 500\"\n"
        "           ^~~~~~\n"
        "  hint: did you mean `status`?\n");
}

TEST_CASE("an error without a position names the program") {
  CHECK(format_error(Error{ErrorKind::kIo, "cannot read", {}, "", ""}) ==
        "weir: error: cannot read\n");
  CHECK(format_error(Error{ErrorKind::kInternal, "oops", {}, "", ""}) ==
        "weir: internal error: oops\n");
  CHECK(format_error(Error{ErrorKind::kIo, "x", {"a.log", 0, 0, "", 1}, "", ""}) ==
        "a.log: error: x\n");
}

TEST_CASE("the context is a line of its own") {
  Error e{ErrorKind::kConfig, "x", {}, "y", "[[transform]] 2 (filter)"};
  CHECK(format_error(e) == "weir: error: x\n  in [[transform]] 2 (filter)\n  hint: y\n");
}

TEST_CASE("tabs before the caret stay tabs") {
  CHECK(
      format_error(error_at(3, 1, "a\tb\tc")) ==
      "p.toml:7:3: error: no column `statsu`\n  a\tb\tc\n   \t^\n  hint: did you mean `status`?\n");
}

TEST_CASE("indentation is left out and columns still fit") {
  CHECK(format_error(error_at(5, 2, "    ab")).find("\n  ab\n  ^~\n") != std::string::npos);
}

TEST_CASE("control bytes and invalid UTF-8 are escaped") {
  Error e{ErrorKind::kData, "bad \x1b[31m text\n\xff \xe2\x80\xae.", {}, "", ""};
  CHECK(format_error(e) == "weir: error: bad \\x1b[31m text\n\\xff \\u{202e}.\n");
  CHECK(format_error(error_at(2, 1, "\x01z")).find("\n  \\x01z\n      ^\n") != std::string::npos);
}

TEST_CASE("columns count characters, wide ones take two places") {
  CHECK(format_error(error_at(3, 1, "é世z")).find("\n  é世z\n     ^\n") != std::string::npos);
}

TEST_CASE("a caret beyond the end stands behind the last character") {
  CHECK(format_error(error_at(99, 40, "abc")).find("\n  abc\n     ^\n") != std::string::npos);
  CHECK(format_error(error_at(1, 1, "")).find('^') == std::string::npos);
}

TEST_CASE("long lines are cut around the caret") {
  const std::string line = std::string(500, 'a') + "HERE" + std::string(500, 'b');
  const std::string text = format_error(error_at(501, 4, line));
  CHECK(text.find("...aaa") != std::string::npos);
  CHECK(text.find("bbb...\n") != std::string::npos);
  CHECK(text.find("^~~~\n") != std::string::npos);
  const size_t line_at = text.find("HERE") - text.rfind('\n', text.find("HERE"));
  const size_t caret_at = text.find('^') - text.rfind('\n', text.find('^'));
  CHECK(line_at == caret_at);
}

TEST_CASE("colours frame the parts") {
  const std::string text = format_error(error_at(1, 1, "x"), true);
  CHECK(text.find("\033[1;31merror:\033[0m") != std::string::npos);
}

TEST_CASE("every kind has its exit code") {
  CHECK(exit_code(ErrorKind::kUsage) == 2);
  CHECK(exit_code(ErrorKind::kConfig) == 2);
  CHECK(exit_code(ErrorKind::kData) == 3);
  CHECK(exit_code(ErrorKind::kIo) == 1);
  CHECK(exit_code(ErrorKind::kDiskFull) == 6);
  CHECK(exit_code(ErrorKind::kState) == 4);
  CHECK(exit_code(ErrorKind::kBusy) == 5);
  CHECK(exit_code(ErrorKind::kInternal) == 1);
}

TEST_CASE("a full disk is told from other failures") {
  CHECK(io_error("cannot write `x`", ENOSPC).kind == ErrorKind::kDiskFull);
  CHECK(io_error("cannot write `x`", EDQUOT).kind == ErrorKind::kDiskFull);
  const Error e = io_error("cannot open `x`", ENOENT);
  CHECK(e.kind == ErrorKind::kIo);
  CHECK(e.message == "cannot open `x`: No such file or directory");
}
