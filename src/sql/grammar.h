// What the parsers of all parts of SQL share: the cursor, names, lists, and the clues from which errors
// are worded. The parts are functions that take it (query.h, from.h, ...).
//
// A part that meets an error leaves it in the cursor, which stands at the end from then on, and returns
// what it has so far; loops end by themselves because nothing is accepted any more.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/parser.h"
#include "sql/statement.h"

namespace weir::sql {

class Grammar : public QueryGrammar {
 public:
  explicit Grammar(TokenCursor& tokens) : cursor(tokens) {}

  std::shared_ptr<const QueryAst> parse_query(TokenCursor& tokens) override;
  bool is_reserved(std::string_view upper_case) const override;

  // --- pieces; `what` names the piece in "expected WHAT, found ..." ---
  Expression expression() { return Expression(parse_expression(cursor, this)); }
  std::vector<Expression> expressions();  // a, b, c
  SortItem sort_item();                   // behind ORDER BY
  std::vector<SortItem> sort_items();
  bool name_ahead(size_t ahead = 0) const;
  Name name(std::string_view what);
  Name text(std::string_view what);       // 'text'
  uint64_t count(std::string_view what);  // a whole number
  TableName table_name(std::string_view what, bool file_allowed = false);
  std::vector<std::string> path(std::string_view what);  // a.b.c
  std::vector<Name> names_in_parentheses(std::string_view what);
  std::vector<Option> options();          // ('key' = 'value', ...)
  std::vector<Hint> hints();              // /*+ ... */; none is fine
  Name alias();                           // [AS] name; none is fine
  bool accept_by(std::string_view word);  // GROUP BY and its kind

  // --- places ---
  size_t here() const { return cursor.peek().offset; }
  Place since(size_t offset) const;

  // --- errors ---
  // What may stand at the next token if the part before it is whole, for messages.
  void may_follow(std::string_view what) { following_ = what; }
  // The clause that was read last, a rank of words.h. Nested queries have their own.
  int clause = 0;
  // Expects the `)` of the `(` at `open`.
  void close(size_t open, std::string_view where = {});
  // "expected WHAT or what may follow, found ...", with the best hint.
  void fail_expected(std::string_view what);
  void fail_at(Place place, std::string message, std::string hint = {});
  void refuse(size_t words, std::string_view reason);  // the next `words` words are not supported

  TokenCursor& cursor;

 private:
  std::string hint_for(const Token& found) const;
  bool misspelt_alias(std::string_view what);

  std::string_view following_;
  std::string_view following_alias_;  // what could have stood in place of the last alias
  size_t alias_at_ = 0;               // where the cursor was behind the last alias without AS
};

}  // namespace weir::sql
