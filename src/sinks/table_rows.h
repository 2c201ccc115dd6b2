// Rows on their way into a database table: packed bytes that need nothing of the batch they came from, so that
// they can wait for a checkpoint, be kept in it, and be tried again.
//
// A row: u8 kind, then for each column u8 what it is and: NULL nothing; an integer i64; a real f64; text and
// bytes u64 length and so many bytes. Little-endian.
//
// Values: BOOLEAN 0 or 1; integers; FLOAT and DOUBLE as reals; STRING as text, BYTES as bytes; nested values as
// JSON; everything else as Flink writes it, TIMESTAMP_LTZ in UTC with a Z.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/schema.h"
#include "formats/format.h"

namespace weir {

struct TableCell {
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText, kBytes };
  Kind kind = Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;
};

class TableRows {
 public:
  size_t rows() const { return rows_; }
  size_t bytes() const { return packed_.size(); }
  bool empty() const { return rows_ == 0; }
  void clear();
  const std::string& packed() const { return packed_; }
  // Packed rows of so many columns; nullopt if they are damaged.
  static std::optional<TableRows> unpack(std::string_view packed, size_t columns);

  // Goes through the rows; what it gives is valid as long as the rows are.
  class Walk {
   public:
    Walk(const TableRows& rows, size_t columns) : rest_(rows.packed_), cells_(columns) {}
    bool next();  // false at the end, or where the bytes are damaged
    RowKind kind() const { return kind_; }
    std::span<const TableCell> cells() const { return cells_; }
    bool at_end() const { return rest_.empty(); }

   private:
    explicit Walk(std::string_view packed, size_t columns) : rest_(packed), cells_(columns) {}
    friend class TableRows;
    bool take(void* to, size_t size);

    std::string_view rest_;
    std::vector<TableCell> cells_;
    RowKind kind_ = RowKind::kInsert;
  };

 private:
  friend class TableRowPacker;
  std::string packed_;
  size_t rows_ = 0;
};

// Packs batches of one schema.
class TableRowPacker {
 public:
  explicit TableRowPacker(const Schema& schema);
  ~TableRowPacker();
  void pack(const Batch& batch, TableRows& out);

 private:
  struct Column;
  void pack_value(const Column& column, const weir::Column& values, size_t row, std::string& out);

  std::vector<std::unique_ptr<Column>> columns_;
  std::string scratch_;
};

// A row for messages and dead letters: {"a":1,"b":"x"}.
std::string row_as_json(const Schema& schema, std::span<const TableCell> cells);

}  // namespace weir
