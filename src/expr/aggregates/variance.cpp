// Variances from the sums of x and of x * x, both kept so exactly that splitting leaves no trace: integers in
// 192 bits, with the exact n * sum(x * x) - sum(x)^2 at the end; reals in sums that never round.

#include <algorithm>
#include <array>
#include <cmath>

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/exact_sum.h"
#include "expr/aggregates/real_sum.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

enum class Spread { kVarPop, kVarSamp, kStddevPop, kStddevSamp };

// A number in two doubles, for the subtraction that loses most digits.
struct Pair {
  double hi = 0;
  double lo = 0;
};
Pair two_sum(double a, double b) {
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
Pair two_product(double a, double b) {
  const double p = a * b;
  constexpr double kSplit = 134217729.0;
  const double ca = kSplit * a;
  const double ah = ca - (ca - a);
  const double al = a - ah;
  const double cb = kSplit * b;
  const double bh = cb - (cb - b);
  const double bl = b - bh;
  const double e = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
  return {p, std::isfinite(e) ? e : 0};
}
Pair add(Pair a, Pair b) {
  const Pair s = two_sum(a.hi, b.hi);
  return two_sum(s.hi, s.lo + a.lo + b.lo);
}
Pair square(Pair a) {
  const Pair p = two_product(a.hi, a.hi);
  return two_sum(p.hi, p.lo + 2 * a.hi * a.lo);
}
Pair divide(Pair a, double n) {
  const double q = a.hi / n;
  const Pair back = two_product(q, n);
  return two_sum(q, ((a.hi - back.hi) - back.lo + a.lo) / n);
}

Pair to_pair(const RealSum& s) {
  const auto [hi, lo] = s.pair();
  return {hi, lo};
}

// 256 bits, little end first.
using Words256 = std::array<uint64_t, 4>;

void add_product(Words256& sum, uint64_t a, uint64_t b, size_t word) {
  unsigned __int128 carry = static_cast<unsigned __int128>(a) * b;
  for (size_t k = word; k < sum.size() && carry != 0; ++k) {
    const unsigned __int128 low =
        static_cast<unsigned __int128>(sum[k]) + static_cast<uint64_t>(carry);
    sum[k] = static_cast<uint64_t>(low);
    carry = (carry >> 64) + (low >> 64);
  }
}
Words256 times(const Words256& a, uint64_t b) {
  Words256 product{};
  for (size_t k = 0; k < a.size(); ++k) add_product(product, a[k], b, k);
  return product;
}
Words256 square(const Words256& a) {  // of less than 128 bits
  Words256 product{};
  for (size_t i = 0; i < 2; ++i) {
    for (size_t k = 0; k < 2; ++k) add_product(product, a[i], a[k], i + k);
  }
  return product;
}
Words256 minus(const Words256& a, const Words256& b) {
  Words256 difference{};
  uint64_t borrow = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    const unsigned __int128 d = static_cast<unsigned __int128>(a[k]) - b[k] - borrow;
    difference[k] = static_cast<uint64_t>(d);
    borrow = static_cast<uint64_t>(d >> 64) & 1;
  }
  return difference;
}
// a / b, its whole part exact before it is rounded, so that integers are cut right.
double quotient(const Words256& a, unsigned __int128 b) {
  Words256 whole{};
  unsigned __int128 rest = 0;
  for (size_t bit = 256; bit-- > 0;) {
    const bool carry = rest >> 127 != 0;
    rest = rest << 1 | (a[bit / 64] >> (bit % 64) & 1);
    if (carry || rest >= b) {
      rest -= b;
      whole[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }
  double v = 0;
  for (size_t k = whole.size(); k-- > 0;)
    v = v * 18446744073709551616.0 + static_cast<double>(whole[k]);
  return v + static_cast<double>(rest) / static_cast<double>(b);
}

struct IntegerSpreadState {
  WideSum sum;
  WideSum squares;
  uint64_t count = 0;
  void add_value(int64_t v) {
    sum.add(Int128{v});
    squares.add_square(v);
  }
  double variance(bool sample) const {
    const Words256 spread = minus(times(squares.magnitude(), count), square(sum.magnitude()));
    return quotient(spread, static_cast<unsigned __int128>(count) * (sample ? count - 1 : count));
  }
};
struct RealSpreadState {
  RealSum sum;
  RealSum squares;
  uint64_t count = 0;
  void add_value(double v) {
    sum.add(v);
    squares.add_square(v);
  }
  double variance(bool sample) const {
    const auto n = static_cast<double>(count);
    const Pair mean_square = divide(square(to_pair(sum)), n);
    const Pair spread = add(to_pair(squares), {-mean_square.hi, -mean_square.lo});
    const double v = (spread.hi + spread.lo) / (sample ? n - 1 : n);
    return v < 0 ? 0 : v;
  }
};

template <class State>
class Variance final : public TypedAggregate<Variance<State>, State> {
 public:
  using Base = TypedAggregate<Variance<State>, State>;
  static constexpr bool kReal = std::is_same_v<State, RealSpreadState>;
  static constexpr bool kOwnsMemory = kReal;
  Variance(Type result, Spread spread, int scale) : Base(std::move(result)), spread_(spread) {
    for (int k = 0; k < scale; ++k) unit_ *= 10;
  }

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    with_number_type(args[0]->type(), [&]<class T>(T) {
      constexpr bool kInteger = std::is_same_v<State, IntegerSpreadState>;
      if constexpr (kInteger ? !std::is_floating_point_v<T> && sizeof(T) <= 8
                             : std::is_floating_point_v<T> || sizeof(T) == 16) {
        Base::template for_values<T>(slots, groups, *args[0], n, [this](State& s, T v) {
          if constexpr (sizeof(T) == 16) {
            s.add_value(static_cast<double>(v) / unit_);
          } else {
            s.add_value(v);
          }
          ++s.count;
        });
      }
    });
  }
  void combine(State& into, const State& from) const {
    into.sum.add(from.sum);
    into.squares.add(from.squares);
    into.count += from.count;
  }
  void finish_state(const State& s, Column& out, Arena&, EvalContext&) const {
    const bool sample = spread_ == Spread::kVarSamp || spread_ == Spread::kStddevSamp;
    if (s.count < (sample ? 2u : 1u)) {
      out.push_null();
      return;
    }
    double v = s.variance(sample);
    if (spread_ == Spread::kStddevPop || spread_ == Spread::kStddevSamp) v = std::sqrt(v);
    push_result(v, out);
  }
  void release(State& s) const {
    if constexpr (kReal) {
      s.sum.release();
      s.squares.release();
    }
  }
  size_t heap_bytes(const char* state) const override {
    if constexpr (kReal)
      return Base::as_state(state).sum.heap_bytes() + Base::as_state(state).squares.heap_bytes();
    return 0;
  }
  void save(const State& s, SnapshotWriter& w) const {
    if constexpr (kReal) {
      s.sum.save(w);
      s.squares.save(w);
      w.put_u64(s.count);
    } else {
      save_bytes(w, &s, sizeof(s));
    }
  }
  void load(State& s, SnapshotReader& r) const {
    if constexpr (kReal) {
      s.sum.load(r);
      s.squares.load(r);
      s.count = r.get_u64();
    } else {
      load_bytes(r, &s, sizeof(s));
    }
  }

 private:
  static void push_result(double v, Column& out) {
    const Type& type = out.type();
    if (type.is_approximate()) {
      push_real(out, v);
    } else if (type.is_integer()) {
      push_integer(out, static_cast<int64_t>(std::min(v, 9223372036854774784.0)));
    } else {
      double unit = 1;
      for (int k = 0; k < type.scale; ++k) unit *= 10;
      const double scaled = std::floor(v * unit + 0.5);
      if (scaled < 1e38) {
        out.push<Int128>(static_cast<Int128>(scaled));
      } else {
        out.push_null();
      }
    }
  }

  Spread spread_;
  double unit_ = 1;  // 10^scale of the decimals that come in
};

template <Spread kSpread>
Result<AggregatePtr> bind_spread(std::span<const ExprPtr> args) {
  if (args.size() != 1 || !args[0]->type().is_numeric())
    return wrong_arguments("a variance", "one number", "STDDEV_SAMP(x NUMERIC)");
  const Type& type = args[0]->type();
  if (type.is_integer()) return std::make_shared<Variance<IntegerSpreadState>>(type, kSpread, 0);
  const Type result =
      type.is_approximate() ? type : Type::decimal(38, std::max(6, static_cast<int>(type.scale)));
  return std::make_shared<Variance<RealSpreadState>>(result, kSpread, type.scale);
}

}  // namespace

#define WEIR_SPREAD_NOTE \
  " Of integers it is an integer, cut, as in Flink: CAST(x AS DOUBLE) keeps the fraction."

const AggregateDescriptor kStddev = {
    "STDDEV",
    "STDDEV(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the sample standard deviation, as STDDEV_SAMP." WEIR_SPREAD_NOTE,
    "STDDEV(CAST(x AS DOUBLE)) over 2, 4 -> 1.4142135623730951",
    bind_spread<Spread::kStddevSamp>,
};

const AggregateDescriptor kStddevPop = {
    "STDDEV_POP",
    "STDDEV_POP(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the population standard deviation." WEIR_SPREAD_NOTE,
    "STDDEV_POP(x) over 2, 4 -> 1",
    bind_spread<Spread::kStddevPop>,
};

const AggregateDescriptor kStddevSamp = {
    "STDDEV_SAMP",
    "STDDEV_SAMP(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the sample standard deviation; NULL for fewer than two values." WEIR_SPREAD_NOTE,
    "STDDEV_SAMP(CAST(x AS DOUBLE)) over 2, 4 -> 1.4142135623730951",
    bind_spread<Spread::kStddevSamp>,
};

const AggregateDescriptor kVarPop = {
    "VAR_POP",
    "VAR_POP(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the population variance." WEIR_SPREAD_NOTE,
    "VAR_POP(x) over 2, 4 -> 1",
    bind_spread<Spread::kVarPop>,
};

const AggregateDescriptor kVarSamp = {
    "VAR_SAMP",
    "VAR_SAMP(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the sample variance; NULL for fewer than two values." WEIR_SPREAD_NOTE,
    "VAR_SAMP(x) over 2, 4 -> 2",
    bind_spread<Spread::kVarSamp>,
};

const AggregateDescriptor kVariance = {
    "VARIANCE",
    "VARIANCE(x NUMERIC) -> the type of x; DECIMAL(38, max(6, s)) for decimals",
    "Gives the sample variance, as VAR_SAMP." WEIR_SPREAD_NOTE,
    "VARIANCE(x) over 2, 4 -> 2",
    bind_spread<Spread::kVarSamp>,
};

#undef WEIR_SPREAD_NOTE

}  // namespace weir
