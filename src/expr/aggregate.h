// Aggregate functions: fixed-size states side by side, updated from whole columns, merged in any order.
//
// A state is `state_size()` bytes at a fixed offset of its group's slot: slots + group * stride. All
// results are independent of how rows were split over states and in which order states were merged:
// order-dependent functions (FIRST_VALUE, LISTAGG) keep the rows' ordinals.
// Threads: the object is immutable and shared; states belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "expr/expr.h"

namespace weir {

class SnapshotWriter;
class SnapshotReader;

// Where states live: address of group g's state = base + g * stride.
struct StateSlots {
  char* base = nullptr;
  size_t stride = 0;
  char* at(size_t group) const { return base + group * stride; }
};

class Aggregate {
 public:
  virtual ~Aggregate() = default;

  virtual const Type& result_type() const = 0;
  virtual size_t state_size() const = 0;  // a multiple of 8; states are 8-byte aligned
  // States may hold pointers to heap memory of their own, so they can be moved bytewise. init allocates
  // nothing: the states of new groups are copies of one that was initialised once.
  virtual void init(char* state) const = 0;
  virtual void destroy(char* state) const { (void)state; }
  virtual bool needs_destroy() const { return false; }

  // Adds row i of `args` to the state of groups[i], for all i < n. With groups == nullptr all rows go to
  // group 0. `batch` gives ordinals. NULL arguments are ignored as the function demands.
  virtual void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args,
                      size_t n, const Batch& batch, EvalContext& context) const = 0;
  // Takes rows out again that update() has added, in any order, where can_retract().
  virtual bool can_retract() const { return false; }
  virtual void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args,
                       size_t n, const Batch& batch, EvalContext& context) const;
  // True if update() reads the rows' ordinals.
  virtual bool uses_ordinals() const { return false; }
  // Adds the state `from` into the state `into`; `from` may be left in any destroyable condition.
  virtual void merge(char* into, char* from) const = 0;
  // merge() of from.at(from_groups[i]) into into.at(into_groups[i]) for all i < n.
  virtual void merge_all(StateSlots into, const uint32_t* into_groups, StateSlots from,
                         const uint32_t* from_groups, size_t n) const {
    for (size_t i = 0; i < n; ++i) merge(into.at(into_groups[i]), from.at(from_groups[i]));
  }
  // The same as merge_all(), with the states `from` left as they are.
  virtual void merge_copies(StateSlots into, const uint32_t* into_groups, StateSlots from,
                            const uint32_t* from_groups, size_t n) const;
  // Appends the result of one state to `out` (of result_type()); strings go to `arena`. May report an
  // overflow through context.row_error(out.size(), ...).
  virtual void finish(const char* state, Column& out, Arena& arena, EvalContext& context) const = 0;

  virtual void snapshot(const char* state, SnapshotWriter& writer) const = 0;
  virtual void restore(char* state, SnapshotReader& reader) const = 0;  // into an init()ed state
  // Heap bytes the state holds beyond state_size().
  virtual size_t heap_bytes(const char* state) const {
    (void)state;
    return 0;
  }
};
using AggregatePtr = std::shared_ptr<const Aggregate>;

// One aggregate call of a pipeline: COUNT(DISTINCT x) FILTER (WHERE y > 0).
struct BoundAggregate {
  AggregatePtr function;
  std::vector<ExprPtr> args;
  ExprPtr filter;         // null: none. Rows where it is not TRUE are left out.
  bool distinct = false;  // already folded into `function` by the binder; kept for explain
  std::string text;       // canonical SQL, for explain and sharing
};

struct AggregateDescriptor {
  std::string_view name;       // "SUM"
  std::string_view signature;  // "SUM(x NUMERIC) -> same type"
  std::string_view doc;
  std::string_view example;  // "SUM(x) over 1, 2, NULL -> 3" (shown; tested by the aggregate cases)
  // Checks types and makes the function; literal arguments (a percentile's fraction, LISTAGG's separator)
  // are found by as_literal(). The binder wraps DISTINCT around the result by itself.
  Result<AggregatePtr> (*bind)(std::span<const ExprPtr> args);
  // Instead of `bind`, for functions with clauses: sees Ast::words ("IGNORE NULLS", "ABSENT ON NULL").
  Result<AggregatePtr> (*bind_words)(std::span<const ExprPtr> args,
                                     std::span<const std::string> words) = nullptr;
};

// All aggregate functions, sorted by name: the one list.
std::span<const AggregateDescriptor* const> aggregate_functions();
const AggregateDescriptor* find_aggregate(std::string_view upper_case_name);

}  // namespace weir
