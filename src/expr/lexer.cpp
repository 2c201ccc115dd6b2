#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>

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
  explicit Lexer(const SourceText& source) : source_(source), text_(source.text) {}

  Result<std::vector<Token>> run() {
    for (;;) {
      if (!skip_blank()) return std::unexpected(std::move(error_));
      Token token;
      token.offset = pos_;
      if (pos_ == text_.size()) {
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      if (!read(token)) return std::unexpected(std::move(error_));
      token.length = pos_ - token.offset;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  char at(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }

  bool skip_blank() {
    for (;;) {
      if (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_])) != 0) {
        ++pos_;
      } else if (at() == '-' && at(1) == '-') {
        while (pos_ < text_.size() && text_[pos_] != '\n') ++pos_;
      } else if (at() == '/' && at(1) == '*') {
        const size_t close = text_.find("*/", pos_ + 2);
        if (close == std::string_view::npos) return fail_at(pos_, 2, "the comment is never closed");
        pos_ = close + 2;
      } else {
        return true;
      }
    }
  }

  bool read(Token& token) {
    const char c = at();
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
    if (is_digit(c) || (c == '.' && is_digit(at(1)) && !after_name())) return read_number(token);
    return read_symbol(token);
  }

  // True if a `.` here is a path's dot: a.1 is not `a` and .1
  bool after_name() const {
    if (tokens_.empty()) return false;
    const Token& t = tokens_.back();
    return t.end() == pos_ && (t.kind == TokenKind::kWord || t.kind == TokenKind::kQuoted);
  }

  bool read_quoted(Token& token, char quote) {
    const size_t open = pos_++;
    for (;;) {
      const size_t close = text_.find(quote, pos_);
      if (close == std::string_view::npos) {
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
    for (const std::string_view two : {"||", "<>", "!=", "<=", ">=", "=>", "::"}) {
      if (text_.substr(pos_, 2) == two) {
        token.text = two == "!=" ? "<>" : two;
        pos_ += 2;
        return true;
      }
    }
    const char c = at();
    if (c == '"') {
      return fail_at(pos_, 1, "double quotes mean nothing here",
                     "strings are written in 'single quotes', names in `backquotes`");
    }
    if (std::string_view("+-*/%=<>()[]{},.;:?|^&!").find(c) == std::string_view::npos) {
      const bool control = static_cast<unsigned char>(c) < 0x20;
      return fail_at(pos_, 1,
                     control ? "a control character has no place in an expression"
                             : "`" + std::string(1, c) + "` has no place in an expression",
                     "a name that holds other characters than letters, digits and _ is written in "
                     "`backquotes`");
    }
    token.text = std::string(1, c);
    ++pos_;
    return true;
  }

  bool fail_at(size_t offset, size_t length, std::string message, std::string hint = {}) {
    error_ = Error{
        ErrorKind::kConfig, std::move(message), source_.at(offset, length), std::move(hint), {}};
    return false;
  }

  const SourceText& source_;
  std::string_view text_;
  size_t pos_ = 0;
  std::vector<Token> tokens_;
  Error error_;
};

}  // namespace

Result<std::vector<Token>> tokenize(const SourceText& text) { return Lexer(text).run(); }

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
  if (hint.empty() && token.kind == TokenKind::kWord && is_reserved_word(token.upper) &&
      what.find("expression") != std::string_view::npos) {
    hint = "a column of that name is written in backquotes: `" + token.text + "`";
  }
  fail_at(token.offset, std::max<size_t>(token.length, 1),
          "expected " + std::string(what) + ", found " + describe(token), std::move(hint));
}

void TokenCursor::fail_at(size_t offset, size_t length, std::string message, std::string hint) {
  if (error_) return;
  error_ =
      Error{ErrorKind::kConfig, std::move(message), text_.at(offset, length), std::move(hint), {}};
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
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

}  // namespace weir
