// Delimited text, csv and tsv: the dialect, one record's fields, the decoder and the encoder.
//
// csv is RFC 4180: a field that begins with the quote ends with it; inside, the quote is doubled and
// delimiters and newlines are text. tsv has no quotes: \t, \n, \r and \\ stand for what would end a field.
// Whether a byte is inside quotes depends on the parity of the quotes before it, everywhere (here, in
// the vector scans, and where io cuts blocks), so that all agree on where a record ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "formats/field_decoder.h"

namespace weir {

struct CsvDialect {
  char delimiter = ',';
  char quote = '"';      // 0: none
  bool escapes = false;  // tsv's backslashes
  char comment = 0;      // records that begin with it are no records; 0: none
  bool trim = false;     // blanks and tabs around fields (and quotes) are not part of them
  bool header = true;
  NullRule nulls;

  // The byte that makes a field need work: the quote or the backslash; 0: none.
  char special() const { return escapes ? '\\' : quote; }
};

// What the decoder must know about the input's records.
struct CsvLayout {
  std::vector<FieldColumn> columns;  // the schema
  std::vector<uint32_t> places;      // the field of each column, from 0
  std::vector<std::string> header;   // the first record's fields, made unique, when dialect.header
  size_t field_count = 0;            // of every record
};

// Splits a record (without its line end) into raw fields. False: it ends inside quotes.
bool split_csv_fields(std::string_view record, const CsvDialect& dialect,
                      std::vector<FieldSpan>& fields);

// Takes quotes, escapes and blanks off a raw field; decoded text goes to `arena`. nullptr, or the reason
// why it is no field.
const char* clean_csv_field(FieldSpan& field, const CsvDialect& dialect, Arena& arena);

// The offset of the newline that ends the record at `from`, or the end of the bytes.
size_t csv_record_end(std::string_view bytes, size_t from, const CsvDialect& dialect);

// Skips a byte order mark, empty lines and comments from `at`; gives where the first record begins.
size_t skip_to_csv_record(std::string_view bytes, size_t at, const CsvDialect& dialect);

std::unique_ptr<Decoder> make_csv_decoder(const CsvDialect& dialect, const CsvLayout& layout,
                                          const DecodeRequest& request, const TimeZone* zone,
                                          int64_t reference_us);
std::unique_ptr<Encoder> make_csv_encoder(const CsvDialect& dialect, const Schema& schema,
                                          const EncodeOptions& options);

}  // namespace weir
