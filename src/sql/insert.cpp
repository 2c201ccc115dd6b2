#include "sql/insert.h"

#include "sql/query.h"

namespace weir::sql {

namespace {

std::vector<Insert::PartitionValue> partition_values(Grammar& g) {
  const size_t open = g.here();
  std::vector<Insert::PartitionValue> out;
  if (!g.cursor.expect_symbol("(", "after PARTITION")) return out;
  do {
    Insert::PartitionValue value;
    value.column = g.name("a partition column");
    if (g.cursor.accept_symbol("=")) value.value = g.expression();
    out.push_back(std::move(value));
  } while (g.cursor.accept_symbol(","));
  g.may_follow("`,`");
  g.close(open);
  return out;
}

Insert::OnConflict on_conflict(Grammar& g) {
  TokenCursor& c = g.cursor;
  c.expect_word("CONFLICT", "after ON");
  c.expect_word("DO", "after ON CONFLICT");
  if (c.accept_word("ERROR")) return Insert::OnConflict::kError;
  if (c.accept_word("NOTHING")) return Insert::OnConflict::kNothing;
  if (c.accept_word("DEDUPLICATE")) return Insert::OnConflict::kDeduplicate;
  c.fail_expected("ERROR, NOTHING or DEDUPLICATE");
  return {};
}

}  // namespace

Insert parse_insert(Grammar& g) {
  TokenCursor& c = g.cursor;
  Insert out;
  c.next();
  out.overwrite = c.accept_word("OVERWRITE");
  if (!out.overwrite && !c.accept_word("INTO")) c.fail_expected("INTO after INSERT");
  out.table = g.table_name("a table or a file in quotes", true);
  out.hints = g.hints();
  if (c.accept_word("PARTITION")) out.partition = partition_values(g);
  if (c.is_symbol("(") && !query_ahead(c)) out.columns = g.names_in_parentheses("a column's name");
  if (!query_ahead(c) && !c.is_word("TABLE")) {
    c.fail_expected(out.columns.empty() ? "the columns in parentheses, SELECT, VALUES or WITH"
                                        : "SELECT, VALUES or WITH");
  }
  out.query = parse_query(g);
  if (c.accept_word("ON")) out.on_conflict = on_conflict(g);
  return out;
}

}  // namespace weir::sql
