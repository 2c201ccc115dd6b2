// Rows of some columns, packed and spread over partitions, until there are enough of a partition to be worked on.
//
// Working on one partition's rows at a time keeps what they lead to in the second-level cache, where rows in the
// order of the input would miss every cache and most of the TLB (idea: Manegold, Boncz, Kersten, "Optimizing
// main-memory join on modern hardware", TKDE 2002).
//
// A row:   the columns' values side by side, then two bits a column, then the row's ordinal where it is wanted.
//          A string takes 8 to 16 bytes, as the first batch shows: its bytes, zero padded, and its length in the last
//          one. A longer one has a pointer to its bytes there and is marked by the length kLong. A wide integer takes
//          half its bytes where the first batch's values are small; a larger one then has its number among the
//          partition's large values there. The bits: the value is NULL; it is such a number.
// Memory:  blocks of kBlockBytes, used again for other partitions. Long strings are in an arena per partition.
// Threads: one at a time; read() by any, for different partitions, as long as nothing is added.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "data/batch.h"
#include "operators/huge_memory.h"

namespace weir {

class PackedRows {
 public:
  static constexpr size_t kBlockBytes = size_t{32} << 10;

  // Columns of these types can be packed: all but nested ones, at most 64 of them.
  static bool can_pack(std::span<const Type> types);

  // `types` of the columns; `ordinals`: those of the rows are kept too. `first`: columns like those to come.
  PackedRows(std::vector<Type> types, bool ordinals, size_t partitions,
             std::span<const ColumnPtr> first);

  // Adds all rows of a batch: `columns` are those of the given types, none of them constant; partitions[i] is where row
  // i goes.
  void add(std::span<const ColumnPtr> columns, const uint16_t* partitions, const Batch& batch);
  size_t rows(size_t partition) const;
  // The memory of a partition's rows.
  size_t bytes(size_t partition) const;
  // The partitions that add() has given more memory since this was last emptied, some of them more than once.
  std::vector<uint16_t>& grown() { return grown_; }

  // Gives a partition's rows back, some at a time: visit(columns, rows), where rows.ordinals are filled if they were
  // kept, and rows.rows. Strings stay valid as long as the partition does.
  using Visit = std::function<void(std::span<const ColumnPtr> columns, Batch& rows)>;
  void read(size_t partition, const Visit& visit) const;
  void forget(size_t partition);

 private:
  static constexpr uint8_t kLong = 0xff;

  struct Field {
    Type type;
    size_t offset = 0;
    size_t bytes = 0;      // that a value takes here
    size_t flag_byte = 0;  // the offset of its bits
    uint8_t null_bit = 0;
    uint8_t large_bit = 0;
  };
  // Where a partition's next row goes.
  struct Tail {
    char* at = nullptr;
    char* end = nullptr;
  };
  struct Partition {
    std::vector<char*> blocks;  // all but the last one full
    std::unique_ptr<Arena> long_strings;
    Vec<Int128> large_values;
  };

  void begin_block(size_t partition);
  void pack(const Field& field, const Column& column, size_t begin, size_t n,
            const uint16_t* partitions, char* const* rows);
  void pack_texts(const Field& field, const StringRef* texts, const uint8_t* valid, size_t n,
                  const uint16_t* partitions, char* const* rows);
  template <class Wide, class Narrow>
  void pack_narrow(const Field& field, const Wide* values, size_t n, const uint16_t* partitions,
                   char* const* rows);
  uint64_t keep_long(const StringRef& text, size_t partition);
  ColumnPtr unpack(const Field& field, const Partition& partition, const char* rows,
                   size_t n) const;
  void unpack_texts(const Field& field, const char* rows, Column& column) const;
  template <class Wide, class Narrow>
  void unpack_narrow(const Field& field, const Partition& partition, const char* rows,
                     Column& column) const;

  std::vector<Field> fields_;
  const bool ordinals_;
  size_t flags_offset_ = 0;
  size_t ordinal_offset_ = 0;
  size_t row_bytes_ = 0;
  size_t block_rows_ = 0;
  std::vector<Tail> tails_;
  std::vector<Partition> partitions_;
  std::vector<uint16_t> grown_;
  std::vector<HugeBuffer> slabs_;  // what blocks are cut from
  std::vector<char*> free_;
};

}  // namespace weir
