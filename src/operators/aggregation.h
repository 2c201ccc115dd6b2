// Grouped aggregation: key columns -> groups -> aggregate states -> result columns.
//
// The core of `aggregate` and of every window. An AggregateProgram (immutable, one per step) says what is
// computed; a GroupedAggregation (one per worker, window or partial) holds the groups and their states,
// side by side in one array, and reuses its memory after clear().
//
//   const AggregateProgram program(binding, input.size());
//   GroupedAggregation table(program, key_types, run_hash_seed());
//   table.update(batch, keys, context);          // per batch
//   table.merge_from(other);                     // partials, in any order: results do not show it
//   Batch rows = table.result(table.order(GroupOrder::kKey), context);
//
// Threads: the program is shared; a GroupedAggregation belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "base/vec.h"
#include "data/batch.h"
#include "expr/binder.h"
#include "operators/group_table.h"
#include "operators/huge_memory.h"
#include "state/snapshot.h"

namespace weir {

enum class GroupOrder {
  kKey,      // NULL first, numbers by value, strings by bytes
  kArrival,  // by the first row's ordinal; needs track_arrival
  kNone,     // as the table has them
};

// A bound aggregate list, laid out: which aggregates are needed, where their states are, and what each
// reads. Keep it alive as long as anything made from it.
class AggregateProgram {
 public:
  // `input_columns`: the size of the input schema. `outputs_needed`: as long as binding.outputs, or
  // empty for all; aggregates that only serve outputs nobody needs are not computed.
  AggregateProgram(const AggregateBinding& binding, size_t key_count, size_t input_columns,
                   const std::vector<bool>& outputs_needed = {});
  AggregateProgram(const AggregateProgram&) = delete;
  AggregateProgram& operator=(const AggregateProgram&) = delete;

  const AggregateBinding& binding() const { return binding_; }
  size_t key_count() const { return key_count_; }
  bool needs_output(size_t k) const { return outputs_needed_[k]; }

  // Marks the input columns that the needed aggregates read.
  void collect_columns(std::vector<bool>& used) const;
  // True if evaluating an argument or a filter may fail on a row.
  bool can_fail() const { return can_fail_; }

  // What update() reads of a batch that compute() has seen: each column once.
  struct Read {
    size_t column = 0;
    Type type;
  };
  std::vector<Read> columns_read() const;
  bool uses_ordinals() const;
  // How many columns such a batch has.
  size_t computed_width() const { return input_columns_ + computed_.size(); }

  // True if rows can be taken out of the states again: AggregateStates::retract_rows.
  bool can_retract() const;

  // Evaluates arguments and filters that are not plain columns and appends them to batch.columns,
  // beyond the schema's, where update() finds them: it runs before update() wherever rows may be
  // rejected. Failing rows are in context.errors afterwards; the caller rejects them (which keeps the
  // appended columns in step). Optional when !can_fail(). context.arena must be set, here and in update().
  void compute(Batch& batch, EvalContext& context) const;
  // The listed rows of a batch that compute() has seen, with only what update() reads of them.
  Batch take_rows(const Batch& batch, std::span<const uint32_t> rows) const;

 private:
  friend class AggregateStates;
  friend class GroupedAggregation;

  // Where a needed expression's column is: of the input, or the n-th computed one.
  struct Operand {
    bool computed = false;
    size_t index = 0;
  };
  struct Slot {
    const BoundAggregate* aggregate = nullptr;
    size_t number = 0;  // in binding.aggregates
    size_t offset = 0;  // of its state in a group's states
    std::vector<Operand> args;
    bool filtered = false;
    Operand filter;
    bool uses_ordinals = false;
  };
  struct Computed {
    ExprPtr expr;
    bool filtered = false;  // evaluated only where `filter` is TRUE, NULL elsewhere
    Operand filter;
  };

  Operand operand_for(const ExprPtr& expr, bool filtered, const Operand& filter);
  // All computed columns of a batch, in order.
  void compute_columns(const Batch& batch, std::vector<ColumnPtr>& out, EvalContext& context) const;

  AggregateBinding binding_;
  size_t key_count_ = 0;
  size_t input_columns_ = 0;
  std::vector<bool> outputs_needed_;
  std::vector<Slot> slots_;
  std::vector<Computed> computed_;
  size_t stride_ = 0;          // bytes of one group's states
  std::vector<char> initial_;  // the states of a new group
  bool can_fail_ = false;
  bool needs_destroy_ = false;
};

// The states of numbered groups, side by side in one array. Whoever uses it knows what the numbers stand
// for: the groups of a table, the open windows of a key.
class AggregateStates {
 public:
  // `program` must outlive this.
  explicit AggregateStates(const AggregateProgram& program) : program_(program) {}
  ~AggregateStates() { destroy_all(); }
  AggregateStates(const AggregateStates&) = delete;
  AggregateStates& operator=(const AggregateStates&) = delete;

  size_t size() const { return total_; }
  const char* bytes() const { return states_.data(); }  // to prefetch from
  void grow(size_t total);                              // initialises states up to `total` groups
  // Starts a group anew.
  void reset(uint32_t group);
  void clear();  // forgets all groups, keeps the memory
  void swap(AggregateStates& other);

  // Adds row i of the batch to groups[i]; nullptr: all rows to group 0. Rows whose argument fails are
  // counted with NULL and reported in context.errors; see AggregateProgram::compute.
  void update(const Batch& batch, const uint32_t* groups, EvalContext& context);
  // Adds row rows[i] of the batch to groups[i]; a row may be there several times, in any order. Needs
  // AggregateProgram::compute on the batch before.
  void update_rows(const Batch& batch, std::span<const uint32_t> rows, const uint32_t* groups,
                   EvalContext& context);
  // Takes such rows out again, where the program can.
  void retract_rows(const Batch& batch, std::span<const uint32_t> rows, const uint32_t* groups,
                    EvalContext& context);
  // Adds state from_groups[i] of `from` to groups[i]. The states of `from` are used up: reset them.
  void merge(const uint32_t* groups, AggregateStates& from, const uint32_t* from_groups, size_t n);

  // The same with the states of `from` left as they are.
  void merge_copies(const uint32_t* groups, const AggregateStates& from,
                    const uint32_t* from_groups, size_t n);

  // The rows [keys..., outputs...] of the listed groups: see GroupedAggregation::result. `keys` are
  // taken as they are.
  Batch result(std::vector<ColumnPtr> keys, std::span<const uint32_t> groups,
               EvalContext& context) const;

  // Appends what each needed aggregate makes of one group's state to its column, one a call of the binding.
  void finish(uint32_t group, std::span<const ColumnPtr> columns, EvalContext& context) const;

  size_t memory_bytes() const;  // the states' own heap memory included
  void snapshot(uint32_t group, SnapshotWriter& writer) const;
  void restore(uint32_t group, SnapshotReader& reader);  // into a new or reset one

 private:
  void destroy_all();
  const ColumnPtr& column_of(const AggregateProgram::Operand& operand, const Batch& batch) const;
  void update_slot(const AggregateProgram::Slot& slot, const Batch& batch, const uint32_t* groups,
                   EvalContext& context);
  // The same for some rows only: groups[i] is that of rows[i].
  void update_slot_rows(const AggregateProgram::Slot& slot, const Batch& batch,
                        std::span<const uint32_t> rows, const uint32_t* groups,
                        EvalContext& context, bool retract = false);
  void change_rows(const Batch& batch, std::span<const uint32_t> rows, const uint32_t* groups,
                   EvalContext& context, bool retract);
  char* at(uint32_t group, const AggregateProgram::Slot& slot) {
    return states_.data() + group * program_.stride_ + slot.offset;
  }
  const char* at(uint32_t group, const AggregateProgram::Slot& slot) const {
    return states_.data() + group * program_.stride_ + slot.offset;
  }

  const AggregateProgram& program_;
  size_t total_ = 0;  // groups with initialised states
  HugeVec<char> states_;

  // Scratch, kept between calls.
  Vec<uint32_t> filtered_rows_;
  Vec<uint32_t> filtered_groups_;
  std::vector<ColumnPtr> computed_;
  std::vector<ColumnPtr> args_;
};

class GroupedAggregation {
 public:
  // `program` must outlive this. `key_types`: key_count() of them; none: one group for all rows. A partial
  // may have more keys in front (its window); then only keys() and merge_groups() give its groups back.
  GroupedAggregation(const AggregateProgram& program, std::vector<Type> key_types, uint64_t seed,
                     bool track_arrival = false);
  // The same with a table of the caller's choice for these keys.
  GroupedAggregation(const AggregateProgram& program, std::vector<Type> key_types,
                     std::unique_ptr<GroupTable> table, bool track_arrival);
  ~GroupedAggregation();
  GroupedAggregation(const GroupedAggregation&) = delete;
  GroupedAggregation& operator=(const GroupedAggregation&) = delete;

  // Adds all rows of the batch. `keys`: one column of batch.rows rows per key. Rows whose argument
  // fails are counted with NULL and reported in context.errors; see AggregateProgram::compute.
  void update(const Batch& batch, std::span<const ColumnPtr> keys, EvalContext& context);

  // Adds another's groups to this one's; `other` is empty afterwards and may be used again.
  void merge_from(GroupedAggregation& other);
  // Adds only the listed groups, leaving out the first `skip_keys` key columns of `other`, a partial of
  // the same program with that many more keys in front. The listed states of `other` are used up:
  // clear() it before it is updated again.
  void merge_groups(GroupedAggregation& other, std::span<const uint32_t> groups,
                    size_t skip_keys = 0);
  // The same with the states of `other` left as they are; or of all groups.
  void merge_copies(const GroupedAggregation& other, std::span<const uint32_t> groups,
                    size_t skip_keys = 0);
  void merge_copies(const GroupedAggregation& other);
  // Spreads rows, or the listed groups, by their keys: see GroupTable::spread. Not without keys.
  void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask, uint16_t* out) const;
  // Makes sure that there is the one group of an aggregation without keys.
  void add_empty_group();

  static constexpr uint32_t kNoGroup = GroupTable::kNoGroup;
  size_t groups() const;
  const GroupTable* table() const { return table_.get(); }  // null without keys
  // The group of one row's keys; kNoGroup if there is none. Without keys: the one group.
  uint32_t find(std::span<const ColumnPtr> keys, size_t row) const;
  // The key columns of the listed groups; strings point into this object, until clear().
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups) const;
  // The group numbers in an order.
  Vec<uint32_t> order(GroupOrder order) const;
  // For merging the orders of aggregations with one program: a group with a smaller prefix comes first; among
  // equal prefixes before() decides. Not for kNone.
  uint64_t prefix(GroupOrder order, uint32_t group) const;
  bool before(GroupOrder order, uint32_t a, const GroupedAggregation& other, uint32_t b) const;

  // The rows [keys..., outputs...] of the listed groups, in that order; outputs not needed are absent.
  // Failing rows (overflow, failing output expressions) are in context.errors, numbered as here. Strings
  // of keys may point into this object unless `copy_keys`; all others belong to the batch. Sets and
  // restores context.arena. The states stay as they are: a window may fire again. Several threads may call
  // it at once for different groups, each with its own context.
  Batch result(std::span<const uint32_t> groups, EvalContext& context,
               bool copy_keys = false) const;

  size_t memory_bytes() const;  // the states' own heap memory included
  void clear();                 // forgets all groups, keeps the memory

  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);  // instead of all groups; damage: reader.ok() is false
  // Calls visit(key, snapshot) for every group: bytes that sort as keys do, and a snapshot of this group alone.
  void each_group(const std::function<void(std::string_view, std::string_view)>& visit) const;

 private:
  template <class Begin, class End>
  void snapshot_groups(SnapshotWriter& writer, Begin&& begin_group, End&& end_group) const;
  // Finds or makes the groups of the listed groups of `other`: groups_.
  void meet_groups(const GroupedAggregation& other, std::span<const uint32_t> groups,
                   size_t skip_keys);
  void add_states(size_t total);  // initialises states up to `total` groups
  void note_arrivals(const Batch& batch, const uint32_t* groups);

  const AggregateProgram& program_;
  std::vector<Type> key_types_;
  std::unique_ptr<GroupTable> table_;  // null without keys
  AggregateStates states_;
  bool track_arrival_ = false;
  Vec<uint64_t> arrival_;    // first ordinal of each group
  mutable Arena key_arena_;  // strings of keys() that the table holds encoded
  Vec<uint32_t> groups_;     // scratch, kept between calls
};

}  // namespace weir
