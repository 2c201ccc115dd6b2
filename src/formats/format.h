// The contract of formats: bytes <-> batches.
//
// A format descriptor makes a Format from its options and, when they are declared, the columns; the
// Format tells how records are cut, infers a schema from a sample, and makes decoders (one per worker)
// that fill only the columns which the plan needs.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/options.h"
#include "config/spec.h"
#include "data/batch.h"
#include "data/schema.h"
#include "expr/expr.h"
#include "io/block.h"
#include "io/cutter.h"

namespace weir {

// What a decoder shall do. Fixed for a run.
struct DecodeRequest {
  std::vector<bool> needed;                 // as long as the format's schema; others stay null
  std::vector<PushedPredicate> predicates;  // all must hold; hints (see PushedPredicate)
  bool want_raw = false;                    // fill Batch::raw
  bool fail_fast = false;                   // stop the batch at the first bad record
};

// What decoding a block begins with: an empty batch of so many columns, none of them made yet.
inline void begin_block(const Block& block, Batch& batch, size_t columns) {
  batch.columns.assign(columns, nullptr);
  batch.rows = 0;
  batch.records = 0;
  batch.rejects.clear();
  batch.raw.clear();
  batch.stopped = false;
  batch.block_begin = block.bytes.data();
}

// Bytes -> batch. One per worker; keeps scratch memory and caches, no state that a result depends on.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes all records of the block into `batch`: columns, rows, records, rejects, raw; origin and
  // sequence are set by the caller, which also keeps the block's buffer alive with the batch. String
  // values may point into the block. Bad records become rejects, never an Error.
  virtual void decode(const Block& block, Batch& batch) = 0;
};

// Batch -> bytes. Stateless between batches unless `ordered()`.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual void encode(const Batch& batch, std::string& out) = 0;  // appends
  virtual void begin(std::string& out) { (void)out; }             // a header, once, before all
  virtual void end(std::string& out) { (void)out; }               // once, after all
  // The input pauses and people wait: gives what is held back (a table that still measures its columns).
  virtual void flush(std::string& out) { (void)out; }
};

struct EncodeOptions {
  std::string timezone = "UTC";
  bool color = false;
  bool terminal = false;
  int terminal_width = 0;
};

class Format {
 public:
  virtual ~Format() = default;

  virtual std::shared_ptr<const RecordCutter> cutter() const = 0;

  // True if schema() needs infer() first: neither options nor declared columns say what there is.
  virtual bool needs_sample() const { return false; }
  // Decides names and types from the head of the input (whole records unless `whole`). Called at most
  // once, before schema(). An empty sample is fine.
  virtual Result<void> infer(std::string_view sample, bool whole) {
    (void)sample;
    (void)whole;
    return {};
  }
  virtual const Schema& schema() const = 0;

  virtual std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const = 0;

  // nullptr: a format that can only be read.
  virtual std::unique_ptr<Encoder> make_encoder(const Schema& schema,
                                                const EncodeOptions& options) const {
    (void)schema;
    (void)options;
    return nullptr;
  }
  // True if batches must be encoded one after another by one encoder (a table's column widths).
  virtual bool encodes_in_order() const { return false; }
  // True if records are no lines of text: they have offsets and no line numbers, and stand in messages as they are.
  virtual bool is_binary() const { return false; }
  // True if the bytes are understood as a whole file only, by what stands at its head: not as messages.
  virtual bool is_container() const { return false; }
  // True if what is written shows the rows' kinds.
  virtual bool shows_kinds() const { return false; }
};

// What a format is made from.
struct FormatContext {
  std::span<const SchemaColumnSpec> columns;  // [source.schema], may be empty
  const TimeZone* zone = utc();
  int64_t reference_us = 0;  // for times without a year: the file's mtime or now
  bool for_output = false;   // options are read for writing
  bool connections = false;  // records come over connections
};

struct FormatDescriptor {
  std::string_view name;
  std::string_view doc;
  bool reads = true;
  bool writes = true;
  std::vector<OptionDoc> (*options)();
  // `options` may be an empty table. Adds all problems to `errors`; nullptr then.
  std::unique_ptr<Format> (*make)(const FormatSpec& spec, const FormatContext& context,
                                  Errors& errors);
};

// The one list, sorted by name.
std::span<const FormatDescriptor* const> formats();
const FormatDescriptor* find_format(std::string_view name);

// Errors about an unknown key in `where` ("the file source") that is an option of the format get a hint that says so.
void point_into_format(const FormatSpec& spec, std::string_view where, Errors& errors);

// The declared columns of [source.schema], parsed; problems go to `errors`.
struct DeclaredColumn {
  std::string name;
  Type type;
  std::string format;  // time format, may be empty
  std::string path;    // key or field when not `name`
};
std::vector<DeclaredColumn> declared_columns(const FormatContext& context, Errors& errors);

// Guesses the format of a sample: "json", "csv", "tsv", "combined", "common", "logfmt", else "text".
std::string sniff_format(std::string_view sample);

}  // namespace weir
