// Exact percentiles: all values are kept until the end, then sorted.
//
// Between two values the result is interpolated linearly, as in Flink: position p * (n - 1).

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/vec.h"
#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/number_input.h"

namespace weir {

namespace {

struct Weighted {
  double value;
  int64_t weight;
};

bool less_value(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return a < b;
}

// What a state points to. Plain values while every weight is 1.
struct Values {
  Vec<double> plain;
  Vec<Weighted> weighted;
};

struct PercentileState {
  Values* values = nullptr;
};

class Percentile final : public TypedAggregate<Percentile, PercentileState> {
 public:
  static constexpr bool kOwnsMemory = true;
  explicit Percentile(Fractions fractions)
      : TypedAggregate(fractions.is_array ? Type::array(Type::float64()) : Type::float64()),
        fractions_(std::move(fractions)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    const Column* weights = args.size() > 2 ? args[2].get() : nullptr;
    for_numbers(*args[0], n, [&](size_t i, double v) {
      Values& values = values_of(as_state(slots.at(groups == nullptr ? 0 : groups[i])));
      if (weights == nullptr) {
        values.plain.push_back(v);
        return;
      }
      const int64_t weight = weight_at(*weights, i);
      if (weight > 0) values.weighted.push_back({v, weight});
    });
  }
  void combine(PercentileState& into, PercentileState& from) const {
    if (from.values == nullptr) return;
    if (into.values == nullptr) {
      std::swap(into.values, from.values);
      return;
    }
    into.values->plain.append(from.values->plain.data(), from.values->plain.size());
    into.values->weighted.append(from.values->weighted.data(), from.values->weighted.size());
  }
  void combine_copy(PercentileState& into, const PercentileState& from) const {
    if (from.values == nullptr) return;
    Values& values = values_of(into);
    values.plain.append(from.values->plain.data(), from.values->plain.size());
    values.weighted.append(from.values->weighted.data(), from.values->weighted.size());
  }
  void release(PercentileState& s) const {
    std::unique_ptr<Values>(s.values).reset();
    s.values = nullptr;
  }
  void finish_state(const PercentileState& s, Column& out, Arena&, EvalContext&) const {
    Vec<double> results;
    if (s.values != nullptr) {
      // Sorting changes nothing that anyone can see.
      Values& values = *s.values;
      std::sort(values.plain.begin(), values.plain.end(), less_value);
      std::sort(values.weighted.begin(), values.weighted.end(),
                [](const Weighted& a, const Weighted& b) { return less_value(a.value, b.value); });
      for (const double f : fractions_.values) results.push_back(at_fraction(values, f));
    }
    if (s.values == nullptr || (s.values->plain.empty() && s.values->weighted.empty())) {
      out.push_null();
    } else if (!fractions_.is_array) {
      out.push<double>(results[0]);
    } else {
      const ListRef list{static_cast<uint32_t>(out.child(0).size()),
                         static_cast<uint32_t>(results.size())};
      for (const double r : results) out.child(0).push<double>(r);
      out.push<ListRef>(list);
    }
  }
  void save(const PercentileState& s, SnapshotWriter& w) const {
    const Values none;
    const Values& values = s.values != nullptr ? *s.values : none;
    save_bytes(w, values.plain.data(), values.plain.size() * sizeof(double));
    save_bytes(w, values.weighted.data(), values.weighted.size() * sizeof(Weighted));
  }
  void load(PercentileState& s, SnapshotReader& r) const {
    const std::string_view plain = r.get_text();
    const std::string_view weighted = r.get_text();
    if (plain.empty() && weighted.empty()) return;
    Values& values = values_of(s);
    values.plain.resize(plain.size() / sizeof(double));
    if (!plain.empty())
      std::memcpy(values.plain.data(), plain.data(),
                  plain.size() / sizeof(double) * sizeof(double));
    values.weighted.resize(weighted.size() / sizeof(Weighted));
    if (!weighted.empty())
      std::memcpy(values.weighted.data(), weighted.data(),
                  weighted.size() / sizeof(Weighted) * sizeof(Weighted));
  }
  size_t heap_bytes(const char* state) const override {
    const Values* values = as_state(state).values;
    if (values == nullptr) return 0;
    return sizeof(Values) + values->plain.capacity() * sizeof(double) +
           values->weighted.capacity() * sizeof(Weighted);
  }

 private:
  static Values& values_of(PercentileState& s) {
    if (s.values == nullptr) s.values = std::make_unique<Values>().release();
    return *s.values;
  }
  static int64_t weight_at(const Column& weights, size_t i) {
    if (weights.is_null(i)) return 0;
    int64_t weight = 0;
    with_number_type(weights.type(), [&]<class T>(T) {
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) weight = weights.at<T>(i);
    });
    return weight;
  }

  // `values` sorted and not empty.
  static double at_fraction(const Values& values, double fraction) {
    if (!values.plain.empty()) {
      return interpolate(fraction, values.plain.size(),
                         [&](uint64_t rank) { return values.plain[rank]; });
    }
    if (values.weighted.empty()) return 0;
    uint64_t total = 0;
    for (const auto& w : values.weighted) total += static_cast<uint64_t>(w.weight);
    return interpolate(fraction, total, [&](uint64_t rank) {
      uint64_t below = 0;
      for (const auto& w : values.weighted) {
        below += static_cast<uint64_t>(w.weight);
        if (rank < below) return w.value;
      }
      return values.weighted.back().value;
    });
  }
  template <class At>
  static double interpolate(double fraction, uint64_t n, At&& at) {
    const double position = fraction * static_cast<double>(n - 1);
    const double lower = std::floor(position);
    const double upper = std::ceil(position);
    const double low = at(static_cast<uint64_t>(lower));
    if (lower == upper) return low;
    const double high = at(static_cast<uint64_t>(upper));
    if (low == high) return low;
    return (upper - position) * low + (position - lower) * high;
  }

  Fractions fractions_;
};

Result<AggregatePtr> bind_percentile(std::span<const ExprPtr> args) {
  const bool right = (args.size() == 2 || (args.size() == 3 && args[2]->type().is_integer())) &&
                     args[0]->type().is_numeric();
  if (!right)
    return wrong_arguments("PERCENTILE", "a number, a fraction and perhaps an integer frequency",
                           kPercentile.signature);
  auto fractions = read_fractions(*args[1], "PERCENTILE");
  if (!fractions) return fail(fractions.error());
  return std::make_shared<Percentile>(std::move(*fractions));
}

Result<AggregatePtr> bind_median(std::span<const ExprPtr> args) {
  if (args.size() != 1 || !args[0]->type().is_numeric())
    return wrong_arguments("MEDIAN", "one number", kMedian.signature);
  return std::make_shared<Percentile>(Fractions{{0.5}, false});
}

}  // namespace

const AggregateDescriptor kPercentile = {
    "PERCENTILE",
    "PERCENTILE(x NUMERIC, fraction[, frequency INT]) -> DOUBLE; of ARRAY[fractions] an "
    "ARRAY<DOUBLE>",
    "Gives the exact percentile of the values that are not NULL, interpolated linearly between "
    "neighbours; a value counts as often as its frequency, not at all if that is NULL or below 1. "
    "Keeps "
    "all values: APPROX_PERCENTILE does not.",
    "PERCENTILE(x, 0.5) over 1, 2 -> 1.5",
    bind_percentile,
};

const AggregateDescriptor kMedian = {
    "MEDIAN",
    "MEDIAN(x NUMERIC) -> DOUBLE",
    "Gives the exact median of the values that are not NULL, as PERCENTILE(x, 0.5).",
    "MEDIAN(x) over 1, 2, 10 -> 2.0",
    bind_median,
};

}  // namespace weir
