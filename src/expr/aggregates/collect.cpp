#include <map>
#include <memory>

#include "expr/aggregates/aggregate_list.h"
#include "expr/aggregates/row_codec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

// Encoded values, in their order, with how often each came.
using Multiset = std::map<std::string, int64_t, std::less<>>;

struct MultisetState {
  Multiset* values = nullptr;
};

class Collect final : public TypedAggregate<Collect, MultisetState> {
 public:
  static constexpr bool kOwnsMemory = true;
  explicit Collect(const Type& element) : TypedAggregate(Type::map(element, Type::integer())) {}

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch&, EvalContext&) const override {
    std::string encoded;
    for (size_t i = 0; i < n; ++i) {
      if (args[0]->is_null(i)) continue;
      encoded.clear();
      encode_value(*args[0], i, encoded);
      ++values_of(as_state(slots.at(groups == nullptr ? 0 : groups[i])))[encoded];
    }
  }
  void combine(MultisetState& into, MultisetState& from) const {
    if (from.values == nullptr) return;
    if (into.values == nullptr) {
      std::swap(into.values, from.values);
      return;
    }
    for (const auto& [value, count] : *from.values) (*into.values)[value] += count;
  }
  void release(MultisetState& s) const {
    std::unique_ptr<Multiset>(s.values).reset();
    s.values = nullptr;
  }
  void finish_state(const MultisetState& s, Column& out, Arena& arena, EvalContext&) const {
    if (s.values == nullptr) {
      out.push_null();
      return;
    }
    const ListRef list{static_cast<uint32_t>(out.child(0).size()),
                       static_cast<uint32_t>(s.values->size())};
    for (const auto& [value, count] : *s.values) {
      std::string_view bytes = value;
      decode_value(bytes, out.child(0), arena);
      out.child(1).push<int32_t>(static_cast<int32_t>(std::min<int64_t>(count, INT32_MAX)));
    }
    out.push<ListRef>(list);
  }
  void save(const MultisetState& s, SnapshotWriter& w) const {
    w.put_u64(s.values == nullptr ? 0 : s.values->size());
    if (s.values == nullptr) return;
    for (const auto& [value, count] : *s.values) {
      w.put_text(value);
      w.put_i64(count);
    }
  }
  void load(MultisetState& s, SnapshotReader& r) const {
    const uint64_t n = r.get_u64();
    for (uint64_t i = 0; i < n && r.ok(); ++i) {
      const std::string value(r.get_text());
      values_of(s)[value] = r.get_i64();
    }
  }
  size_t heap_bytes(const char* state) const override {
    const Multiset* values = as_state(state).values;
    if (values == nullptr) return 0;
    size_t total = 0;
    for (const auto& [value, count] : *values) total += 96 + value.capacity();
    return total;
  }

 private:
  static Multiset& values_of(MultisetState& s) {
    if (s.values == nullptr) s.values = std::make_unique<Multiset>().release();
    return *s.values;
  }
};

Result<AggregatePtr> bind_collect(std::span<const ExprPtr> args) {
  if (args.size() != 1) return wrong_arguments("COLLECT", "one argument", kCollect.signature);
  return std::make_shared<Collect>(args[0]->type());
}

}  // namespace

const AggregateDescriptor kCollect = {
    "COLLECT",
    "COLLECT(x) -> MAP of the type of x to INT",
    "Collects the values that are not NULL into a multiset, given as a map from value to how often "
    "it "
    "came, in the order of the values.",
    "COLLECT(x) over 'b', 'a', 'b' -> {a=1, b=2}",
    bind_collect,
};

}  // namespace weir
