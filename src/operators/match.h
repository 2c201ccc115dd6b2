// The match step, bound: which rows in a row make a match, and what comes of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/aggregation.h"
#include "operators/operator.h"
#include "operators/order_by.h"

namespace weir {

// One variable of the pattern with its quantifier: A, A+, A*?, A{2,3}.
struct PatternStep {
  size_t variable = 0;
  uint64_t min = 1;
  uint64_t max = 1;  // kEndless: without end
  bool reluctant = false;
};
inline constexpr uint64_t kEndless = UINT64_MAX;

// What a condition or measure looks at besides the row at hand: one of its hidden columns.
struct MatchTerm {
  enum class Kind { kFirst, kLast, kAggregate, kRowTime };
  Kind kind = Kind::kLast;
  size_t variable = 0;                        // SIZE_MAX: all rows of the match
  uint64_t steps = 0;                         // FIRST(A.x, n), LAST(A.x, n)
  size_t value = 0;                           // kFirst, kLast: number of the value in Match::values
  std::unique_ptr<AggregateProgram> program;  // kAggregate: one output
  Type type;
};

// A condition or measure over [input..., terms...].
struct MatchExpression {
  std::vector<MatchTerm> terms;
  ExprPtr expression;
};

struct Match {
  enum class Skip { kPastLast, kToNext, kToFirst, kToLast };

  Schema input;
  Schema output;
  std::vector<size_t> partition;
  std::vector<Type> partition_types;
  OrderBy order;  // bounded input without event time
  std::vector<std::string> variables;
  std::vector<PatternStep> pattern;
  std::vector<std::optional<MatchExpression>> conditions;  // by variable; none: every row
  std::vector<MatchExpression> measures;
  std::vector<ExprPtr> values;  // of rows, that terms refer to
  Skip skip = Skip::kPastLast;
  size_t skip_to = 0;
  std::optional<int64_t> within_us;
  bool by_time = false;
  bool streaming = false;
  std::string text;
};

// Binds a step's options; nullptr after errors.
std::unique_ptr<Match> bind_match(const ComponentSpec& spec, const Schema& input,
                                  const BindContext& context, Errors& errors);
std::vector<OptionDoc> match_docs();

std::unique_ptr<Ordered> make_matcher(const Match& match, const OperatorContext& context);

}  // namespace weir
