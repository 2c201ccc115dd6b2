#include "sql/from.h"

#include "sql/match_recognize.h"
#include "sql/query.h"
#include "sql/table_function.h"

namespace weir::sql {

namespace {

class FromParser {
 public:
  explicit FromParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  FromItem item() {
    FromItem out;
    out.first = source();
    while (join_ahead()) out.joins.push_back(join());
    return out;
  }

 private:
  // --- joins ---

  bool join_ahead() const {
    for (const auto* word : {"JOIN", "INNER", "CROSS", "NATURAL"}) {
      if (c_.is_word(word)) return true;
    }
    for (const auto* word : {"LEFT", "RIGHT", "FULL"}) {
      if (c_.is_word(word)) return true;
    }
    return false;
  }

  Join join() {
    Join out;
    const size_t begin = g_.here();
    out.natural = c_.accept_word("NATURAL");
    out.kind = kind();
    if (c_.is_word("SEMI") || c_.is_word("ANTI")) {
      g_.refuse(2, "write WHERE x IN (SELECT ...), or NOT EXISTS (SELECT ...) for ANTI");
    }
    c_.expect_word("JOIN");
    out.place = g_.since(begin);
    g_.may_follow("ON, USING");
    out.right = source();
    if (out.natural || out.kind == JoinKind::kCross) {
      no_condition(out);
    } else {
      condition(out);
    }
    return out;
  }

  JoinKind kind() {
    if (c_.accept_word("CROSS")) return JoinKind::kCross;
    if (c_.accept_word("INNER")) return JoinKind::kInner;
    const JoinKind kind = c_.accept_word("LEFT")    ? JoinKind::kLeft
                          : c_.accept_word("RIGHT") ? JoinKind::kRight
                          : c_.accept_word("FULL")  ? JoinKind::kFull
                                                    : JoinKind::kInner;
    if (kind != JoinKind::kInner) c_.accept_word("OUTER");
    return kind;
  }

  void condition(Join& join) {
    if (c_.accept_word("ON")) {
      join.on = g_.expression();
    } else if (c_.accept_word("USING")) {
      join.columns = g_.names_in_parentheses("a column's name");
    } else if (join_ahead() || c_.at_end() || c_.is_symbol(";") || c_.is_symbol(")") ||
               clause_ahead()) {
      c_.fail_expected("ON or USING after the joined table",
                       "every row with every row is written CROSS JOIN");
    } else {
      g_.fail_expected("");
    }
  }

  bool clause_ahead() const {
    for (const auto* word : {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"}) {
      if (c_.is_word(word)) return true;
    }
    return false;
  }

  void no_condition(const Join& join) {
    if (!c_.is_word("ON") && !c_.is_word("USING")) return;
    const Token& t = c_.peek();
    c_.fail_at(t.offset, t.length,
               std::string(join.natural ? "NATURAL JOIN" : "CROSS JOIN") + " has no condition",
               join.natural ? "it joins on the columns that both sides have"
                            : "a join with a condition is an INNER JOIN");
  }

  // --- what is joined ---

  Source source() {
    Source out;
    const size_t begin = g_.here();
    out.lateral = c_.accept_word("LATERAL");
    what(out);
    if (c_.is_word("MATCH_RECOGNIZE")) {
      out.match = Branch<MatchRecognize>::of(parse_match_recognize(g_));
    }
    out.alias = g_.alias();
    if (!out.alias.empty() && c_.is_symbol("(")) {
      out.columns = g_.names_in_parentheses("a column's name");
    }
    out.place = g_.since(begin);
    return out;
  }

  void what(Source& out) {
    if (c_.is_symbol("(")) {
      parenthesis(out);
    } else if (c_.is_word("UNNEST") && c_.is_symbol("(", 1)) {
      out.what = unnest();
    } else if (c_.is_word("TABLE") && c_.is_symbol("(", 1)) {
      c_.next();
      const size_t open = c_.next().offset;
      out.what = parse_table_function(g_);
      g_.close(open, "after the table function");
    } else if (g_.name_ahead() && c_.is_symbol("(", 1)) {
      out.what = parse_table_function(g_);
    } else {
      out.what = table();
    }
  }

  void parenthesis(Source& out) {
    const size_t open = c_.next().offset;
    c_.enter(2);
    if (query_ahead(c_)) {
      out.what = SubquerySource{Branch<Query>::of(parse_query(g_))};
      g_.close(open, "at the end of the query");
    } else {
      out.what = JoinedSource{Branch<FromItem>::of(item())};
      g_.close(open, "at the end of the join");
    }
    c_.leave(2);
  }

  UnnestSource unnest() {
    UnnestSource out;
    c_.next();
    const size_t open = c_.next().offset;
    out.collection = g_.expression();
    g_.close(open, "after the collection");
    if (c_.accept_word("WITH")) {
      c_.expect_word("ORDINALITY", "after WITH");
      out.with_ordinality = true;
    }
    return out;
  }

  TableSource table() {
    TableSource out;
    out.name = g_.table_name("a table, a file in quotes or a query in parentheses", true);
    out.hints = g_.hints();
    if (c_.is_word("FOR") && (c_.is_word("SYSTEM_TIME", 1) || c_.is_word("SYSTEM", 1))) {
      c_.next();
      c_.expect_word("SYSTEM_TIME", "after FOR");
      c_.expect_word("AS", "after FOR SYSTEM_TIME");
      c_.expect_word("OF", "after FOR SYSTEM_TIME AS");
      out.as_of = Expression(parse_operand(c_, &g_));
    }
    if (c_.is_word("TABLESAMPLE")) g_.refuse(1, "`op = \"sample\"` takes a share of the rows");
    if (c_.is_word("PIVOT")) g_.refuse(1, "SUM(x) FILTER (WHERE ...) makes a column for a value");
    return out;
  }

  Grammar& g_;
  TokenCursor& c_;
};

}  // namespace

std::vector<FromItem> parse_from(Grammar& g) {
  std::vector<FromItem> items;
  FromParser parser(g);
  do {
    g.may_follow("`,`, JOIN, WHERE, GROUP BY, ORDER BY, LIMIT");
    items.push_back(parser.item());
  } while (g.cursor.accept_symbol(","));
  return items;
}

}  // namespace weir::sql
