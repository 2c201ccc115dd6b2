// Fields' texts -> the columns of a batch: what csv and the log formats share.
//
// A format splits records into fields; this turns them into values, some hundred records at a time and
// column after column, so that each loop does one thing for one type. When anything in such a run is
// wrong (a text that is not a number, a stray quote) the run is done again record by record, which finds
// the bad ones and says why. So the fast loops need not know about errors, and both ways give the same.
//
// Threads: one per worker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "formats/column_predicate.h"
#include "formats/field_parser.h"
#include "formats/format.h"
#include "formats/simd.h"
#include "io/block.h"

namespace weir {

// Bytes that must be readable behind the end of every field's text.
inline constexpr size_t kFieldPadding = 8;
// What the fields of kind kAbsent point to.
extern const char kNoText[kFieldPadding];

inline FieldSpan absent_field() { return {kNoText, 0, FieldSpan::kAbsent}; }

// A column of a format's schema.
struct FieldColumn {
  std::string name;
  Type type;
  std::string time_format;
};

// What of a format's fields is NULL beside those of kind kAbsent.
struct NullRule {
  bool has_text = false;  // a plain field equal to `text` is NULL
  std::string text;
  bool empty = false;  // an empty field is NULL unless its type is STRING or BYTES
};

// Why a record is refused.
struct RecordFault {
  std::string field;
  std::string reason;
};

// Splits one record, carefully.
class RecordSplitter {
 public:
  virtual ~RecordSplitter() = default;
  // Fills a field per column that FieldDecoder::wanted() names; false: the record is refused.
  virtual bool split(std::string_view record, Arena& arena, FieldSpan* fields,
                     RecordFault& fault) = 0;
  // Writes down the run's records; called when they are needed and FieldDecoder::wants_records() is false.
  virtual void place_records(size_t rows, FieldSpan* records) {
    (void)rows;
    (void)records;
  }
};

class FieldDecoder {
 public:
  // `columns` must be valid types and time formats: FieldParser::make has accepted them.
  FieldDecoder(const std::vector<FieldColumn>& columns, const DecodeRequest& request,
               NullRule nulls, const TimeZone* zone, int64_t reference_us);

  // The columns whose fields are needed, for values or predicates; increasing.
  const std::vector<uint32_t>& wanted() const { return wanted_; }

  // A batch begins.
  void begin(const Block& block, Batch& batch);

  // A run of up to run_rows() records: fields()[k][row] is the field of column wanted()[k]. The records themselves
  // are always there when they are wanted; else they may be left to RecordSplitter::place_records().
  size_t run_rows() const { return run_rows_; }
  FieldSpan* const* fields() { return fields_.data(); }
  bool wants_records() const { return want_raw_; }
  FieldSpan* records() { return records_.data(); }
  const FieldSpan* records() const { return records_.data(); }
  // Takes the first `rows` records of the run; `good` is false when the splitter met trouble in one of
  // them. False: the batch is stopped.
  bool take(size_t rows, bool good, RecordSplitter& splitter);
  // Takes one record through `splitter`.
  bool take_record(std::string_view record, RecordSplitter& splitter);
  // Refuses a record. False: the batch is stopped.
  bool reject(std::string_view record, RecordFault fault);

  // The batch is complete.
  void end();

 private:
  struct Wanted {
    FieldColumn column;
    FieldParser parser;
    bool needed = false;
    std::vector<ColumnPredicate> predicates;
    Column scratch;
  };

  bool parse_run(Wanted& wanted, const FieldSpan* fields, const uint32_t* rows, size_t count,
                 Column& out);
  bool take_fast(size_t rows);
  void finish_rows(const uint32_t* rows, size_t count);
  bool take_fields(std::string_view record, const FieldSpan* fields);

  std::vector<Wanted> columns_;
  std::vector<uint32_t> wanted_;
  std::vector<size_t> order_;  // of columns_: those with predicates first
  size_t filtering_ = 0;       // how many of order_ have predicates
  size_t schema_size_ = 0;
  NullRule nulls_;
  bool want_raw_ = false;
  bool fail_fast_ = false;

  size_t run_rows_ = 0;
  Vec<FieldSpan> spans_;
  std::vector<FieldSpan*> fields_;
  Vec<FieldSpan> records_;
  Vec<FieldSpan> one_;
  Vec<uint32_t> selected_;
  Vec<uint32_t> keep_;

  const Block* block_ = nullptr;
  Batch* batch_ = nullptr;
  std::vector<Column*> out_;  // per columns_, null when only filtered on
  double rows_per_byte_ = 0;  // of the last block, to reserve memory
};

}  // namespace weir
