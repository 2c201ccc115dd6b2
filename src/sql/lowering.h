// How a query becomes steps, part by part (README.md says which). The parts are in lower_*.cpp.
//
// Every function gives nothing after an error, which it has reported at its place in the text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "expr/expr.h"
#include "sql/ast.h"
#include "sql/lower.h"
#include "sql/plan_builder.h"
#include "sql/scope.h"
#include "sql/step_spec.h"

namespace weir::sql {

// ORDER BY, LIMIT and OFFSET behind a query's body.
struct Tail {
  const std::vector<SortItem>* order_by = nullptr;
  std::optional<uint64_t> limit;
  std::optional<uint64_t> offset;
  bool orders() const { return order_by != nullptr && !order_by->empty(); }
};

// What a query around this one keeps of a ROW_NUMBER(): WHERE name <= limit.
struct RankLimit {
  std::string name;
  int64_t limit = 0;
  bool used = false;  // set by the query that has the item
};

// A column of SELECT: its expression over the rows before, and what it is called.
struct OutputColumn {
  std::string name;
  AstPtr tree;
  Place place;
};

using Conjuncts = std::vector<AstPtr>;

class Lowering {
 public:
  Lowering(const SourceText& text, PlanBuilder& plan, Errors& errors)
      : text_(text), plan_(plan), errors_(errors) {}

  std::optional<Relation> query(const Query& query, RankLimit* rank = nullptr);
  // lower_result.cpp: the result under the names and types that a table wants.
  std::optional<Relation> result_columns(Relation relation, const ResultColumns& columns,
                                         const Place& place);

 private:
  // --- lower_query.cpp: WITH, set operations, ORDER BY, LIMIT over columns that are there ---
  std::optional<Relation> body(const QueryBody& body, const Tail& tail, RankLimit* rank);
  std::optional<Relation> with_item(const Name& name);
  std::optional<Relation> set_operation(const SetOperation& operation);
  std::optional<Relation> combine(std::vector<Relation> inputs, const SetOperation::Operator& op);
  bool align(std::vector<Relation>& inputs, const Place& place);
  std::optional<Relation> order_output(Relation relation, const Tail& tail);
  std::optional<Relation> sort(Relation relation, std::vector<OrderItem> order, const Tail& tail);
  std::optional<Relation> limit(Relation relation, const Tail& tail);

  // --- lower_values.cpp ---
  // `names`: of the columns; as far as there are any.
  std::optional<Relation> values(const Values& values, const Place& place,
                                 const std::vector<Name>& names = {});
  std::optional<Relation> one_row(const Place& place);

  // --- lower_from.cpp ---
  // Takes from `where` the conjuncts that it has seen to.
  std::optional<Relation> from(const std::vector<FromItem>& items, Conjuncts& where);
  std::optional<Relation> from_item(const FromItem& item, Conjuncts& where, bool filters_allowed);
  std::optional<Relation> source(const Source& source, Conjuncts* where);
  // Applies the conjuncts of `where` that speak of this relation alone.
  std::optional<Relation> take_filters(Relation relation, Conjuncts& where);
  std::optional<Relation> table(const TableSource& source, const std::string& alias);
  std::optional<Relation> subquery(const Source& source, const Query& query, Conjuncts* where);
  std::optional<Relation> window_function(const FunctionSource& function, const Place& place);
  std::optional<Relation> unnest(Relation left, const Join& join, const UnnestSource& what);
  std::optional<Relation> name_columns(Relation relation, const Source& source);

  // --- lower_match.cpp ---
  std::optional<Relation> match_recognize(Relation relation, const MatchRecognize& match);
  AstPtr match_tree(const Ast& ast, const MatchRecognize& match, const Relation& relation);

  // --- lower_window.cpp ---
  std::optional<Relation> window_input(const FunctionSource& function, const TableInput& input);
  std::optional<Relation> with_time(Relation relation, const Ast& descriptor);
  std::optional<std::string> duration(const Ast& ast, std::string_view what);
  // Puts a pending window's columns into the rows.
  std::optional<Relation> assign_window(Relation relation);

  // --- lower_join.cpp ---
  struct JoinParts;
  std::optional<Relation> join(Relation left, const Join& join, Conjuncts& where,
                               bool filters_allowed);
  std::optional<Relation> join_right_side(const Join& join, Conjuncts& where, bool filters_allowed);
  // Gives the right side's columns names that the left side does not have.
  bool make_names_differ(const Relation& left, Relation& right);
  bool join_using(const Join& join, JoinParts& parts);
  bool join_condition(const Join& join, JoinParts& parts, Conjuncts& condition);
  // Sorts conditions into keys and the rest.
  bool split_condition(Conjuncts conjuncts, JoinParts& parts);
  bool add_key(AstPtr left, AstPtr right, JoinParts& parts);
  bool key_column(AstPtr& tree, Relation& side, const Relation& other);
  bool interval_bounds(JoinParts& parts, StepSpec& step);
  std::optional<Relation> join_parts(JoinParts parts);
  std::optional<NamedTexts> key_pairs(JoinParts& parts);
  std::optional<Relation> window_join(JoinParts& parts);
  std::optional<Relation> temporal_join(Relation left, const Join& join, const TableSource& table);

  // --- lower_subquery.cpp ---
  // A conjunct with queries inside, of WHERE, or of HAVING, where its names are the groups' columns already.
  std::optional<Relation> subquery_conjunct(Relation relation, AstPtr conjunct,
                                            bool is_having = false);
  // IN and EXISTS as a join; with a `mark`, the answer becomes a column of that name.
  std::optional<Relation> semi_join(Relation relation, const Query& query, AstPtr value,
                                    bool negated, const std::string& mark, const Ast& where);
  std::optional<Relation> inner_query(const Query& query, const Relation& outer,
                                      Conjuncts& correlated);
  // The queries in a resolved tree become columns.
  std::optional<Relation> subqueries_to_columns(Relation relation, AstPtr& tree);
  std::optional<Relation> scalar_subquery(Relation relation, const Query& query, AstPtr& tree);
  // Columns that conditions with outer names need from the query inside.
  bool carry_columns(const Relation& relation, std::vector<OutputColumn>& carried);

  // --- lower_select.cpp ---
  std::optional<Relation> select(const Select& select, const Tail& tail, RankLimit* rank);
  bool hints_known(const Name& hint);
  std::optional<Relation> filter(Relation relation, Conjuncts conjuncts);
  bool select_items(const Select& select, const Relation& relation,
                    std::vector<OutputColumn>& columns);
  // Each column under its name; no step if the rows are just that already.
  std::optional<Relation> project(Relation relation, const std::vector<OutputColumn>& columns,
                                  const Place& place);
  std::optional<Relation> finish(Relation relation, const Select& select,
                                 std::vector<OutputColumn> columns, std::vector<OrderItem> order,
                                 const Tail& tail);
  bool order_items(const Tail& tail, const std::vector<OutputColumn>& columns,
                   const Relation& relation, std::vector<OrderItem>& order);

  // --- lower_group.cpp ---
  struct Grouping;
  std::optional<Relation> group(const Select& select, Relation relation, Conjuncts on_window,
                                const std::vector<OutputColumn>& also_by,
                                std::vector<OutputColumn>& columns, std::vector<OrderItem>& order);
  bool group_keys(const Select& select, Relation& relation, Grouping& grouping);
  size_t add_key(AstPtr tree, Grouping& grouping);
  std::optional<Relation> group_window(Relation relation, Grouping& grouping);
  std::optional<TimeWindow> legacy_window(const Ast& call, Relation& relation);
  std::optional<Relation> key_columns(Relation relation, Grouping& grouping,
                                      const std::vector<OutputColumn>& columns);
  // The tree over the columns of groups: keys, and aggregates that it adds.
  bool over_groups(AstPtr& tree, Grouping& grouping);
  AstPtr grouping_bits(const Ast& call, const Grouping& grouping);
  std::optional<Relation> expand(Relation relation, Grouping& grouping);
  std::optional<Relation> aggregate(Relation relation, Grouping& grouping);

  // --- lower_over.cpp ---
  // OVER w -> OVER (...)
  bool expand_windows(const Select& select, AstPtr& tree);
  std::optional<Relation> over(Relation relation, std::vector<OutputColumn>& columns,
                               std::vector<OrderItem>& order, RankLimit* rank);
  std::optional<Relation> rank_top(Relation relation, OutputColumn& column, RankLimit& rank);

  // --- lower_names.cpp: trees and names ---
  // The tree with every name replaced by the column of the relation's rows that it means.
  AstPtr resolved(const Ast& ast, const Relation& relation);
  bool resolve_in(AstPtr& ast, const Relation& relation);
  // True if every name of the tree is one of the relation's; says nothing.
  bool belongs_to(const Ast& ast, const Relation& relation) const;
  // Binds a resolved tree; empty after an error.
  std::optional<Type> type_of(const Ast& ast, const Schema& schema);
  bool is_condition(const Ast& ast, const Schema& schema, std::string_view where);
  // The text of a tree for a step: what the user wrote where that says the same.
  SourceText text_of(const Ast& ast) const;
  SourceText text_of(const std::vector<OrderItem>& items) const;
  NamedText named(const std::string& name, const Ast& tree) const;
  // A name that the schema does not have.
  std::string free_name(std::string name, const Schema& schema);
  Position at(const Place& place) const { return text_.at(place.offset, place.length); }
  Position at(const Ast& ast) const { return text_.at(ast.offset, ast.length); }

  std::nullopt_t complain(const Position& position, std::string message, std::string hint = {});
  std::nullopt_t complain(const Ast& ast, std::string message, std::string hint = {}) {
    return complain(at(ast), std::move(message), std::move(hint));
  }
  std::nullopt_t complain(const Place& place, std::string message, std::string hint = {}) {
    return complain(at(place), std::move(message), std::move(hint));
  }
  // A step over the relation's rows; columns that it keeps can still be named as before.
  std::optional<Relation> add(Relation relation, StepSpec step);
  // Adds computed columns.
  std::optional<Relation> extend(Relation relation, const NamedTexts& columns, const Position& at);

  struct WithScope {
    const Query* query = nullptr;
    const WithScope* parent = nullptr;
    size_t visible = 0;  // the first items of its WITH
  };

  const SourceText& text_;
  PlanBuilder& plan_;
  Errors& errors_;
  const WithScope* with_ = nullptr;
  std::map<const WithItem*, Relation> with_results_;

  // The query around the one that is lowered: what its WHERE says about outer columns is left to it.
  const Relation* outer_ = nullptr;
  Conjuncts* correlated_ = nullptr;
  Conjuncts taken_;  // from WHERE, while FROM is lowered
};

}  // namespace weir::sql
