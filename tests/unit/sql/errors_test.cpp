// What people get wrong, as they read it: errors.golden holds SQL and the messages that it gives.
// WEIR_BLESS=1 rewrites the messages; the difference is reviewed.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sql_tester.h"

using namespace weir::sql;

namespace {

constexpr const char* kGolden = "tests/unit/sql/errors.golden";
constexpr std::string_view kMark = "=== ";

struct GoldenError {
  std::string sql;  // one line; \n stands for a line's end
  std::string messages;
};

std::vector<GoldenError> golden_errors() {
  std::vector<GoldenError> cases;
  std::ifstream in(kGolden);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kMark)) {
      cases.push_back({line.substr(kMark.size()), ""});
    } else if (!cases.empty()) {
      cases.back().messages += line + "\n";
    }
  }
  return cases;
}

std::string with_line_ends(std::string text) {
  for (size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) text.replace(at, 2, "\n");
  return text;
}

}  // namespace

TEST_CASE("mistakes and what is said about them") {
  auto cases = golden_errors();
  CHECK(cases.size() > 50);
  std::ostringstream blessed;
  for (auto& c : cases) {
    INFO(c.sql);
    const std::string found = errors_of(with_line_ends(c.sql));
    CHECK_FALSE(found.empty());
    if (std::getenv("WEIR_BLESS") != nullptr) {
      blessed << kMark << c.sql << "\n" << found;
    } else {
      CHECK(found == c.messages);
    }
  }
  if (std::getenv("WEIR_BLESS") != nullptr) std::ofstream(kGolden) << blessed.str();
}

TEST_CASE("right statements between wrong ones are kept") {
  const Script script = parse("SELECT 1; SELECT FROM; SELECT 2; SELECT 'a; SELECT 3");
  CHECK(script.statements.size() == 2);
  CHECK(script.errors.size() == 2);
}

TEST_CASE("a wrong member of a statement set hides no other error and no statement behind it") {
  const Script script = parse(
      "EXECUTE STATEMENT SET BEGIN\n"
      "INSERT INTO a SELECT;\n"
      "INSERT INTO b SELECT 2;\n"
      "SELECT 3;\n"
      "END;\n"
      "SELECT 4;");
  REQUIRE(script.errors.size() == 2);
  CHECK(script.errors[0].position.line == 2);
  CHECK(script.errors[1].position.line == 4);
  CHECK(script.statements.size() == 1);
}

TEST_CASE("tokens that are none are errors wherever they stand") {
  const Script script = parse(
      "EXECUTE STATEMENT SET BEGIN\n"
      "INSERT INTO a SELECT 1;\n"
      "INSERT INTO b SELECT \"x\";\n"
      "END;\n"
      "SELECT # FROM t;\n"
      "SELECT 4;");
  REQUIRE(script.errors.size() == 2);
  CHECK(script.errors[0].message == "double quotes mean nothing here");
  CHECK(script.errors[0].position.line == 3);
  CHECK(script.errors[1].message == "`#` has no place in an expression");
  CHECK(script.errors[1].position.line == 5);
  CHECK(script.statements.size() == 1);
}
