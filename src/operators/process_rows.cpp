#include "operators/process_rows.h"

#include <algorithm>

namespace weir {

namespace {

template <class T>
Vec<T> picked(const Vec<T>& values, std::span<const uint32_t> rows) {
  Vec<T> out(rows.size());
  for (size_t k = 0; k < rows.size(); ++k) out[k] = values[rows[k]];
  return out;
}

}  // namespace

ProcessRows ProcessRows::subset(std::span<const uint32_t> rows) const {
  return {picked(places, rows), picked(groups, rows), picked(times, rows), picked(event_now, rows)};
}

ColumnPtr RowView::eval(const Formula& formula) {
  for (const size_t c : formula.columns)
    if (!batch_.columns[c]) batch_.columns[c] = make(c);
  return flat(formula.expr->eval(batch_, *context_));
}

void RowView::forget_states() {
  for (size_t s = 0; s < program_->states.size(); ++s)
    batch_.columns[program_->state_column(s)].reset();
}

ColumnPtr RowView::make(size_t column) {
  if (column < program_->input.size()) {
    if (input_ == nullptr) return make_key(column);
    // All rows of the batch in their order need no copy.
    if (rows_.size() == input_->rows) return input_->columns[column];
    return input_->columns[column]->gather({rows_.places.data(), rows_.size()});
  }
  if (column < program_->group_column())
    return context_->state->gather(column - program_->input.size(),
                                   {rows_.groups.data(), rows_.size()},
                                   {rows_.event_now.data(), rows_.size()}, *context_->arena);
  const bool is_time = column == program_->timer_time_column();
  auto out = make_column(is_time ? Type::timestamp(3) : Type::bigint(), rows_.size());
  auto* to = out->values<int64_t>();
  if (column == program_->group_column()) {
    std::copy(rows_.groups.begin(), rows_.groups.end(), to);
  } else if (column == program_->now_column()) {
    std::copy(rows_.event_now.begin(), rows_.event_now.end(), to);
  } else {
    std::copy(rows_.times.begin(), rows_.times.end(), to);
  }
  return out;
}

// A key column of timers.
ColumnPtr RowView::make_key(size_t column) {
  const auto at = std::find(program_->key_columns.begin(), program_->key_columns.end(), column);
  WEIR_CHECK(at != program_->key_columns.end());
  auto keys = context_->state->keys({rows_.groups.data(), rows_.size()}, *context_->arena);
  for (size_t k = 0; k < keys.size(); ++k) batch_.columns[program_->key_columns[k]] = keys[k];
  return keys[static_cast<size_t>(at - program_->key_columns.begin())];
}

}  // namespace weir
