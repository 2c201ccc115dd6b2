// DISTINCT: the state is the set of encoded argument rows, each with the place where it came first; the inner
// aggregate sees them, in input order, when the result is asked for. So merging is a union of sets and
// works for every function, the order-dependent ones included.

#include "expr/distinct.h"

#include <algorithm>
#include <array>
#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/vec.h"
#include "expr/aggregates/row_codec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

namespace {

// Texts, each once, with the smallest ordinal that came with it.
class TextSet {
 public:
  struct Item {
    uint64_t ordinal;
    uint64_t offset;
    uint32_t len;
    uint32_t hash;
  };

  static uint32_t hash_of(std::string_view text) {
    return static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
  }
  void add(uint64_t ordinal, std::string_view text) { add(ordinal, text, hash_of(text)); }
  void add(uint64_t ordinal, std::string_view text, uint32_t hash) {
    if (items_.size() * 2 >= slots_.size()) grow();
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      if (slots_[at] == 0) {
        slots_[at] = static_cast<uint32_t>(items_.size() + 1);
        items_.push_back({ordinal, bytes_.size(), static_cast<uint32_t>(text.size()), hash});
        bytes_.append(text.data(), text.size());
        return;
      }
      Item& item = items_[slots_[at] - 1];
      if (item.hash == hash && this->text(item) == text) {
        item.ordinal = std::min(item.ordinal, ordinal);
        return;
      }
    }
  }
  // What add() of a text with this hash looks at, one thing after another: each of these has been fetched when the
  // next one is asked for.
  void fetch_slot(uint32_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }
  void fetch_item(uint32_t hash) const {
    if (const Item* item = likely(hash)) __builtin_prefetch(item, 1);
  }
  void fetch_text(uint32_t hash) const {
    if (const Item* item = likely(hash)) __builtin_prefetch(bytes_.data() + item->offset);
  }
  std::string_view text(const Item& item) const { return {bytes_.data() + item.offset, item.len}; }
  const Vec<Item>& items() const { return items_; }
  size_t memory_bytes() const {
    return sizeof(TextSet) + items_.capacity() * sizeof(Item) + bytes_.capacity() +
           slots_.capacity() * sizeof(uint32_t);
  }

 private:
  const Item* likely(uint32_t hash) const {
    if (slots_.empty()) return nullptr;
    const uint32_t slot = slots_[hash & (slots_.size() - 1)];
    return slot == 0 ? nullptr : &items_[slot - 1];
  }
  void grow() {
    slots_.assign(std::max<size_t>(16, slots_.size() * 2), 0);
    const size_t mask = slots_.size() - 1;
    for (size_t k = 0; k < items_.size(); ++k) {
      size_t at = items_[k].hash & mask;
      while (slots_[at] != 0) at = (at + 1) & mask;
      slots_[at] = static_cast<uint32_t>(k + 1);
    }
  }

  Vec<Item> items_;
  Vec<char> bytes_;
  Vec<uint32_t> slots_;  // number of the item + 1; 0: free
};

struct DistinctState {
  TextSet* set = nullptr;
};

class Distinct final : public TypedAggregate<Distinct, DistinctState> {
 public:
  static constexpr bool kOwnsMemory = true;
  Distinct(AggregatePtr inner, std::vector<Type> arg_types)
      : TypedAggregate(inner->result_type()),
        inner_(std::move(inner)),
        arg_types_(std::move(arg_types)) {}

  bool uses_ordinals() const override { return inner_->uses_ordinals(); }

  void update(StateSlots slots, const uint32_t* groups, std::span<const ColumnPtr> args, size_t n,
              const Batch& batch, EvalContext&) const override {
    const bool places = uses_ordinals();
    std::string encoded;
    std::array<Addition, kChunk> chunk;
    for (size_t begin = 0; begin < n; begin += kChunk) {
      const size_t m = std::min(kChunk, n - begin);
      encoded.clear();
      for (size_t k = 0; k < m; ++k) {
        const size_t from = encoded.size();
        for (const auto& arg : args) encode_value(*arg, begin + k, encoded);
        TextSet& set = set_of(as_state(slots.at(groups == nullptr ? 0 : groups[begin + k])));
        chunk[k] = {&set, from, encoded.size() - from, 0};
      }
      for (size_t k = 0; k < m; ++k) {
        chunk[k].hash = TextSet::hash_of(chunk[k].in(encoded));
        chunk[k].set->fetch_slot(chunk[k].hash);
      }
      for (size_t k = 0; k < m; ++k) chunk[k].set->fetch_item(chunk[k].hash);
      for (size_t k = 0; k < m; ++k) chunk[k].set->fetch_text(chunk[k].hash);
      for (size_t k = 0; k < m; ++k)
        chunk[k].set->add(places ? batch.ordinal(begin + k) : 0, chunk[k].in(encoded),
                          chunk[k].hash);
    }
  }
  void combine(DistinctState& into, DistinctState& from) const {
    if (from.set == nullptr) return;
    if (into.set == nullptr) {
      std::swap(into.set, from.set);
      return;
    }
    for (const auto& item : from.set->items()) into.set->add(item.ordinal, from.set->text(item));
  }
  void combine_copy(DistinctState& into, const DistinctState& from) const {
    if (from.set == nullptr) return;
    TextSet& set = set_of(into);
    for (const auto& item : from.set->items()) set.add(item.ordinal, from.set->text(item));
  }
  void release(DistinctState& s) const {
    std::unique_ptr<TextSet>(s.set).reset();
    s.set = nullptr;
  }
  void finish_state(const DistinctState& s, Column& out, Arena& arena, EvalContext& context) const {
    Vec<uint64_t> state(inner_->state_size() / sizeof(uint64_t) + 1);
    char* const inner_state = reinterpret_cast<char*>(state.data());
    inner_->init(inner_state);
    if (s.set != nullptr) feed(*s.set, inner_state, context);
    inner_->finish(inner_state, out, arena, context);
    inner_->destroy(inner_state);
  }
  void save(const DistinctState& s, SnapshotWriter& w) const {
    w.put_u64(s.set == nullptr ? 0 : s.set->items().size());
    if (s.set == nullptr) return;
    for (const auto& item : s.set->items()) {
      w.put_u64(item.ordinal);
      w.put_text(s.set->text(item));
    }
  }
  void load(DistinctState& s, SnapshotReader& r) const {
    const uint64_t n = r.get_u64();
    for (uint64_t i = 0; i < n && r.ok(); ++i) {
      const uint64_t ordinal = r.get_u64();
      set_of(s).add(ordinal, r.get_text());
    }
  }
  size_t heap_bytes(const char* state) const override {
    const TextSet* set = as_state(state).set;
    return set == nullptr ? 0 : set->memory_bytes();
  }

 private:
  static constexpr size_t kChunk = 64;  // rows whose places in the sets are fetched ahead

  // A row of a chunk: the set that it goes to, and its encoded arguments.
  struct Addition {
    TextSet* set;
    size_t begin;
    size_t size;
    uint32_t hash;
    std::string_view in(const std::string& encoded) const {
      return std::string_view(encoded).substr(begin, size);
    }
  };

  static TextSet& set_of(DistinctState& s) {
    if (s.set == nullptr) s.set = std::make_unique<TextSet>().release();
    return *s.set;
  }

  // Gives the inner aggregate every argument row once: by place, those of one place by value.
  void feed(const TextSet& set, char* inner_state, EvalContext& context) const {
    Vec<TextSet::Item> items(set.items());
    std::sort(items.begin(), items.end(), [&](const TextSet::Item& a, const TextSet::Item& b) {
      if (a.ordinal != b.ordinal) return a.ordinal < b.ordinal;
      return set.text(a) < set.text(b);
    });
    constexpr size_t kFedRows = 4096;
    for (size_t begin = 0; begin < items.size(); begin += kFedRows) {
      const size_t n = std::min(kFedRows, items.size() - begin);
      Arena arena;
      Batch batch;
      std::vector<ColumnPtr> args;
      for (const auto& type : arg_types_) args.push_back(make_column(type));
      for (size_t k = begin; k < begin + n; ++k) {
        std::string_view bytes = set.text(items[k]);
        for (auto& arg : args) decode_value(bytes, *arg, arena);
        batch.ordinals.push_back(items[k].ordinal);
      }
      batch.rows = n;
      inner_->update({inner_state, inner_->state_size()}, nullptr, args, n, batch, context);
    }
  }

  AggregatePtr inner_;
  std::vector<Type> arg_types_;
};

}  // namespace

AggregatePtr make_distinct_aggregate(AggregatePtr inner, std::vector<Type> arg_types) {
  return std::make_shared<Distinct>(std::move(inner), std::move(arg_types));
}

}  // namespace weir
