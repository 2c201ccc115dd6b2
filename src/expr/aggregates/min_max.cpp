#include <algorithm>

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/heap_bytes.h"
#include "expr/aggregates/ordered_key.h"
#include "expr/aggregates/row_codec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

// Calls f with a value of the C++ type of a column of up to 8 bytes.
template <class F>
void with_small_type(const Type& type, F&& f) {
  switch (type.id) {
    case TypeId::kBoolean: f(uint8_t{}); break;
    case TypeId::kTinyInt: f(int8_t{}); break;
    case TypeId::kSmallInt: f(int16_t{}); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: f(int32_t{}); break;
    case TypeId::kFloat: f(float{}); break;
    case TypeId::kDouble: f(double{}); break;
    default: f(int64_t{}); break;
  }
}

// Values of up to 8 bytes, kept as integers of the same order.
struct SmallState {
  int64_t key = 0;
  uint64_t seen = 0;
};

template <bool kWantMin>
class SmallExtreme final : public TypedAggregate<SmallExtreme<kWantMin>, SmallState> {
 public:
  using Base = TypedAggregate<SmallExtreme<kWantMin>, SmallState>;
  explicit SmallExtreme(Type type) : Base(std::move(type)) {}

  // The key starts where any value beats it.
  void init(char* state) const override {
    new (state) SmallState{kWantMin ? INT64_MAX : INT64_MIN, 0};
  }
  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    with_small_type(args[0]->type(), [&]<class T>(T) {
      Base::template for_values<T>(slots, groups, *args[0], n, [](SmallState& s, T v) {
        const int64_t key = ordered_key(v);
        s.key = kWantMin ? std::min(s.key, key) : std::max(s.key, key);
        s.seen = 1;
      });
    });
  }
  void combine(SmallState& into, const SmallState& from) const {
    into.key = kWantMin ? std::min(into.key, from.key) : std::max(into.key, from.key);
    into.seen |= from.seen;
  }
  void finish_state(const SmallState& s, Column& out, Arena&, EvalContext&) const {
    if (s.seen == 0) {
      out.push_null();
      return;
    }
    with_small_type(out.type(), [&]<class T>(T) { out.push<T>(from_ordered_key<T>(s.key)); });
  }
  void save(const SmallState& s, SnapshotWriter& w) const { save_bytes(w, &s, sizeof(s)); }
  void load(SmallState& s, SnapshotReader& r) const { load_bytes(r, &s, sizeof(s)); }
};

struct DecimalExtremeState {
  uint64_t lo = 0;
  int64_t hi = 0;
  uint64_t seen = 0;
  Int128 value() const {
    return static_cast<Int128>((static_cast<unsigned __int128>(static_cast<uint64_t>(hi)) << 64) |
                               lo);
  }
};

template <bool kWantMin>
class DecimalExtreme final : public TypedAggregate<DecimalExtreme<kWantMin>, DecimalExtremeState> {
 public:
  using Base = TypedAggregate<DecimalExtreme<kWantMin>, DecimalExtremeState>;
  explicit DecimalExtreme(Type type) : Base(std::move(type)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    Base::template for_values<Int128>(slots, groups, *args[0], n, offer);
  }
  void combine(DecimalExtremeState& into, const DecimalExtremeState& from) const {
    if (from.seen != 0) offer(into, from.value());
  }
  void finish_state(const DecimalExtremeState& s, Column& out, Arena&, EvalContext&) const {
    if (s.seen == 0) {
      out.push_null();
    } else {
      out.push<Int128>(s.value());
    }
  }
  void save(const DecimalExtremeState& s, SnapshotWriter& w) const { save_bytes(w, &s, sizeof(s)); }
  void load(DecimalExtremeState& s, SnapshotReader& r) const { load_bytes(r, &s, sizeof(s)); }

 private:
  static void offer(DecimalExtremeState& s, Int128 v) {
    if (s.seen != 0 && (kWantMin ? v >= s.value() : v <= s.value())) return;
    s = {static_cast<uint64_t>(v), static_cast<int64_t>(v >> 64), 1};
  }
};

// Strings as they are, nested values encoded so that their bytes compare as they do.
struct BytesState {
  HeapBytes value;  // no data: nothing seen
};

template <bool kWantMin>
class BytesExtreme final : public TypedAggregate<BytesExtreme<kWantMin>, BytesState> {
 public:
  using Base = TypedAggregate<BytesExtreme<kWantMin>, BytesState>;
  static constexpr bool kOwnsMemory = true;
  explicit BytesExtreme(Type type) : Base(std::move(type)) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    const Column& column = *args[0];
    if (column.type().is_string_like()) {
      Base::template for_values<StringRef>(
          slots, groups, column, n, [](BytesState& s, const StringRef& v) { offer(s, v.view()); });
      return;
    }
    std::string encoded;
    Base::for_valid_rows(slots, groups, column, n, [&](BytesState& s, size_t i) {
      encoded.clear();
      encode_value(column, i, encoded);
      offer(s, encoded);
    });
  }
  void combine(BytesState& into, BytesState& from) const {
    if (from.value.data == nullptr) return;
    if (into.value.data == nullptr) {
      into.value.take(from.value);
    } else {
      offer(into, from.value.view());
    }
  }
  void combine_copy(BytesState& into, const BytesState& from) const {
    if (from.value.data != nullptr) offer(into, from.value.view());
  }
  void release(BytesState& s) const { s.value.release(); }
  void finish_state(const BytesState& s, Column& out, Arena& arena, EvalContext&) const {
    if (s.value.data == nullptr) {
      out.push_null();
    } else if (out.type().is_string_like()) {
      out.push<StringRef>(StringRef(arena.copy(s.value.view())));
    } else {
      std::string_view bytes = s.value.view();
      decode_value(bytes, out, arena);
    }
  }
  void save(const BytesState& s, SnapshotWriter& w) const {
    w.put_u8(s.value.data != nullptr ? 1 : 0);
    w.put_text(s.value.view());
  }
  void load(BytesState& s, SnapshotReader& r) const {
    const bool seen = r.get_u8() != 0;
    const std::string_view text = r.get_text();
    if (seen) s.value.assign(text);
  }
  size_t heap_bytes(const char* state) const override {
    return Base::as_state(state).value.capacity;
  }

 private:
  static void offer(BytesState& s, std::string_view v) {
    if (s.value.data != nullptr && (kWantMin ? v >= s.value.view() : v <= s.value.view())) return;
    s.value.assign(v);
  }
};

template <bool kWantMin>
Result<AggregatePtr> bind_extreme(std::span<const ExprPtr> args) {
  if (args.size() != 1)
    return wrong_arguments(kWantMin ? "MIN" : "MAX", "one argument",
                           kWantMin ? "MIN(x)" : "MAX(x)");
  const Type& type = args[0]->type();
  if (type.is_string_like() || type.is_nested())
    return std::make_shared<BytesExtreme<kWantMin>>(type);
  if (type.id == TypeId::kDecimal) return std::make_shared<DecimalExtreme<kWantMin>>(type);
  if (type.id == TypeId::kNull)
    return wrong_arguments(kWantMin ? "MIN" : "MAX", "a value with a type, not a bare NULL", "");
  return std::make_shared<SmallExtreme<kWantMin>>(type);
}

}  // namespace

const AggregateDescriptor kMin = {
    "MIN",
    "MIN(x) -> the type of x",
    "Gives the smallest value that is not NULL; strings compare by bytes, NaN is the largest "
    "number.",
    "MIN(x) over 2, NULL, 1 -> 1",
    bind_extreme<true>,
};

const AggregateDescriptor kMax = {
    "MAX",
    "MAX(x) -> the type of x",
    "Gives the largest value that is not NULL; strings compare by bytes, NaN is the largest "
    "number.",
    "MAX(x) over 2, NULL, 1 -> 2",
    bind_extreme<false>,
};

}  // namespace weir
