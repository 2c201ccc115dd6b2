// Text -> tokens -> statements. A statement with a wrong token is not parsed: the token is its error.
#include <fmt/format.h>
#include <algorithm>

#include "sql/parser.h"
#include "sql/statements.h"

namespace weir::sql {

namespace {

constexpr size_t kMaxScriptErrors = 100;

// For a quote that is never closed: an earlier string that holds a line break or a `;` is suspect.
std::string suspect_quote(const SourceText& text, const std::vector<Token>& before) {
  for (const auto& t : before) {
    if (t.kind != TokenKind::kString || t.text.find_first_of(";\n") == std::string::npos) continue;
    const Position at = text.at(t.offset);
    if (at.line == 0) break;
    return fmt::format("perhaps a quote is missing at the end of the string at line {}, column {}",
                       at.line, at.column);
  }
  return "a quote inside a string is written twice: 'it''s'";
}

class ScriptParser {
 public:
  ScriptParser(const SourceText& text, ScriptTokens tokens)
      : text_(text),
        lexical_(std::move(tokens.errors)),
        c_(text, std::move(tokens.tokens)),
        g_(c_) {}

  Script parse() {
    while (!c_.at_end() && script_.errors.size() < kMaxScriptErrors) {
      if (c_.accept_symbol(";") || lexical_error()) continue;
      // A statement set may have had errors inside and be none at its end.
      const size_t before = script_.errors.size();
      Statement statement = parse_statement(g_, script_.errors);
      if (c_.failed()) recover(g_, script_.errors);
      if (script_.errors.size() == before) script_.statements.push_back(std::move(statement));
    }
    return std::move(script_);
  }

 private:
  // If the statement at the cursor holds wrong tokens: reports the first one, skips the statement.
  bool lexical_error() {
    size_t bad = 0;
    size_t n = 0;
    size_t first = 0;
    for (; c_.peek(n).kind != TokenKind::kEnd && !c_.is_symbol(";", n); ++n) {
      if (c_.peek(n).kind == TokenKind::kBad && bad++ == 0) first = n;
    }
    if (bad == 0) return false;
    Error error = std::move(lexical_[next_lexical_]);
    next_lexical_ += bad;
    if (error.hint.empty() && text_.text[c_.peek(first).offset] == '\'') {
      std::vector<Token> before;
      for (size_t i = 0; i < first; ++i) before.push_back(c_.peek(i));
      error.hint = suspect_quote(text_, before);
    }
    script_.errors.push_back(std::move(error));
    for (; n > 0; --n) c_.next();
    return true;
  }

  const SourceText& text_;
  Errors lexical_;
  size_t next_lexical_ = 0;
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
