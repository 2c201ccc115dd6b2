#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace weir {

namespace {

constexpr std::array<std::string_view, 27> kReserved = {
    "AND",   "AS",   "BETWEEN", "CASE",   "CAST", "DISTINCT", "ELSE", "END",   "ESCAPE",
    "FALSE", "FROM", "GROUP",   "HAVING", "IN",   "IS",       "LIKE", "NOT",   "NULL",
    "ON",    "OR",   "ORDER",   "SELECT", "THEN", "TRUE",     "WHEN", "WHERE", "UNION"};

constexpr std::array<std::string_view, 6> kBareFunctions = {
    "CURRENT_DATE", "CURRENT_TIME",   "CURRENT_TIMESTAMP",
    "LOCALTIME",    "LOCALTIMESTAMP", "CURRENT_ROW_TIMESTAMP"};

bool starts_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  Lexer(const SourceText& source, bool script)
      : source_(source), text_(source.text), script_(script) {}

  // The next token, kEnd for ever at the end; false: a kBad token, with error().
  bool next(Token& token) {
    skip_blank();
    token.offset = pos_;
    const bool good = pos_ == text_.size() || read(token);
    if (!good) token.kind = TokenKind::kBad;
    token.length = pos_ - token.offset;
    path_dot_ = token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted;
    last_end_ = pos_;
    return good;
  }
  Error& error() { return error_; }

 private:
  char at(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  bool at_comment() const { return at() == '/' && at(1) == '*' && !(script_ && at(2) == '+'); }

  // Stops also at a comment that is never closed.
  void skip_blank() {
    for (;;) {
      if (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_])) != 0) {
        ++pos_;
      } else if (at() == '-' && at(1) == '-') {
        while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
      } else if (at_comment() && text_.find("*/", pos_ + 2) != std::string_view::npos) {
        pos_ = text_.find("*/", pos_ + 2) + 2;
      } else {
        return;
      }
    }
  }

  bool read(Token& token) {
    const char c = at();
    if (at_comment()) {
      pos_ = text_.size();
      return fail_at(token.offset, 2, "the comment is never closed");
    }
    if (c == '\'') {
      token.kind = TokenKind::kString;
      return read_quoted(token, '\'');
    }
    if (c == '`') {
      token.kind = TokenKind::kQuoted;
      if (!read_quoted(token, '`')) return false;
      if (token.text.empty()) return fail_at(token.offset, 2, "a name may not be empty");
      return true;
    }
    if ((c == 'X' || c == 'x') && at(1) == '\'') return read_bytes(token);
    if ((c == 'U' || c == 'u') && at(1) == '&' && at(2) == '\'') {
      pos_ += 2;
      token.kind = TokenKind::kUnicode;
      return read_quoted(token, '\'');
    }
    if (starts_name(c)) {
      while (pos_ < text_.size() && continues_name(text_[pos_])) ++pos_;
      token.kind = TokenKind::kWord;
      token.text = text_.substr(token.offset, pos_ - token.offset);
      token.upper = token.text;
      for (char& u : token.upper)
        u = static_cast<char>(std::toupper(static_cast<unsigned char>(u)));
      return true;
    }
    // a.1 is not `a` and .1
    const bool path_dot = path_dot_ && pos_ == last_end_;
    if (is_digit(c) || (c == '.' && is_digit(at(1)) && !path_dot)) return read_number(token);
    return read_symbol(token);
  }

  bool read_quoted(Token& token, char quote) {
    const size_t open = pos_++;
    for (;;) {
      const size_t close = text_.find(quote, pos_);
      if (close == std::string_view::npos) {
        pos_ = text_.size();
        return fail_at(
            open, 1, quote == '`' ? "the backquote is never closed" : "the string is never closed");
      }
      token.text += text_.substr(pos_, close - pos_);
      pos_ = close + 1;
      if (at() != quote) return true;
      token.text += quote;
      ++pos_;
    }
  }

  bool read_bytes(Token& token) {
    ++pos_;
    if (!read_quoted(token, '\'')) return false;
    token.kind = TokenKind::kBytes;
    std::string bytes;
    for (size_t i = 0; i < token.text.size(); i += 2) {
      const int high = hex_digit(token.text[i]);
      const int low = i + 1 < token.text.size() ? hex_digit(token.text[i + 1]) : -1;
      if (high < 0 || low < 0) {
        return fail_at(token.offset, pos_ - token.offset,
                       "X'...' holds pairs of hexadecimal digits");
      }
      bytes += static_cast<char>(high * 16 + low);
    }
    token.text = std::move(bytes);
    return true;
  }

  bool read_number(Token& token) {
    token.kind = TokenKind::kInteger;
    while (is_digit(at())) ++pos_;
    if (at() == '.' && at(1) != '.') {
      token.kind = TokenKind::kDecimal;
      ++pos_;
      while (is_digit(at())) ++pos_;
    }
    if (at() == 'e' || at() == 'E') {
      const size_t sign = at(1) == '+' || at(1) == '-' ? 1 : 0;
      if (is_digit(at(1 + sign))) {
        token.kind = TokenKind::kFloat;
        pos_ += 1 + sign;
        while (is_digit(at())) ++pos_;
      }
    }
    token.text = text_.substr(token.offset, pos_ - token.offset);
    if (starts_name(at())) {
      while (continues_name(at())) ++pos_;
      return fail_at(token.offset, pos_ - token.offset,
                     "`" + std::string(text_.substr(token.offset, pos_ - token.offset)) +
                         "` is neither a number nor a name",
                     "a name that starts with a digit is written in backquotes");
    }
    return true;
  }

  bool read_symbol(Token& token) {
    token.kind = TokenKind::kSymbol;
    const std::string_view hint_edge = in_hint_ ? "*/" : "/*+";
    if (script_ && text_.substr(pos_).starts_with(hint_edge)) {
      in_hint_ = !in_hint_;
      token.text = hint_edge;
      pos_ += hint_edge.size();
      return true;
    }
    for (const std::string_view two : {"||", "<>", "!=", "<=", ">=", "=>", "::"}) {
      if (text_.substr(pos_, 2) == two) {
        token.text = two == "!=" ? "<>" : two;
        pos_ += 2;
        return true;
      }
    }
    const char c = at();
    if (c == '"') return double_quoted();
    if (std::string_view("+-*/%=<>()[]{},.;:?|^&!").find(c) == std::string_view::npos) {
      const bool control = static_cast<unsigned char>(c) < 0x20;
      return fail_at(pos_++, 1,
                     control ? "a control character has no place in an expression"
                             : "`" + std::string(1, c) + "` has no place in an expression",
                     c == '~' ? "regular expressions: REGEXP(text, 'pattern')"
                              : "a name that holds other characters than letters, digits and _ is "
                                "written in `backquotes`");
    }
    token.text = std::string(1, c);
    ++pos_;
    return true;
  }

  // "text", which some other dialects know.
  bool double_quoted() {
    const size_t open = pos_++;
    const size_t close = std::min(text_.find('"', pos_), text_.find('\n', pos_));
    std::string hint = "strings are written in 'single quotes', names in `backquotes`";
    if (close < text_.size() && text_[close] == '"') {
      const std::string inside(text_.substr(pos_, close - pos_));
      constexpr size_t kShown = 40;
      if (!inside.empty() && inside.size() <= kShown) {
        hint = "a string is written '" + inside + "', a name `" + inside + "`";
      }
      pos_ = close + 1;
    }
    return fail_at(open, pos_ - open, "double quotes mean nothing here", std::move(hint));
  }

  bool fail_at(size_t offset, size_t length, std::string message, std::string hint = {}) {
    error_ = Error{
        ErrorKind::kConfig, std::move(message), source_.at(offset, length), std::move(hint), {}};
    return false;
  }

  const SourceText& source_;
  std::string_view text_;
  bool script_;
  size_t pos_ = 0;
  size_t last_end_ = 0;    // of the token before this one,
  bool path_dot_ = false;  // which is a name
  bool in_hint_ = false;
  Error error_;
};

}  // namespace

Result<std::vector<Token>> tokenize(const SourceText& text) {
  Lexer lexer(text, false);
  std::vector<Token> tokens;
  do {
    if (!lexer.next(tokens.emplace_back())) return std::unexpected(std::move(lexer.error()));
  } while (tokens.back().kind != TokenKind::kEnd);
  return tokens;
}

ScriptTokens tokenize_script(const SourceText& text) {
  Lexer lexer(text, true);
  constexpr size_t kMaxErrors = 100;  // behind them the text is not read: it is no SQL
  ScriptTokens out;
  while (out.tokens.empty() || out.tokens.back().kind != TokenKind::kEnd) {
    Token& token = out.tokens.emplace_back();
    if (out.errors.size() == kMaxErrors) {
      token.offset = text.text.size();
    } else if (!lexer.next(token)) {
      out.errors.emplace(token.offset, std::move(lexer.error()));
    }
  }
  return out;
}

bool TokenCursor::accept_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  next();
  return true;
}

bool TokenCursor::accept_word(std::string_view upper_case) {
  if (!is_word(upper_case)) return false;
  next();
  return true;
}

bool TokenCursor::accept_words(std::initializer_list<std::string_view> upper_case) {
  size_t i = 0;
  for (const auto w : upper_case) {
    if (!is_word(w, i++)) return false;
  }
  at_ += upper_case.size();
  return true;
}

bool TokenCursor::expect_symbol(std::string_view symbol, std::string_view where) {
  if (accept_symbol(symbol)) return true;
  fail_expected("`" + std::string(symbol) + "`" +
                (where.empty() ? std::string() : " " + std::string(where)));
  return false;
}

bool TokenCursor::expect_word(std::string_view upper_case, std::string_view where) {
  if (accept_word(upper_case)) return true;
  fail_expected(std::string(upper_case) +
                (where.empty() ? std::string() : " " + std::string(where)));
  return false;
}

void TokenCursor::skip_to(size_t offset) {
  while (!at_end() && peek().offset < offset) next();
}

std::string TokenCursor::describe(const Token& token) const {
  if (token.kind == TokenKind::kEnd) return "the end";
  constexpr size_t kShown = 30;
  std::string text = text_.text.substr(token.offset, std::min(token.length, kShown));
  if (token.length > kShown) text += "...";
  if (token.kind == TokenKind::kString) return "the string " + text;
  if (token.kind == TokenKind::kQuoted) return "the name " + text;
  return "`" + text + "`";
}

void TokenCursor::fail_expected(std::string_view what, std::string hint) {
  const Token& token = peek();
  if (const auto bad = bad_.find(token.offset); bad != bad_.end() && !error_) {
    fail(bad->second);
    return;
  }
  const bool starts = token.offset == text_.text.find_first_not_of(" \t\n");
  const bool clause = is_word("BY", 1);  // GROUP BY is no column GROUP
  if (hint.empty() && starts && (token.upper == "SELECT" || token.upper == "WHERE")) {
    hint = "an expression alone, such as status >= 500, without " + token.upper;
  } else if (hint.empty() && token.kind == TokenKind::kWord && is_reserved_word(token.upper) &&
             !clause && what.find("expression") != std::string_view::npos) {
    hint = "a column of that name is written in backquotes: `" + token.text + "`";
  }
  fail_at(token.offset, std::max<size_t>(token.length, 1),
          "expected " + std::string(what) + ", found " + describe(token), std::move(hint));
}

void TokenCursor::fail_at(size_t offset, size_t length, std::string message, std::string hint) {
  if (error_) return;
  fail(
      Error{ErrorKind::kConfig, std::move(message), text_.at(offset, length), std::move(hint), {}});
}

void TokenCursor::fail(Error error) {
  error_ = std::move(error);
  failed_at_ = std::exchange(at_, tokens_.size() - 1);
}

Error TokenCursor::recover() {
  at_ = failed_at_;
  Error error = std::move(*error_);
  error_.reset();
  return error;
}

bool TokenCursor::enter(int levels) {
  depth_ += levels;
  if (depth_ <= kMaxDepth) return true;
  const Token& t = peek();
  fail_at(t.offset, std::max<size_t>(t.length, 1),
          "the expression is nested too deeply (more than 500 levels)");
  return false;
}

bool is_reserved_word(std::string_view upper_case) {
  return std::find(kReserved.begin(), kReserved.end(), upper_case) != kReserved.end();
}

bool is_bare_function(std::string_view upper_case) {
  return std::find(kBareFunctions.begin(), kBareFunctions.end(), upper_case) !=
         kBareFunctions.end();
}

std::string quote_identifier(std::string_view name) {
  bool plain = !name.empty() && !is_digit(name[0]);
  std::string upper(name);
  for (char& c : upper) {
    plain = plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (plain && !is_reserved_word(upper) && !is_bare_function(upper)) return std::string(name);
  return in_backquotes(name);
}

std::string in_backquotes(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

}  // namespace weir
