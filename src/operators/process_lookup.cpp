#include "operators/process_lookup.h"

#include "expr/aggregates/row_codec.h"
#include "expr/compound.h"
#include "operators/process_state.h"

namespace weir {

namespace {

// Reads state `state_` of the row's group at the row's time.
class StateLookup : public CompoundExpr {
 public:
  StateLookup(Type type, std::vector<ExprPtr> parts, const ProcessProgram& program, size_t state)
      : CompoundExpr(std::move(type), std::move(parts), false),
        state_(state),
        group_column_(program.group_column()),
        now_column_(program.now_column()) {}

  void collect_columns(std::vector<bool>& used) const override {
    CompoundExpr::collect_columns(used);
    if (used.size() <= now_column_) used.resize(now_column_ + 1);
    used[group_column_] = true;
    used[now_column_] = true;
  }

 protected:
  // Calls visit(i, group, now) for every row.
  template <class Visit>
  void each_row(const Batch& batch, const EvalContext& context, Visit&& visit) const {
    const Column& groups = *batch.columns[group_column_];
    const Column& nows = *batch.columns[now_column_];
    for (size_t i = 0; i < batch.rows; ++i) {
      const auto group = static_cast<uint32_t>(groups.at<int64_t>(i));
      visit(i, group, state(context).now(state_, nows.at<int64_t>(i)));
    }
  }
  static ProcessState& state(const EvalContext& context) {
    return *static_cast<const StateContext&>(context).state;
  }
  const size_t state_;

 private:
  const size_t group_column_;
  const size_t now_column_;
};

class ListElement final : public StateLookup {
 public:
  using StateLookup::StateLookup;

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr index = part(0).eval(batch, context);
    auto out = make_column(type());
    KeyedLists& lists = state(context).lists(state_);
    each_row(batch, context, [&](size_t i, uint32_t group, int64_t now) {
      const int64_t wanted = index->is_null(i) ? 0 : index->at<int64_t>(i);
      bool found = false;
      int64_t k = 0;
      lists.read(group, now, [&](std::string_view bytes) {
        if (++k != wanted) return;
        decode_value(bytes, *out, *context.arena);
        found = true;
      });
      if (!found) out->push_null();
    });
    return out;
  }
};

class MapValue final : public StateLookup {
 public:
  using StateLookup::StateLookup;

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    const ColumnPtr keys = part(0).eval(batch, context);
    auto out = make_column(type());
    KeyedMaps& maps = state(context).maps(state_);
    std::string key;
    each_row(batch, context, [&](size_t i, uint32_t group, int64_t now) {
      key.clear();
      encode_value(*keys, i, key);
      const std::string* value = maps.find(group, now, key);
      if (value == nullptr) {
        out->push_null();
        return;
      }
      std::string_view bytes = *value;
      decode_value(bytes, *out, *context.arena);
    });
    return out;
  }
};

class StateSize final : public StateLookup {
 public:
  using StateLookup::StateLookup;

  ColumnPtr eval(const Batch& batch, EvalContext& context) const override {
    auto out = make_column(Type::integer(), batch.rows);
    each_row(batch, context, [&](size_t i, uint32_t group, int64_t now) {
      out->values<int32_t>()[i] = static_cast<int32_t>(state(context).count(state_, group, now));
    });
    return out;
  }
};

}  // namespace

const StateDef* StateAccess::state_of(size_t column) const {
  const size_t first = program_.state_column(0);
  if (column < first || column >= first + program_.states.size()) return nullptr;
  const StateDef& state = program_.states[column - first];
  return state.kind == StateKind::kValue ? nullptr : &state;
}

ExprPtr StateAccess::element(size_t column, const ExprPtr& key) const {
  const StateDef* def = state_of(column);
  if (def == nullptr) return nullptr;
  const size_t state = column - program_.state_column(0);
  if (def->kind == StateKind::kList)
    return std::make_shared<ListElement>(def->type, std::vector<ExprPtr>{key}, program_, state);
  return std::make_shared<MapValue>(def->type, std::vector<ExprPtr>{key}, program_, state);
}

ExprPtr StateAccess::cardinality(size_t column) const {
  if (state_of(column) == nullptr) return nullptr;
  return std::make_shared<StateSize>(Type::integer(), std::vector<ExprPtr>{}, program_,
                                     column - program_.state_column(0));
}

}  // namespace weir
