#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

struct CountState {
  int64_t count = 0;
};

class Count final : public TypedAggregate<Count, CountState> {
 public:
  Count() : TypedAggregate(Type::bigint()) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    change<1>(slots, groups, args, n);
  }
  bool can_retract() const override { return true; }
  void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
               const Batch&, EvalContext&) const override {
    change<-1>(slots, groups, args, n);
  }

  void combine(CountState& into, const CountState& from) const { into.count += from.count; }
  void finish_state(const CountState& s, Column& out, Arena&, EvalContext&) const {
    out.push<int64_t>(s.count);
  }
  void save(const CountState& s, SnapshotWriter& w) const { w.put_i64(s.count); }
  void load(CountState& s, SnapshotReader& r) const { s.count = r.get_i64(); }

 private:
  template <int kStep>
  void change(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args,
              size_t n) const {
    if (args.size() > 1) {
      for_rows(slots, groups, n, [&](CountState& s, size_t i) {
        for (const auto& arg : args) {
          if (arg->is_null(i)) return;
        }
        s.count += kStep;
      });
    } else if (args.size() == 1 && args[0]->may_have_nulls()) {
      for_valid_rows(slots, groups, *args[0], n, [](CountState& s, size_t) { s.count += kStep; });
    } else if (groups == nullptr) {
      as_state(slots.at(0)).count += kStep * static_cast<int64_t>(n);
    } else {
      for_rows(slots, groups, n, [](CountState& s, size_t) { s.count += kStep; });
    }
  }
};

Result<AggregatePtr> bind_count(std::span<const ExprPtr>) { return std::make_shared<Count>(); }

}  // namespace

const AggregateDescriptor kCount = {
    "COUNT",
    "COUNT(*), COUNT(x), COUNT(x, y, ...) -> BIGINT",
    "Counts the rows, or those in which no argument is NULL; 0 when there are none.",
    "COUNT(x) over 1, NULL, 3 -> 2",
    bind_count,
};

}  // namespace weir
