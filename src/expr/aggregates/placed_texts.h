// Texts with the places of their rows, collected in any order and given back in input order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/vec.h"
#include "expr/aggregates/typed_aggregate.h"

namespace weir {

struct PlacedTexts {
  struct Item {
    uint64_t ordinal;
    uint64_t offset;
    uint64_t len;
  };
  Vec<Item> items;
  Vec<char> bytes;

  void add(uint64_t ordinal, std::string_view text) {
    items.push_back({ordinal, bytes.size(), text.size()});
    bytes.append(text.data(), text.size());
  }
  void add(const PlacedTexts& o) {
    const uint64_t shift = bytes.size();
    bytes.append(o.bytes.data(), o.bytes.size());
    for (const Item& item : o.items) items.push_back({item.ordinal, item.offset + shift, item.len});
  }
  // Rows of one ordinal (made by flat_map) stay as they were added: they come from one batch.
  void sort() {
    const auto earlier = [](const Item& a, const Item& b) { return a.ordinal < b.ordinal; };
    if (!std::is_sorted(items.begin(), items.end(), earlier))
      std::stable_sort(items.begin(), items.end(), earlier);
  }
  std::string_view text(const Item& item) const { return {bytes.data() + item.offset, item.len}; }
  size_t memory_bytes() const {
    return sizeof(PlacedTexts) + items.capacity() * sizeof(Item) + bytes.capacity();
  }
};

struct PlacedTextsState {
  PlacedTexts* texts = nullptr;
};

// Base of the aggregates that collect texts. Derived gives update and
//   void finish_texts(const PlacedTexts* sorted_or_null, Column& out, Arena&) const.
template <class Derived>
class TextCollector : public TypedAggregate<Derived, PlacedTextsState> {
 public:
  using Base = TypedAggregate<Derived, PlacedTextsState>;
  static constexpr bool kOwnsMemory = true;
  using Base::Base;

  bool uses_ordinals() const override { return true; }
  void combine(PlacedTextsState& into, PlacedTextsState& from) const {
    if (from.texts == nullptr) return;
    if (into.texts == nullptr) {
      std::swap(into.texts, from.texts);
    } else {
      into.texts->add(*from.texts);
    }
  }
  void release(PlacedTextsState& s) const {
    std::unique_ptr<PlacedTexts>(s.texts).reset();
    s.texts = nullptr;
  }
  void finish_state(const PlacedTextsState& s, Column& out, Arena& arena, EvalContext&) const {
    if (s.texts != nullptr) s.texts->sort();  // changes nothing that anyone can see
    static_cast<const Derived&>(*this).finish_texts(s.texts, out, arena);
  }
  void save(const PlacedTextsState& s, SnapshotWriter& w) const {
    w.put_u64(s.texts == nullptr ? 0 : s.texts->items.size() + 1);
    if (s.texts == nullptr) return;
    s.texts->sort();
    for (const auto& item : s.texts->items) {
      w.put_u64(item.ordinal);
      w.put_text(s.texts->text(item));
    }
  }
  void load(PlacedTextsState& s, SnapshotReader& r) const {
    const uint64_t n = r.get_u64();
    if (n > 0) texts_of(s);
    for (uint64_t i = 1; i < n && r.ok(); ++i) {
      const uint64_t ordinal = r.get_u64();
      texts_of(s).add(ordinal, r.get_text());
    }
  }
  size_t heap_bytes(const char* state) const override {
    const PlacedTexts* texts = Base::as_state(state).texts;
    return texts == nullptr ? 0 : texts->memory_bytes();
  }

 protected:
  static PlacedTexts& texts_of(PlacedTextsState& s) {
    if (s.texts == nullptr) s.texts = std::make_unique<PlacedTexts>().release();
    return *s.texts;
  }
  static PlacedTexts& texts_at(StateSlots slots, const uint32_t* groups, size_t i) {
    return texts_of(Base::as_state(slots.at(groups == nullptr ? 0 : groups[i])));
  }
};

}  // namespace weir
