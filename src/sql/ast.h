// SQL as written: queries. Plain data that can be copied and compared; expressions are expr/ast.h's.
//
// Places are bytes of the script's text, as in Ast, and do not count when trees are compared. What
// was not written is empty: an alias without text, a WHERE without a tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sql/branch.h"

namespace weir::sql {

struct Query;
struct FromItem;

// The bytes [offset, offset + length) of the script.
struct Place {
  size_t offset = 0;
  size_t length = 1;
  friend bool operator==(const Place&, const Place&) { return true; }
};

// A name, or a text, as written but without its quotes.
struct Name {
  std::string text;
  Place place;
  bool empty() const { return text.empty(); }
  bool operator==(const Name&) const = default;
};

// catalog.database.table, or a file: FROM 'access.log'.
struct TableName {
  std::vector<std::string> path;
  bool file = false;
  Place place;
  bool operator==(const TableName&) const = default;
};

// 'key' = 'value'
struct Option {
  Name key;
  Name value;
  bool operator==(const Option&) const = default;
};

// /*+ OPTIONS('k' = 'v'), BROADCAST(t) */
struct Hint {
  struct Argument {
    Name key;
    bool key_is_text = false;
    std::optional<std::string> value;
    bool operator==(const Argument&) const = default;
  };
  Name name;  // upper case
  std::vector<Argument> arguments;
  bool operator==(const Hint&) const = default;
};

struct SortItem {
  Expression expression;
  bool descending = false;
  bool nulls_first = true;
  bool operator==(const SortItem&) const = default;
};

// --- FROM ---

// t /*+ OPTIONS(...) */ FOR SYSTEM_TIME AS OF x
struct TableSource {
  TableName name;
  std::vector<Hint> hints;
  Expression as_of;
  bool operator==(const TableSource&) const = default;
};

struct SubquerySource {
  Branch<Query> query;
  bool operator==(const SubquerySource&) const = default;
};

// (a JOIN b ON ...)
struct JoinedSource {
  Branch<FromItem> item;
  bool operator==(const JoinedSource&) const = default;
};

struct UnnestSource {
  Expression collection;
  bool with_ordinality = false;
  bool operator==(const UnnestSource&) const = default;
};

// TABLE t PARTITION BY a ORDER BY b, or a query in its place.
struct TableInput {
  TableName name;  // of no path when there is a query
  Branch<Query> query;
  std::vector<Expression> partition_by;
  std::vector<SortItem> order_by;
  bool operator==(const TableInput&) const = default;
};

// TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)), with or without the outer TABLE.
struct FunctionSource {
  struct Argument {
    Name name;  // name => value
    std::variant<Expression, TableInput> value;
    bool operator==(const Argument&) const = default;
  };
  Name name;  // upper case
  std::vector<Argument> arguments;
  bool operator==(const FunctionSource&) const = default;
};

struct MatchRecognize {
  struct Measure {
    Expression expression;
    Name alias;
    bool running = false;  // RUNNING was written; FINAL is the default
    bool operator==(const Measure&) const = default;
  };
  enum class Skip { kNotWritten, kPastLastRow, kToNextRow, kToFirst, kToLast };
  // A variable with its quantifier: A, A+, A*?, A{2,}
  struct Step {
    Name variable;
    uint64_t min = 1;
    std::optional<uint64_t> max = 1;  // nullopt: without end
    bool reluctant = false;
    bool operator==(const Step&) const = default;
  };
  struct Definition {
    Name variable;
    Expression condition;
    bool operator==(const Definition&) const = default;
  };
  std::vector<Expression> partition_by;
  std::vector<SortItem> order_by;
  std::vector<Measure> measures;
  Skip skip = Skip::kNotWritten;
  Name skip_to;  // of kToFirst and kToLast
  std::vector<Step> pattern;
  Expression within;
  std::vector<Definition> definitions;
  Place place;
  bool operator==(const MatchRecognize&) const = default;
};

struct Source {
  bool lateral = false;
  std::variant<TableSource, SubquerySource, FunctionSource, UnnestSource, JoinedSource> what;
  Branch<MatchRecognize> match;
  Name alias;
  std::vector<Name> columns;  // AS t (a, b)
  Place place;
  bool operator==(const Source&) const = default;
};

enum class JoinKind { kInner, kLeft, kRight, kFull, kCross };

struct Join {
  JoinKind kind = JoinKind::kInner;
  bool natural = false;
  Source right;
  Expression on;
  std::vector<Name> columns;  // USING (a, b)
  Place place;                // of the words JOIN, LEFT JOIN ...
  bool operator==(const Join&) const = default;
};

// An item of FROM's list: a JOIN b ON ... JOIN c ON ..., from left to right.
struct FromItem {
  Source first;
  std::vector<Join> joins;
  bool operator==(const FromItem&) const = default;
};

// --- SELECT ---

struct SelectItem {
  Expression expression;          // empty for * and t.*
  std::vector<std::string> path;  // t.*: {"t"}
  Name alias;
  Place place;
  bool is_star() const { return !expression; }
  bool operator==(const SelectItem&) const = default;
};

// (a, b) or a: expressions. ROLLUP, CUBE: one set for each item. GROUPING SETS: the items are elements.
struct GroupingElement {
  enum class Kind { kSet, kRollup, kCube, kGroupingSets };
  Kind kind = Kind::kSet;
  std::vector<Expression> expressions;  // of a kSet; none is ()
  std::vector<GroupingElement> items;   // of the others
  Place place;
  bool operator==(const GroupingElement&) const = default;
};

struct NamedWindow {
  Name name;
  Branch<OverWindow> window;
  bool operator==(const NamedWindow&) const = default;
};

struct Select {
  std::vector<Hint> hints;
  bool distinct = false;
  std::vector<SelectItem> items;
  std::vector<FromItem> from;  // a, b: a comma joins
  Expression where;
  std::vector<GroupingElement> group_by;
  Expression having;
  std::vector<NamedWindow> windows;
  bool operator==(const Select&) const = default;
};

// --- queries ---

struct Values {
  std::vector<std::vector<Expression>> rows;
  bool operator==(const Values&) const = default;
};

struct QueryBody;

// inputs[0] operators[0] inputs[1] operators[1] ..., from left to right. INTERSECT binds tighter: it
// is a set operation of its own among the inputs.
struct SetOperation {
  enum class Kind { kUnion, kIntersect, kExcept };
  struct Operator {
    Kind kind = Kind::kUnion;
    bool all = false;
    Place place;
    bool operator==(const Operator&) const = default;
  };
  std::vector<QueryBody> inputs;
  std::vector<Operator> operators;
  bool operator==(const SetOperation&) const;
};

struct QueryBody {
  // The query in parentheses is one that has an ORDER BY, LIMIT or WITH of its own.
  std::variant<Select, Values, SetOperation, Branch<Query>> what;
  Place place;
  bool operator==(const QueryBody&) const = default;
};

inline bool SetOperation::operator==(const SetOperation& other) const {
  return inputs == other.inputs && operators == other.operators;
}

struct WithItem {
  Name name;
  std::vector<Name> columns;
  Branch<Query> query;
  bool operator==(const WithItem&) const = default;
};

struct Query {
  std::vector<WithItem> with;
  QueryBody body;
  std::vector<SortItem> order_by;
  std::optional<uint64_t> limit;  // LIMIT n and FETCH FIRST n ROWS ONLY
  std::optional<uint64_t> offset;
  Place place;
  bool operator==(const Query&) const = default;
  bool is_plain() const { return with.empty() && order_by.empty() && !limit && !offset; }
};

// The query in a kSubquery expression.
class QueryInExpression : public QueryAst {
 public:
  explicit QueryInExpression(Query q) : query(std::move(q)) {}
  std::string to_sql() const override;
  bool same(const QueryAst& other) const override;
  const Query query;
};
const Query& query_of(const Ast& subquery);

}  // namespace weir::sql
