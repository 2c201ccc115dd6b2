// The grammar of orders: expressions with ASC, DESC and a place for NULLs.
#include "expr/parser.h"

namespace weir {

OrderItem parse_order_item(TokenCursor& cursor, QueryGrammar* queries) {
  OrderItem item;
  item.expression = parse_expression(cursor, queries);
  item.descending = cursor.accept_word("DESC");
  if (!item.descending) cursor.accept_word("ASC");
  item.nulls_first = !item.descending;
  if (cursor.accept_word("NULLS")) {
    item.nulls_first = cursor.accept_word("FIRST");
    if (!item.nulls_first && !cursor.accept_word("LAST")) {
      cursor.fail_expected("FIRST or LAST after NULLS");
    }
  }
  return item;
}

std::vector<OrderItem> parse_order(TokenCursor& cursor, QueryGrammar* queries) {
  std::vector<OrderItem> items;
  do {
    items.push_back(parse_order_item(cursor, queries));
  } while (cursor.accept_symbol(","));
  return cursor.failed() ? std::vector<OrderItem>() : std::move(items);
}

Result<std::vector<OrderItem>> parse_order(const SourceText& text) {
  auto tokens = tokenize(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  TokenCursor cursor(text, std::move(*tokens));
  if (cursor.at_end()) {
    cursor.fail_at(0, 1, "the order is empty");
    return std::unexpected(cursor.error());
  }
  auto items = parse_order(cursor);
  if (!cursor.failed() && !cursor.at_end()) {
    cursor.fail_expected("`,`, ASC, DESC or the end");
  }
  if (cursor.failed()) return std::unexpected(cursor.error());
  return items;
}

}  // namespace weir
