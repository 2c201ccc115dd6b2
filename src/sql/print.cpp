#include "sql/print.h"

#include <fmt/format.h>

#include "expr/lexer.h"
#include "expr/literal.h"
#include "sql/words.h"

namespace weir::sql {

namespace {

std::string comma_list(const auto& items, auto text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + text(item);
  return out;
}

std::string expression_text(const Expression& e) { return weir::to_sql(*e, quote_name); }

std::string expressions_text(const std::vector<Expression>& list) {
  return comma_list(list, expression_text);
}

std::string names_text(const std::vector<Name>& names) {
  return "(" + comma_list(names, [](const Name& n) { return quote_name(n.text); }) + ")";
}

std::string sort_text(const std::vector<SortItem>& items) {
  return comma_list(items, [](const SortItem& item) {
    std::string text = expression_text(item.expression);
    if (item.descending) text += " DESC";
    if (item.nulls_first == item.descending) {
      text += item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
    return text;
  });
}

std::string hint_argument(const Hint::Argument& a) {
  std::string text = a.key_is_text ? quote_string(a.key.text) : quote_name(a.key.text);
  if (a.value) text += " = " + quote_string(*a.value);
  return text;
}

std::string hints_text(const std::vector<Hint>& hints) {
  if (hints.empty()) return {};
  return " /*+ " +
         comma_list(hints,
                    [](const Hint& hint) {
                      std::string text = quote_name(hint.name.text);
                      if (!hint.arguments.empty())
                        text += "(" + comma_list(hint.arguments, hint_argument) + ")";
                      return text;
                    }) +
         " */";
}

// Appends the parts of a query to one line.
class QueryPrinter {
 public:
  std::string take() { return std::move(out_); }

  void query(const Query& q) {
    if (!q.with.empty()) {
      out_ += "WITH ";
      separated(q.with, [this](const WithItem& item) {
        out_ += quote_name(item.name.text);
        if (!item.columns.empty()) out_ += " " + names_text(item.columns);
        out_ += " AS (";
        query(*item.query);
        out_ += ")";
      });
      out_ += " ";
    }
    body(q.body, Level::kAny);
    if (!q.order_by.empty()) out_ += " ORDER BY " + sort_text(q.order_by);
    if (q.limit) out_ += fmt::format(" LIMIT {}", *q.limit);
    if (q.offset) out_ += fmt::format(" OFFSET {}", *q.offset);
  }

  void insert(const Insert& i) {
    out_ += i.overwrite ? "INSERT OVERWRITE " : "INSERT INTO ";
    out_ += to_sql(i.table) + hints_text(i.hints);
    if (!i.partition.empty()) {
      out_ += " PARTITION (" +
              comma_list(i.partition,
                         [](const Insert::PartitionValue& v) {
                           std::string text = quote_name(v.column.text);
                           if (v.value) text += " = " + expression_text(v.value);
                           return text;
                         }) +
              ")";
    }
    if (!i.columns.empty()) out_ += " " + names_text(i.columns);
    out_ += " ";
    query(i.query);
    switch (i.on_conflict) {
      case Insert::OnConflict::kNotWritten: break;
      case Insert::OnConflict::kError: out_ += " ON CONFLICT DO ERROR"; break;
      case Insert::OnConflict::kNothing: out_ += " ON CONFLICT DO NOTHING"; break;
      case Insert::OnConflict::kDeduplicate: out_ += " ON CONFLICT DO DEDUPLICATE"; break;
    }
  }

  void text(std::string_view t) { out_ += t; }

 private:
  // What a place among set operations takes without parentheses.
  enum class Level { kAny, kIntersection, kPrimary };

  template <class Items, class Print>
  void separated(const Items& items, Print print, std::string_view between = ", ") {
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += between;
      first = false;
      print(item);
    }
  }

  void body(const QueryBody& b, Level level) {
    if (const auto* s = std::get_if<Select>(&b.what)) return select(*s);
    if (const auto* v = std::get_if<Values>(&b.what)) return values(*v);
    if (const auto* nested = std::get_if<Branch<Query>>(&b.what)) {
      out_ += "(";
      query(**nested);
      out_ += ")";
      return;
    }
    set_operation(std::get<SetOperation>(b.what), level);
  }

  void set_operation(const SetOperation& set, Level level) {
    const bool intersection = set.operators[0].kind == SetOperation::Kind::kIntersect;
    const Level own = intersection ? Level::kIntersection : Level::kAny;
    const bool parentheses = own < level;
    if (parentheses) out_ += "(";
    const Level inner = intersection ? Level::kPrimary : Level::kIntersection;
    body(set.inputs[0], inner);
    for (size_t i = 0; i < set.operators.size(); ++i) {
      const auto& op = set.operators[i];
      out_ += op.kind == SetOperation::Kind::kUnion    ? " UNION "
              : op.kind == SetOperation::Kind::kExcept ? " EXCEPT "
                                                       : " INTERSECT ";
      if (op.all) out_ += "ALL ";
      body(set.inputs[i + 1], inner);
    }
    if (parentheses) out_ += ")";
  }

  void values(const Values& v) {
    out_ += "VALUES ";
    separated(v.rows, [this](const std::vector<Expression>& row) {
      out_ += "(" + expressions_text(row) + ")";
    });
  }

  void select(const Select& s) {
    out_ += "SELECT" + hints_text(s.hints) + (s.distinct ? " DISTINCT " : " ");
    separated(s.items, [this](const SelectItem& item) {
      if (item.is_star()) {
        for (const auto& part : item.path) out_ += quote_name(part) + ".";
        out_ += "*";
      } else {
        out_ += expression_text(item.expression);
      }
      if (!item.alias.empty()) out_ += " AS " + quote_name(item.alias.text);
    });
    if (!s.from.empty()) {
      out_ += " FROM ";
      separated(s.from, [this](const FromItem& item) { from_item(item); });
    }
    if (s.where) out_ += " WHERE " + expression_text(s.where);
    if (!s.group_by.empty()) out_ += " GROUP BY " + grouping(s.group_by);
    if (s.having) out_ += " HAVING " + expression_text(s.having);
    if (!s.windows.empty()) {
      out_ += " WINDOW " + comma_list(s.windows, [](const NamedWindow& w) {
                std::string definition = weir::to_sql(*w.window, quote_name);
                if (definition[0] != '(') definition = "(" + definition + ")";
                return quote_name(w.name.text) + " AS " + definition;
              });
    }
  }

  static std::string grouping(const std::vector<GroupingElement>& elements) {
    return comma_list(elements, [](const GroupingElement& e) -> std::string {
      switch (e.kind) {
        case GroupingElement::Kind::kSet: break;
        case GroupingElement::Kind::kRollup: return "ROLLUP (" + grouping(e.items) + ")";
        case GroupingElement::Kind::kCube: return "CUBE (" + grouping(e.items) + ")";
        case GroupingElement::Kind::kGroupingSets:
          return "GROUPING SETS (" + grouping(e.items) + ")";
      }
      const std::string list = expressions_text(e.expressions);
      return e.expressions.size() == 1 ? list : "(" + list + ")";
    });
  }

  // --- FROM ---

  void from_item(const FromItem& item) {
    source(item.first);
    for (const auto& join : item.joins) {
      static constexpr std::string_view kWords[] = {" JOIN ", " LEFT JOIN ", " RIGHT JOIN ",
                                                    " FULL JOIN ", " CROSS JOIN "};
      if (join.natural) out_ += " NATURAL";
      out_ += kWords[static_cast<size_t>(join.kind)];
      source(join.right);
      if (join.on) out_ += " ON " + expression_text(join.on);
      if (!join.columns.empty()) out_ += " USING " + names_text(join.columns);
    }
  }

  void source(const Source& s) {
    if (s.lateral) out_ += "LATERAL ";
    std::visit([this](const auto& what) { print(what); }, s.what);
    if (s.match) {
      out_ += " ";
      match(*s.match);
    }
    if (!s.alias.empty()) out_ += " AS " + quote_name(s.alias.text);
    if (!s.columns.empty()) out_ += " " + names_text(s.columns);
  }

  void print(const TableSource& t) {
    out_ += to_sql(t.name) + hints_text(t.hints);
    if (t.as_of) out_ += " FOR SYSTEM_TIME AS OF " + operand(t.as_of);
  }
  void print(const SubquerySource& s) { in_parentheses(*s.query); }
  void print(const JoinedSource& j) {
    out_ += "(";
    from_item(*j.item);
    out_ += ")";
  }
  void print(const UnnestSource& u) {
    out_ += "UNNEST(" + expression_text(u.collection) + ")";
    if (u.with_ordinality) out_ += " WITH ORDINALITY";
  }
  void print(const FunctionSource& f) {
    out_ += "TABLE(" + quote_name(f.name.text) + "(";
    separated(f.arguments, [this](const FunctionSource::Argument& a) {
      if (!a.name.empty()) out_ += quote_name(a.name.text) + " => ";
      if (const auto* e = std::get_if<Expression>(&a.value)) {
        // (SELECT 1) + 1 would read as a table in parentheses.
        const std::string text = expression_text(*e);
        out_ += text.starts_with("(") ? "(" + text + ")" : text;
      } else {
        table_input(std::get<TableInput>(a.value));
      }
    });
    out_ += "))";
  }

  void table_input(const TableInput& t) {
    if (t.query) {
      in_parentheses(*t.query);
    } else {
      out_ += "TABLE " + to_sql(t.name);
    }
    if (!t.partition_by.empty()) out_ += " PARTITION BY (" + expressions_text(t.partition_by) + ")";
    if (!t.order_by.empty()) out_ += " ORDER BY (" + sort_text(t.order_by) + ")";
  }

  void in_parentheses(const Query& q) {
    out_ += "(";
    query(q);
    out_ += ")";
  }

  // What does not bind tighter than AND needs parentheses before an alias.
  static std::string operand(const Expression& e) {
    const AstKind kind = e->kind;
    const bool plain = kind == AstKind::kColumn || kind == AstKind::kField ||
                       kind == AstKind::kLiteral || kind == AstKind::kCast ||
                       (kind == AstKind::kCall && e->name != "OVERLAPS");
    return plain ? expression_text(e) : "(" + expression_text(e) + ")";
  }

  void match(const MatchRecognize& m) {
    out_ += "MATCH_RECOGNIZE (";
    if (!m.partition_by.empty()) out_ += "PARTITION BY " + expressions_text(m.partition_by) + " ";
    if (!m.order_by.empty()) out_ += "ORDER BY " + sort_text(m.order_by) + " ";
    if (!m.measures.empty()) {
      out_ += "MEASURES " +
              comma_list(m.measures,
                         [](const MatchRecognize::Measure& x) {
                           return (x.running ? "RUNNING " : "FINAL ") +
                                  expression_text(x.expression) + " AS " + quote_name(x.alias.text);
                         }) +
              " ";
    }
    out_ += "ONE ROW PER MATCH ";
    skip(m);
    out_ += "PATTERN (";
    separated(m.pattern, [this](const MatchRecognize::Step& s) { step(s); }, " ");
    out_ += ")";
    if (m.within) out_ += " WITHIN " + expression_text(m.within);
    if (!m.definitions.empty()) {
      out_ += " DEFINE " + comma_list(m.definitions, [](const MatchRecognize::Definition& d) {
                return quote_name(d.variable.text) + " AS " + expression_text(d.condition);
              });
    }
    out_ += ")";
  }

  void skip(const MatchRecognize& m) {
    switch (m.skip) {
      case MatchRecognize::Skip::kNotWritten: return;
      case MatchRecognize::Skip::kPastLastRow: out_ += "AFTER MATCH SKIP PAST LAST ROW "; return;
      case MatchRecognize::Skip::kToNextRow: out_ += "AFTER MATCH SKIP TO NEXT ROW "; return;
      case MatchRecognize::Skip::kToFirst: out_ += "AFTER MATCH SKIP TO FIRST "; break;
      case MatchRecognize::Skip::kToLast: out_ += "AFTER MATCH SKIP TO LAST "; break;
    }
    out_ += quote_name(m.skip_to.text) + " ";
  }

  void step(const MatchRecognize::Step& s) {
    out_ += quote_name(s.variable.text);
    if (s.min == 1 && s.max == 1 && !s.reluctant) return;
    if (s.min == 0 && !s.max) {
      out_ += "*";
    } else if (s.min == 1 && !s.max) {
      out_ += "+";
    } else if (s.min == 0 && s.max == 1) {
      out_ += "?";
    } else if (s.min == s.max) {
      out_ += fmt::format("{{{}}}", s.min);
    } else {
      out_ += fmt::format("{{{},{}}}", s.min, s.max ? std::to_string(*s.max) : "");
    }
    if (s.reluctant) out_ += "?";
  }

  std::string out_;
};

}  // namespace

std::string quote_name(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return is_reserved(upper) ? in_backquotes(name) : quote_identifier(name);
}

std::string to_sql(const TableName& name) {
  if (name.file) return quote_string(name.path[0]);
  std::string out;
  for (const auto& part : name.path) out += (out.empty() ? "" : ".") + quote_name(part);
  return out;
}

std::string to_sql(const Query& query) {
  QueryPrinter printer;
  printer.query(query);
  return printer.take();
}

std::string to_sql(const Insert& insert) {
  QueryPrinter printer;
  printer.insert(insert);
  return printer.take();
}

std::string QueryInExpression::to_sql() const { return sql::to_sql(query); }

bool QueryInExpression::same(const QueryAst& other) const {
  const auto* o = dynamic_cast<const QueryInExpression*>(&other);
  return o != nullptr && query == o->query;
}

const Query& query_of(const Ast& subquery) {
  return static_cast<const QueryInExpression&>(*subquery.query).query;
}

}  // namespace weir::sql
