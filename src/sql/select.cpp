#include "sql/select.h"

#include "sql/from.h"
#include "sql/group_by.h"
#include "sql/words.h"

namespace weir::sql {

namespace {

class SelectParser {
 public:
  explicit SelectParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  Select parse() {
    Select select;
    c_.next();
    enter("SELECT");
    select.hints = g_.hints();
    distinct(select);
    items(select.items);
    if (c_.accept_word("FROM")) {
      enter("FROM");
      select.from = parse_from(g_);
      g_.may_follow("`,`, JOIN, WHERE, GROUP BY, ORDER BY, LIMIT");
    }
    if (c_.accept_word("WHERE")) {
      enter("WHERE");
      select.where = g_.expression();
      g_.may_follow("AND, OR, GROUP BY, ORDER BY, LIMIT");
    }
    if (g_.accept_by("GROUP")) {
      enter("GROUP");
      select.group_by = parse_group_by(g_);
      g_.may_follow("`,`, HAVING, ORDER BY, LIMIT");
    }
    if (c_.accept_word("HAVING")) {
      enter("HAVING");
      select.having = g_.expression();
      g_.may_follow("AND, OR, ORDER BY, LIMIT");
    }
    if (c_.is_word("WINDOW") && g_.name_ahead(1) && c_.is_word("AS", 2)) windows(select.windows);
    return select;
  }

 private:
  void enter(std::string_view clause) { g_.clause = clause_rank(clause); }

  void distinct(Select& select) {
    if (c_.is_word("DISTINCT") && c_.is_word("ON", 1)) {
      g_.refuse(2,
                "the first row of a group: ROW_NUMBER() OVER (PARTITION BY ... ORDER BY ...) = 1 "
                "in a query around this one");
    }
    if (c_.is_word("TOP") && c_.peek(1).kind == TokenKind::kInteger) {
      g_.refuse(
          1, "the first rows are taken by LIMIT " + c_.peek(1).text + " at the end of the query");
    }
    select.distinct = c_.accept_word("DISTINCT");
    if (!select.distinct) c_.accept_word("ALL");
  }

  void items(std::vector<SelectItem>& out) {
    do {
      // SELECT a, FROM t
      if (!out.empty() && (clause_rank(c_.peek().upper) == clause_rank("FROM") || c_.at_end())) {
        const size_t comma = c_.last_end() - 1;
        g_.fail_at({comma, 1}, "expected a column after the comma, found " + c_.describe(c_.peek()),
                   c_.at_end() ? "" : "leave the comma before FROM out");
        return;
      }
      g_.may_follow("`,`, AS, FROM");
      out.push_back(item());
      g_.may_follow("`,`, FROM");
    } while (c_.accept_symbol(","));
  }

  SelectItem item() {
    SelectItem item;
    const size_t begin = g_.here();
    if (const size_t star = star_ahead(); star > 0) {
      while (!c_.is_symbol("*")) {
        item.path.push_back(c_.next().text);
        c_.next();
      }
      c_.next();
      item.place = g_.since(begin);
      return item;
    }
    item.expression = g_.expression();
    item.alias = g_.alias();
    item.place = g_.since(begin);
    return item;
  }

  // Tokens of `*`, `t.*`, `a.b.*` at the cursor, 0: something else is there.
  size_t star_ahead() const {
    size_t i = 0;
    while (g_.name_ahead(i) && c_.is_symbol(".", i + 1)) i += 2;
    return c_.is_symbol("*", i) ? i + 1 : 0;
  }

  // WINDOW w AS (PARTITION BY ...), v AS (...)
  void windows(std::vector<NamedWindow>& out) {
    c_.next();
    enter("WINDOW");
    do {
      NamedWindow window;
      window.name = g_.name("a window's name");
      c_.expect_word("AS", "after the window's name");
      if (!c_.expect_symbol("(", "before the window")) return;
      window.window = Branch<OverWindow>::of(parse_over_window(c_, &g_));
      out.push_back(std::move(window));
    } while (c_.accept_symbol(","));
    g_.may_follow("`,`, ORDER BY, LIMIT");
  }

  Grammar& g_;
  TokenCursor& c_;
};

}  // namespace

Select parse_select(Grammar& g) { return SelectParser(g).parse(); }

}  // namespace weir::sql
