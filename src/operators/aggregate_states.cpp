// The program of an aggregation, and the states that it works on.

#include <algorithm>
#include <cstring>

#include "operators/aggregation.h"

namespace weir {

namespace {

constexpr size_t kAhead = 12;  // groups of a list whose states are on their way to the cache

// The rows where a BOOLEAN column is TRUE.
void true_rows(const Column& column, size_t n, Vec<uint32_t>& rows) {
  rows.clear();
  for (size_t i = 0; i < n; ++i) {
    if (!column.is_null(i) && column.at<uint8_t>(i) != 0) rows.push_back(static_cast<uint32_t>(i));
  }
}

// Evaluates `expr` on some rows of a batch only; the others are NULL.
ColumnPtr eval_on_rows(const Expr& expr, const Batch& batch, std::span<const uint32_t> rows,
                       EvalContext& context) {
  std::vector<bool> used(batch.columns.size(), false);
  expr.collect_columns(used);
  Batch part;
  part.rows = rows.size();
  part.sequence = batch.sequence;
  part.columns.resize(batch.columns.size());
  for (size_t c = 0; c < used.size(); ++c) {
    if (used[c]) part.columns[c] = batch.columns[c]->gather(rows);
  }
  const size_t errors_before = context.errors.size();
  const ColumnPtr values = expr.eval(part, context);
  for (size_t e = errors_before; e < context.errors.size(); ++e)
    context.errors[e].row = rows[context.errors[e].row];

  auto out = make_column(expr.type());
  out->reserve(batch.rows);
  size_t next = 0;
  for (size_t i = 0; i < batch.rows; ++i) {
    if (next < rows.size() && rows[next] == i) {
      out->push_from(*values, next++);
    } else {
      out->push_null();
    }
  }
  return out;
}

}  // namespace

AggregateProgram::AggregateProgram(const AggregateBinding& binding, size_t key_count,
                                   size_t input_columns, const std::vector<bool>& outputs_needed)
    : binding_(binding),
      key_count_(key_count),
      input_columns_(input_columns),
      outputs_needed_(outputs_needed) {
  outputs_needed_.resize(binding_.outputs.size(), outputs_needed.empty());
  std::vector<bool> used(key_count_ + binding_.aggregates.size(), false);
  for (size_t k = 0; k < binding_.outputs.size(); ++k) {
    if (outputs_needed_[k]) binding_.outputs[k]->collect_columns(used);
  }
  for (size_t k = 0; k < binding_.aggregates.size(); ++k) {
    if (!used[key_count_ + k]) continue;
    const BoundAggregate& aggregate = binding_.aggregates[k];
    Slot slot;
    slot.aggregate = &aggregate;
    slot.number = k;
    slot.offset = stride_;
    slot.uses_ordinals = aggregate.function->uses_ordinals();
    if (aggregate.filter) {
      slot.filter = operand_for(aggregate.filter, false, {});
      slot.filtered = true;
      can_fail_ = can_fail_ || aggregate.filter->can_fail();
    }
    for (const auto& arg : aggregate.args) {
      slot.args.push_back(operand_for(arg, slot.filtered, slot.filter));
      can_fail_ = can_fail_ || arg->can_fail();
    }
    stride_ += aggregate.function->state_size();
    needs_destroy_ = needs_destroy_ || aggregate.function->needs_destroy();
    slots_.push_back(std::move(slot));
  }
  initial_.resize(stride_);
  for (const auto& slot : slots_) slot.aggregate->function->init(initial_.data() + slot.offset);
}

AggregateProgram::Operand AggregateProgram::operand_for(const ExprPtr& expr, bool filtered,
                                                        const Operand& filter) {
  if (expr->as_column() >= 0) return {false, static_cast<size_t>(expr->as_column())};
  computed_.push_back({expr, filtered && expr->can_fail(), filter});
  return {true, computed_.size() - 1};
}

bool AggregateProgram::can_retract() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.aggregate->function->can_retract(); });
}

std::vector<AggregateProgram::Read> AggregateProgram::columns_read() const {
  std::vector<Read> read;
  const auto add = [&](const Operand& operand, const Type& type) {
    const size_t c = operand.computed ? input_columns_ + operand.index : operand.index;
    const auto is_same = [&](const Read& r) { return r.column == c; };
    if (std::none_of(read.begin(), read.end(), is_same)) read.push_back({c, type});
  };
  for (const auto& slot : slots_) {
    for (size_t a = 0; a < slot.args.size(); ++a)
      add(slot.args[a], slot.aggregate->args[a]->type());
    if (slot.filtered) add(slot.filter, slot.aggregate->filter->type());
  }
  return read;
}

bool AggregateProgram::uses_ordinals() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.uses_ordinals; });
}

void AggregateProgram::collect_columns(std::vector<bool>& used) const {
  for (const auto& slot : slots_) {
    for (const auto& arg : slot.aggregate->args) arg->collect_columns(used);
    if (slot.aggregate->filter) slot.aggregate->filter->collect_columns(used);
  }
}

void AggregateProgram::compute_columns(const Batch& batch, std::vector<ColumnPtr>& out,
                                       EvalContext& context) const {
  out.clear();
  Vec<uint32_t> rows;
  for (const auto& item : computed_) {
    if (!item.filtered) {
      out.push_back(item.expr->eval(batch, context));
      continue;
    }
    // A filter's own column stands before those that it guards.
    const Column& filter =
        item.filter.computed ? *out[item.filter.index] : *batch.columns[item.filter.index];
    true_rows(filter, batch.rows, rows);
    out.push_back(rows.size() == batch.rows
                      ? item.expr->eval(batch, context)
                      : eval_on_rows(*item.expr, batch, {rows.data(), rows.size()}, context));
  }
}

void AggregateProgram::compute(Batch& batch, EvalContext& context) const {
  if (batch.columns.size() > input_columns_) return;
  std::vector<ColumnPtr> columns;
  compute_columns(batch, columns, context);
  for (auto& column : columns) batch.columns.push_back(std::move(column));
}

Batch AggregateProgram::take_rows(const Batch& batch, std::span<const uint32_t> rows) const {
  Batch part;
  part.rows = rows.size();
  part.sequence = batch.sequence;
  part.columns.resize(batch.columns.size());
  const auto take = [&](const Operand& operand) {
    const size_t c = operand.computed ? input_columns_ + operand.index : operand.index;
    if (part.columns[c] == nullptr) part.columns[c] = batch.columns[c]->gather(rows);
  };
  for (const auto& slot : slots_) {
    for (const auto& arg : slot.args) take(arg);
    if (slot.filtered) take(slot.filter);
  }
  part.ordinals.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) part.ordinals[i] = batch.ordinal(rows[i]);
  return part;
}

void AggregateStates::grow(size_t total) {
  if (total <= total_) return;
  const size_t stride = program_.stride_;
  states_.resize(total * stride);
  if (stride == sizeof(uint64_t)) {
    uint64_t initial = 0;
    std::memcpy(&initial, program_.initial_.data(), sizeof(initial));
    auto* states = reinterpret_cast<uint64_t*>(states_.data());
    for (size_t g = total_; g < total; ++g) states[g] = initial;
  } else if (stride > 0) {
    for (size_t g = total_; g < total; ++g)
      std::memcpy(states_.data() + g * stride, program_.initial_.data(), stride);
  }
  total_ = total;
}

void AggregateStates::reset(uint32_t group) {
  if (program_.stride_ == 0) return;
  if (program_.needs_destroy_) {
    for (const auto& slot : program_.slots_) slot.aggregate->function->destroy(at(group, slot));
  }
  std::memcpy(states_.data() + group * program_.stride_, program_.initial_.data(),
              program_.stride_);
}

void AggregateStates::destroy_all() {
  if (!program_.needs_destroy_) return;
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    if (!function.needs_destroy()) continue;
    for (uint32_t g = 0; g < total_; ++g) function.destroy(at(g, slot));
  }
}

void AggregateStates::clear() {
  destroy_all();
  states_.clear();
  total_ = 0;
}

void AggregateStates::swap(AggregateStates& other) {
  std::swap(total_, other.total_);
  std::swap(states_, other.states_);
}

const ColumnPtr& AggregateStates::column_of(const AggregateProgram::Operand& operand,
                                            const Batch& batch) const {
  if (!operand.computed) return batch.columns[operand.index];
  if (!computed_.empty()) return computed_[operand.index];
  return batch.columns[program_.input_columns_ + operand.index];
}

void AggregateStates::update(const Batch& batch, const uint32_t* groups, EvalContext& context) {
  const bool prepared = batch.columns.size() > program_.input_columns_;
  if (!prepared && !program_.computed_.empty()) program_.compute_columns(batch, computed_, context);
  for (const auto& slot : program_.slots_) update_slot(slot, batch, groups, context);
  computed_.clear();
  args_.clear();
}

void AggregateStates::update_slot(const AggregateProgram::Slot& slot, const Batch& batch,
                                  const uint32_t* groups, EvalContext& context) {
  if (slot.filtered) {
    true_rows(*column_of(slot.filter, batch), batch.rows, filtered_rows_);
    if (filtered_rows_.empty()) return;
    const std::span<const uint32_t> rows(filtered_rows_.data(), filtered_rows_.size());
    if (groups != nullptr) {
      filtered_groups_.resize(rows.size());
      for (size_t i = 0; i < rows.size(); ++i) filtered_groups_[i] = groups[rows[i]];
      groups = filtered_groups_.data();
    }
    update_slot_rows(slot, batch, rows, groups, context);
    return;
  }
  args_.clear();
  for (const auto& operand : slot.args) args_.push_back(column_of(operand, batch));
  slot.aggregate->function->update({states_.data() + slot.offset, program_.stride_}, groups, args_,
                                   batch.rows, batch, context);
}

void AggregateStates::update_rows(const Batch& batch, std::span<const uint32_t> rows,
                                  const uint32_t* groups, EvalContext& context) {
  change_rows(batch, rows, groups, context, false);
}

void AggregateStates::retract_rows(const Batch& batch, std::span<const uint32_t> rows,
                                   const uint32_t* groups, EvalContext& context) {
  change_rows(batch, rows, groups, context, true);
}

void AggregateStates::change_rows(const Batch& batch, std::span<const uint32_t> rows,
                                  const uint32_t* groups, EvalContext& context, bool retract) {
  WEIR_CHECK(program_.computed_.empty() || batch.columns.size() > program_.input_columns_);
  for (const auto& slot : program_.slots_) {
    if (!slot.filtered) {
      update_slot_rows(slot, batch, rows, groups, context, retract);
      continue;
    }
    const Column& filter = *column_of(slot.filter, batch);
    filtered_rows_.clear();
    filtered_groups_.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (filter.is_null(rows[i]) || filter.at<uint8_t>(rows[i]) == 0) continue;
      filtered_rows_.push_back(rows[i]);
      filtered_groups_.push_back(groups[i]);
    }
    if (filtered_rows_.empty()) continue;
    update_slot_rows(slot, batch, {filtered_rows_.data(), filtered_rows_.size()},
                     filtered_groups_.data(), context, retract);
  }
  args_.clear();
}

void AggregateStates::update_slot_rows(const AggregateProgram::Slot& slot, const Batch& batch,
                                       std::span<const uint32_t> rows, const uint32_t* groups,
                                       EvalContext& context, bool retract) {
  args_.clear();
  for (const auto& operand : slot.args) args_.push_back(column_of(operand, batch)->gather(rows));
  Batch part;  // what update() may look at besides the arguments
  part.rows = rows.size();
  part.sequence = batch.sequence;
  if (slot.uses_ordinals) {
    for (const uint32_t row : rows) part.ordinals.push_back(batch.ordinal(row));
  }
  const size_t errors_before = context.errors.size();
  const StateSlots slots{states_.data() + slot.offset, program_.stride_};
  if (retract) {
    slot.aggregate->function->retract(slots, groups, args_, rows.size(), part, context);
  } else {
    slot.aggregate->function->update(slots, groups, args_, rows.size(), part, context);
  }
  for (size_t e = errors_before; e < context.errors.size(); ++e)
    context.errors[e].row = rows[context.errors[e].row];
}

void AggregateStates::merge(const uint32_t* groups, AggregateStates& from,
                            const uint32_t* from_groups, size_t n) {
  for (const auto& slot : program_.slots_) {
    slot.aggregate->function->merge_all({states_.data() + slot.offset, program_.stride_}, groups,
                                        {from.states_.data() + slot.offset, program_.stride_},
                                        from_groups, n);
  }
}

void AggregateStates::merge_copies(const uint32_t* groups, const AggregateStates& from,
                                   const uint32_t* from_groups, size_t n) {
  char* const other = const_cast<char*>(from.states_.data());
  for (const auto& slot : program_.slots_) {
    slot.aggregate->function->merge_copies({states_.data() + slot.offset, program_.stride_}, groups,
                                           {other + slot.offset, program_.stride_}, from_groups, n);
  }
}

Batch AggregateStates::result(std::vector<ColumnPtr> keys, std::span<const uint32_t> groups,
                              EvalContext& context) const {
  const size_t n = groups.size();
  Batch rows;
  rows.rows = n;
  Arena* const outer_arena = context.arena;
  context.arena = &rows.arena();

  Batch inner;  // over which the outputs are expressions
  inner.rows = n;
  inner.columns = std::move(keys);
  inner.columns.resize(program_.key_count_ + program_.binding_.aggregates.size());
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    auto column = make_column(function.result_type());
    column->reserve(n);
    for (size_t i = 0; i < n; ++i) {
      if (i + kAhead < n) __builtin_prefetch(at(groups[i + kAhead], slot));
      function.finish(at(groups[i], slot), *column, *context.arena, context);
    }
    inner.columns[program_.key_count_ + slot.number] = std::move(column);
  }

  rows.columns.assign(inner.columns.begin(),
                      inner.columns.begin() + static_cast<ptrdiff_t>(program_.key_count_));
  for (size_t k = 0; k < program_.binding_.outputs.size(); ++k) {
    rows.columns.push_back(program_.outputs_needed_[k]
                               ? flat(program_.binding_.outputs[k]->eval(inner, context))
                               : nullptr);
  }
  context.arena = outer_arena;
  return rows;
}

void AggregateStates::finish(uint32_t group, std::span<const ColumnPtr> columns,
                             EvalContext& context) const {
  for (const auto& slot : program_.slots_)
    slot.aggregate->function->finish(at(group, slot), *columns[slot.number], *context.arena,
                                     context);
}

size_t AggregateStates::memory_bytes() const {
  size_t total = states_.memory_bytes();
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    if (!function.needs_destroy()) continue;
    for (uint32_t g = 0; g < total_; ++g) total += function.heap_bytes(at(g, slot));
  }
  return total;
}

void AggregateStates::snapshot(uint32_t group, SnapshotWriter& writer) const {
  for (const auto& slot : program_.slots_)
    slot.aggregate->function->snapshot(at(group, slot), writer);
}

void AggregateStates::restore(uint32_t group, SnapshotReader& reader) {
  for (const auto& slot : program_.slots_)
    slot.aggregate->function->restore(at(group, slot), reader);
}

}  // namespace weir
