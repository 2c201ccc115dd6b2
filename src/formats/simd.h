// Block scanners: find bytes, separators and needles 64 bytes at a time; and fields read four at a time.
//
// The program is built for any x86-64; these kernels exist once per instruction set and are chosen once,
// through a table of function pointers called per block, so that a call's price does not matter.
// All variants give the same results. Idea of separator masks and the carry-less multiplication that
// turns quotes into ranges: Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019).
//
// Memory:  every function may read kPadding bytes past the end of its input (see io/block.h), and may
//          write kScanSlack elements past the last result.
// Threads: stateless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/string_ref.h"

namespace weir {

// A field of a record: a view into its block or into the batch's arena. Plain data, for kernels.
struct FieldSpan {
  const char* ptr;
  uint32_t len;
  uint32_t kind;

  static constexpr uint32_t kPlain = 0;
  static constexpr uint32_t kQuoted = 1;  // the text stood in quotes: never the NULL text
  static constexpr uint32_t kAbsent = 2;  // NULL whatever the column's type

  std::string_view view() const { return {ptr, len}; }
};

inline constexpr size_t kScanSlack = 64;

// A scan for separators (delimiter or newline, outside quotes). Masks hold a bit per byte, lowest first.
struct SeparatorScan {
  const char* data = nullptr;
  char delimiter = ',';
  char special = 0;  // a byte whose places are wanted: the quote, or the escape character
  bool want_special = false;
  bool quotes = false;  // `special` opens and closes ranges in which nothing separates

  uint64_t* specials = nullptr;    // mask, when want_special
  uint64_t* separators = nullptr;  // mask; scan_masks only
  uint32_t* ranks = nullptr;  // separators before each word, one more than words; scan_masks only
  uint32_t* positions = nullptr;  // of all separators; for scan_masks of the newlines among them

  // scan_positions only, when columns > 0: is each separator a newline exactly where records of so many fields end,
  // the first one's beginning before positions[0]? Looked at for the bytes of a call; wants 1 to kMaxColumns.
  static constexpr uint32_t kMaxColumns = 64;
  uint32_t columns = 0;
  bool regular = false;  // and no carriage return is among the bytes or just before them

  size_t count = 0;          // of positions, so far
  uint32_t rank = 0;         // separators so far; scan_masks only
  uint64_t inside = 0;       // all ones when the bytes so far end inside quotes
  uint64_t any_special = 0;  // not zero when `special` occurred
};

// Takes the wanted fields out of records of `columns` fields each, using the masks of a finished scan.
struct FieldJump {
  const SeparatorScan* scan = nullptr;
  uint32_t columns = 0;
  const uint32_t* wanted = nullptr;  // increasing field indexes
  size_t wanted_count = 0;
  FieldSpan* const* fields = nullptr;  // per wanted field
  FieldSpan* records = nullptr;        // without line ends
  // Moved along by each call.
  uint32_t begin = 0;       // first byte of the next record
  uint32_t begin_rank = 0;  // separators before it
  size_t next_newline = 0;  // its end is scan->positions[next_newline]
};

// A value that goes up to a literal.
struct LineStep {
  char first = 0;     // the literal's first byte
  uint64_t word = 0;  // the literal, of up to 8 bytes, and which of a word's bits it has
  uint64_t mask = 0;
  uint32_t size = 0;            // of the literal; 0: the value goes up to the line's end
  uint32_t jump = 0;            // so many of the first byte are passed over
  bool quoted = false;          // a literal behind a backslash makes the line an odd one
  bool or_end = false;          // without the literal the value goes up to the line's end
  FieldSpan* values = nullptr;  // by row; null when not wanted
  bool dash_is_absent = false;  // "-" as a value
};

// Takes lines apart by the same steps each. An odd line, to which the steps do not apply, is the caller's.
struct LineScan {
  const char* data = nullptr;
  const uint32_t* newlines = nullptr;  // in data
  size_t newline_count = 0;
  const LineStep* steps = nullptr;
  size_t step_count = 0;
  FieldSpan* records = nullptr;  // by row, without line ends
  FieldSpan absent;
  // Moved along by each call.
  const char* begin = nullptr;  // of the next line, which ends at newlines[next_newline]
  size_t next_newline = 0;
};

// A text to look for, with the two of its bytes that are rarest in ordinary text.
struct Needle {
  explicit Needle(std::string text);
  std::string bytes;  // not empty
  size_t first = 0;   // offsets of the two; may be equal
  size_t second = 0;
};

enum class SimdLevel { kScalar, kSse2, kAvx2, kAvx512 };
inline constexpr SimdLevel kSimdLevels[] = {SimdLevel::kScalar, SimdLevel::kSse2, SimdLevel::kAvx2,
                                            SimdLevel::kAvx512};

struct Scanners {
  // Writes the places of `byte` in data[0, size); gives how many.
  size_t (*find_all)(const char* data, size_t size, char byte, uint32_t* out);
  size_t (*count)(const char* data, size_t size, char byte);
  // The first occurrence that lies in [begin, end), or nullptr.
  const char* (*find)(const char* begin, const char* end, const Needle& needle);
  // Scan the bytes [from, to); `from` is a multiple of 64 and `to` too, unless it is the end.
  void (*scan_positions)(SeparatorScan& scan, size_t from, size_t to);
  void (*scan_masks)(SeparatorScan& scan, size_t from, size_t to);
  // Fills up to `limit` records; stops early at a record with another number of fields.
  size_t (*jump)(FieldJump& jump, size_t limit);

  // Fills rows from `row` on, up to `limit` of them; gives the row it has come to: less than `limit` before an odd line
  // or at the end. Empty lines are no rows.
  size_t (*take_lines)(LineScan& scan, size_t row, size_t limit);

  // Fields -> values, as far as they are as most are; gives how many of the first ones are done, which may be none:
  // the next one is the caller's. Numbers: 1 to 8 bytes with the sign, the decimal point wherever it likes. Texts:
  // not absent.
  size_t (*read_decimals)(const FieldSpan* fields, size_t n, double* out);
  size_t (*read_integers)(const FieldSpan* fields, size_t n, int64_t* out);
  size_t (*read_strings)(const FieldSpan* fields, size_t n, StringRef* out);
};

// The best table for this machine, or the one set below.
const Scanners& scanners();
// For tests: the table of a level; nullptr when this machine cannot run it.
const Scanners* scanners_of(SimdLevel level);
// For tests, before threads start: what scanners() gives; nullptr for the best.
void use_scanners(const Scanners* table);

extern const Scanners kScalarScanners;
extern const Scanners kSse2Scanners;
extern const Scanners kAvx2Scanners;
extern const Scanners kAvx512Scanners;

}  // namespace weir
