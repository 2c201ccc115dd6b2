#include "sql/grammar.h"

#include <algorithm>
#include <charconv>

#include "sql/query.h"
#include "sql/words.h"

namespace weir::sql {

std::shared_ptr<const QueryAst> Grammar::parse_query(TokenCursor&) {
  Query query = sql::parse_query(*this);
  if (cursor.failed()) return nullptr;
  if (!cursor.is_symbol(")")) {
    fail_expected("`)`");
    return nullptr;
  }
  return std::make_shared<QueryInExpression>(std::move(query));
}

bool Grammar::is_reserved(std::string_view upper_case) const {
  return sql::is_reserved(upper_case);
}

std::vector<Expression> Grammar::expressions() {
  std::vector<Expression> list;
  do {
    list.push_back(expression());
  } while (cursor.accept_symbol(","));
  return list;
}

SortItem Grammar::sort_item() {
  OrderItem item = parse_order_item(cursor, this);
  return {Expression(std::move(item.expression)), item.descending, item.nulls_first};
}

std::vector<SortItem> Grammar::sort_items() {
  std::vector<SortItem> list;
  do {
    list.push_back(sort_item());
  } while (cursor.accept_symbol(","));
  return list;
}

bool Grammar::name_ahead(size_t ahead) const {
  const Token& t = cursor.peek(ahead);
  return t.kind == TokenKind::kQuoted || (t.kind == TokenKind::kWord && !is_reserved(t.upper));
}

Name Grammar::name(std::string_view what) {
  const Token t = cursor.peek();
  if (name_ahead()) {
    cursor.next();
    return {t.text, {t.offset, t.length}};
  }
  if (t.kind == TokenKind::kWord) {
    cursor.fail_expected(what, "`" + t.text + "` is a word of SQL; as a name it is written " +
                                   in_backquotes(t.text));
  } else if (t.kind == TokenKind::kString) {
    cursor.fail_expected(what, "names are written without quotes or in `backquotes`");
  } else {
    cursor.fail_expected(what);
  }
  return {};
}

Name Grammar::text(std::string_view what) {
  const Token t = cursor.peek();
  if (t.kind == TokenKind::kString) {
    cursor.next();
    return {t.text, {t.offset, t.length}};
  }
  std::string hint;
  if (t.kind == TokenKind::kWord || t.kind == TokenKind::kQuoted) {
    // key.with.dots and key-with-dashes are one text in quotes.
    size_t last = 0;
    while ((cursor.is_symbol(".", last + 1) || cursor.is_symbol("-", last + 1)) &&
           cursor.peek(last + 2).kind == TokenKind::kWord) {
      last += 2;
    }
    const std::string& all = cursor.text().text;
    hint = "in quotes: '" + all.substr(t.offset, cursor.peek(last).end() - t.offset) + "'";
  } else if (t.kind == TokenKind::kInteger || t.kind == TokenKind::kDecimal) {
    hint = "in quotes: '" + t.text + "'";
  }
  cursor.fail_expected(what, hint);
  return {};
}

uint64_t Grammar::count(std::string_view what) {
  const Token& t = cursor.peek();
  uint64_t n = 0;
  if (t.kind == TokenKind::kInteger) {
    const auto r = std::from_chars(t.text.data(), t.text.data() + t.text.size(), n);
    if (r.ec == std::errc() && n <= INT64_MAX) {
      cursor.next();
      return n;
    }
  }
  cursor.fail_expected(what);
  return 0;
}

std::vector<std::string> Grammar::path(std::string_view what) {
  std::vector<std::string> parts{name(what).text};
  while (cursor.accept_symbol(".")) {
    // Behind a dot any word is a name.
    const Token& t = cursor.peek();
    if (t.kind != TokenKind::kWord && t.kind != TokenKind::kQuoted) {
      cursor.fail_expected("a name after `.`");
    } else {
      parts.push_back(cursor.next().text);
    }
  }
  return parts;
}

TableName Grammar::table_name(std::string_view what, bool file_allowed) {
  TableName out;
  const size_t begin = here();
  if (file_allowed && cursor.peek().kind == TokenKind::kString) {
    out.file = true;
    out.path.push_back(cursor.next().text);
    if (out.path[0].empty()) fail_at(since(begin), "a file's name may not be empty");
  } else {
    out.path = path(what);
  }
  out.place = since(begin);
  return out;
}

std::vector<Name> Grammar::names_in_parentheses(std::string_view what) {
  const size_t open = here();
  std::vector<Name> names;
  if (!cursor.expect_symbol("(")) return names;
  do {
    names.push_back(name(what));
  } while (cursor.accept_symbol(","));
  may_follow("`,`");
  close(open);
  return names;
}

std::vector<Option> Grammar::options() {
  const size_t open = here();
  std::vector<Option> list;
  if (!cursor.expect_symbol("(", "before the options")) return list;
  do {
    if (!list.empty() && cursor.is_symbol(")")) {
      fail_at(since(cursor.last_end() - 1), "a comma stands behind the last option",
              "leave the comma out");
      break;
    }
    Option option;
    option.key = text("an option's key");
    if (cursor.is_symbol("=") && cursor.is_symbol("=", 1)) cursor.next();
    cursor.expect_symbol("=", "after the option's key");
    option.value = text("the option's value");
    list.push_back(std::move(option));
  } while (cursor.accept_symbol(","));
  may_follow("`,`");
  close(open);
  return list;
}

std::vector<Hint> Grammar::hints() {
  std::vector<Hint> list;
  if (!cursor.accept_symbol("/*+")) return list;
  while (!cursor.accept_symbol("*/") && !cursor.failed()) {
    Hint hint;
    hint.name = name("a hint");
    std::transform(hint.name.text.begin(), hint.name.text.end(), hint.name.text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const size_t open = here();
    if (cursor.accept_symbol("(")) {
      do {
        Hint::Argument argument;
        argument.key_is_text = cursor.peek().kind == TokenKind::kString;
        argument.key = argument.key_is_text ? text("a key") : name("a key or a table");
        if (cursor.accept_symbol("=")) argument.value = text("the value").text;
        hint.arguments.push_back(std::move(argument));
      } while (cursor.accept_symbol(","));
      may_follow("`,`");
      close(open);
    }
    list.push_back(std::move(hint));
    cursor.accept_symbol(",");
  }
  return list;
}

Name Grammar::alias() {
  if (cursor.accept_word("AS")) return name("a name after AS");
  const Token t = cursor.peek();
  if (t.kind != TokenKind::kQuoted && (t.kind != TokenKind::kWord || ends_alias(t.upper))) {
    return {};
  }
  cursor.next();
  alias_at_ = cursor.position();
  following_alias_ = following_;
  constexpr std::string_view kJoins[] = {"LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL"};
  if (cursor.is_word("JOIN")) {
    const std::string meant = meant_word(t.upper, kJoins);
    if (!meant.empty()) {
      fail_at({t.offset, t.length}, "`" + t.text + " JOIN` is no join",
              "did you mean " + meant + " JOIN? An alias of that name is written AS " + t.text);
    }
  }
  return {t.text, {t.offset, t.length}};
}

bool Grammar::accept_by(std::string_view word) {
  if (!cursor.is_word(word)) return false;
  const Token t = cursor.next();
  if (!cursor.accept_word("BY")) {
    cursor.fail_expected("BY after " + std::string(word),
                         "the clause is written " + std::string(word) + " BY");
  }
  return true;
}

Place Grammar::since(size_t offset) const {
  const size_t end = cursor.last_end();
  return {offset, end > offset ? end - offset : 1};
}

}  // namespace weir::sql
