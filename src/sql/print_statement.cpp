#include <fmt/format.h>

#include "expr/literal.h"
#include "sql/print.h"

namespace weir::sql {

namespace {

std::string list_of(const std::vector<Name>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + quote_name(n.text);
  return "(" + out + ")";
}

std::string path_text(const std::vector<std::string>& path) {
  std::string out;
  for (const auto& part : path) out += (out.empty() ? "" : ".") + quote_name(part);
  return out;
}

std::string comment_text(const std::string& comment) {
  return comment.empty() ? "" : " COMMENT " + quote_string(comment);
}

// One function for each kind of statement.
class StatementPrinter {
 public:
  std::string operator()(const Query& q) const { return to_sql(q); }
  std::string operator()(const Insert& i) const { return to_sql(i); }

  std::string operator()(const CreateTable& t) const {
    std::string out = create(t.temporary, "TABLE", t.if_not_exists, t.name);
    const std::string elements = elements_of(t);
    if (!elements.empty()) out += " (\n" + elements + "\n)";
    if (!t.comment.empty()) out += "\nCOMMENT " + quote_string(t.comment);
    if (!t.partitioned_by.empty()) out += "\nPARTITIONED BY " + list_of(t.partitioned_by);
    if (!t.options.empty()) out += "\nWITH (\n" + options(t.options) + "\n)";
    if (t.like) out += "\nLIKE " + like(*t.like);
    if (t.as) out += "\nAS " + to_sql(*t.as);
    return out;
  }

  std::string operator()(const CreateView& v) const {
    std::string out = create(v.temporary, "VIEW", v.if_not_exists, v.name);
    if (!v.columns.empty()) out += " " + list_of(v.columns);
    return out + comment_text(v.comment) + " AS " + to_sql(v.query);
  }

  std::string operator()(const Drop& d) const {
    return fmt::format("DROP {}{} {}{}", d.temporary ? "TEMPORARY " : "", d.view ? "VIEW" : "TABLE",
                       d.if_exists ? "IF EXISTS " : "", to_sql(d.name));
  }

  std::string operator()(const StatementSet& s) const {
    std::string out = "EXECUTE STATEMENT SET BEGIN\n";
    for (const auto& i : s.inserts) out += to_sql(i) + ";\n";
    return out + "END";
  }

  std::string operator()(const SetOption& s) const {
    if (s.key.empty()) return "SET";
    return "SET " + quote_string(s.key.text) + " = " + quote_string(s.value.text);
  }

  std::string operator()(const ResetOption& r) const {
    return r.key.empty() ? "RESET" : "RESET " + quote_string(r.key.text);
  }

  std::string operator()(const Explain& e) const {
    std::string details;
    for (const auto& d : e.details) details += (details.empty() ? "" : ", ") + d;
    return "EXPLAIN " + (details.empty() ? "" : details + " ") + std::visit(*this, e.what);
  }

  std::string operator()(const Show& s) const {
    std::string out = "SHOW ";
    switch (s.what) {
      case Show::What::kTables: out += "TABLES"; break;
      case Show::What::kViews: out += "VIEWS"; break;
      case Show::What::kFunctions: out += "FUNCTIONS"; break;
      case Show::What::kColumns: out += "COLUMNS FROM " + to_sql(s.name); break;
      case Show::What::kCreateTable: out += "CREATE TABLE " + to_sql(s.name); break;
      case Show::What::kCreateView: out += "CREATE VIEW " + to_sql(s.name); break;
    }
    if (s.like) out += (s.not_like ? " NOT LIKE " : " LIKE ") + quote_string(*s.like);
    return out;
  }

  std::string operator()(const Describe& d) const {
    return (d.extended ? "DESCRIBE EXTENDED " : "DESCRIBE ") + to_sql(d.name);
  }

 private:
  static std::string to_sql(const Query& q) { return sql::to_sql(q); }
  static std::string to_sql(const TableName& n) { return sql::to_sql(n); }
  static std::string to_sql(const Insert& i) { return sql::to_sql(i); }

  static std::string create(bool temporary, std::string_view what, bool guarded,
                            const TableName& name) {
    return fmt::format("CREATE {}{} {}{}", temporary ? "TEMPORARY " : "", what,
                       guarded ? "IF NOT EXISTS " : "", sql::to_sql(name));
  }

  static std::string elements_of(const CreateTable& t) {
    std::vector<std::string> lines;
    for (const auto& c : t.columns) lines.push_back(column(c));
    for (const auto& w : t.watermarks) {
      lines.push_back("WATERMARK FOR " + path_text(w.column) + " AS " +
                      weir::to_sql(*w.expression, quote_name));
    }
    if (!t.primary_key.empty()) {
      lines.push_back("PRIMARY KEY " + list_of(t.primary_key) + " NOT ENFORCED");
    }
    std::string out;
    for (const auto& line : lines) out += (out.empty() ? "  " : ",\n  ") + line;
    return out;
  }

  static std::string column(const ColumnDefinition& c) {
    std::string out = quote_name(c.name.text);
    if (c.kind == ColumnDefinition::Kind::kComputed) {
      out += " AS " + weir::to_sql(*c.expression, quote_name);
    } else {
      out += " " + c.type.to_string();
      if (c.not_null) out += " NOT NULL";
    }
    if (c.kind == ColumnDefinition::Kind::kMetadata) {
      out += " METADATA";
      if (!c.metadata_key.empty()) out += " FROM " + quote_string(c.metadata_key);
      if (c.is_virtual) out += " VIRTUAL";
    }
    if (c.primary_key) out += " PRIMARY KEY NOT ENFORCED";
    return out + comment_text(c.comment);
  }

  static std::string options(const std::vector<Option>& list) {
    std::string out;
    for (const auto& o : list) {
      out += (out.empty() ? "  " : ",\n  ") + quote_string(o.key.text) + " = " +
             quote_string(o.value.text);
    }
    return out;
  }

  static std::string like(const LikeClause& l) {
    std::string choices;
    for (const auto& c : l.choices)
      choices += (choices.empty() ? "" : " ") + c.strategy + " " + c.feature;
    return sql::to_sql(l.table) + (choices.empty() ? "" : " (" + choices + ")");
  }
};

}  // namespace

std::string to_sql(const Statement& statement) {
  return std::visit(StatementPrinter(), statement.what);
}

}  // namespace weir::sql
