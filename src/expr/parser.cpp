// One function per precedence level. A function that meets an error leaves it in the cursor and
// returns null, and everybody above does the same.
#include "expr/parser.h"

#include <algorithm>

#include "expr/literal.h"
#include "expr/special_forms.h"

namespace weir {

namespace {

class Parser : public ExpressionParser {
 public:
  Parser(TokenCursor& cursor, QueryGrammar* queries) : cursor_(cursor), queries_(queries) {}

  TokenCursor& cursor() override { return cursor_; }
  QueryGrammar* queries() override { return queries_; }

  AstPtr expression() override {
    Level level(*this);
    if (!level.deepen()) return nullptr;
    return chain("OR", [this] { return conjunction(); });
  }
  // What may stand in POSITION(x IN s): everything that binds tighter than IN.
  AstPtr operand() override { return sum(); }

  AstPtr make(AstKind kind, size_t offset, std::string name = {}) override {
    auto ast = std::make_unique<Ast>();
    ast->kind = kind;
    ast->offset = offset;
    ast->name = std::move(name);
    return ast;
  }
  AstPtr close(AstPtr ast) override {
    ast->length = std::max<size_t>(cursor_.last_end() - ast->offset, 1);
    return ast;
  }
  AstPtr literal(Value value, size_t offset) override {
    auto ast = make(AstKind::kLiteral, offset);
    ast->type = value.type;
    ast->value = std::move(value);
    return close(std::move(ast));
  }

 private:
  // One more level of recursion, or of a chain that makes the tree deeper.
  class Level {
   public:
    explicit Level(Parser& parser) : cursor_(parser.cursor_) {}
    ~Level() { cursor_.leave(levels_); }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool deepen() {
      ++levels_;
      return cursor_.enter();
    }

   private:
    TokenCursor& cursor_;
    int levels_ = 0;
  };

  AstPtr binary(std::string name, AstPtr left, AstPtr right) {
    auto ast = make(AstKind::kBinary, left->offset, std::move(name));
    ast->length = right->offset + right->length - left->offset;
    ast->args.push_back(std::move(left));
    ast->args.push_back(std::move(right));
    return ast;
  }

  // AND and OR are associative, so a long chain becomes a balanced tree: its depth stays small.
  AstPtr balanced(const std::string& name, std::vector<AstPtr>& terms, size_t begin, size_t end) {
    if (end - begin == 1) return std::move(terms[begin]);
    const size_t middle = begin + (end - begin + 1) / 2;
    auto left = balanced(name, terms, begin, middle);
    return binary(name, std::move(left), balanced(name, terms, middle, end));
  }

  // a AND (b AND c) is one chain of three.
  static void flatten(const std::string& name, AstPtr term, std::vector<AstPtr>& terms) {
    if (term->kind != AstKind::kBinary || term->name != name) {
      terms.push_back(std::move(term));
      return;
    }
    for (auto& side : term->args) flatten(name, std::move(side), terms);
  }

  template <class Term>
  AstPtr chain(const std::string& word, Term term) {
    std::vector<AstPtr> terms;
    do {
      auto t = term();
      if (!t) return nullptr;
      flatten(word, std::move(t), terms);
    } while (cursor_.accept_word(word));
    return balanced(word, terms, 0, terms.size());
  }

  AstPtr conjunction() {
    return chain("AND", [this] { return negation(); });
  }

  AstPtr negation() {
    if (!cursor_.is_word("NOT")) return test();
    Level level(*this);
    if (!level.deepen()) return nullptr;
    const Token token = cursor_.next();
    auto operand_ast = negation();
    if (!operand_ast) return nullptr;
    auto ast = make(AstKind::kUnary, token.offset, "NOT");
    ast->args.push_back(std::move(operand_ast));
    return close(std::move(ast));
  }

  // IS ..., which binds looser than the comparisons.
  AstPtr test() {
    auto left = comparison();
    Level level(*this);
    while (left && cursor_.accept_word("IS")) {
      if (!level.deepen()) return nullptr;
      const bool negated = cursor_.accept_word("NOT");
      if (cursor_.accept_word("DISTINCT")) {
        if (!cursor_.expect_word("FROM", "after IS DISTINCT")) return nullptr;
        auto right = comparison();
        if (!right) return nullptr;
        left = binary(negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", std::move(left),
                      std::move(right));
        continue;
      }
      std::string name;
      for (const auto* word : {"NULL", "TRUE", "FALSE", "UNKNOWN", "JSON"}) {
        if (cursor_.accept_word(word)) {
          name = word;
          break;
        }
      }
      if (name.empty()) {
        cursor_.fail_expected("NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS");
        return nullptr;
      }
      if (name == "JSON") {
        for (const auto* word : {"VALUE", "SCALAR", "ARRAY", "OBJECT"}) {
          if (cursor_.accept_word(word)) {
            name += std::string(" ") + word;
            break;
          }
        }
      }
      auto ast = make(AstKind::kIs, left->offset, std::move(name));
      ast->negated = negated;
      ast->args.push_back(std::move(left));
      left = close(std::move(ast));
    }
    return left;
  }

  AstPtr comparison() {
    auto left = predicate();
    Level level(*this);
    while (left) {
      const Token& t = cursor_.peek();
      if (t.kind != TokenKind::kSymbol) break;
      if (t.text == "=" && cursor_.peek(1).kind == TokenKind::kSymbol &&
          cursor_.peek(1).text == "=") {
        cursor_.fail_at(t.offset, 2, "`==` is no operator", "equality is written with one `=`");
        return nullptr;
      }
      if (t.text != "=" && t.text != "<>" && t.text != "<" && t.text != "<=" && t.text != ">" &&
          t.text != ">=") {
        break;
      }
      if (!level.deepen()) return nullptr;
      std::string name = cursor_.next().text;
      if (quantifier_ahead(name)) return nullptr;
      auto right = predicate();
      if (!right) return nullptr;
      left = binary(std::move(name), std::move(left), std::move(right));
    }
    return left;
  }

  // x = ANY (query): refused.
  bool quantifier_ahead(const std::string& op) {
    const Token& t = cursor_.peek();
    const bool any = cursor_.is_word("ANY") || cursor_.is_word("SOME");
    if ((!any && !cursor_.is_word("ALL")) || !cursor_.is_symbol("(", 1) ||
        !query_ahead(cursor_, 2)) {
      return false;
    }
    cursor_.fail_at(t.offset, t.length, op + " " + t.upper + " (query) is not supported",
                    op == "=" && any
                        ? "written IN (query)"
                        : "compare with (SELECT MAX(...) ...) or (SELECT MIN(...) ...)");
    return true;
  }

  // BETWEEN, IN, LIKE, SIMILAR TO, with or without NOT.
  AstPtr predicate() {
    auto left = sum();
    Level level(*this);
    while (left) {
      const bool negated = cursor_.is_word("NOT");
      const size_t ahead = negated ? 1 : 0;
      const bool known = cursor_.is_word("BETWEEN", ahead) || cursor_.is_word("IN", ahead) ||
                         cursor_.is_word("LIKE", ahead) || cursor_.is_word("SIMILAR", ahead) ||
                         cursor_.is_word("OVERLAPS", ahead);
      if (!known) break;
      if (!level.deepen()) return nullptr;
      if (negated) cursor_.next();
      const std::string word = cursor_.next().upper;
      const size_t offset = left->offset;
      if (word == "BETWEEN") {
        left = between(std::move(left));
      } else if (word == "IN") {
        left = in_list(std::move(left));
      } else if (word == "OVERLAPS") {
        left = overlaps(std::move(left));
      } else {
        left = like(word, std::move(left));
      }
      if (!left) return nullptr;
      left->offset = offset;
      left->negated = negated;
      left = close(std::move(left));
      if (negated && word == "OVERLAPS") {
        left->negated = false;
        auto ast = make(AstKind::kUnary, offset, "NOT");
        ast->args.push_back(std::move(left));
        left = close(std::move(ast));
      }
    }
    return left;
  }

  AstPtr between(AstPtr value) {
    auto ast = make(AstKind::kBetween, value->offset);
    if (cursor_.accept_word("SYMMETRIC")) {
      ast->name = "SYMMETRIC";
    } else {
      cursor_.accept_word("ASYMMETRIC");
    }
    auto low = sum();
    if (!low || !cursor_.expect_word("AND", "after BETWEEN's lower bound")) return nullptr;
    auto high = sum();
    if (!high) return nullptr;
    ast->args.push_back(std::move(value));
    ast->args.push_back(std::move(low));
    ast->args.push_back(std::move(high));
    return ast;
  }

  AstPtr in_list(AstPtr value) {
    auto ast = make(AstKind::kIn, value->offset);
    ast->args.push_back(std::move(value));
    if (!cursor_.expect_symbol("(", "after IN")) return nullptr;
    if (query_ahead(cursor_)) {
      ast->args.push_back(subquery(cursor_.last_end() - 1));
      return ast->args.back() ? std::move(ast) : nullptr;
    }
    do {
      auto item = expression();
      if (!item) return nullptr;
      ast->args.push_back(std::move(item));
    } while (cursor_.accept_symbol(","));
    if (!cursor_.expect_symbol(")", "at the end of the list")) return nullptr;
    return ast;
  }

  AstPtr like(const std::string& word, AstPtr value) {
    auto ast = make(AstKind::kLike, value->offset, word == "LIKE" ? "LIKE" : "SIMILAR TO");
    if (word == "SIMILAR" && !cursor_.expect_word("TO", "after SIMILAR")) return nullptr;
    auto pattern = sum();
    if (!pattern) return nullptr;
    ast->args.push_back(std::move(value));
    ast->args.push_back(std::move(pattern));
    if (cursor_.accept_word("ESCAPE")) {
      auto escape = sum();
      if (!escape) return nullptr;
      ast->args.push_back(std::move(escape));
    }
    return ast;
  }

  AstPtr overlaps(AstPtr left) {
    auto right = sum();
    if (!right) return nullptr;
    for (const auto* side : {&left, &right}) {
      if ((*side)->kind != AstKind::kRow || (*side)->args.size() != 2) {
        cursor_.fail_at((*side)->offset, (*side)->length,
                        "each side of OVERLAPS is a pair: (start, end) or (start, interval)");
        return nullptr;
      }
    }
    auto ast = make(AstKind::kCall, left->offset, "OVERLAPS");
    for (auto* side : {&left, &right}) {
      for (auto& a : (*side)->args) ast->args.push_back(std::move(a));
    }
    return ast;
  }

  AstPtr sum() {
    auto left = product();
    Level level(*this);
    while (left && (cursor_.is_symbol("+") || cursor_.is_symbol("-") || cursor_.is_symbol("||"))) {
      if (!level.deepen()) return nullptr;
      std::string name = cursor_.next().text;
      auto right = product();
      if (!right) return nullptr;
      left = binary(std::move(name), std::move(left), std::move(right));
    }
    return left;
  }

  AstPtr product() {
    auto left = unary();
    Level level(*this);
    while (left && (cursor_.is_symbol("*") || cursor_.is_symbol("/") || cursor_.is_symbol("%"))) {
      if (!level.deepen()) return nullptr;
      std::string name = cursor_.next().text;
      auto right = unary();
      if (!right) return nullptr;
      left = binary(std::move(name), std::move(left), std::move(right));
    }
    return left;
  }

  AstPtr unary() {
    if (!cursor_.is_symbol("-") && !cursor_.is_symbol("+")) return postfix();
    Level level(*this);
    if (!level.deepen()) return nullptr;
    const Token sign = cursor_.next();
    const TokenKind kind = cursor_.peek().kind;
    if (kind == TokenKind::kInteger || kind == TokenKind::kDecimal || kind == TokenKind::kFloat) {
      return number(sign.text == "-", sign.offset);
    }
    auto operand_ast = unary();
    if (!operand_ast) return nullptr;
    auto ast = make(AstKind::kUnary, sign.offset, sign.text);
    ast->args.push_back(std::move(operand_ast));
    return close(std::move(ast));
  }

  // x.field and x[index]
  AstPtr postfix() {
    auto left = primary();
    Level level(*this);
    while (left) {
      const size_t offset = left->offset;
      if (cursor_.is_symbol("[")) {
        if (!level.deepen()) return nullptr;
        cursor_.next();
        auto index = expression();
        if (!index || !cursor_.expect_symbol("]", "after the index")) return nullptr;
        auto ast = make(AstKind::kIndex, offset);
        ast->args.push_back(std::move(left));
        ast->args.push_back(std::move(index));
        left = close(std::move(ast));
      } else if (cursor_.is_symbol(".") && left->kind != AstKind::kLiteral) {
        if (!level.deepen()) return nullptr;
        cursor_.next();
        const Token& t = cursor_.peek();
        if (t.kind != TokenKind::kWord && t.kind != TokenKind::kQuoted) {
          cursor_.fail_expected("a field name after `.`");
          return nullptr;
        }
        auto ast = make(AstKind::kField, offset, cursor_.next().text);
        ast->args.push_back(std::move(left));
        left = close(std::move(ast));
      } else {
        break;
      }
    }
    return left;
  }

  AstPtr number(bool negative, size_t offset) {
    const Token token = cursor_.next();
    std::optional<Value> value;
    if (token.kind == TokenKind::kInteger) {
      value = integer_literal(token.text, negative);
    } else if (token.kind == TokenKind::kDecimal) {
      value = decimal_literal(token.text, negative);
    } else {
      value = double_literal(token.text, negative);
    }
    if (!value) {
      cursor_.fail_at(token.offset, token.length,
                      token.kind == TokenKind::kFloat ? "the number is out of DOUBLE's range"
                                                      : "the number has more than 38 digits");
      return nullptr;
    }
    return literal(std::move(*value), offset);
  }

  AstPtr primary() {
    const Token& token = cursor_.peek();
    switch (token.kind) {
      case TokenKind::kInteger:
      case TokenKind::kDecimal:
      case TokenKind::kFloat: return number(false, token.offset);
      case TokenKind::kString: {
        const Token t = cursor_.next();
        return literal(Value::string(t.text), t.offset);
      }
      case TokenKind::kBytes: {
        const Token t = cursor_.next();
        Value value = Value::string(t.text);
        value.type = Type::bytes();
        return literal(std::move(value), t.offset);
      }
      case TokenKind::kUnicode: return unicode_string();
      case TokenKind::kQuoted: {
        const Token t = cursor_.next();
        if (cursor_.is_symbol("(")) {
          cursor_.fail_at(t.offset, t.length, "a function's name is written without backquotes");
          return nullptr;
        }
        return close(make(AstKind::kColumn, t.offset, t.text));
      }
      case TokenKind::kSymbol: return parenthesis();
      case TokenKind::kWord: return word();
      case TokenKind::kEnd:
      case TokenKind::kBad: break;
    }
    cursor_.fail_expected("an expression");
    return nullptr;
  }

  AstPtr unicode_string() {
    const Token t = cursor_.next();
    char escape = '\\';
    if (cursor_.accept_word("UESCAPE")) {
      const Token& e = cursor_.peek();
      if (e.kind != TokenKind::kString || e.text.size() != 1) {
        cursor_.fail_expected("one character in quotes after UESCAPE");
        return nullptr;
      }
      escape = cursor_.next().text[0];
    }
    auto text = unescape_unicode(t.text, escape);
    if (!text) {
      cursor_.fail_at(t.offset, t.length,
                      std::string("wrong escape in a U&'...' string: write ") + escape +
                          "XXXX or " + escape + "+XXXXXX with hexadecimal digits");
      return nullptr;
    }
    return literal(Value::string(std::move(*text)), t.offset);
  }

  // (x) or the row (x, y)
  AstPtr parenthesis() {
    const size_t offset = cursor_.peek().offset;
    if (!cursor_.accept_symbol("(")) {
      cursor_.fail_expected("an expression");
      return nullptr;
    }
    if (query_ahead(cursor_)) return subquery(offset);
    auto first = expression();
    if (!first) return nullptr;
    if (cursor_.accept_symbol(")")) return first;
    if (!cursor_.is_symbol(",")) {
      cursor_.fail_expected("`)`");
      return nullptr;
    }
    auto row = make(AstKind::kRow, offset);
    row->args.push_back(std::move(first));
    while (cursor_.accept_symbol(",")) {
      auto item = expression();
      if (!item) return nullptr;
      row->args.push_back(std::move(item));
    }
    if (!cursor_.expect_symbol(")", "at the end of the row")) return nullptr;
    return close(std::move(row));
  }

  // The query and its closing parenthesis; `offset` is the opening one's.
  AstPtr subquery(size_t offset, std::string name = {}) {
    if (queries_ == nullptr) {
      cursor_.fail_expected("an expression", "a query stands only in SQL");
      return nullptr;
    }
    auto ast = make(AstKind::kSubquery, offset, std::move(name));
    ast->query = queries_->parse_query(cursor_);
    if (!ast->query || !cursor_.expect_symbol(")", "at the end of the query")) return nullptr;
    return close(std::move(ast));
  }

  bool is_reserved(const std::string& upper) const {
    return is_reserved_word(upper) || (queries_ != nullptr && queries_->is_reserved(upper));
  }

  AstPtr exists() {
    const size_t offset = cursor_.next().offset;
    cursor_.next();
    if (query_ahead(cursor_)) return subquery(offset, "EXISTS");
    cursor_.fail_expected("a query after EXISTS");
    return nullptr;
  }

  AstPtr word() {
    const Token token = cursor_.peek();
    const TokenKind after = cursor_.peek(1).kind;
    const bool calls = cursor_.is_symbol("(", 1);
    if (token.upper == "TRUE" || token.upper == "FALSE") {
      cursor_.next();
      return literal(Value::boolean(token.upper == "TRUE"), token.offset);
    }
    if (token.upper == "NULL") {
      cursor_.next();
      return literal(Value::null(), token.offset);
    }
    if (token.upper == "CASE") return case_expression();
    if (after == TokenKind::kString &&
        (token.upper == "DATE" || token.upper == "TIME" || token.upper == "TIMESTAMP")) {
      return parse_typed_literal(*this);
    }
    if (token.upper == "INTERVAL" && (after == TokenKind::kString || after == TokenKind::kInteger ||
                                      ((cursor_.is_symbol("-", 1) || cursor_.is_symbol("+", 1)) &&
                                       cursor_.peek(2).kind == TokenKind::kString))) {
      return parse_interval_literal(*this);
    }
    if (cursor_.is_symbol("[", 1) && (token.upper == "ARRAY" || token.upper == "MAP")) {
      return constructor(token.upper == "MAP" ? AstKind::kMap : AstKind::kArray);
    }
    if (calls && token.upper == "ROW") return constructor(AstKind::kRow);
    if (calls && token.upper == "EXISTS") return exists();
    if (calls && (!is_reserved_word(token.upper) || token.upper == "CAST")) {
      return parse_call(*this);
    }
    if (is_bare_function(token.upper)) {
      cursor_.next();
      return close(make(AstKind::kCall, token.offset, token.upper));
    }
    if (is_reserved(token.upper)) {
      cursor_.fail_expected("an expression");  // which knows what a reserved word may mean
      return nullptr;
    }
    cursor_.next();
    return close(make(AstKind::kColumn, token.offset, token.text));
  }

  // ARRAY[...], MAP[...], ROW(...)
  AstPtr constructor(AstKind kind) {
    auto ast = make(kind, cursor_.peek().offset);
    cursor_.next();
    cursor_.next();
    const std::string_view closing = kind == AstKind::kRow ? ")" : "]";
    if (!cursor_.accept_symbol(closing)) {
      do {
        auto item = expression();
        if (!item) return nullptr;
        ast->args.push_back(std::move(item));
      } while (cursor_.accept_symbol(","));
      if (!cursor_.expect_symbol(closing)) return nullptr;
    }
    ast = close(std::move(ast));
    if (kind == AstKind::kMap && ast->args.size() % 2 != 0) {
      cursor_.fail_at(ast->offset, ast->length, "MAP[...] holds pairs: MAP[key, value, ...]");
      return nullptr;
    }
    return ast;
  }

  AstPtr case_expression() {
    auto ast = make(AstKind::kCase, cursor_.next().offset);
    if (!cursor_.is_word("WHEN")) {
      auto operand_ast = expression();
      if (!operand_ast) return nullptr;
      ast->has_operand = true;
      ast->args.push_back(std::move(operand_ast));
    }
    if (!cursor_.is_word("WHEN")) {
      cursor_.fail_expected("WHEN");
      return nullptr;
    }
    while (cursor_.accept_word("WHEN")) {
      // CASE x WHEN 1, 2 THEN ...: each value has a branch of its own.
      std::vector<AstPtr> conditions;
      do {
        auto condition = expression();
        if (!condition) return nullptr;
        conditions.push_back(std::move(condition));
      } while (ast->has_operand && cursor_.accept_symbol(","));
      if (!cursor_.expect_word("THEN")) return nullptr;
      auto result = expression();
      if (!result) return nullptr;
      for (size_t i = 0; i < conditions.size(); ++i) {
        ast->args.push_back(std::move(conditions[i]));
        ast->args.push_back(i + 1 < conditions.size() ? clone(*result) : std::move(result));
      }
    }
    if (cursor_.accept_word("ELSE")) {
      auto otherwise = expression();
      if (!otherwise) return nullptr;
      ast->has_else = true;
      ast->args.push_back(std::move(otherwise));
    }
    if (!cursor_.expect_word("END", "at the end of CASE")) return nullptr;
    return close(std::move(ast));
  }

  TokenCursor& cursor_;
  QueryGrammar* queries_;
};

// What was meant by a word behind a whole expression.
std::string hint_behind_expression(const Token& token) {
  if (token.upper == "AS") return "the key is the name: name = \"expression\"";
  if (token.upper == "RLIKE" || token.upper == "REGEXP" || token.upper == "MATCHES")
    return "regular expressions: REGEXP(text, 'pattern')";
  if (token.upper == "ILIKE") return "without regard to case: LOWER(text) LIKE '%part%'";
  if (token.text == "::") return "casts: CAST(value AS INT)";
  if (token.text == "?") return "conditions: IF(condition, then, otherwise)";
  if (token.text == ",") return "one expression stands here; conditions are joined by AND or OR";
  return {};
}

}  // namespace

AstPtr parse_expression(TokenCursor& cursor, QueryGrammar* queries) {
  return Parser(cursor, queries).expression();
}

Result<AstPtr> parse_expression(const SourceText& text) {
  auto tokens = tokenize(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  TokenCursor cursor(text, std::move(*tokens));
  if (cursor.at_end()) {
    cursor.fail_at(0, 1, "the expression is empty");
    return std::unexpected(cursor.error());
  }
  auto ast = parse_expression(cursor);
  if (ast && !cursor.at_end())
    cursor.fail_expected("an operator or the end", hint_behind_expression(cursor.peek()));
  if (cursor.failed()) return std::unexpected(cursor.error());
  return ast;
}

AstPtr parse_operand(TokenCursor& cursor, QueryGrammar* queries) {
  return Parser(cursor, queries).operand();
}

Type parse_type(TokenCursor& cursor) {
  const size_t offset = cursor.peek().offset;
  size_t length = 0;
  auto parsed = parse_type_prefix(std::string_view(cursor.text().text).substr(offset), length);
  if (!parsed) {
    const Position& at = parsed.error().position;
    cursor.fail_at(offset + static_cast<size_t>(at.column > 0 ? at.column - 1 : 0),
                   static_cast<size_t>(at.length), parsed.error().message, parsed.error().hint);
    return {};
  }
  cursor.skip_to(offset + length);
  return std::move(*parsed);
}

bool query_ahead(const TokenCursor& cursor, size_t ahead) {
  size_t i = ahead;
  while (cursor.is_symbol("(", i)) ++i;
  const auto is_any = [&](size_t at, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return cursor.is_word(w, at); });
  };
  if (!is_any(i, {"SELECT", "WITH", "VALUES"})) return false;
  if (i == ahead) return true;
  size_t open = i - ahead;  // parentheses before the query; what stands behind the first one?
  for (; open > 0 && cursor.peek(i).kind != TokenKind::kEnd; ++i) {
    if (cursor.is_symbol("(", i)) ++open;
    if (cursor.is_symbol(")", i)) --open;
  }
  return cursor.peek(i).kind == TokenKind::kEnd || cursor.is_symbol(")", i) ||
         cursor.is_symbol(";", i) ||
         is_any(i, {"UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET", "FETCH"});
}

}  // namespace weir
