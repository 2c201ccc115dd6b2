#include "sql/query.h"

#include <utility>

#include "sql/select.h"
#include "sql/words.h"

namespace weir::sql {

namespace {

// A query is deeper than an expression: its parts take this many of the cursor's levels.
constexpr int kLevels = 5;

class QueryParser {
 public:
  explicit QueryParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  Query parse() {
    Query query;
    const size_t begin = g_.here();
    const int clause = std::exchange(g_.clause, 0);
    if (c_.accept_word("WITH")) with(query);
    query.body = set_operation();
    order(query);
    limit(query);
    query.place = g_.since(begin);
    // No clause stands behind a query: this one is misplaced.
    if (clause_rank(c_.peek().upper) > 0) g_.fail_expected("the end of the query");
    g_.clause = clause;
    return query;
  }

 private:
  void with(Query& query) {
    if (c_.is_word("RECURSIVE")) g_.refuse(1, "a query may not refer to itself");
    do {
      WithItem item;
      item.name = g_.name("the name of a query");
      if (c_.is_symbol("(")) item.columns = g_.names_in_parentheses("a column's name");
      c_.expect_word("AS", "after the name");
      item.query = in_parentheses();
      query.with.push_back(std::move(item));
    } while (c_.accept_symbol(","));
  }

  Branch<Query> in_parentheses() {
    const size_t open = g_.here();
    if (!c_.expect_symbol("(", "before the query")) return {};
    auto query = Branch<Query>::of(parse_query(g_));
    g_.close(open, "at the end of the query");
    return query;
  }

  // UNION and EXCEPT over INTERSECT over SELECT, VALUES and queries in parentheses.
  QueryBody set_operation() {
    return chain([this] { return intersection(); }, "UNION", "EXCEPT");
  }
  QueryBody intersection() {
    return chain([this] { return primary(); }, "INTERSECT", "INTERSECT");
  }

  template <class Input>
  QueryBody chain(Input input, std::string_view one, std::string_view other) {
    const size_t begin = g_.here();
    QueryBody first = input();
    if (!c_.is_word(one) && !c_.is_word(other)) return first;
    SetOperation set;
    set.inputs.push_back(std::move(first));
    while (c_.is_word(one) || c_.is_word(other)) {
      set.operators.push_back(set_operator());
      set.inputs.push_back(input());
    }
    QueryBody body;
    body.what = std::move(set);
    body.place = g_.since(begin);
    return body;
  }

  SetOperation::Operator set_operator() {
    const Token word = c_.next();
    SetOperation::Operator out;
    out.place = {word.offset, word.length};
    out.kind = word.upper == "UNION"    ? SetOperation::Kind::kUnion
               : word.upper == "EXCEPT" ? SetOperation::Kind::kExcept
                                        : SetOperation::Kind::kIntersect;
    out.all = c_.accept_word("ALL");
    if (!out.all) c_.accept_word("DISTINCT");
    return out;
  }

  QueryBody primary() {
    QueryBody body;
    const size_t begin = g_.here();
    if (c_.is_word("SELECT")) {
      body.what = parse_select(g_);
    } else if (c_.is_word("VALUES")) {
      body.what = values();
    } else if (c_.is_word("TABLE") && g_.name_ahead(1)) {
      c_.next();
      body.what = select_all(g_.table_name("a table"));
    } else if (c_.is_symbol("(")) {
      body = nested();
    } else {
      c_.fail_expected("SELECT, VALUES, WITH or a query in parentheses");
    }
    body.place = g_.since(begin);
    return body;
  }

  // Parentheses that change nothing leave no trace.
  QueryBody nested() {
    Branch<Query> query = in_parentheses();
    QueryBody body;
    if (query && query->is_plain()) {
      body = std::move(query->body);
    } else {
      body.what = std::move(query);
    }
    g_.may_follow("UNION, INTERSECT, EXCEPT, ORDER BY, LIMIT");
    return body;
  }

  // TABLE t
  static Select select_all(TableName name) {
    Select select;
    select.items.emplace_back().place = name.place;
    FromItem& item = select.from.emplace_back();
    item.first.place = name.place;
    item.first.what = TableSource{std::move(name), {}, {}};
    return select;
  }

  Values values() {
    Values out;
    c_.next();
    do {
      const size_t open = g_.here();
      std::vector<Expression> row;
      if (c_.is_word("ROW") && c_.is_symbol("(", 1)) c_.next();
      if (c_.accept_symbol("(")) {
        row = g_.expressions();
        g_.may_follow("`,`");
        g_.close(open, "at the end of the row");
      } else {
        row.push_back(g_.expression());
      }
      out.rows.push_back(std::move(row));
    } while (c_.accept_symbol(","));
    g_.may_follow("`,`, ORDER BY, LIMIT");
    return out;
  }

  void order(Query& query) {
    if (!g_.accept_by("ORDER")) return;
    g_.clause = clause_rank("ORDER");
    query.order_by = g_.sort_items();
    g_.may_follow("`,`, ASC, DESC, LIMIT, OFFSET");
  }

  void limit(Query& query) {
    while (!c_.failed()) {
      if (c_.is_word("LIMIT")) {
        once(query.limit.has_value());
        c_.next();
        limit_count(query);
      } else if (c_.is_word("OFFSET")) {
        once(query.offset.has_value());
        c_.next();
        query.offset = g_.count("a number of rows after OFFSET");
        if (!c_.accept_word("ROWS")) c_.accept_word("ROW");
      } else if (c_.is_word("FETCH")) {
        once(query.limit.has_value());
        fetch(query);
      } else {
        return;
      }
      g_.may_follow("LIMIT, OFFSET");
    }
  }

  void once(bool there) {
    if (there) {
      const Token& t = c_.peek();
      c_.fail_at(t.offset, t.length, "the number of rows is limited twice");
    }
  }

  void limit_count(Query& query) {
    if (c_.accept_word("ALL")) return;
    query.limit = g_.count("a number of rows after LIMIT");
    if (c_.is_symbol(",")) {
      const uint64_t skipped = *query.limit;
      c_.fail_expected("OFFSET or the end", "LIMIT 10, 5 of other dialects is LIMIT 5 OFFSET " +
                                                std::to_string(skipped) + " here");
    }
  }

  // FETCH FIRST 10 ROWS ONLY
  void fetch(Query& query) {
    c_.next();
    if (!c_.accept_word("FIRST") && !c_.accept_word("NEXT")) c_.fail_expected("FIRST or NEXT");
    query.limit = c_.peek().kind == TokenKind::kInteger ? g_.count("a number of rows") : 1;
    if (!c_.accept_word("ROWS") && !c_.accept_word("ROW")) c_.fail_expected("ROWS");
    c_.expect_word("ONLY", "after FETCH FIRST n ROWS");
  }

  Grammar& g_;
  TokenCursor& c_;
};

}  // namespace

Query parse_query(Grammar& g) {
  Query query;
  if (g.cursor.enter(kLevels)) query = QueryParser(g).parse();
  g.cursor.leave(kLevels);
  return query;
}

}  // namespace weir::sql
