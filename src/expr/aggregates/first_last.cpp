// FIRST_VALUE and LAST_VALUE: by the rows' places in the whole input, so that splitting leaves no trace.

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/clauses.h"
#include "expr/aggregates/heap_bytes.h"
#include "expr/aggregates/row_codec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

struct PlacedState {
  uint64_t place = 0;  // ordinal + 1; 0: nothing seen
  HeapBytes value;     // encoded
};

template <bool kWantFirst>
class PlacedValue final : public TypedAggregate<PlacedValue<kWantFirst>, PlacedState> {
 public:
  using Base = TypedAggregate<PlacedValue<kWantFirst>, PlacedState>;
  static constexpr bool kOwnsMemory = true;
  PlacedValue(Type type, bool respect_nulls)
      : Base(std::move(type)), respect_nulls_(respect_nulls) {}

  bool uses_ordinals() const override { return true; }
  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    const Column& column = *args[0];
    std::string encoded;
    const auto add = [&](PlacedState& s, size_t i) {
      const uint64_t place = batch.ordinal(i) + 1;
      if (!wins(place, s.place)) return;
      encoded.clear();
      encode_value(column, i, encoded);
      s.value.assign(encoded);
      s.place = place;
    };
    if (respect_nulls_) {
      Base::for_rows(slots, groups, n, add);
    } else {
      Base::for_valid_rows(slots, groups, column, n, add);
    }
  }
  void combine(PlacedState& into, PlacedState& from) const {
    if (from.place == 0 || !wins(from.place, into.place)) return;
    into.value.take(from.value);
    into.place = from.place;
    from.place = 0;
  }
  void combine_copy(PlacedState& into, const PlacedState& from) const {
    if (from.place == 0 || !wins(from.place, into.place)) return;
    into.value.assign(from.value.view());
    into.place = from.place;
  }
  void release(PlacedState& s) const { s.value.release(); }
  void finish_state(const PlacedState& s, Column& out, Arena& arena, EvalContext&) const {
    if (s.place == 0) {
      out.push_null();
      return;
    }
    std::string_view bytes = s.value.view();
    decode_value(bytes, out, arena);
  }
  void save(const PlacedState& s, SnapshotWriter& w) const {
    w.put_u64(s.place);
    w.put_text(s.value.view());
  }
  void load(PlacedState& s, SnapshotReader& r) const {
    s.place = r.get_u64();
    s.value.assign(r.get_text());
  }
  size_t heap_bytes(const char* state) const override {
    return Base::as_state(state).value.capacity;
  }

 private:
  // Rows of one ordinal (made by flat_map) come in order within one batch.
  static bool wins(uint64_t place, uint64_t best) {
    if (best == 0) return true;
    return kWantFirst ? place < best : place >= best;
  }

  bool respect_nulls_;
};

template <bool kWantFirst>
Result<AggregatePtr> bind_placed(std::span<const ExprPtr> args,
                                 std::span<const std::string> words) {
  constexpr std::string_view kName = kWantFirst ? "FIRST_VALUE" : "LAST_VALUE";
  if (args.size() != 1) return wrong_arguments(kName, "one argument", "");
  if (args[0]->type().id == TypeId::kNull)
    return wrong_arguments(kName, "a value with a type, not a bare NULL", "");
  const auto respect_nulls = read_nulls_clause(kName, words, false);
  if (!respect_nulls) return fail(respect_nulls.error());
  return std::make_shared<PlacedValue<kWantFirst>>(args[0]->type(), *respect_nulls);
}

}  // namespace

const AggregateDescriptor kFirstValue = {
    "FIRST_VALUE",
    "FIRST_VALUE(x [{IGNORE | RESPECT} NULLS]) -> the type of x",
    "Gives the first value in input order that is not NULL; with RESPECT NULLS the first one, NULL "
    "or not.",
    "FIRST_VALUE(x) over NULL, 2, 1 -> 2",
    nullptr,
    bind_placed<true>,
};

const AggregateDescriptor kLastValue = {
    "LAST_VALUE",
    "LAST_VALUE(x [{IGNORE | RESPECT} NULLS]) -> the type of x",
    "Gives the last value in input order that is not NULL; with RESPECT NULLS the last one, NULL "
    "or not.",
    "LAST_VALUE(x) over 2, 1, NULL -> 1",
    nullptr,
    bind_placed<false>,
};

}  // namespace weir
