// Tokens of SQL text, and a cursor over them with the errors that a parser reports. Shared by the
// expression grammar and by everything that contains expressions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/node.h"

namespace weir {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,     // identifier or keyword, as written; `upper` for comparing
  kQuoted,   // `name`, text without the quotes
  kString,   // 'text', text with '' undone
  kUnicode,  // U&'text', escapes not undone yet (UESCAPE may follow)
  kBytes,    // X'0c', the bytes themselves
  kInteger,  // 12
  kDecimal,  // 1.5, .5, 5.
  kFloat,    // 1e5
  kSymbol,   // + - * / % || = <> != < <= > >= ( ) [ ] , . ; => and other single characters;
             //   in scripts also /*+ and */ around hints
  kBad,      // in scripts: what tokenize() would refuse
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t offset = 0;  // half-open range of bytes [offset, offset + length) in the text
  size_t length = 0;
  std::string text;
  std::string upper;  // of kWord
  size_t end() const { return offset + length; }
};

// Cuts the text into tokens, the last of kind kEnd. Comments (-- and /* */) are left out.
// Error: kConfig at an unclosed quote or comment, or at a byte that starts no token.
Result<std::vector<Token>> tokenize(const SourceText& text);

// The tokens of a script, whose grammar goes on behind errors: what starts no token is a kBad token
// with an error of its own. Hints are tokens, not comments.
struct ScriptTokens {
  std::vector<Token> tokens;
  std::map<size_t, Error> errors;  // of kBad tokens, by their offset
};
ScriptTokens tokenize_script(const SourceText& text);

// Walks over the tokens of one text. The first problem is kept (`error()`), later ones are ignored, and
// the cursor stands at the end from then on: nothing is accepted any more, so a parser unwinds by itself.
class TokenCursor {
 public:
  TokenCursor(const SourceText& text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}
  TokenCursor(const SourceText& text, ScriptTokens script)
      : text_(text), tokens_(std::move(script.tokens)), bad_(std::move(script.errors)) {}

  const SourceText& text() const { return text_; }
  const Token& peek(size_t ahead = 0) const {
    const size_t i = at_ + ahead;
    return tokens_[i < tokens_.size() ? i : tokens_.size() - 1];
  }
  Token next() {
    const Token& t = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return t;
  }
  // One past the last byte of the token taken last.
  size_t last_end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].end(); }
  bool at_end() const { return peek().kind == TokenKind::kEnd; }

  bool is_symbol(std::string_view symbol, size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kSymbol && peek(ahead).text == symbol;
  }
  bool is_word(std::string_view upper_case, size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kWord && peek(ahead).upper == upper_case;
  }
  bool accept_symbol(std::string_view symbol);
  bool accept_word(std::string_view upper_case);
  // All of the words in a row, or none.
  bool accept_words(std::initializer_list<std::string_view> upper_case);
  // Like accept; otherwise the error "expected X, found Y".
  bool expect_symbol(std::string_view symbol, std::string_view where = {});
  bool expect_word(std::string_view upper_case, std::string_view where = {});

  // Skips the tokens that begin before `offset`.
  void skip_to(size_t offset);
  size_t position() const { return at_; }
  void rewind(size_t position) { at_ = position; }

  // "`x`", "the end", "a string": the token as a message names it.
  std::string describe(const Token& token) const;
  // Reports "expected WHAT, found TOKEN" at the next token; at a kBad token, its own error.
  void fail_expected(std::string_view what, std::string hint = {});
  void fail_at(size_t offset, size_t length, std::string message, std::string hint = {});
  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  // Forgets the error and stands again where it was met; the error.
  Error recover();

  // Levels of nesting that the parsers of this text are in: everything recursive enters a level.
  static constexpr int kMaxDepth = 500;
  // False and an error when the levels are used up. Each call is paired with leave().
  bool enter(int levels = 1);
  void leave(int levels = 1) { depth_ -= levels; }

 private:
  void fail(Error error);

  SourceText text_;
  std::vector<Token> tokens_;
  std::map<size_t, Error> bad_;
  size_t at_ = 0;
  size_t failed_at_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
};

// Words that can be column names only in backquotes, upper case.
bool is_reserved_word(std::string_view upper_case);
// CURRENT_DATE and its kind: functions that are called without parentheses.
bool is_bare_function(std::string_view upper_case);
// The name as it must be written in an expression: bare, or in backquotes; or in these always.
std::string quote_identifier(std::string_view name);
std::string in_backquotes(std::string_view name);

}  // namespace weir
