#include "sql/create_table.h"

#include <algorithm>

#include "sql/query.h"

namespace weir::sql {

namespace {

class TableParser {
 public:
  explicit TableParser(Grammar& grammar) : g_(grammar), c_(grammar.cursor) {}

  CreateTable parse() {
    table_.name = g_.table_name("the table's name");
    if (c_.is_symbol("(")) elements();
    if (c_.accept_word("COMMENT")) table_.comment = g_.text("the comment").text;
    if (c_.is_word("DISTRIBUTED")) g_.refuse(1, "one program reads and writes all of the table");
    if (c_.accept_word("PARTITIONED")) {
      c_.expect_word("BY", "after PARTITIONED");
      table_.partitioned_by = g_.names_in_parentheses("a column's name");
    }
    if (c_.accept_word("WITH")) table_.options = g_.options();
    if (c_.accept_word("LIKE")) table_.like = like();
    if (c_.accept_word("AS")) table_.as = Branch<Query>::of(parse_query(g_));
    g_.may_follow("PARTITIONED BY, WITH, LIKE, AS");
    return std::move(table_);
  }

 private:
  void elements() {
    const size_t open = c_.next().offset;
    do {
      if (c_.is_symbol(")") && !table_.columns.empty()) {
        g_.fail_at({c_.last_end() - 1, 1}, "a comma stands behind the last column",
                   "leave the comma out");
        return;
      }
      element();
    } while (c_.accept_symbol(","));
    g_.may_follow("`,`");
    g_.close(open, "at the end of the columns");
  }

  void element() {
    const bool keyed = c_.is_word("PRIMARY") && c_.is_word("KEY", 1);
    if (c_.is_word("WATERMARK") && c_.is_word("FOR", 1)) {
      watermark();
    } else if (keyed || (c_.is_word("CONSTRAINT") && c_.is_word("PRIMARY", 2))) {
      if (!keyed) {
        c_.next();
        g_.name("the constraint's name");
      }
      primary_key();
    } else if (c_.is_word("UNIQUE") && c_.is_symbol("(", 1)) {
      g_.refuse(1, "the only constraint is PRIMARY KEY (...) NOT ENFORCED");
    } else {
      table_.columns.push_back(column());
    }
  }

  void watermark() {
    WatermarkDefinition out;
    const size_t begin = c_.next().offset;
    c_.next();
    out.column = g_.path("the time column");
    c_.expect_word("AS", "after the time column");
    out.expression = g_.expression();
    out.place = g_.since(begin);
    table_.watermarks.push_back(std::move(out));
  }

  void primary_key() {
    const size_t begin = c_.next().offset;
    c_.next();
    if (!table_.primary_key.empty()) {
      g_.fail_at(g_.since(begin), "the table has two primary keys",
                 "several columns make one key: PRIMARY KEY (a, b) NOT ENFORCED");
    }
    table_.primary_key = g_.names_in_parentheses("a column's name");
    not_enforced();
  }

  void not_enforced() {
    if (c_.accept_words({"NOT", "ENFORCED"})) return;
    c_.fail_expected("NOT ENFORCED after the primary key",
                     "written PRIMARY KEY (...) NOT ENFORCED: nobody checks that keys are unique");
  }

  ColumnDefinition column() {
    ColumnDefinition out;
    out.name = g_.name("a column's name");
    if (c_.accept_word("AS")) {
      out.kind = ColumnDefinition::Kind::kComputed;
      out.expression = g_.expression();
    } else {
      out.type = parse_type(c_);
      out.not_null = not_null();
      if (c_.accept_word("METADATA")) metadata(out);
      if (c_.accept_words({"PRIMARY", "KEY"})) {
        out.primary_key = true;
        not_enforced();
      }
    }
    if (c_.is_word("DEFAULT")) g_.refuse(1, "COALESCE(x, value) replaces what is missing");
    if (c_.accept_word("COMMENT")) out.comment = g_.text("the comment").text;
    g_.may_follow("`,`");
    return out;
  }

  // The type takes NOT NULL along, unless a comment stands between them.
  bool not_null() {
    if (c_.failed()) return false;
    const size_t at = c_.position();
    c_.rewind(at - 2);
    const bool taken = c_.is_word("NOT") && c_.is_word("NULL", 1);
    c_.rewind(at);
    if (!taken) {
      if (c_.accept_words({"NOT", "NULL"})) return true;
      c_.accept_word("NULL");
    }
    return taken;
  }

  void metadata(ColumnDefinition& column) {
    column.kind = ColumnDefinition::Kind::kMetadata;
    if (c_.accept_word("FROM")) column.metadata_key = g_.text("the key in quotes").text;
    column.is_virtual = c_.accept_word("VIRTUAL");
  }

  // LIKE base (INCLUDING ALL EXCLUDING OPTIONS)
  Branch<LikeClause> like() {
    LikeClause out;
    out.table = g_.table_name("a table");
    const size_t open = g_.here();
    if (c_.accept_symbol("(")) {
      while (!c_.failed() && !c_.is_symbol(")")) {
        out.choices.push_back({one_of({"INCLUDING", "EXCLUDING", "OVERWRITING"}),
                               one_of({"ALL", "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                       "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS"})});
        c_.accept_symbol(",");
      }
      g_.close(open, "at the end of LIKE");
    }
    return Branch<LikeClause>::of(std::move(out));
  }

  std::string one_of(std::initializer_list<std::string_view> words) {
    std::string all;
    for (const auto word : words) {
      if (c_.accept_word(word)) return std::string(word);
      all += (all.empty() ? "" : word == *(words.end() - 1) ? " or " : ", ") + std::string(word);
    }
    g_.may_follow("");
    g_.fail_expected(all);
    return {};
  }

  Grammar& g_;
  TokenCursor& c_;
  CreateTable table_;
};

}  // namespace

CreateTable parse_create_table(Grammar& g) { return TableParser(g).parse(); }

}  // namespace weir::sql
