// Text -> tokens -> statements.
#include <fmt/format.h>

#include "sql/parser.h"
#include "sql/statements.h"

namespace weir::sql {

namespace {

constexpr size_t kMaxScriptErrors = 100;

class ScriptParser {
 public:
  ScriptParser(const SourceText& text, ScriptTokens tokens)
      : text_(text), c_(text, std::move(tokens)), g_(c_) {}

  Script parse() {
    while (!c_.at_end() && script_.errors.size() < kMaxScriptErrors) {
      if (c_.accept_symbol(";")) continue;
      // A statement set may have had errors inside and be none at its end.
      const size_t before = script_.errors.size();
      const size_t begin = c_.position();
      Statement statement = parse_statement(g_, script_.errors);
      if (c_.failed()) {
        const Token wrong = recover(g_, script_.errors);
        if (wrong.kind == TokenKind::kBad) hint_at_quotes(begin, wrong);
      }
      if (script_.errors.size() == before) script_.statements.push_back(std::move(statement));
    }
    return std::move(script_);
  }

 private:
  // A quote that is never closed: an earlier string that holds a line break or a `;` is suspect.
  void hint_at_quotes(size_t begin, const Token& wrong) {
    Error& error = script_.errors.back();
    if (text_.text[wrong.offset] != '\'' || !error.hint.empty()) return;
    error.hint = "a quote inside a string is written twice: 'it''s'";
    const size_t end = c_.position();
    for (c_.rewind(begin); c_.peek().offset < wrong.offset; c_.next()) {
      const Token& t = c_.peek();
      if (t.kind != TokenKind::kString || t.text.find_first_of(";\n") == std::string::npos)
        continue;
      const Position at = text_.at(t.offset);
      error.hint =
          fmt::format("perhaps a quote is missing at the end of the string at line {}, column {}",
                      at.line, at.column);
      break;
    }
    c_.rewind(end);
  }

  const SourceText& text_;
  TokenCursor c_;
  Grammar g_;
  Script script_;
};

}  // namespace

Script parse_script(const SourceText& text) {
  return ScriptParser(text, tokenize_script(text)).parse();
}

Result<Query> parse_query(const SourceText& text) {
  Script script = parse_script(text);
  if (!script.errors.empty()) return std::unexpected(std::move(script.errors[0]));
  if (script.statements.empty()) {
    return std::unexpected(Error{ErrorKind::kConfig, "the query is empty", text.at(0), {}, {}});
  }
  const Statement& last = script.statements.back();
  const Statement& first = script.statements.front();
  if (script.statements.size() > 1 || !std::holds_alternative<Query>(first.what)) {
    return std::unexpected(Error{ErrorKind::kConfig,
                                 script.statements.size() > 1
                                     ? "one query is expected, found two statements"
                                     : "a query is expected here",
                                 text.at(last.place.offset, last.place.length),
                                 "scripts are run by `weir sql --file`",
                                 {}});
  }
  return std::get<Query>(std::move(script.statements.front().what));
}

SourceText script_text(std::string text, std::string file) {
  Position position{std::move(file), 1, 1, text.substr(0, text.find('\n')), 1};
  if (position.line_text.ends_with('\r')) position.line_text.pop_back();
  return {std::move(text), std::move(position)};
}

}  // namespace weir::sql
