#include "operators/aggregation.h"

#include <algorithm>

#include "expr/aggregates/row_codec.h"
#include "operators/group_sort.h"

namespace weir {

namespace {

constexpr size_t kMergeChunk = 4096;  // groups merged at a time

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

GroupedAggregation::GroupedAggregation(const AggregateProgram& program, std::vector<Type> key_types,
                                       uint64_t seed, bool track_arrival)
    : program_(program), key_types_(std::move(key_types)), track_arrival_(track_arrival) {
  if (!key_types_.empty()) table_ = make_group_table(key_types_, seed);
}

GroupedAggregation::~GroupedAggregation() { destroy_states(); }

size_t GroupedAggregation::groups() const { return total_; }

void GroupedAggregation::destroy_states() {
  if (!program_.needs_destroy_) return;
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    if (!function.needs_destroy()) continue;
    for (size_t g = 0; g < total_; ++g)
      function.destroy(states_.data() + g * program_.stride_ + slot.offset);
  }
}

void GroupedAggregation::add_states(size_t total) {
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
  if (track_arrival_) {
    const size_t old = arrival_.size();
    arrival_.resize(total);
    std::fill(arrival_.data() + old, arrival_.end(), UINT64_MAX);
  }
  total_ = total;
}

void GroupedAggregation::note_arrivals(const Batch& batch, const uint32_t* groups) {
  for (size_t i = 0; i < batch.rows; ++i) {
    uint64_t& first = arrival_[groups == nullptr ? 0 : groups[i]];
    first = std::min(first, batch.ordinal(i));
  }
}

const ColumnPtr& GroupedAggregation::column_of(const AggregateProgram::Operand& operand,
                                               const Batch& batch) const {
  if (!operand.computed) return batch.columns[operand.index];
  if (!computed_.empty()) return computed_[operand.index];
  return batch.columns[program_.input_columns_ + operand.index];
}

void GroupedAggregation::update(const Batch& batch, std::span<const ColumnPtr> keys,
                                EvalContext& context) {
  if (batch.rows == 0) return;
  const uint32_t* groups = nullptr;
  if (table_) {
    groups_.resize(batch.rows);
    table_->find_or_add(keys, batch.rows, groups_.data());
    groups = groups_.data();
    add_states(table_->size());
  } else {
    add_states(1);
  }
  if (track_arrival_) note_arrivals(batch, groups);
  const bool prepared = batch.columns.size() > program_.input_columns_;
  if (!prepared && !program_.computed_.empty()) program_.compute_columns(batch, computed_, context);
  for (const auto& slot : program_.slots_) update_slot(slot, batch, groups, context);
  computed_.clear();
  args_.clear();
}

void GroupedAggregation::update_slot(const AggregateProgram::Slot& slot, const Batch& batch,
                                     const uint32_t* groups, EvalContext& context) {
  const StateSlots states{states_.data() + slot.offset, program_.stride_};
  const Aggregate& function = *slot.aggregate->function;
  args_.clear();
  for (const auto& operand : slot.args) args_.push_back(column_of(operand, batch));
  if (!slot.filtered) {
    function.update(states, groups, args_, batch.rows, batch, context);
    return;
  }
  true_rows(*column_of(slot.filter, batch), batch.rows, rows_);
  if (rows_.empty()) return;
  const std::span<const uint32_t> rows(rows_.data(), rows_.size());
  for (auto& arg : args_) arg = arg->gather(rows);
  if (groups != nullptr) {
    filtered_groups_.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) filtered_groups_[i] = groups[rows[i]];
    groups = filtered_groups_.data();
  }
  Batch part;  // what update() may look at besides the arguments
  part.rows = rows.size();
  part.sequence = batch.sequence;
  if (slot.uses_ordinals) {
    for (const uint32_t row : rows) part.ordinals.push_back(batch.ordinal(row));
  }
  const size_t errors_before = context.errors.size();
  function.update(states, groups, args_, rows.size(), part, context);
  for (size_t e = errors_before; e < context.errors.size(); ++e)
    context.errors[e].row = rows[context.errors[e].row];
}

void GroupedAggregation::merge_from(GroupedAggregation& other) {
  if (total_ == 0 && &program_ == &other.program_) {
    std::swap(table_, other.table_);
    std::swap(total_, other.total_);
    std::swap(states_, other.states_);
    arrival_.swap(other.arrival_);
    return;
  }
  Vec<uint32_t> ids(std::min(kMergeChunk, other.total_));
  for (size_t begin = 0; begin < other.total_; begin += kMergeChunk) {
    const size_t n = std::min(kMergeChunk, other.total_ - begin);
    for (size_t i = 0; i < n; ++i) ids[i] = static_cast<uint32_t>(begin + i);
    merge_groups(other, {ids.data(), n});
  }
  other.clear();
}

void GroupedAggregation::merge_groups(GroupedAggregation& other, std::span<const uint32_t> groups,
                                      size_t skip_keys) {
  WEIR_CHECK(program_.stride_ == other.program_.stride_);
  const size_t n = groups.size();
  if (n == 0) return;
  groups_.resize(n);
  if (table_) {
    const std::vector<ColumnPtr> keys = other.table_->keys(groups, key_arena_);
    table_->find_or_add(std::span(keys).subspan(skip_keys), n, groups_.data());
    key_arena_.reset();
    add_states(table_->size());
  } else {
    std::fill(groups_.begin(), groups_.end(), 0u);
    add_states(1);
  }
  for (const auto& slot : program_.slots_) {
    slot.aggregate->function->merge_all(
        {states_.data() + slot.offset, program_.stride_}, groups_.data(),
        {other.states_.data() + slot.offset, program_.stride_}, groups.data(), n);
  }
  if (track_arrival_ && other.track_arrival_) {
    for (size_t i = 0; i < n; ++i)
      arrival_[groups_[i]] = std::min(arrival_[groups_[i]], other.arrival_[groups[i]]);
  }
}

void GroupedAggregation::add_empty_group() {
  if (!table_) add_states(1);
}

std::vector<ColumnPtr> GroupedAggregation::keys(std::span<const uint32_t> groups) const {
  return table_ ? table_->keys(groups, key_arena_) : std::vector<ColumnPtr>();
}

Vec<uint32_t> GroupedAggregation::order(GroupOrder order) const {
  if (order == GroupOrder::kKey && table_) return table_->sorted();
  if (order == GroupOrder::kArrival && track_arrival_) {
    return sort_groups(
        total_, [this](uint32_t g) { return arrival_[g]; },
        [](uint32_t a, uint32_t b) { return a < b; }, false);
  }
  Vec<uint32_t> groups(total_);
  for (size_t g = 0; g < total_; ++g) groups[g] = static_cast<uint32_t>(g);
  return groups;
}

Batch GroupedAggregation::result(std::span<const uint32_t> groups, EvalContext& context,
                                 bool copy_keys) const {
  const size_t n = groups.size();
  Batch rows;
  rows.rows = n;
  Arena* const outer_arena = context.arena;
  context.arena = &rows.arena();

  Batch inner;  // over which the outputs are expressions
  inner.rows = n;
  if (table_) inner.columns = table_->keys(groups, *context.arena);
  if (copy_keys) {
    for (auto& key : inner.columns) key->own_strings(*context.arena);
  }
  inner.columns.resize(program_.key_count_ + program_.binding_.aggregates.size());
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    auto column = make_column(function.result_type());
    column->reserve(n);
    const StateSlots states{const_cast<char*>(states_.data()) + slot.offset, program_.stride_};
    for (const uint32_t group : groups)
      function.finish(states.at(group), *column, *context.arena, context);
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

size_t GroupedAggregation::memory_bytes() const {
  size_t total = states_.memory_bytes() + arrival_.capacity() * sizeof(uint64_t);
  if (table_) total += table_->memory_bytes();
  for (const auto& slot : program_.slots_) {
    const Aggregate& function = *slot.aggregate->function;
    if (!function.needs_destroy()) continue;
    for (size_t g = 0; g < total_; ++g)
      total += function.heap_bytes(states_.data() + g * program_.stride_ + slot.offset);
  }
  return total;
}

void GroupedAggregation::clear() {
  destroy_states();
  if (table_) table_->clear();
  states_.clear();
  arrival_.clear();
  key_arena_.reset();
  total_ = 0;
}

void GroupedAggregation::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(total_);
  std::string encoded;
  Vec<uint32_t> ids;
  for (size_t begin = 0; begin < total_; begin += kMergeChunk) {
    ids.clear();
    for (size_t g = begin; g < std::min(total_, begin + kMergeChunk); ++g)
      ids.push_back(static_cast<uint32_t>(g));
    Arena arena;
    std::vector<ColumnPtr> columns;
    if (table_) columns = table_->keys({ids.data(), ids.size()}, arena);
    for (size_t i = 0; i < ids.size(); ++i) {
      encoded.clear();
      for (const auto& column : columns) encode_value(*column, i, encoded);
      writer.put_text(encoded);
      if (track_arrival_) writer.put_u64(arrival_[ids[i]]);
      for (const auto& slot : program_.slots_)
        slot.aggregate->function->snapshot(states_.data() + ids[i] * program_.stride_ + slot.offset,
                                           writer);
    }
  }
}

void GroupedAggregation::restore(SnapshotReader& reader) {
  clear();
  const uint64_t total = reader.get_u64();
  for (uint64_t i = 0; i < total && reader.ok(); ++i) {
    std::string_view encoded = reader.get_text();
    Arena arena;
    std::vector<ColumnPtr> columns;
    for (const auto& type : key_types_) {
      columns.push_back(make_column(type));
      if (!decode_value(encoded, *columns.back(), arena)) return;
    }
    uint32_t group = 0;
    if (table_) table_->find_or_add(columns, 1, &group);
    add_states(group + size_t{1});
    if (track_arrival_) arrival_[group] = reader.get_u64();
    for (const auto& slot : program_.slots_)
      slot.aggregate->function->restore(states_.data() + group * program_.stride_ + slot.offset,
                                        reader);
  }
}

}  // namespace weir
