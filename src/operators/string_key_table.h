// Groups by one string: keys of up to 15 bytes lie in the entries, longer ones in an arena.
//
// An entry is 16 bytes, so that none lies in two cache lines: the key's bytes, zero padded to 15, and its length in
// the last; or the key's 64-bit hash and a pointer to its bytes, marked in the last byte, which no address needs.
// Entries lie side by side and move when the table grows.
#pragma once

#include <array>

#include "base/arena.h"
#include "operators/group_table.h"
#include "operators/key_hash.h"
#include "operators/slot_array.h"

namespace weir {

class StringKeyTable final : public GroupTable {
 public:
  StringKeyTable(Type type, uint64_t seed) : type_(std::move(type)), secret_(seed) {}

  void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) override;
  uint32_t find(std::span<const ColumnPtr> keys, size_t row) const override;
  void find_all(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const override;
  size_t size() const override { return entries_.size(); }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const override;
  Vec<uint32_t> sorted() const override;
  uint64_t prefix(uint32_t group) const override;
  bool less(uint32_t a, const GroupTable& other, uint32_t b) const override;
  void fetch(uint32_t group) const override { __builtin_prefetch(&entries_[group]); }
  void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
              uint16_t* out) const override;
  size_t memory_bytes() const override;
  void clear() override;

  // The same on plain strings; `valid` may be null.
  void find_or_add(const StringRef* values, const uint8_t* valid, size_t rows, uint32_t* groups);
  uint32_t find(const StringRef& value) const;
  void find_all(const StringRef* values, const uint8_t* valid, size_t rows, uint32_t* groups) const;
  void spread(const StringRef* values, const uint8_t* valid, size_t rows, uint16_t mask,
              uint16_t* out) const;
  bool is_null(uint32_t group) const { return group == null_group_; }
  StringRef key(uint32_t group) const;  // valid until the next find_or_add

 private:
  static constexpr size_t kChunk = 128;  // rows hashed and prefetched ahead of probing
  static constexpr uint32_t kShort = 15;
  static constexpr uint64_t kLong = uint64_t{0xff} << 56;

  struct Entry {
    uint64_t w0;
    uint64_t w1;

    bool is_short() const { return w1 < kLong; }
    uint32_t short_size() const { return static_cast<uint32_t>(w1 >> 56); }
    // Of a long key: its size stands before its bytes.
    std::string_view text() const {
      const char* const bytes = reinterpret_cast<const char*>(w1 & ~kLong);
      uint32_t size;
      std::memcpy(&size, bytes - sizeof(size), sizeof(size));
      return {bytes, size};
    }
  };
  // The keys of some rows, loaded and hashed.
  struct Loaded {
    std::array<uint64_t, kChunk> w0;
    std::array<uint64_t, kChunk> w1;
    std::array<uint32_t, kChunk> tag;
  };

  void load(const StringRef* values, size_t n, Loaded& out) const;
  // Calls work(begin, n, texts, loaded) for chunks of the rows, keys loaded; a NULL's text is the empty one.
  template <class Work>
  void for_each_chunk(const StringRef* values, const uint8_t* valid, size_t rows,
                      Work&& work) const;
  void prefetch(const Loaded& loaded, size_t n) const;
  uint32_t look(const StringRef& value, uint64_t w0, uint64_t w1, uint32_t tag) const;
  uint32_t probe(const StringRef& value, uint64_t w0, uint64_t w1, uint32_t tag);
  bool same(const Entry& e, const StringRef& value, uint64_t w0, uint64_t w1) const;
  uint32_t add(const StringRef& value, uint64_t w0, uint64_t w1);
  uint32_t add_at(size_t at, const StringRef& value, uint64_t w0, uint64_t w1, uint32_t tag);
  uint32_t null_group();

  Type type_;
  HashSecret secret_;
  SlotArray slots_;
  HugeVec<Entry> entries_;
  uint32_t null_group_ = kNoGroup;
  Arena long_keys_;
};

}  // namespace weir
