// AVG as Flink has it (an integer for integers) and MEAN, which always gives a DOUBLE.

#include <algorithm>

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/exact_sum.h"
#include "expr/aggregates/real_sum.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

constexpr std::string_view kAvgSignature =
    "AVG(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals";
constexpr std::string_view kMeanSignature = "MEAN(x NUMERIC) -> DOUBLE";

// Int128 sum of small integers, 192 bits for decimals, double-double for reals.
struct IntegerMeanState {
  IntegerSum sum;
  uint64_t count = 0;
  double mean() const {
    const Int128 n = static_cast<Int128>(count);
    const Int128 whole = sum.value() / n;
    return static_cast<double>(whole) +
           static_cast<double>(sum.value() - whole * n) / static_cast<double>(count);
  }
};
struct RealMeanState {
  RealSum sum;
  uint64_t count = 0;
  double mean() const { return sum.value() / static_cast<double>(count); }
};
struct DecimalMeanState {
  WideSum sum;
  uint64_t count = 0;

  // sum * 10^shift / count, half away from zero. False when it does not fit 38 digits.
  bool quotient(int shift, Int128& out) const {
    std::array<uint64_t, 4> m = sum.magnitude();
    for (int k = 0; k < shift; ++k) {
      unsigned __int128 carry = 0;
      for (auto& word : m) {
        carry += static_cast<unsigned __int128>(word) * 10;
        word = static_cast<uint64_t>(carry);
        carry >>= 64;
      }
    }
    unsigned __int128 rest = 0;
    for (size_t k = m.size(); k-- > 0;) {
      rest = rest << 64 | m[k];
      m[k] = static_cast<uint64_t>(rest / count);
      rest %= count;
    }
    unsigned __int128 q = static_cast<unsigned __int128>(m[1]) << 64 | m[0];
    if (rest * 2 >= count) ++q;
    unsigned __int128 limit = 1;
    for (int k = 0; k < 38; ++k) limit *= 10;
    if (m[2] != 0 || m[3] != 0 || q >= limit) return false;
    out = sum.negative() ? -static_cast<Int128>(q) : static_cast<Int128>(q);
    return true;
  }
  double mean(int scale) const {
    const std::array<uint64_t, 4> m = sum.magnitude();
    double v = 0;
    for (size_t k = m.size(); k-- > 0;) v = v * 18446744073709551616.0 + static_cast<double>(m[k]);
    double unit = 1;
    for (int k = 0; k < scale; ++k) unit *= 10;
    v = v / unit / static_cast<double>(count);
    return sum.negative() ? -v : v;
  }
};

template <class State>
class Average : public TypedAggregate<Average<State>, State> {
 public:
  using Base = TypedAggregate<Average<State>, State>;
  static constexpr bool kReal = std::is_same_v<State, RealMeanState>;
  static constexpr bool kOwnsMemory = kReal;
  // `mean`: always a DOUBLE. `scale`: of the decimals that come in.
  Average(Type result, bool mean, int scale)
      : Base(std::move(result)), mean_(mean), scale_(scale) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      // Which column types each state takes.
      constexpr bool kTakes = std::is_same_v<State, RealMeanState> ? std::is_floating_point_v<T>
                              : std::is_same_v<State, DecimalMeanState>
                                  ? sizeof(T) == 16
                                  : !std::is_floating_point_v<T> && sizeof(T) <= 8;
      if constexpr (kTakes) {
        Base::template for_values<T>(slots, groups, *args[0], n, [](State& s, T v) {
          s.sum.add(v);
          ++s.count;
        });
      }
    });
  }
  bool can_retract() const override { return true; }
  void retract(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
               const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      // Which column types each state takes.
      constexpr bool kTakes = std::is_same_v<State, RealMeanState> ? std::is_floating_point_v<T>
                              : std::is_same_v<State, DecimalMeanState>
                                  ? sizeof(T) == 16
                                  : !std::is_floating_point_v<T> && sizeof(T) <= 8;
      if constexpr (kTakes) {
        Base::template for_values<T>(slots, groups, *args[0], n, [](State& s, T v) {
          s.sum.subtract(v);
          --s.count;
        });
      }
    });
  }
  void combine(State& into, const State& from) const {
    into.sum.add(from.sum);
    into.count += from.count;
  }
  void finish_state(const State& s, Column& out, Arena&, EvalContext& context) const {
    if (s.count == 0) {
      out.push_null();
      return;
    }
    if constexpr (std::is_same_v<State, RealMeanState>) {
      push_real(out, s.mean());
    } else if constexpr (std::is_same_v<State, IntegerMeanState>) {
      if (mean_) {
        out.push<double>(s.mean());
      } else {
        push_integer(out, static_cast<int64_t>(s.sum.value() / static_cast<Int128>(s.count)));
      }
    } else if (mean_) {
      out.push<double>(s.mean(scale_));
    } else {
      Int128 q = 0;
      if (s.quotient(this->result_type().scale - scale_, q)) {
        out.push<Int128>(q);
      } else {
        if (!context.wrap_overflow)
          context.row_error(out.size(), "AVG overflows " + this->result_type().to_string());
        out.push_null();
      }
    }
  }
  void release(State& s) const {
    if constexpr (kReal) s.sum.release();
  }
  size_t heap_bytes(const char* state) const override {
    if constexpr (kReal) return Base::as_state(state).sum.heap_bytes();
    return 0;
  }
  void save(const State& s, SnapshotWriter& w) const {
    if constexpr (kReal) {
      s.sum.save(w);
      w.put_u64(s.count);
    } else {
      save_bytes(w, &s, sizeof(s));
    }
  }
  void load(State& s, SnapshotReader& r) const {
    if constexpr (kReal) {
      s.sum.load(r);
      s.count = r.get_u64();
    } else {
      load_bytes(r, &s, sizeof(s));
    }
  }

 private:
  bool mean_;
  int scale_;
};

Result<AggregatePtr> bind_average(std::span<const ExprPtr> args, bool mean) {
  if (args.size() != 1 || !args[0]->type().is_numeric())
    return wrong_arguments(mean ? "MEAN" : "AVG", "one number",
                           mean ? kMeanSignature : kAvgSignature);
  const Type& type = args[0]->type();
  const int scale = type.scale;
  Type result = mean ? Type::float64() : type;
  if (type.is_integer()) return std::make_shared<Average<IntegerMeanState>>(result, mean, 0);
  if (type.is_approximate()) return std::make_shared<Average<RealMeanState>>(result, mean, 0);
  if (!mean) result = Type::decimal(38, std::max(6, scale));
  return std::make_shared<Average<DecimalMeanState>>(result, mean, scale);
}

Result<AggregatePtr> bind_avg(std::span<const ExprPtr> args) { return bind_average(args, false); }
Result<AggregatePtr> bind_mean(std::span<const ExprPtr> args) { return bind_average(args, true); }

}  // namespace

const AggregateDescriptor kAvg = {
    "AVG",
    kAvgSignature,
    "Gives the average of the values that are not NULL, as Flink does: of integers an integer, cut "
    "towards zero (MEAN gives a DOUBLE); of decimals rounded half up.",
    "AVG(x) over 1, 2 -> 1",
    bind_avg,
};

const AggregateDescriptor kMean = {
    "MEAN",
    kMeanSignature,
    "Gives the average of the values that are not NULL as a DOUBLE.",
    "MEAN(x) over 1, 2 -> 1.5",
    bind_mean,
};

}  // namespace weir
