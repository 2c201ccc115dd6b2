#include "sql/statements.h"

#include <array>

#include "sql/ddl.h"
#include "sql/insert.h"
#include "sql/query.h"
#include "sql/words.h"

namespace weir::sql {

namespace {

constexpr std::string_view kStatements[] = {"SELECT",   "INSERT",  "CREATE",  "DROP",
                                            "SET",      "RESET",   "EXPLAIN", "SHOW",
                                            "DESCRIBE", "EXECUTE", "WITH",    "VALUES"};

struct NotSupported {
  std::string_view word;
  std::string_view reason;
};
constexpr NotSupported kNotSupported[] = {
    {"USE", "there is one catalogue: the tables and views of the script"},
    {"ALTER", "change the CREATE statement instead"},
    {"UPDATE",
     "rows are not changed in place; INSERT INTO a table with a PRIMARY KEY replaces them"},
    {"DELETE", "rows are not deleted in place"},
    {"TRUNCATE", "INSERT OVERWRITE replaces what a table holds"},
    {"MERGE", "rows are not changed in place"},
    {"LOAD", "formats, connectors and functions are built in"},
    {"UNLOAD", "formats, connectors and functions are built in"},
    {"ADD", "formats, connectors and functions are built in: no jars are needed"},
    {"REMOVE", "formats, connectors and functions are built in: no jars are needed"},
    {"CALL", "there are no procedures"},
    {"ANALYZE", "there are no statistics to keep"},
    {"COMPILE", "plans are not kept; state is found again by the names of the steps"},
    {"STOP", "a job is the program itself: stop it with Ctrl-C or a signal"},
    {"QUIT", "a script ends at its end"},
    {"EXIT", "a script ends at its end"},
    {"CLEAR", "the screen is yours"},
    {"HELP", "`man weir-sql` describes the dialect"},
    {"BEGIN", "a statement set begins with EXECUTE STATEMENT SET BEGIN"},
    {"END", "there is no statement set that it would end"},
    {"COMMIT", "there are no transactions"},
    {"GRANT", "there are no users"},
};

class StatementParser {
 public:
  StatementParser(Grammar& grammar, Errors& errors)
      : g_(grammar), c_(grammar.cursor), errors_(errors) {}

  Statement parse() {
    Statement out;
    const size_t begin = g_.here();
    g_.clause = 0;
    g_.may_follow("");
    if (query_ahead(c_) || (c_.is_word("TABLE") && g_.name_ahead(1))) {
      out.what = parse_query(g_);
    } else if (c_.is_word("CREATE")) {
      out = parse_create(g_);
    } else if (c_.is_word("DROP")) {
      out.what = parse_drop(g_);
    } else if (c_.is_word("INSERT")) {
      out.what = parse_insert(g_);
    } else if (accept_set()) {
      out.what = statement_set(begin);
    } else {
      setting(out);
    }
    out.place = g_.since(begin);
    if (!at_end()) g_.fail_expected("the end of the statement");
    return out;
  }

 private:
  bool at_end() const { return c_.at_end() || c_.is_symbol(";"); }

  void setting(Statement& out) {
    if (c_.accept_word("EXPLAIN")) {
      out.what = explain();
    } else if (c_.accept_word("SET")) {
      out.what = set();
    } else if (c_.accept_word("RESET")) {
      ResetOption reset;
      if (!at_end()) reset.key = key();
      out.what = std::move(reset);
    } else if (c_.accept_word("SHOW")) {
      out.what = show();
    } else if (c_.accept_word("DESCRIBE") || c_.accept_word("DESC")) {
      Describe describe;
      const bool name_behind = c_.peek(1).kind != TokenKind::kEnd && !c_.is_symbol(";", 1);
      describe.extended = name_behind && c_.accept_word("EXTENDED");
      describe.name = g_.table_name("a table or a view", true);
      out.what = std::move(describe);
    } else {
      unknown();
    }
  }

  void unknown() {
    const Token& t = c_.peek();
    for (const auto& unknown : kNotSupported) {
      if (c_.is_word(unknown.word)) return g_.refuse(1, unknown.reason);
    }
    const std::string meant =
        t.kind == TokenKind::kWord ? meant_word(t.upper, kStatements) : std::string();
    c_.fail_expected("a statement: SELECT, INSERT INTO, CREATE, DROP, SET, EXPLAIN, SHOW, DESCRIBE",
                     meant.empty() ? "" : "did you mean " + meant + "?");
  }

  // EXECUTE STATEMENT SET BEGIN, and the older BEGIN STATEMENT SET;
  bool accept_set() {
    if (c_.accept_words({"BEGIN", "STATEMENT", "SET"})) return c_.accept_symbol(";");
    if (c_.is_word("EXECUTE") && c_.is_word("STATEMENT", 1)) {
      c_.next();
      c_.next();
      c_.expect_word("SET", "after EXECUTE STATEMENT");
      c_.expect_word("BEGIN", "after EXECUTE STATEMENT SET");
      return true;
    }
    // EXECUTE INSERT ... is INSERT ...
    if (c_.is_word("EXECUTE")) {
      g_.refuse(1, "write the statement alone, or EXECUTE STATEMENT SET BEGIN ... END");
    }
    return false;
  }

  StatementSet statement_set(size_t begin) {
    StatementSet out;
    while (!c_.failed() && !c_.accept_word("END")) {
      if (c_.at_end()) {
        const Position at = c_.text().at(begin);
        c_.fail_expected("END of the statement set",
                         at.line > 0 ? "it begins at line " + std::to_string(at.line) : "");
        break;
      }
      if (c_.accept_symbol(";")) continue;
      g_.may_follow("");
      if (c_.is_word("INSERT")) {
        out.inserts.push_back(parse_insert(g_));
      } else {
        c_.fail_expected("INSERT INTO or END in the statement set");
      }
      if (!c_.is_symbol(";")) g_.fail_expected("`;`");
      if (c_.failed()) recover(g_, errors_);
    }
    if (out.inserts.empty() && !c_.failed()) {
      g_.fail_at(g_.since(begin), "the statement set holds no statement");
    }
    g_.may_follow("");
    return out;
  }

  Explain explain() {
    Explain out;
    const bool parenthesis =
        c_.is_symbol("(") && c_.peek(1).kind == TokenKind::kWord && !query_ahead(c_);
    const size_t open = g_.here();
    if (parenthesis) c_.next();
    if (c_.accept_words({"PLAN", "FOR"}) || !detail_ahead()) {
    } else {
      do {
        out.details.push_back(detail());
      } while (c_.accept_symbol(","));
    }
    if (parenthesis) g_.close(open);
    const size_t begin = g_.here();
    if (query_ahead(c_)) {
      out.what = parse_query(g_);
    } else if (c_.is_word("INSERT")) {
      out.what = parse_insert(g_);
    } else if (accept_set()) {
      out.what = statement_set(begin);
    } else {
      c_.fail_expected("a query or INSERT INTO after EXPLAIN");
    }
    return out;
  }

  static constexpr std::array<std::string_view, 4> kDetails = {
      "ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE"};
  bool detail_ahead() const {
    return c_.peek().kind == TokenKind::kWord && !query_ahead(c_) && !c_.is_word("INSERT") &&
           !c_.is_word("EXECUTE") && !c_.is_word("BEGIN");
  }
  std::string detail() {
    for (const auto word : kDetails) {
      if (c_.accept_word(word)) return std::string(word);
    }
    const std::string meant = meant_word(c_.peek().upper, kDetails);
    c_.fail_expected("a query, INSERT INTO or a detail such as CHANGELOG_MODE",
                     meant.empty() ? "" : "did you mean " + meant + "?");
    return {};
  }

  Name key() {
    Name key = g_.text("the key in quotes");
    if (key.empty()) g_.fail_at(key.place, "a key may not be empty");
    return key;
  }

  // SET 'key' = 'value', or SET alone
  SetOption set() {
    SetOption out;
    if (at_end()) return out;
    out.key = key();
    c_.expect_symbol("=", "after the key");
    out.value = g_.text("the value in quotes");
    return out;
  }

  Show show() {
    Show out;
    if (c_.accept_word("TABLES")) {
      out.what = Show::What::kTables;
    } else if (c_.accept_word("VIEWS")) {
      out.what = Show::What::kViews;
    } else if (c_.accept_word("FUNCTIONS")) {
      out.what = Show::What::kFunctions;
    } else if (c_.accept_word("COLUMNS")) {
      out.what = Show::What::kColumns;
      if (!c_.accept_word("FROM")) c_.expect_word("IN", "after SHOW COLUMNS");
      out.name = g_.table_name("a table or a view", true);
    } else if (c_.accept_word("CREATE")) {
      out.what = c_.is_word("VIEW") ? Show::What::kCreateView : Show::What::kCreateTable;
      if (!c_.accept_word("VIEW")) c_.expect_word("TABLE", "or VIEW after SHOW CREATE");
      out.name = g_.table_name("a table or a view");
      return out;
    } else {
      unknown_show();
    }
    out.not_like = c_.is_word("NOT") && c_.is_word("LIKE", 1);
    if (out.not_like) c_.next();
    if (c_.accept_word("LIKE")) out.like = g_.text("a pattern in quotes").text;
    return out;
  }

  void unknown_show() {
    constexpr std::string_view kWords[] = {"TABLES", "VIEWS", "FUNCTIONS", "COLUMNS", "CREATE"};
    constexpr std::string_view kRefused[] = {"CATALOGS", "DATABASES", "CURRENT",    "MODULES",
                                             "JARS",     "JOBS",      "PARTITIONS", "PROCEDURES",
                                             "MODELS",   "FULL",      "USER"};
    for (const auto word : kRefused) {
      if (!c_.is_word(word)) continue;
      const Token t = c_.peek();
      g_.fail_at({t.offset, t.length}, "SHOW " + t.upper + " is not supported",
                 "there is one catalogue: SHOW TABLES, SHOW VIEWS, SHOW FUNCTIONS list it");
      return;
    }
    const std::string meant = meant_word(c_.peek().upper, kWords);
    c_.fail_expected(
        "TABLES, VIEWS, FUNCTIONS, COLUMNS FROM, CREATE TABLE or CREATE VIEW after SHOW",
        meant.empty() ? "" : "did you mean " + meant + "?");
  }

  Grammar& g_;
  TokenCursor& c_;
  Errors& errors_;
};

}  // namespace

Statement parse_statement(Grammar& g, Errors& errors) { return StatementParser(g, errors).parse(); }

Token recover(Grammar& g, Errors& errors) {
  errors.push_back(g.cursor.recover());
  const Token wrong = g.cursor.peek();
  while (!g.cursor.at_end() && !g.cursor.is_symbol(";")) g.cursor.next();
  return wrong;
}

}  // namespace weir::sql
