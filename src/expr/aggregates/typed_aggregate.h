// Base of aggregates whose state is a plain struct: the loops over rows without a virtual call in them.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>

#include "expr/aggregate.h"
#include "state/snapshot.h"

namespace weir {

// Derived gives: void combine(State& into, State& from) const;
//   void finish_state(const State&, Column& out, Arena&, EvalContext&) const;
//   void save(const State&, SnapshotWriter&) const;  void load(State&, SnapshotReader&) const;
// and, if its states own memory, release(State&) const and kOwnsMemory = true. A combine() that leaves `from` as it
// is takes it as const State&; one that takes memory over may have combine_copy(State&, const State&) const beside
// it, or merge_copies() makes copies through a snapshot.
template <class Derived, class State>
class TypedAggregate : public Aggregate {
  static_assert(alignof(State) <= 8 && std::is_trivially_copyable_v<State>);

 public:
  static constexpr bool kOwnsMemory = false;

  explicit TypedAggregate(Type result) : result_(std::move(result)) {}

  const Type& result_type() const override { return result_; }
  size_t state_size() const override { return (sizeof(State) + 7) / 8 * 8; }
  void init(char* state) const override { new (state) State(); }
  bool needs_destroy() const override { return Derived::kOwnsMemory; }
  void destroy(char* state) const override {
    if constexpr (Derived::kOwnsMemory) derived().release(as_state(state));
  }
  void merge(char* into, char* from) const override {
    derived().combine(as_state(into), as_state(from));
  }
  void merge_all(StateSlots into, const uint32_t* into_groups, StateSlots from,
                 const uint32_t* from_groups, size_t n) const override {
    constexpr size_t kAhead = 8;
    for (size_t i = 0; i < n; ++i) {
      if (i + kAhead < n) __builtin_prefetch(into.at(into_groups[i + kAhead]), 1);
      derived().combine(as_state(into.at(into_groups[i])), as_state(from.at(from_groups[i])));
    }
  }
  void merge_copies(StateSlots into, const uint32_t* into_groups, StateSlots from,
                    const uint32_t* from_groups, size_t n) const override {
    if constexpr (requires(State& s, const State& other) { derived().combine(s, other); }) {
      merge_all(into, into_groups, from, from_groups, n);
    } else if constexpr (requires(State& s, const State& other) {
                           derived().combine_copy(s, other);
                         }) {
      for (size_t i = 0; i < n; ++i)
        derived().combine_copy(as_state(into.at(into_groups[i])),
                               as_state(from.at(from_groups[i])));
    } else {
      Aggregate::merge_copies(into, into_groups, from, from_groups, n);
    }
  }
  void finish(const char* state, Column& out, Arena& arena, EvalContext& context) const override {
    derived().finish_state(as_state(state), out, arena, context);
  }
  void snapshot(const char* state, SnapshotWriter& writer) const override {
    derived().save(as_state(state), writer);
  }
  void restore(char* state, SnapshotReader& reader) const override {
    derived().load(as_state(state), reader);
  }

 protected:
  static State& as_state(char* p) { return *std::launder(reinterpret_cast<State*>(p)); }
  static const State& as_state(const char* p) {
    return *std::launder(reinterpret_cast<const State*>(p));
  }

  // Calls add(state, i) for every row.
  template <class Add>
  static void for_rows(StateSlots slots, const uint32_t* groups, size_t n, Add&& add) {
    if (groups == nullptr) {
      State local = as_state(slots.at(0));  // in registers
      for (size_t i = 0; i < n; ++i) add(local, i);
      as_state(slots.at(0)) = local;
    } else {
      for (size_t i = 0; i < n; ++i) add(as_state(slots.at(groups[i])), i);
    }
  }
  // Calls add(state, i) for every row where the column is not NULL.
  template <class Add>
  static void for_valid_rows(StateSlots slots, const uint32_t* groups, const Column& column,
                             size_t n, Add&& add) {
    const uint8_t* valid = column.valid();
    if (valid == nullptr) {
      for_rows(slots, groups, n, add);
    } else if (column.is_constant()) {
      if (valid[0] != 0) for_rows(slots, groups, n, add);
    } else {
      for_rows(slots, groups, n, [&](State& state, size_t i) {
        if (valid[i] != 0) add(state, i);
      });
    }
  }
  // Calls add(state, value) with every value that is not NULL.
  template <class T, class Add>
  static void for_values(StateSlots slots, const uint32_t* groups, const Column& column, size_t n,
                         Add&& add) {
    const T* values = column.values<T>();
    if (column.is_constant()) {
      for_valid_rows(slots, groups, column, n,
                     [&](State& state, size_t) { add(state, values[0]); });
    } else {
      for_valid_rows(slots, groups, column, n,
                     [&](State& state, size_t i) { add(state, values[i]); });
    }
  }

 private:
  const Derived& derived() const { return static_cast<const Derived&>(*this); }

  Type result_;
};

// Calls f with a value of the C++ type of a numeric column (DECIMAL as Int128).
template <class F>
void with_number_type(const Type& type, F&& f) {
  switch (type.id) {
    case TypeId::kTinyInt: f(int8_t{}); break;
    case TypeId::kSmallInt: f(int16_t{}); break;
    case TypeId::kInt: f(int32_t{}); break;
    case TypeId::kBigInt: f(int64_t{}); break;
    case TypeId::kFloat: f(float{}); break;
    case TypeId::kDouble: f(double{}); break;
    default: f(Int128{}); break;
  }
}

// Appends an integer to a column of any integer type.
inline void push_integer(Column& out, int64_t value) {
  switch (out.type().id) {
    case TypeId::kTinyInt: out.push<int8_t>(static_cast<int8_t>(value)); break;
    case TypeId::kSmallInt: out.push<int16_t>(static_cast<int16_t>(value)); break;
    case TypeId::kInt: out.push<int32_t>(static_cast<int32_t>(value)); break;
    default: out.push<int64_t>(value); break;
  }
}
inline void push_real(Column& out, double value) {
  if (out.type().id == TypeId::kFloat) {
    out.push<float>(static_cast<float>(value));
  } else {
    out.push<double>(value);
  }
}

inline void save_bytes(SnapshotWriter& writer, const void* p, size_t n) {
  writer.put_text({static_cast<const char*>(p), n});
}
// False, and nothing written, when the snapshot's piece has another size.
inline bool load_bytes(SnapshotReader& reader, void* p, size_t n) {
  const std::string_view bytes = reader.get_text();
  if (bytes.size() != n) return false;
  std::memcpy(p, bytes.data(), n);
  return true;
}

// For binding: a wrong argument list, said with the signature.
inline std::unexpected<Error> wrong_arguments(std::string_view function, std::string_view what,
                                              std::string_view signature) {
  return fail(ErrorKind::kConfig, std::string(function) + " takes " + std::string(what),
              std::string(signature));
}

}  // namespace weir
