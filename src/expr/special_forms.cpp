#include "expr/special_forms.h"

#include <algorithm>
#include <array>

#include "expr/literal.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, 19> kUnitWords = {
    "YEAR",   "QUARTER",     "MONTH",       "WEEK",       "DAY",       "HOUR", "MINUTE",
    "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND", "EPOCH",     "DOW",  "DOY",
    "ISODOW", "ISOYEAR",     "DECADE",      "CENTURY",    "MILLENNIUM"};

// "days", "SQL_TSI_DAY" -> "DAY"; empty when it is no unit.
std::string unit_name(std::string word) {
  if (word.starts_with("SQL_TSI_")) word.erase(0, 8);
  if (word == "CENTURIES") word = "CENTURY";
  if (std::find(kUnitWords.begin(), kUnitWords.end(), word) != kUnitWords.end()) return word;
  if (word.ends_with("S")) word.pop_back();
  if (std::find(kUnitWords.begin(), kUnitWords.end(), word) != kUnitWords.end()) return word;
  return {};
}

class CallParser {
 public:
  explicit CallParser(ExpressionParser& parser) : p_(parser), c_(parser.cursor()) {}

  AstPtr parse() {
    const Token name = c_.next();
    c_.next();  // (
    call_ = p_.make(AstKind::kCall, name.offset, name.upper);
    if (!arguments(name.upper)) return nullptr;
    call_ = p_.close(std::move(call_));
    if (!trailing_clauses()) return nullptr;
    return p_.close(std::move(call_));
  }

 private:
  bool arguments(std::string_view name) {
    if (name == "CAST" || name == "TRY_CAST") return cast();
    if (name == "EXTRACT") return extract();
    if (name == "TRIM") return trim();
    if (name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") {
      return unit() && c_.expect_symbol(",", "after the unit") && list() && closing();
    }
    if (name == "POSITION") return position();
    if (name.starts_with("JSON_") && name.ends_with("AGG") && c_.accept_word("DISTINCT"))
      call_->distinct = true;
    if (name == "JSON_OBJECT" || name == "JSON_OBJECTAGG") return json_object();
    if (name.starts_with("JSON_")) return json_list();
    if (c_.accept_symbol(")")) return true;
    if (c_.is_symbol("*")) {
      const size_t offset = c_.next().offset;
      call_->args.push_back(p_.close(p_.make(AstKind::kStar, offset)));
      return closing();
    }
    if (c_.accept_word("DISTINCT")) {
      call_->distinct = true;
    } else if (c_.is_word("ALL") && !c_.is_symbol(")", 1) && !c_.is_symbol(",", 1)) {
      c_.next();
    }
    if (!list()) return false;
    if (name == "SUBSTRING" || name == "SUBSTR") return from_for("") && closing();
    if (name == "OVERLAY") return from_for("PLACING") && closing();
    if ((name == "FLOOR" || name == "CEIL" || name == "CEILING") && c_.accept_word("TO")) {
      return unit() && closing();
    }
    nulls_clause();
    return closing();
  }

  bool argument() {
    const Token& t = c_.peek();
    const bool named =
        (t.kind == TokenKind::kWord || t.kind == TokenKind::kQuoted) && c_.is_symbol("=>", 1);
    auto a = named ? named_argument() : p_.expression();
    if (!a) return false;
    call_->args.push_back(std::move(a));
    return true;
  }
  // name => value
  AstPtr named_argument() {
    const Token name = c_.next();
    c_.next();
    auto ast = p_.make(AstKind::kNamed, name.offset, name.text);
    auto value = p_.expression();
    if (!value) return nullptr;
    ast->args.push_back(std::move(value));
    return p_.close(std::move(ast));
  }

  bool list() {
    do {
      if (!argument()) return false;
    } while (c_.accept_symbol(","));
    return true;
  }
  bool closing() {
    if (c_.accept_symbol(")")) return true;
    c_.fail_expected("`,` or `)` in the call of " + call_->name);
    return false;
  }

  // A unit word, as a literal argument.
  bool unit() {
    const Token& t = c_.peek();
    const std::string name = t.kind == TokenKind::kWord ? unit_name(t.upper) : std::string();
    if (name.empty()) {
      c_.fail_expected("a unit such as YEAR, MONTH, DAY, HOUR, MINUTE or SECOND");
      return false;
    }
    const size_t offset = c_.next().offset;
    call_->args.push_back(p_.literal(Value::string(name), offset));
    return true;
  }

  bool cast() {
    call_->kind = AstKind::kCast;
    if (!argument() || !c_.expect_word("AS", "after the value to cast")) return false;
    call_->type = parse_type(c_);
    return closing();
  }

  bool extract() {
    return unit() && c_.expect_word("FROM", "after the unit") && argument() && closing();
  }

  bool trim() {
    std::string side = "BOTH";
    const size_t offset = c_.peek().offset;
    bool named = false;
    for (const auto* s : {"BOTH", "LEADING", "TRAILING"}) {
      // A column may be called so: TRIM(leading).
      if (c_.is_word(s) && !c_.is_symbol(")", 1) && !c_.is_symbol(",", 1)) {
        side = s;
        c_.next();
        named = true;
        break;
      }
    }
    call_->args.push_back(p_.literal(Value::string(side), offset));
    const auto blank = [&] { return p_.literal(Value::string(" "), offset); };
    if (c_.accept_word("FROM")) {
      call_->args.push_back(blank());
      return argument() && closing();
    }
    if (!argument()) return false;
    if (c_.accept_word("FROM")) return argument() && closing();
    if (named) {
      c_.fail_expected("FROM after TRIM's characters");
      return false;
    }
    call_->args.insert(call_->args.begin() + 1, blank());
    return closing();
  }

  bool position() {
    auto what = p_.operand();
    if (!what) return false;
    call_->args.push_back(std::move(what));
    if (!c_.accept_word("IN") && !c_.accept_symbol(",")) {
      c_.fail_expected("IN after POSITION's text");
      return false;
    }
    return argument() && closing();
  }

  // [PLACING x] [FROM a [FOR b]] after the first argument.
  bool from_for(std::string_view word) {
    if (!word.empty() && c_.accept_word(word) && !argument()) return false;
    if (c_.accept_word("FROM") && !argument()) return false;
    return !c_.accept_word("FOR") || argument();
  }

  bool json_object() {
    while (!c_.accept_symbol(")")) {
      if (null_clause_ahead()) return clauses();
      if (c_.is_word("KEY") && !c_.is_word("VALUE", 1) && !c_.is_symbol(":", 1)) c_.next();
      if (!argument()) return false;
      if (!c_.accept_word("VALUE") && !c_.accept_symbol(":")) {
        c_.fail_expected("VALUE after the key");
        return false;
      }
      if (!argument()) return false;
      if (c_.accept_symbol(",")) continue;
      return clauses();
    }
    return true;
  }

  bool json_list() {
    if (c_.accept_symbol(")")) return true;
    if (!null_clause_ahead() && !list()) return false;
    return clauses();
  }

  bool null_clause_ahead() const {
    return (c_.is_word("NULL") || c_.is_word("ABSENT")) && c_.is_word("ON", 1);
  }

  // RETURNING t, DEFAULT x ON EMPTY, NULL ON ERROR, WITH WRAPPER ... up to the closing parenthesis.
  bool clauses() {
    while (!c_.accept_symbol(")")) {
      if (c_.accept_word("RETURNING")) {
        const Type t = parse_type(c_);
        if (c_.failed()) return false;
        call_->words.push_back("RETURNING " + t.to_string());
        continue;
      }
      std::string clause;
      if (c_.accept_word("DEFAULT")) {
        if (!argument()) return false;
        clause = "DEFAULT";
      }
      if (!clause_words(clause)) return false;
      call_->words.push_back(std::move(clause));
    }
    return true;
  }

  bool clause_words(std::string& clause) {
    constexpr std::array<std::string_view, 13> kWords = {
        "NULL",  "ERROR",  "TRUE", "FALSE",   "UNKNOWN",     "ABSENT",       "EMPTY",
        "ARRAY", "OBJECT", "WITH", "WITHOUT", "CONDITIONAL", "UNCONDITIONAL"};
    for (;;) {
      const Token& t = c_.peek();
      if (t.kind == TokenKind::kWord && (t.upper == "WRAPPER" || t.upper == "ON")) {
        const bool on = t.upper == "ON";
        clause += (clause.empty() ? "" : " ") + c_.next().upper;
        if (!on) return true;
        for (const auto* event : {"EMPTY", "ERROR", "NULL"}) {
          if (c_.accept_word(event)) {
            clause += std::string(" ") + event;
            return true;
          }
        }
        c_.fail_expected("EMPTY, ERROR or NULL after ON");
        return false;
      }
      if (t.kind != TokenKind::kWord ||
          std::find(kWords.begin(), kWords.end(), t.upper) == kWords.end()) {
        c_.fail_expected(clause.empty() ? "`,`, `)` or a clause such as NULL ON ERROR"
                                        : "ON EMPTY or ON ERROR");
        return false;
      }
      clause += (clause.empty() ? "" : " ") + c_.next().upper;
    }
  }

  void nulls_clause() {
    if (c_.accept_words({"IGNORE", "NULLS"})) call_->words.emplace_back("IGNORE NULLS");
    if (c_.accept_words({"RESPECT", "NULLS"})) call_->words.emplace_back("RESPECT NULLS");
  }

  bool trailing_clauses() {
    nulls_clause();
    if (c_.is_word("WITHIN") && c_.is_word("GROUP", 1)) {
      c_.fail_at(c_.peek().offset, c_.peek(1).end() - c_.peek().offset,
                 "WITHIN GROUP (ORDER BY ...) is not supported",
                 "aggregates that depend on the order take the rows as they arrive");
      return false;
    }
    if (c_.is_word("FILTER") && c_.is_symbol("(", 1)) {
      c_.next();
      c_.next();
      if (!c_.expect_word("WHERE", "in FILTER (WHERE ...)")) return false;
      call_->filter = p_.expression();
      if (!call_->filter || !c_.expect_symbol(")", "at the end of FILTER")) return false;
    }
    return !c_.is_word("OVER") || over();
  }

  bool over() {
    const Token& t = c_.peek(1);
    const bool name =
        t.kind == TokenKind::kQuoted || (t.kind == TokenKind::kWord && !is_reserved_word(t.upper));
    if (!name && !c_.is_symbol("(", 1)) return true;
    c_.next();
    call_->over = std::make_unique<OverWindow>();
    if (c_.accept_symbol("(")) {
      *call_->over = parse_over_window(c_, p_.queries());
    } else {
      call_->over->offset = t.offset;
      call_->over->length = t.length;
      call_->over->base = c_.next().text;
    }
    return !c_.failed();
  }

  ExpressionParser& p_;
  TokenCursor& c_;
  AstPtr call_;
};

}  // namespace

AstPtr parse_call(ExpressionParser& parser) { return CallParser(parser).parse(); }

AstPtr parse_typed_literal(ExpressionParser& parser) {
  TokenCursor& cursor = parser.cursor();
  const Token word = cursor.next();
  const Token text = cursor.next();
  std::optional<Value> value;
  std::string_view form;
  if (word.upper == "DATE") {
    value = date_literal(text.text);
    form = "a date is written DATE '2024-01-31'";
  } else if (word.upper == "TIME") {
    value = time_literal(text.text);
    form = "a time is written TIME '23:59:59.250'";
  } else {
    value = timestamp_literal(text.text);
    form = "a timestamp is written TIMESTAMP '2024-01-31 23:59:59.250'";
  }
  if (!value) {
    cursor.fail_at(text.offset, text.length, "`" + text.text + "` is no " + word.upper,
                   std::string(form));
    return nullptr;
  }
  return parser.literal(std::move(*value), word.offset);
}

AstPtr parse_interval_literal(ExpressionParser& parser) {
  TokenCursor& cursor = parser.cursor();
  const size_t offset = cursor.next().offset;
  bool negative = false;
  if (cursor.is_symbol("-") || cursor.is_symbol("+")) negative = cursor.next().text == "-";
  const Token text = cursor.next();
  std::string units[2];
  for (size_t i = 0; i < 2; ++i) {
    const Token& t = cursor.peek();
    units[i] = t.kind == TokenKind::kWord ? unit_name(t.upper) : std::string();
    if (!is_interval_unit(units[i])) {
      cursor.fail_expected("an interval's unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND",
                           "the unit stands behind the number: INTERVAL '10' MINUTE");
      return nullptr;
    }
    cursor.next();
    // A precision says nothing that the value does not.
    if (cursor.accept_symbol("(")) {
      while (!cursor.at_end() && !cursor.is_symbol(")")) cursor.next();
      if (!cursor.expect_symbol(")")) return nullptr;
    }
    if (!cursor.accept_word("TO")) break;
  }
  auto value = interval_literal(text.text, units[0], units[1], negative);
  if (!value) {
    const std::string range = units[1].empty() ? units[0] : units[0] + " TO " + units[1];
    cursor.fail_at(text.offset, text.length, "`" + text.text + "` is no interval of " + range,
                   "written as INTERVAL '10' MINUTE, INTERVAL '1 02:03:04' DAY TO SECOND, INTERVAL "
                   "'1-6' YEAR TO MONTH");
    return nullptr;
  }
  return parser.literal(std::move(*value), offset);
}

}  // namespace weir
