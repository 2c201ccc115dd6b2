#include "sql/ddl.h"

#include "sql/create_table.h"
#include "sql/query.h"

namespace weir::sql {

namespace {

// What Flink can create besides tables and views, and why it is not here.
struct NotCreated {
  std::string_view word;
  std::string_view reason;
};
constexpr NotCreated kNotCreated[] = {
    {"FUNCTION", "functions are built in: `weir functions` lists them"},
    {"CATALOG", "there is one catalogue: the tables and views of the script"},
    {"DATABASE", "there is one catalogue: the tables and views of the script"},
    {"MATERIALIZED", "a view is computed where it is used; INSERT INTO writes a table"},
    {"MODEL", "there are no models"},
    {"INDEX", "tables have no indexes"},
    {"SYSTEM", "functions are built in: `weir functions` lists them"},
    {"CONNECTION", "a table's options stand in its WITH (...)"},
};

void refuse_kind(Grammar& g, std::string_view verb, size_t words) {
  for (const auto& unknown : kNotCreated) {
    if (!g.cursor.is_word(unknown.word)) continue;
    const Token first = g.cursor.peek();
    g.fail_at({first.offset, first.length},
              std::string(verb) + " " + first.upper + " is not supported",
              std::string(unknown.reason));
    return;
  }
  g.cursor.fail_expected(words > 0 ? "TABLE or VIEW" : "TABLE, VIEW or TEMPORARY");
}

bool if_not_exists(Grammar& g) {
  if (!g.cursor.accept_word("IF")) return false;
  if (!g.cursor.accept_words({"NOT", "EXISTS"})) g.cursor.fail_expected("NOT EXISTS after IF");
  return true;
}

CreateView create_view(Grammar& g) {
  CreateView out;
  out.if_not_exists = if_not_exists(g);
  out.name = g.table_name("the view's name");
  if (g.cursor.is_symbol("(")) out.columns = g.names_in_parentheses("a column's name");
  if (g.cursor.accept_word("COMMENT")) out.comment = g.text("the comment").text;
  g.may_follow("");
  g.cursor.expect_word("AS", "before the view's query");
  out.query = parse_query(g);
  return out;
}

}  // namespace

Statement parse_create(Grammar& g) {
  TokenCursor& c = g.cursor;
  Statement out;
  const size_t begin = c.next().offset;
  if (c.is_word("OR") && c.is_word("REPLACE", 1)) {
    g.refuse(2, "write DROP TABLE IF EXISTS before it");
  }
  const bool temporary = c.accept_word("TEMPORARY");
  if (c.accept_word("TABLE")) {
    const bool guarded = if_not_exists(g);
    CreateTable table = parse_create_table(g);
    table.temporary = temporary;
    table.if_not_exists = guarded;
    out.what = std::move(table);
  } else if (c.accept_word("VIEW")) {
    CreateView view = create_view(g);
    view.temporary = temporary;
    out.what = std::move(view);
  } else {
    refuse_kind(g, "CREATE", temporary ? 1 : 0);
  }
  out.place = g.since(begin);
  return out;
}

Drop parse_drop(Grammar& g) {
  TokenCursor& c = g.cursor;
  Drop out;
  c.next();
  out.temporary = c.accept_word("TEMPORARY");
  out.view = c.is_word("VIEW");
  if (!c.accept_word("TABLE") && !c.accept_word("VIEW")) {
    refuse_kind(g, "DROP", out.temporary ? 1 : 0);
  }
  if (c.accept_word("IF")) {
    c.expect_word("EXISTS", "after IF");
    out.if_exists = true;
  }
  out.name = g.table_name(out.view ? "the view's name" : "the table's name");
  g.may_follow("");
  return out;
}

}  // namespace weir::sql
