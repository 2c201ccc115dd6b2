#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/exact_sum.h"
#include "expr/aggregates/real_sum.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

constexpr std::string_view kSignature = "SUM(x NUMERIC) -> BIGINT, DECIMAL(38, s), FLOAT or DOUBLE";

// 10^38: what a DECIMAL(38, s) does not reach.
constexpr Int128 decimal_limit() {
  Int128 limit = 1;
  for (int i = 0; i < 38; ++i) limit *= 10;
  return limit;
}

struct IntegerSumState {
  IntegerSum sum;
  uint64_t count = 0;
};

class IntegerSumAggregate final : public TypedAggregate<IntegerSumAggregate, IntegerSumState> {
 public:
  IntegerSumAggregate() : TypedAggregate(Type::bigint()) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
        for_values<T>(slots, groups, *args[0], n, [](IntegerSumState& s, T v) {
          s.sum.add(int64_t{v});
          ++s.count;
        });
      }
    });
  }
  bool can_retract() const override { return true; }
  void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
               const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
        for_values<T>(slots, groups, *args[0], n, [](IntegerSumState& s, T v) {
          s.sum.subtract(int64_t{v});
          --s.count;
        });
      }
    });
  }
  void combine(IntegerSumState& into, const IntegerSumState& from) const {
    into.sum.add(from.sum);
    into.count += from.count;
  }
  void finish_state(const IntegerSumState& s, Column& out, Arena&, EvalContext& context) const {
    const Int128 sum = s.sum.value();
    const bool fits = sum >= INT64_MIN && sum <= INT64_MAX;
    if (s.count == 0) {
      out.push_null();
    } else if (fits || context.wrap_overflow) {
      out.push<int64_t>(static_cast<int64_t>(sum));
    } else {
      context.row_error(out.size(), "SUM overflows BIGINT");
      out.push_null();
    }
  }
  void save(const IntegerSumState& s, SnapshotWriter& w) const { save_bytes(w, &s, sizeof(s)); }
  void load(IntegerSumState& s, SnapshotReader& r) const { load_bytes(r, &s, sizeof(s)); }
};

struct DecimalSumState {
  WideSum sum;
  uint64_t count = 0;
};

class DecimalSumAggregate final : public TypedAggregate<DecimalSumAggregate, DecimalSumState> {
 public:
  explicit DecimalSumAggregate(int scale) : TypedAggregate(Type::decimal(38, scale)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    for_values<Int128>(slots, groups, *args[0], n, [](DecimalSumState& s, Int128 v) {
      s.sum.add(v);
      ++s.count;
    });
  }
  bool can_retract() const override { return true; }
  void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
               const Batch&, EvalContext&) const override {
    for_values<Int128>(slots, groups, *args[0], n, [](DecimalSumState& s, Int128 v) {
      s.sum.subtract(v);
      --s.count;
    });
  }
  void combine(DecimalSumState& into, const DecimalSumState& from) const {
    into.sum.add(from.sum);
    into.count += from.count;
  }
  void finish_state(const DecimalSumState& s, Column& out, Arena&, EvalContext& context) const {
    if (s.count == 0) {
      out.push_null();
      return;
    }
    const Int128 v = s.sum.value();
    if (s.sum.fits() && v < decimal_limit() && v > -decimal_limit()) {
      out.push<Int128>(v);
      return;
    }
    if (!context.wrap_overflow)
      context.row_error(out.size(), "SUM overflows " + result_type().to_string());
    out.push_null();
  }
  void save(const DecimalSumState& s, SnapshotWriter& w) const { save_bytes(w, &s, sizeof(s)); }
  void load(DecimalSumState& s, SnapshotReader& r) const { load_bytes(r, &s, sizeof(s)); }
};

struct RealSumState {
  RealSum sum;
  uint64_t count = 0;
};

class RealSumAggregate final : public TypedAggregate<RealSumAggregate, RealSumState> {
 public:
  static constexpr bool kOwnsMemory = true;
  explicit RealSumAggregate(Type type) : TypedAggregate(std::move(type)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      if constexpr (std::is_floating_point_v<T>) {
        for_values<T>(slots, groups, *args[0], n, [](RealSumState& s, T v) {
          s.sum.add(double{v});
          ++s.count;
        });
      }
    });
  }
  bool can_retract() const override { return true; }
  void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
               const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      if constexpr (std::is_floating_point_v<T>) {
        for_values<T>(slots, groups, *args[0], n, [](RealSumState& s, T v) {
          s.sum.subtract(double{v});
          --s.count;
        });
      }
    });
  }
  void combine(RealSumState& into, const RealSumState& from) const {
    into.sum.add(from.sum);
    into.count += from.count;
  }
  void finish_state(const RealSumState& s, Column& out, Arena&, EvalContext&) const {
    if (s.count == 0) {
      out.push_null();
    } else {
      push_real(out, s.sum.value());
    }
  }
  void release(RealSumState& s) const { s.sum.release(); }
  size_t heap_bytes(const char* state) const override { return as_state(state).sum.heap_bytes(); }
  void save(const RealSumState& s, SnapshotWriter& w) const {
    s.sum.save(w);
    w.put_u64(s.count);
  }
  void load(RealSumState& s, SnapshotReader& r) const {
    s.sum.load(r);
    s.count = r.get_u64();
  }
};

Result<AggregatePtr> bind_sum(std::span<const ExprPtr> args) {
  if (args.size() != 1 || !args[0]->type().is_numeric())
    return wrong_arguments("SUM", "one number", kSignature);
  const Type& type = args[0]->type();
  if (type.is_integer()) return std::make_shared<IntegerSumAggregate>();
  if (type.is_approximate()) return std::make_shared<RealSumAggregate>(type);
  return std::make_shared<DecimalSumAggregate>(type.scale);
}

}  // namespace

const AggregateDescriptor kSum = {
    "SUM",
    kSignature,
    "Adds the values that are not NULL; NULL when there are none. Integers give a BIGINT and are "
    "added "
    "exactly; a sum beyond BIGINT is an error.",
    "SUM(x) over 1, 2, NULL -> 3",
    bind_sum,
};

}  // namespace weir
