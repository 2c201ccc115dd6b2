// OVER windows: (PARTITION BY ... ORDER BY ... ROWS BETWEEN ... AND ...).
#include "expr/parser.h"

namespace weir {

namespace {

using Bound = FrameBound::Kind;

class WindowParser {
 public:
  WindowParser(TokenCursor& cursor, QueryGrammar* queries) : c_(cursor), queries_(queries) {}

  OverWindow parse() {
    OverWindow window;
    window.offset = c_.last_end() - 1;
    if (base_ahead()) window.base = c_.next().text;
    if (c_.accept_word("PARTITION")) partition(window);
    if (c_.accept_word("ORDER")) order(window);
    if (c_.is_word("ROWS") || c_.is_word("RANGE")) frame(window);
    if (!c_.accept_symbol(")")) {
      c_.fail_expected(window.has_frame          ? "`)` after the frame"
                       : window.order_by.empty() ? "PARTITION BY, ORDER BY, a frame or `)`"
                                                 : "`,`, a frame (ROWS or RANGE) or `)`");
    }
    window.length = c_.last_end() - window.offset;
    return window;
  }

 private:
  bool base_ahead() const {
    const Token& t = c_.peek();
    if (t.kind == TokenKind::kQuoted) return true;
    return t.kind == TokenKind::kWord && t.upper != "PARTITION" && t.upper != "ROWS" &&
           t.upper != "RANGE" && !is_reserved_word(t.upper);
  }

  void partition(OverWindow& window) {
    if (!c_.expect_word("BY", "after PARTITION")) return;
    do {
      auto expression = parse_expression(c_, queries_);
      if (!expression) return;
      window.partition_by.push_back(std::move(expression));
    } while (c_.accept_symbol(","));
  }

  void order(OverWindow& window) {
    if (c_.expect_word("BY", "after ORDER")) window.order_by = parse_order(c_, queries_);
  }

  void frame(OverWindow& window) {
    window.has_frame = true;
    window.rows = c_.next().upper == "ROWS";
    const Token first = c_.peek();
    if (c_.accept_word("BETWEEN")) {
      window.from = bound();
      c_.expect_word("AND", "after the frame's first bound");
      window.to = bound();
    } else {
      window.from = bound();
    }
    if (window.from.kind > window.to.kind || window.from.kind == Bound::kUnboundedFollowing ||
        window.to.kind == Bound::kUnboundedPreceding) {
      c_.fail_at(first.offset, c_.last_end() - first.offset, "the frame ends before it begins");
    }
  }

  FrameBound bound() {
    FrameBound out;
    if (c_.accept_words({"CURRENT", "ROW"})) {
      out.kind = Bound::kCurrentRow;
      return out;
    }
    const bool unbounded = c_.accept_word("UNBOUNDED");
    if (!unbounded) out.distance = parse_operand(c_, queries_);
    if (c_.accept_word("PRECEDING")) {
      out.kind = unbounded ? Bound::kUnboundedPreceding : Bound::kPreceding;
    } else if (c_.accept_word("FOLLOWING")) {
      out.kind = unbounded ? Bound::kUnboundedFollowing : Bound::kFollowing;
    } else {
      c_.fail_expected("PRECEDING or FOLLOWING");
    }
    return out;
  }

  TokenCursor& c_;
  QueryGrammar* queries_;
};

}  // namespace

OverWindow parse_over_window(TokenCursor& cursor, QueryGrammar* queries) {
  return WindowParser(cursor, queries).parse();
}

}  // namespace weir
