#include "expr/ast.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "expr/lexer.h"
#include "expr/literal.h"

namespace weir {

namespace {

// How tightly a node binds; an argument that binds looser than its place needs parentheses.
enum Level { kOr, kAnd, kNot, kTest, kCompare, kPredicate, kSum, kProduct, kUnaryLevel, kPrimary };

Level level_of(const Ast& ast) {
  switch (ast.kind) {
    case AstKind::kUnary: return ast.name == "NOT" ? kNot : kUnaryLevel;
    case AstKind::kIs: return kTest;
    case AstKind::kBetween:
    case AstKind::kIn:
    case AstKind::kLike: return kPredicate;
    case AstKind::kCall: return ast.name == "OVERLAPS" ? kPredicate : kPrimary;
    case AstKind::kLiteral:
      // -1 is a literal; as an operand of postfix or unary operators it is best seen as unary.
      return !ast.value.is_null && (ast.value.number < 0 || std::signbit(ast.value.real)) &&
                     ast.type.is_numeric()
                 ? kUnaryLevel
                 : kPrimary;
    case AstKind::kBinary:
      if (ast.name == "OR") return kOr;
      if (ast.name == "AND") return kAnd;
      if (ast.name.starts_with("IS ")) return kTest;
      if (ast.name == "+" || ast.name == "-" || ast.name == "||") return kSum;
      if (ast.name == "*" || ast.name == "/" || ast.name == "%") return kProduct;
      return kCompare;
    default: return kPrimary;
  }
}

class Printer {
 public:
  explicit Printer(NameQuoting quote) : quote_(quote) {}
  std::string take() { return std::move(out_); }

  void print(const Ast& ast, Level needed = kOr) {
    const bool parentheses = level_of(ast) < needed;
    if (parentheses) out_ += "(";
    plain(ast);
    if (parentheses) out_ += ")";
  }

 private:
  void plain(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::kLiteral: out_ += literal_sql(ast.value); break;
      case AstKind::kColumn: out_ += quote_(ast.name); break;
      case AstKind::kStar: out_ += "*"; break;
      case AstKind::kField:
        print(*ast.args[0], kPrimary);
        out_ += "." + quote_(ast.name);
        break;
      case AstKind::kIndex:
        print(*ast.args[0], kPrimary);
        out_ += "[";
        print(*ast.args[1]);
        out_ += "]";
        break;
      case AstKind::kUnary: unary(ast); break;
      case AstKind::kBinary: binary(ast); break;
      case AstKind::kIs:
        print(*ast.args[0], kTest);
        out_ += ast.negated ? " IS NOT " : " IS ";
        out_ += ast.name;
        break;
      case AstKind::kBetween:
        print(*ast.args[0], kPredicate);
        out_ += ast.negated ? " NOT BETWEEN " : " BETWEEN ";
        if (!ast.name.empty()) out_ += ast.name + " ";
        print(*ast.args[1], kSum);
        out_ += " AND ";
        print(*ast.args[2], kSum);
        break;
      case AstKind::kIn:
        print(*ast.args[0], kPredicate);
        out_ += ast.negated ? " NOT IN (" : " IN (";
        if (ast.args.size() == 2 && ast.args[1]->kind == AstKind::kSubquery &&
            ast.args[1]->name.empty()) {
          out_ += ast.args[1]->query->to_sql();
        } else {
          list(ast, 1, ast.args.size());
        }
        out_ += ")";
        break;
      case AstKind::kLike:
        print(*ast.args[0], kPredicate);
        out_ += (ast.negated ? " NOT " : " ") + ast.name + " ";
        print(*ast.args[1], kSum);
        if (ast.args.size() > 2) {
          out_ += " ESCAPE ";
          print(*ast.args[2], kSum);
        }
        break;
      case AstKind::kCase: case_text(ast); break;
      case AstKind::kCast:
        out_ += ast.name + "(";
        print(*ast.args[0]);
        out_ += " AS " + ast.type.to_string() + ")";
        break;
      case AstKind::kCall: call(ast); break;
      case AstKind::kArray:
      case AstKind::kMap:
        out_ += ast.kind == AstKind::kMap ? "MAP[" : "ARRAY[";
        list(ast, 0, ast.args.size());
        out_ += "]";
        break;
      case AstKind::kRow:
        out_ += "ROW(";
        list(ast, 0, ast.args.size());
        out_ += ")";
        break;
      case AstKind::kSubquery:
        out_ += ast.name + (ast.name.empty() ? "(" : " (") + ast.query->to_sql() + ")";
        break;
      case AstKind::kNamed:
        out_ += quote_(ast.name) + " => ";
        print(*ast.args[0]);
        break;
    }
  }

  void unary(const Ast& ast) {
    const Ast& operand = *ast.args[0];
    if (ast.name == "NOT") {
      out_ += "NOT ";
      return print(operand, kNot);
    }
    out_ += ast.name;
    // - -1 would read as a comment without the blank, -1 as a literal.
    if (level_of(operand) == kUnaryLevel) out_ += " ";
    const bool number = operand.kind == AstKind::kLiteral && operand.type.is_numeric() &&
                        level_of(operand) == kPrimary;
    if (number) out_ += "(";
    print(operand, kUnaryLevel);
    if (number) out_ += ")";
  }

  void binary(const Ast& ast) {
    const Level level = level_of(ast);
    print(*ast.args[0], level);
    out_ += " " + ast.name + " ";
    // Associative chains are printed flat, others need parentheses on the right.
    const bool flat = ast.name == "AND" || ast.name == "OR";
    print(*ast.args[1], flat ? level : static_cast<Level>(level + 1));
  }

  void list(const Ast& ast, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) out_ += ", ";
      print(*ast.args[i]);
    }
  }

  void case_text(const Ast& ast) {
    out_ += "CASE";
    size_t i = 0;
    if (ast.has_operand) {
      out_ += " ";
      print(*ast.args[i++]);
    }
    const size_t end = ast.args.size() - (ast.has_else ? 1 : 0);
    for (; i + 2 <= end; i += 2) {
      out_ += " WHEN ";
      print(*ast.args[i]);
      out_ += " THEN ";
      print(*ast.args[i + 1]);
    }
    if (ast.has_else) {
      out_ += " ELSE ";
      print(*ast.args.back());
    }
    out_ += " END";
  }

  void word_then(const Ast& ast, size_t first, std::string_view between, size_t second) {
    print(*ast.args[first]);
    out_ += between;
    print(*ast.args[second]);
  }

  static const std::string& word_of(const Ast& literal) { return literal.value.text; }

  // True if it was a form of its own.
  bool special_form(const Ast& ast) {
    const std::string& name = ast.name;
    const size_t n = ast.args.size();
    const auto is_word = [&](size_t i) {
      return i < n && ast.args[i]->kind == AstKind::kLiteral && ast.args[i]->type.is_text() &&
             !ast.args[i]->value.is_null;
    };
    if (name == "EXTRACT" && n == 2 && is_word(0)) {
      out_ += "EXTRACT(" + word_of(*ast.args[0]) + " FROM ";
      print(*ast.args[1]);
    } else if (name == "TRIM" && n == 3 && is_word(0)) {
      out_ += "TRIM(" + word_of(*ast.args[0]) + " ";
      word_then(ast, 1, " FROM ", 2);
    } else if (name == "POSITION" && n == 2) {
      out_ += "POSITION(";
      print(*ast.args[0], kSum);
      out_ += " IN ";
      print(*ast.args[1]);
    } else if ((name == "FLOOR" || name == "CEIL" || name == "CEILING") && n == 2 && is_word(1)) {
      out_ += name + "(";
      print(*ast.args[0]);
      out_ += " TO " + word_of(*ast.args[1]);
    } else if ((name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") && n == 3 && is_word(0)) {
      out_ += name + "(" + word_of(*ast.args[0]) + ", ";
      list(ast, 1, n);
    } else if (name == "OVERLAY" && n >= 3) {
      out_ += "OVERLAY(";
      word_then(ast, 0, " PLACING ", 1);
      out_ += " FROM ";
      print(*ast.args[2]);
      if (n > 3) {
        out_ += " FOR ";
        print(*ast.args[3]);
      }
    } else if (name == "OVERLAPS" && n == 4) {
      out_ += "(";
      list(ast, 0, 2);
      out_ += ") OVERLAPS (";
      list(ast, 2, 4);
    } else {
      return false;
    }
    out_ += ")";
    return true;
  }

  void call(const Ast& ast) {
    if (is_bare_function(ast.name) && ast.args.empty()) {
      out_ += ast.name;
      return;
    }
    if (!special_form(ast)) {
      out_ += ast.name + "(" + (ast.distinct ? "DISTINCT " : "");
      arguments(ast);
      out_ += ")";
    }
    if (ast.filter) {
      out_ += " FILTER (WHERE ";
      print(*ast.filter);
      out_ += ")";
    }
    if (ast.over) out_ += " OVER " + to_sql(*ast.over, quote_);
  }

  // The arguments and clauses; defaults of JSON_VALUE stand at the end of args.
  void arguments(const Ast& ast) {
    size_t defaults = 0;
    for (const auto& w : ast.words) defaults += w.starts_with("DEFAULT ") ? 1 : 0;
    const size_t plain_args = ast.args.size() - defaults;
    if (ast.name == "JSON_OBJECT" || ast.name == "JSON_OBJECTAGG") {
      for (size_t i = 0; i + 1 < plain_args; i += 2) {
        out_ += i > 0 ? ", KEY " : "KEY ";
        word_then(ast, i, " VALUE ", i + 1);
      }
    } else {
      list(ast, 0, plain_args);
    }
    size_t next_default = plain_args;
    for (const auto& w : ast.words) {
      if (out_.back() != '(') out_ += " ";
      if (w.starts_with("DEFAULT ")) {
        out_ += "DEFAULT ";
        print(*ast.args[next_default++]);
        out_ += w.substr(7);
      } else {
        out_ += w;
      }
    }
  }

  NameQuoting quote_;
  std::string out_;
};

std::string bound_text(const FrameBound& bound, NameQuoting quote) {
  switch (bound.kind) {
    case FrameBound::Kind::kUnboundedPreceding: return "UNBOUNDED PRECEDING";
    case FrameBound::Kind::kUnboundedFollowing: return "UNBOUNDED FOLLOWING";
    case FrameBound::Kind::kCurrentRow: return "CURRENT ROW";
    case FrameBound::Kind::kPreceding:
    case FrameBound::Kind::kFollowing: break;
  }
  Printer printer(quote);
  printer.print(*bound.distance, kSum);
  const bool before = bound.kind == FrameBound::Kind::kPreceding;
  return printer.take() + (before ? " PRECEDING" : " FOLLOWING");
}

std::string window_name(const std::string& name) {
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const bool begins_part = upper == "PARTITION" || upper == "ROWS" || upper == "RANGE";
  return begins_part ? in_backquotes(name) : name;
}

FrameBound clone(const FrameBound& bound) {
  return {bound.kind, bound.distance ? clone(*bound.distance) : nullptr};
}

template <class T>
std::vector<T> clone_all(const std::vector<T>& items) {
  std::vector<T> copy;
  copy.reserve(items.size());
  for (const auto& item : items) {
    if constexpr (std::is_same_v<T, AstPtr>) {
      copy.push_back(clone(*item));
    } else {
      copy.push_back(clone(item));
    }
  }
  return copy;
}

template <class T>
bool all_same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}

bool same(const FrameBound& a, const FrameBound& b) {
  return a.kind == b.kind && same(a.distance, b.distance);
}

}  // namespace

AstPtr clone(const Ast& ast) {
  auto copy = std::make_unique<Ast>();
  copy->kind = ast.kind;
  copy->offset = ast.offset;
  copy->length = ast.length;
  copy->name = ast.name;
  copy->value = ast.value;
  copy->type = ast.type;
  copy->words = ast.words;
  copy->negated = ast.negated;
  copy->distinct = ast.distinct;
  copy->has_operand = ast.has_operand;
  copy->has_else = ast.has_else;
  copy->args = clone_all(ast.args);
  if (ast.filter) copy->filter = clone(*ast.filter);
  if (ast.over) copy->over = std::make_unique<OverWindow>(clone(*ast.over));
  copy->query = ast.query;
  return copy;
}

OrderItem clone(const OrderItem& item) {
  return {clone(*item.expression), item.descending, item.nulls_first};
}

OverWindow clone(const OverWindow& window) {
  OverWindow copy;
  copy.offset = window.offset;
  copy.length = window.length;
  copy.base = window.base;
  copy.partition_by = clone_all(window.partition_by);
  copy.order_by = clone_all(window.order_by);
  copy.has_frame = window.has_frame;
  copy.rows = window.rows;
  copy.from = clone(window.from);
  copy.to = clone(window.to);
  return copy;
}

bool same(const AstPtr& a, const AstPtr& b) {
  if (!a || !b) return !a && !b;
  if (a->kind != b->kind || a->name != b->name || a->value != b->value || a->type != b->type ||
      a->words != b->words || a->negated != b->negated || a->distinct != b->distinct ||
      a->has_operand != b->has_operand || a->has_else != b->has_else) {
    return false;
  }
  const bool same_over = a->over && b->over ? same(*a->over, *b->over) : !a->over && !b->over;
  const bool same_query = a->query && b->query ? a->query->same(*b->query) : !a->query && !b->query;
  return same_over && same_query && same(a->filter, b->filter) && all_same(a->args, b->args);
}

bool same(const OrderItem& a, const OrderItem& b) {
  return a.descending == b.descending && a.nulls_first == b.nulls_first &&
         same(a.expression, b.expression);
}

bool same(const OverWindow& a, const OverWindow& b) {
  return a.base == b.base && a.has_frame == b.has_frame && a.rows == b.rows &&
         same(a.from, b.from) && same(a.to, b.to) && all_same(a.partition_by, b.partition_by) &&
         all_same(a.order_by, b.order_by);
}

std::string to_sql(const Ast& ast, NameQuoting quote) {
  Printer printer(quote);
  printer.print(ast);
  return printer.take();
}

std::string to_sql(const std::vector<OrderItem>& items, NameQuoting quote) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += ", ";
    out += to_sql(*item.expression, quote);
    if (item.descending) out += " DESC";
    if (item.nulls_first == item.descending)
      out += item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return out;
}

std::string to_sql(const OverWindow& window, NameQuoting quote) {
  const bool name_alone =
      window.partition_by.empty() && window.order_by.empty() && !window.has_frame;
  std::string out = window.base.empty() ? "" : quote(window.base);
  // (rows ORDER BY ...) would read as a frame.
  if (!name_alone && !out.empty() && out[0] != '`') out = window_name(out);
  const auto part = [&](std::string text) { out += (out.empty() ? "" : " ") + std::move(text); };
  if (!window.partition_by.empty()) {
    part("PARTITION BY ");
    for (size_t i = 0; i < window.partition_by.size(); ++i) {
      out += (i > 0 ? ", " : "") + to_sql(*window.partition_by[i], quote);
    }
  }
  if (!window.order_by.empty()) part("ORDER BY " + to_sql(window.order_by, quote));
  if (window.has_frame) {
    part(window.rows ? "ROWS BETWEEN " : "RANGE BETWEEN ");
    out += bound_text(window.from, quote) + " AND " + bound_text(window.to, quote);
  }
  return name_alone && !window.base.empty() ? out : "(" + out + ")";
}

}  // namespace weir
