#include <algorithm>

#include "operators/over.h"

namespace weir {

namespace {

template <class T>
Int128 number_of(const Column& column, size_t i) {
  return static_cast<Int128>(column.values<T>()[i]);
}

Int128 whole_number(const Column& column, size_t i) {
  switch (column.type().id) {
    case TypeId::kTinyInt: return number_of<int8_t>(column, i);
    case TypeId::kSmallInt: return number_of<int16_t>(column, i);
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: return number_of<int32_t>(column, i);
    case TypeId::kDecimal: return column.values<Int128>()[i];
    default: return number_of<int64_t>(column, i);
  }
}

double real_number(const Column& column, size_t i) {
  return column.type().id == TypeId::kFloat ? static_cast<double>(column.values<float>()[i])
                                            : column.values<double>()[i];
}

bool has_distance(const Frame::Bound& bound) { return !bound.unbounded && !bound.current; }

}  // namespace

OverRows::OverRows(const Over& over, const OperatorContext& context)
    : over_(over), context_(context), states_(*over.program) {}

Batch OverRows::compute(Batch rows, std::span<const size_t> partitions, size_t begin, Past* past,
                        EvalContext& context) {
  context.arena = &rows.arena();
  if (past != nullptr) {  // rows are numbered on
    rows.ordinals.resize(rows.rows);
    for (size_t i = 0; i < rows.rows; ++i)
      rows.ordinals[i] = static_cast<uint64_t>(past->rows) + i - begin;
  }
  const size_t inputs = over_.input.size();
  find_peers(rows, partitions, context);
  for (const auto& call : over_.rankings)
    rows.columns.push_back(rank(call, rows, partitions, begin, past, context));
  const size_t keys = rows.columns.size();

  const AggregateBinding& binding = over_.program->binding();
  std::vector<ColumnPtr> results;
  for (const auto& aggregate : binding.aggregates)
    results.push_back(make_column(aggregate.function->result_type()));
  if (!results.empty()) {
    over_.program->compute(rows, context);
    aggregate(rows, partitions, begin, past, results, context);
  }

  Batch inner;  // what the outputs are computed over
  inner.rows = rows.rows - begin;
  for (size_t c = 0; c < keys; ++c) {
    const ColumnPtr& column = rows.columns[c];
    inner.columns.push_back(column && begin > 0 ? column->slice(begin, rows.rows) : column);
  }
  inner.columns.insert(inner.columns.end(), results.begin(), results.end());
  Batch out;
  out.rows = inner.rows;
  out.owners = rows.owners;
  out.columns.assign(inner.columns.begin(), inner.columns.begin() + static_cast<ptrdiff_t>(inputs));
  for (const auto& output : binding.outputs)
    out.columns.push_back(flat(output->eval(inner, context)));
  return out;
}

void OverRows::find_peers(const Batch& rows, std::span<const size_t> partitions,
                          EvalContext& context) {
  peers_begin_.resize(rows.rows);
  peers_end_.resize(rows.rows);
  const std::vector<ColumnPtr> order = over_.order.eval(rows, context);
  std::string before;
  std::string place;
  for (size_t p = 0; p + 1 < partitions.size(); ++p) {
    size_t start = partitions[p];
    for (size_t i = partitions[p]; i <= partitions[p + 1]; ++i) {
      place.clear();
      const bool ends = i == partitions[p + 1];
      if (!ends) over_.order.encode(order, i, place);
      if (ends || (i > start && place != before)) {
        for (size_t k = start; k < i; ++k) {
          peers_begin_[k] = static_cast<uint32_t>(start);
          peers_end_[k] = static_cast<uint32_t>(i);
        }
        start = i;
      }
      before.swap(place);
    }
  }
  if (!over_.frame.rows && (has_distance(over_.frame.from) || has_distance(over_.frame.to)))
    find_keys(*flat(order[0]));
}

void OverRows::find_keys(const Column& column) {
  real_keys_ = column.type().is_approximate();
  keys_.clear();
  reals_.clear();
  key_nulls_.resize(column.size());
  for (size_t i = 0; i < column.size(); ++i) {
    key_nulls_[i] = column.is_null(i) ? 1 : 0;
    if (real_keys_) {
      reals_.push_back(real_number(column, i));
    } else {
      keys_.push_back(whole_number(column, i));
    }
  }
}

// --- ranking ---

ColumnPtr OverRows::rank(const RankingCall& call, const Batch& rows,
                         std::span<const size_t> partitions, size_t begin, const Past* past,
                         EvalContext& context) const {
  auto column = make_column(call.type);
  column->reserve(rows.rows);
  const bool offset = call.function == RankCall::kLag || call.function == RankCall::kLead;
  const ColumnPtr values = offset ? flat(call.value->eval(rows, context)) : nullptr;
  const ColumnPtr others = call.otherwise ? flat(call.otherwise->eval(rows, context)) : nullptr;
  for (size_t p = 0; p + 1 < partitions.size(); ++p) {
    const size_t first = partitions[p];
    const size_t last = partitions[p + 1];
    // Rows that have been given before are not counted again.
    const size_t base = past != nullptr ? begin : first;
    const int64_t rows_before = past != nullptr ? past->rows : 0;
    int64_t dense = past != nullptr ? past->peers : 0;
    const auto n = static_cast<int64_t>(last - first);
    for (size_t i = first; i < last; ++i) {
      if (i >= base && peers_begin_[i] == i) ++dense;
      const auto place = static_cast<int64_t>(i) - static_cast<int64_t>(base);
      const auto peers = static_cast<int64_t>(peers_begin_[i]) - static_cast<int64_t>(base);
      switch (call.function) {
        case RankCall::kRowNumber: column->push(rows_before + place + 1); break;
        case RankCall::kRank: column->push(rows_before + peers + 1); break;
        case RankCall::kDenseRank: column->push(dense); break;
        case RankCall::kPercentRank:
          column->push(n > 1 ? static_cast<double>(peers) / static_cast<double>(n - 1) : 0.0);
          break;
        case RankCall::kCumeDist:
          column->push(static_cast<double>(peers_end_[i] - first) / static_cast<double>(n));
          break;
        case RankCall::kNtile: {
          const int64_t small = n / call.number;
          const int64_t larger = n % call.number;  // so many buckets have one row more
          const int64_t in_larger = larger * (small + 1);
          column->push(place < in_larger
                           ? place / (small + 1) + 1
                           : larger + (place - in_larger) / std::max<int64_t>(small, 1) + 1);
          break;
        }
        case RankCall::kLag:
        case RankCall::kLead: {
          const auto step = call.function == RankCall::kLag ? -call.number : call.number;
          const int64_t from = static_cast<int64_t>(i) + step;
          if (from >= static_cast<int64_t>(first) && from < static_cast<int64_t>(last)) {
            column->push_from(*values, static_cast<size_t>(from));
          } else if (others) {
            column->push_from(*others, i);
          } else {
            column->push_null();
          }
          break;
        }
      }
    }
  }
  return column;
}

// --- frames ---

void OverRows::aggregate(const Batch& rows, std::span<const size_t> partitions, size_t begin,
                         Past* past, std::span<const ColumnPtr> columns, EvalContext& context) {
  if (past != nullptr && over_.frame.from.unbounded) {
    grow(*past->states, past->state, rows, begin, rows.rows, columns, context);
    return;
  }
  for (size_t p = 0; p + 1 < partitions.size(); ++p) {
    const size_t first = partitions[p];
    const size_t last = partitions[p + 1];
    if (past == nullptr && over_.whole) {
      give_whole(rows, first, last, columns, context);
    } else if (over_.frame.from.unbounded) {
      states_.grow(1);
      states_.reset(0);
      grow(states_, 0, rows, first, last, columns, context);
    } else {
      slide(rows, first, last, std::max(first, begin), columns, context);
    }
  }
}

void OverRows::add(AggregateStates& states, uint32_t state, const Batch& rows, size_t from,
                   size_t to, EvalContext& context) {
  row_list_.clear();
  for (size_t i = from; i < to; ++i) row_list_.push_back(static_cast<uint32_t>(i));
  state_list_.assign(row_list_.size(), state);
  states.update_rows(rows, {row_list_.data(), row_list_.size()}, state_list_.data(), context);
}

void OverRows::give_whole(const Batch& rows, size_t first, size_t last,
                          std::span<const ColumnPtr> columns, EvalContext& context) {
  states_.grow(1);
  states_.reset(0);
  add(states_, 0, rows, first, last, context);
  std::vector<ColumnPtr> one;
  for (const auto& column : columns) one.push_back(make_column(column->type()));
  states_.finish(0, one, context);
  for (size_t c = 0; c < columns.size(); ++c)
    for (size_t i = first; i < last; ++i) columns[c]->push_from(*one[c], 0);
}

// A frame that begins where it began: its rows become more.
void OverRows::grow(AggregateStates& states, uint32_t state, const Batch& rows, size_t first,
                    size_t last, std::span<const ColumnPtr> columns, EvalContext& context) {
  size_t end = first;
  for (size_t i = first; i < last; ++i) {
    const size_t to = std::max(end, edge(over_.frame.to, false, i, first, last));
    if (to > end) add(states, state, rows, end, to, context);
    end = to;
    states.finish(state, columns, context);
  }
}

// A frame that moves: of its front part there is a state for every row, of all from there to the part's end, so
// that rows can leave; what has come since is one state. Each row is merged a few times, however long the
// frame is.
// Source: the aggregation over two stacks, Tangwongsan et al., "Low-latency sliding-window aggregation".
void OverRows::slide(const Batch& rows, size_t first, size_t last, size_t begin,
                     std::span<const ColumnPtr> columns, EvalContext& context) {
  constexpr uint32_t kResult = 0;
  constexpr uint32_t kBack = 1;
  constexpr uint32_t kFront = 2;
  states_.grow(kFront);
  states_.reset(kBack);
  size_t front_begin = first;
  size_t front_end = first;
  size_t back_end = first;
  for (size_t i = begin; i < last; ++i) {
    const size_t low = edge(over_.frame.from, true, i, first, last);
    const size_t high = edge(over_.frame.to, false, i, first, last);
    states_.reset(kResult);
    if (low < high) {
      if (low >= front_end) {
        states_.reset(kBack);
        states_.grow(kFront + (high - low));
        front_begin = low;
        front_end = high;
        back_end = high;
        for (size_t k = high; k-- > low;) {
          const auto state = static_cast<uint32_t>(kFront + (k - low));
          const uint32_t next = state + 1;
          states_.reset(state);
          add(states_, state, rows, k, k + 1, context);
          if (k + 1 < high) states_.merge_copies(&state, states_, &next, 1);
        }
      } else if (high > back_end) {
        add(states_, kBack, rows, back_end, high, context);
        back_end = high;
      }
      const auto front = static_cast<uint32_t>(kFront + (low - front_begin));
      states_.merge_copies(&kResult, states_, &front, 1);
      if (back_end > front_end) states_.merge_copies(&kResult, states_, &kBack, 1);
    }
    states_.finish(kResult, columns, context);
  }
}

size_t OverRows::edge(const Frame::Bound& bound, bool start, size_t row, size_t first,
                      size_t last) const {
  if (bound.unbounded) return bound.following ? last : first;
  if (!over_.frame.rows) {
    if (bound.current) return start ? peers_begin_[row] : peers_end_[row];
    return range_edge(bound, start, row, first, last);
  }
  const size_t one = start ? 0 : 1;
  if (bound.current) return row + one;
  const auto far = static_cast<Int128>(last - first) + 1;
  const auto distance = static_cast<size_t>(std::min(bound.distance, far));
  if (bound.following) return std::min(last, row + distance + one);
  return row + one < first + distance ? first : row + one - distance;
}

// The first row whose value is no longer too far before (start), or already too far behind (end).
size_t OverRows::range_edge(const Frame::Bound& bound, bool start, size_t row, size_t first,
                            size_t last) const {
  if (key_nulls_[row] != 0) return start ? peers_begin_[row] : peers_end_[row];
  const bool down = over_.order.descending(0);
  const bool plus = bound.following != down;
  const auto is_before = [&]<class T>(T value, T target) {
    if (down) return start ? value > target : value >= target;
    return start ? value < target : value <= target;
  };
  size_t low = first;
  size_t high = last;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    bool before = false;
    if (key_nulls_[middle] != 0) {
      before = middle < row;
    } else if (real_keys_) {
      before =
          is_before(reals_[middle], plus ? reals_[row] + bound.real : reals_[row] - bound.real);
    } else {
      before = is_before(keys_[middle],
                         plus ? keys_[row] + bound.distance : keys_[row] - bound.distance);
    }
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace weir
