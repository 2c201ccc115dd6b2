// Percentiles within 1 % of the true value, in little memory: DDSketch.
//
// A value counts in the bucket of its logarithm to base g = 1.01 / 0.99; any value of a bucket is within 1 % of
// the one that stands for it. Buckets only add, so how rows were split cannot be seen.
// Source: Masson, Rim, Lee, "DDSketch", VLDB 2019.

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/vec.h"
#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/number_input.h"

namespace weir {

namespace {

constexpr double kAccuracy = 0.01;
constexpr double kGamma = (1 + kAccuracy) / (1 - kAccuracy);

// Counts of neighbouring buckets.
struct Buckets {
  Vec<uint64_t> counts;
  int32_t first = 0;  // key of counts[0]

  void add(int32_t key, uint64_t count) {
    if (counts.empty()) {
      first = key;
      counts.assign(1, 0);
    } else if (key < first) {
      const auto more = static_cast<size_t>(first - key);
      const size_t old = counts.size();
      counts.resize(old + more);
      std::memmove(counts.data() + more, counts.data(), old * sizeof(uint64_t));
      std::fill_n(counts.data(), more, uint64_t{0});
      first = key;
    } else if (static_cast<size_t>(key - first) >= counts.size()) {
      const size_t old = counts.size();
      counts.resize(static_cast<size_t>(key - first) + 1);
      std::fill(counts.data() + old, counts.end(), uint64_t{0});
    }
    counts[static_cast<size_t>(key - first)] += count;
  }
  void add(const Buckets& o) {
    for (size_t k = 0; k < o.counts.size(); ++k) {
      if (o.counts[k] != 0) add(o.first + static_cast<int32_t>(k), o.counts[k]);
    }
  }
  double value(size_t k) const {
    return 2 * std::pow(kGamma, first + static_cast<int32_t>(k)) / (kGamma + 1);
  }
};

struct Sketch {
  Buckets positive;
  Buckets negative;  // of the absolute values
  uint64_t zeros = 0;
  uint64_t plus_infinite = 0;
  uint64_t minus_infinite = 0;
  uint64_t nans = 0;
  uint64_t count = 0;
  double min = INFINITY;  // of the finite values
  double max = -INFINITY;

  void add(double v) {
    ++count;
    if (std::isnan(v)) {
      ++nans;
    } else if (std::isinf(v)) {
      ++(v > 0 ? plus_infinite : minus_infinite);
    } else {
      min = std::min(min, v);
      max = std::max(max, v);
      if (v == 0) {
        ++zeros;
      } else {
        const auto key = static_cast<int32_t>(std::ceil(std::log(std::fabs(v)) / std::log(kGamma)));
        (v > 0 ? positive : negative).add(key, 1);
      }
    }
  }
  void add(const Sketch& o) {
    positive.add(o.positive);
    negative.add(o.negative);
    zeros += o.zeros;
    plus_infinite += o.plus_infinite;
    minus_infinite += o.minus_infinite;
    nans += o.nans;
    count += o.count;
    min = std::min(min, o.min);
    max = std::max(max, o.max);
  }
  // The value of rank fraction * (count - 1), rounded down.
  double at_fraction(double fraction) const {
    auto rank = static_cast<uint64_t>(fraction * static_cast<double>(count - 1));
    if (rank < minus_infinite) return -INFINITY;
    rank -= minus_infinite;
    for (size_t k = negative.counts.size(); k-- > 0;) {
      if (rank < negative.counts[k]) return std::clamp(-negative.value(k), min, max);
      rank -= negative.counts[k];
    }
    if (rank < zeros) return 0;
    rank -= zeros;
    for (size_t k = 0; k < positive.counts.size(); ++k) {
      if (rank < positive.counts[k]) return std::clamp(positive.value(k), min, max);
      rank -= positive.counts[k];
    }
    if (rank < plus_infinite) return INFINITY;
    return NAN;
  }
};

struct SketchState {
  Sketch* sketch = nullptr;
};

class ApproxPercentile final : public TypedAggregate<ApproxPercentile, SketchState> {
 public:
  static constexpr bool kOwnsMemory = true;
  explicit ApproxPercentile(Fractions fractions)
      : TypedAggregate(fractions.is_array ? Type::array(Type::float64()) : Type::float64()),
        fractions_(std::move(fractions)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    for_numbers(*args[0], n, [&](size_t i, double v) {
      sketch_of(as_state(slots.at(groups == nullptr ? 0 : groups[i]))).add(v);
    });
  }
  void combine(SketchState& into, SketchState& from) const {
    if (from.sketch == nullptr) return;
    if (into.sketch == nullptr) {
      std::swap(into.sketch, from.sketch);
    } else {
      into.sketch->add(*from.sketch);
    }
  }
  void combine_copy(SketchState& into, const SketchState& from) const {
    if (from.sketch != nullptr) sketch_of(into).add(*from.sketch);
  }
  void release(SketchState& s) const {
    std::unique_ptr<Sketch>(s.sketch).reset();
    s.sketch = nullptr;
  }
  void finish_state(const SketchState& s, Column& out, Arena&, EvalContext&) const {
    if (s.sketch == nullptr) {
      out.push_null();
    } else if (!fractions_.is_array) {
      out.push<double>(s.sketch->at_fraction(fractions_.values[0]));
    } else {
      const ListRef list{static_cast<uint32_t>(out.child(0).size()),
                         static_cast<uint32_t>(fractions_.values.size())};
      for (const double f : fractions_.values) out.child(0).push<double>(s.sketch->at_fraction(f));
      out.push<ListRef>(list);
    }
  }
  void save(const SketchState& s, SnapshotWriter& w) const {
    w.put_u8(s.sketch != nullptr ? 1 : 0);
    if (s.sketch == nullptr) return;
    const Sketch& k = *s.sketch;
    for (const Buckets* b : {&k.positive, &k.negative}) {
      w.put_i64(b->first);
      save_bytes(w, b->counts.data(), b->counts.size() * sizeof(uint64_t));
    }
    for (const uint64_t v : {k.zeros, k.plus_infinite, k.minus_infinite, k.nans, k.count})
      w.put_u64(v);
    w.put_double(k.min);
    w.put_double(k.max);
  }
  void load(SketchState& s, SnapshotReader& r) const {
    if (r.get_u8() == 0) return;
    Sketch& k = sketch_of(s);
    for (Buckets* b : {&k.positive, &k.negative}) {
      b->first = static_cast<int32_t>(r.get_i64());
      const std::string_view bytes = r.get_text();
      b->counts.resize(bytes.size() / sizeof(uint64_t));
      if (!b->counts.empty())
        std::memcpy(b->counts.data(), bytes.data(), b->counts.size() * sizeof(uint64_t));
    }
    for (uint64_t* v : {&k.zeros, &k.plus_infinite, &k.minus_infinite, &k.nans, &k.count})
      *v = r.get_u64();
    k.min = r.get_double();
    k.max = r.get_double();
  }
  size_t heap_bytes(const char* state) const override {
    const Sketch* k = as_state(state).sketch;
    if (k == nullptr) return 0;
    return sizeof(Sketch) +
           (k->positive.counts.capacity() + k->negative.counts.capacity()) * sizeof(uint64_t);
  }

 private:
  static Sketch& sketch_of(SketchState& s) {
    if (s.sketch == nullptr) s.sketch = std::make_unique<Sketch>().release();
    return *s.sketch;
  }

  Fractions fractions_;
};

Result<AggregatePtr> bind_approx_percentile(std::span<const ExprPtr> args) {
  if (args.size() != 2 || !args[0]->type().is_numeric())
    return wrong_arguments("APPROX_PERCENTILE", "a number and a fraction",
                           kApproxPercentile.signature);
  auto fractions = read_fractions(*args[1], "APPROX_PERCENTILE");
  if (!fractions) return fail(fractions.error());
  return std::make_shared<ApproxPercentile>(std::move(*fractions));
}

}  // namespace

const AggregateDescriptor kApproxPercentile = {
    "APPROX_PERCENTILE",
    "APPROX_PERCENTILE(x NUMERIC, fraction) -> DOUBLE; of ARRAY[fractions] an ARRAY<DOUBLE>",
    "Gives a percentile within 1 % of the true value in little memory (DDSketch).",
    "APPROX_PERCENTILE(x, 0.5) over 5, 5, 5 -> 5.0",
    bind_approx_percentile,
};

}  // namespace weir
