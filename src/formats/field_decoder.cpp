#include "formats/field_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "formats/number_parser.h"

namespace weir {
namespace {

constexpr size_t kRunSpans = 4096;  // 64 KiB of spans: a run stays in the nearest caches
constexpr size_t kMinRunRows = 16;
constexpr size_t kMaxRunRows = 512;
constexpr size_t kRowsOneByOne = 8;  // after a number that is not read with others at once
constexpr size_t kMaxRejectBytes = size_t{64} << 10;

size_t selected_row(const uint32_t* rows, size_t i) { return rows == nullptr ? i : rows[i]; }

StringRef string_of(const FieldSpan& field) {
  uint32_t prefix;
  std::memcpy(&prefix, field.ptr, 4);
  prefix &= field.len >= 4 ? ~uint32_t{0} : (uint32_t{1} << (8 * field.len)) - 1;
  StringRef value;
  value.ptr = field.ptr;
  value.len = field.len;
  value.prefix = prefix;
  return value;
}

// A string column takes every text; only NULLs need care.
void append_strings(const FieldSpan* fields, const uint32_t* rows, size_t count,
                    const NullRule& nulls, Column& out) {
  const size_t old = out.size();
  out.resize(old + count);
  StringRef* values = out.values<StringRef>() + old;
  uint32_t kinds = 0;
  size_t i = rows == nullptr ? scanners().read_strings(fields, count, values) : 0;
  for (; i < count; ++i) {
    const FieldSpan& field = fields[selected_row(rows, i)];
    kinds |= field.kind;
    values[i] = string_of(field);
  }
  if ((kinds & FieldSpan::kAbsent) == 0 && !nulls.has_text) return;
  for (i = 0; i < count; ++i) {
    const FieldSpan& field = fields[selected_row(rows, i)];
    if (field.kind == FieldSpan::kAbsent ||
        (nulls.has_text && field.kind == FieldSpan::kPlain && field.view() == nulls.text)) {
      out.set_null(old + i);
    }
  }
}

bool is_null_field(const FieldSpan& field, const NullRule& nulls) {
  return field.kind == FieldSpan::kAbsent || (nulls.empty && field.len == 0) ||
         (nulls.has_text && field.kind == FieldSpan::kPlain && field.view() == nulls.text);
}

inline bool read_number(const FieldSpan& field, double& out) {
  const bool negative = *field.ptr == '-';  // never branched on: signs come as they like
  const size_t length = field.len - static_cast<size_t>(negative);
  if (length - 1 < 8 &&
      number::parse_short_decimal<true>(field.ptr + negative, length, negative, out))
    return true;
  return parse_double(field.view(), out);
}

template <class T>
inline bool read_number(const FieldSpan& field, T& out) {
  const bool negative = *field.ptr == '-';
  const size_t length = field.len - static_cast<size_t>(negative);
  int64_t value;
  uint64_t digits;
  if (length - 1 < 8 && number::parse_short_digits<true>(field.ptr + negative, length, digits)) {
    const auto sign = -static_cast<int64_t>(negative);
    value = (static_cast<int64_t>(digits) ^ sign) - sign;
  } else if (!parse_int64(field.view(), value)) {
    return false;
  }
  out = static_cast<T>(value);
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

size_t read_several(const FieldSpan* fields, size_t n, double* out) {
  return scanners().read_decimals(fields, n, out);
}
size_t read_several(const FieldSpan* fields, size_t n, int64_t* out) {
  return scanners().read_integers(fields, n, out);
}
size_t read_several(const FieldSpan* fields, size_t n, int32_t* out) {
  std::array<int64_t, 64> wide;
  size_t done = 0;
  for (;;) {
    const size_t asked = std::min(wide.size(), n - done);
    const size_t got = scanners().read_integers(fields + done, asked, wide.data());
    for (size_t i = 0; i < got; ++i) out[done + i] = static_cast<int32_t>(wide[i]);
    done += got;
    if (got < wide.size()) return done;
  }
}

// A NULL is first met as a text that is no number, so that columns without NULLs never ask.
template <bool kSelected, class T>
bool read_numbers(const FieldSpan* fields, const uint32_t* rows, size_t count,
                  const NullRule& nulls, Column& out) {
  const size_t old = out.size();
  out.resize(old + count);
  T* values = out.values<T>() + old;
  const bool has_null_text = nulls.has_text;
  size_t next_try = has_null_text || kSelected ? count : 0;  // of reading several at once
  for (size_t i = 0; i < count; ++i) {
    if (i == next_try) {
      i += read_several(fields + i, count - i, values + i);
      if (i == count) break;
      next_try = i + kRowsOneByOne;
    }
    const FieldSpan& field = fields[kSelected ? rows[i] : i];
    const bool maybe_null = has_null_text || field.len == 0;
    if (!maybe_null && read_number(field, values[i])) continue;
    if (is_null_field(field, nulls)) {
      values[i] = 0;
      out.set_null(old + i);
    } else if (!maybe_null || !read_number(field, values[i])) {
      out.resize(old);
      return false;
    }
  }
  return true;
}

template <class T>
bool append_numbers(const FieldSpan* fields, const uint32_t* rows, size_t count,
                    const NullRule& nulls, Column& out) {
  return rows == nullptr ? read_numbers<false, T>(fields, rows, count, nulls, out)
                         : read_numbers<true, T>(fields, rows, count, nulls, out);
}

bool append_parsed(FieldParser& parser, bool is_text, const FieldSpan* fields, const uint32_t* rows,
                   size_t count, NullRule nulls, Column& out) {
  const size_t old = out.size();
  if (is_text) nulls.empty = false;
  for (size_t i = 0; i < count; ++i) {
    const FieldSpan& field = fields[selected_row(rows, i)];
    if (is_null_field(field, nulls)) {
      out.push_null();
    } else if (!parser.append(field.view(), out)) {
      out.resize(old);
      return false;
    }
  }
  return true;
}

// A CLF time is whole seconds, so no precision cuts anything off.
bool append_clf_times(FieldParser& parser, const FieldSpan* fields, const uint32_t* rows,
                      size_t count, const NullRule& nulls, Column& out) {
  const size_t old = out.size();
  out.resize(old + count);
  int64_t* values = out.values<int64_t>() + old;
  for (size_t i = 0; i < count; ++i) {
    const FieldSpan& field = fields[selected_row(rows, i)];
    if (parser.find_clf(field.view(), values[i])) [[likely]]
      continue;
    if (is_null_field(field, nulls)) {
      values[i] = 0;
      out.set_null(old + i);
    } else if (!parser.read_clf(field.view(), values[i])) {
      out.resize(old);
      return false;
    }
  }
  return true;
}

template <class Stored>
void compact_values(Column& column, const uint32_t* keep, size_t count) {
  constexpr size_t kWidth = sizeof(Stored);
  char* values = reinterpret_cast<char*>(column.values<Stored>());
  for (size_t i = 0; i < count; ++i)
    std::memmove(values + i * kWidth, values + keep[i] * kWidth, kWidth);
}

// Keeps the rows keep[0..count), increasing, of a flat column.
void compact(Column& column, const uint32_t* keep, size_t count) {
  switch (column.type().width()) {
    case 1: compact_values<uint8_t>(column, keep, count); break;
    case 2: compact_values<uint16_t>(column, keep, count); break;
    case 4: compact_values<uint32_t>(column, keep, count); break;
    case 8: compact_values<uint64_t>(column, keep, count); break;
    default: compact_values<StringRef>(column, keep, count); break;
  }
  if (column.may_have_nulls()) {
    uint8_t* valid = column.make_valid();
    for (size_t i = 0; i < count; ++i) valid[i] = valid[keep[i]];
  }
  column.resize(count);
}

}  // namespace

const char kNoText[kFieldPadding] = {};

FieldDecoder::FieldDecoder(const std::vector<FieldColumn>& columns, const DecodeRequest& request,
                           NullRule nulls, const TimeZone* zone, int64_t reference_us)
    : schema_size_(columns.size()),
      nulls_(std::move(nulls)),
      want_raw_(request.want_raw),
      fail_fast_(request.fail_fast) {
  std::vector<std::vector<ColumnPredicate>> predicates(columns.size());
  for (const auto& pushed : request.predicates) {
    if (pushed.column >= columns.size()) continue;
    if (auto p = ColumnPredicate::make(pushed, columns[pushed.column].type))
      predicates[pushed.column].push_back(std::move(*p));
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    const bool needed = c < request.needed.size() && request.needed[c];
    if (!needed && predicates[c].empty()) continue;
    auto parser = FieldParser::make(columns[c].type, columns[c].time_format, zone, reference_us);
    WEIR_CHECK(parser.has_value());
    wanted_.push_back(static_cast<uint32_t>(c));
    columns_.push_back({columns[c], std::move(*parser), needed, std::move(predicates[c]),
                        Column(columns[c].type)});
  }
  for (size_t k = 0; k < columns_.size(); ++k)
    if (!columns_[k].predicates.empty()) order_.push_back(k);
  filtering_ = order_.size();
  for (size_t k = 0; k < columns_.size(); ++k)
    if (columns_[k].predicates.empty()) order_.push_back(k);

  const size_t width = std::max<size_t>(1, columns_.size());
  run_rows_ = std::clamp(kRunSpans / width, kMinRunRows, kMaxRunRows);
  spans_.resize(run_rows_ * width);
  for (size_t k = 0; k < width; ++k) fields_.push_back(spans_.data() + k * run_rows_);
  records_.resize(run_rows_);
  one_.resize(width);
  selected_.resize(run_rows_);
  keep_.resize(run_rows_);
  out_.resize(columns_.size());
}

void FieldDecoder::begin(const Block& block, Batch& batch) {
  block_ = &block;
  batch_ = &batch;
  begin_block(block, batch, schema_size_);
  const auto rows =
      static_cast<size_t>(rows_per_byte_ * 1.05 * static_cast<double>(block.bytes.size()));
  for (size_t k = 0; k < columns_.size(); ++k) {
    out_[k] = nullptr;
    if (!columns_[k].needed) continue;
    auto column = make_column(columns_[k].column.type);
    if (rows > 0) column->reserve(rows + kMaxRunRows);
    out_[k] = column.get();
    batch.columns[wanted_[k]] = std::move(column);
  }
  if (want_raw_ && rows > 0) batch.raw.reserve(rows + kMaxRunRows);
}

void FieldDecoder::end() {
  if (!block_->bytes.empty())
    rows_per_byte_ = static_cast<double>(batch_->rows) / static_cast<double>(block_->bytes.size());
}

bool FieldDecoder::parse_run(Wanted& wanted, const FieldSpan* fields, const uint32_t* rows,
                             size_t count, Column& out) {
  switch (wanted.column.type.id) {
    case TypeId::kString: append_strings(fields, rows, count, nulls_, out); return true;
    case TypeId::kInt: return append_numbers<int32_t>(fields, rows, count, nulls_, out);
    case TypeId::kBigInt: return append_numbers<int64_t>(fields, rows, count, nulls_, out);
    case TypeId::kDouble: return append_numbers<double>(fields, rows, count, nulls_, out);
    default:
      if (wanted.parser.reads_clf() && !nulls_.has_text)
        return append_clf_times(wanted.parser, fields, rows, count, nulls_, out);
      return append_parsed(wanted.parser, wanted.column.type.is_string_like(), fields, rows, count,
                           nulls_, out);
  }
}

void FieldDecoder::finish_rows(const uint32_t* rows, size_t count) {
  batch_->rows += count;
  if (!want_raw_) return;
  StringRef* raw = batch_->raw.extend(count);
  for (size_t i = 0; i < count; ++i) raw[i] = StringRef(records_[selected_row(rows, i)].view());
}

// False, and nothing added, when some text is not a value of its column.
bool FieldDecoder::take_fast(size_t rows) {
  const size_t old = batch_->rows;
  const uint32_t* selected = nullptr;
  size_t count = rows;
  for (size_t o = 0; o < filtering_; ++o) {
    Wanted& w = columns_[order_[o]];
    w.scratch.clear();
    if (!parse_run(w, fields_[order_[o]], selected, count, w.scratch)) return false;
    for (const auto& predicate : w.predicates) {
      const size_t kept = predicate.filter(w.scratch, keep_.data());
      if (kept == count) continue;
      for (size_t done = 0; done <= o; ++done)
        compact(columns_[order_[done]].scratch, keep_.data(), kept);
      for (size_t i = 0; i < kept; ++i)
        selected_[i] = static_cast<uint32_t>(selected_row(selected, keep_[i]));
      selected = selected_.data();
      count = kept;
    }
  }
  bool good = true;
  for (size_t o = filtering_; o < order_.size() && good; ++o)
    good = parse_run(columns_[order_[o]], fields_[order_[o]], selected, count, *out_[order_[o]]);
  if (!good) {
    for (size_t o = filtering_; o < order_.size(); ++o) out_[order_[o]]->resize(old);
    return false;
  }
  for (size_t o = 0; o < filtering_; ++o) {
    if (out_[order_[o]] != nullptr) out_[order_[o]]->append(columns_[order_[o]].scratch);
  }
  finish_rows(selected, count);
  return true;
}

bool FieldDecoder::take(size_t rows, bool good, RecordSplitter& splitter) {
  if (rows == 0) return true;
  if (good && take_fast(rows)) {
    batch_->records += rows;
    return true;
  }
  if (!want_raw_) splitter.place_records(rows, records_.data());
  for (size_t i = 0; i < rows; ++i)
    if (!take_record(records_[i].view(), splitter)) return false;
  return true;
}

bool FieldDecoder::take_record(std::string_view record, RecordSplitter& splitter) {
  RecordFault fault;
  if (!splitter.split(record, batch_->arena(), one_.data(), fault))
    return reject(record, std::move(fault));
  return take_fields(record, one_.data());
}

bool FieldDecoder::take_fields(std::string_view record, const FieldSpan* fields) {
  for (const size_t k : order_) {
    Wanted& w = columns_[k];
    w.scratch.clear();
    if (!parse_run(w, fields + k, nullptr, 1, w.scratch))
      return reject(record, {w.column.name, w.parser.complaint(fields[k].view())});
    for (const auto& predicate : w.predicates) {
      uint32_t keep;
      if (predicate.filter(w.scratch, &keep) == 0) {
        ++batch_->records;
        return true;
      }
    }
  }
  for (const size_t k : order_)
    if (out_[k] != nullptr) out_[k]->append(columns_[k].scratch);
  ++batch_->records;
  ++batch_->rows;
  if (want_raw_) batch_->raw.push_back(StringRef(record));
  return true;
}

bool FieldDecoder::reject(std::string_view record, RecordFault fault) {
  ++batch_->records;
  Reject r;
  r.offset = block_->origin.begin + static_cast<uint64_t>(record.data() - block_->bytes.data());
  r.row = static_cast<uint32_t>(batch_->rows);
  r.raw = record.substr(0, kMaxRejectBytes);
  r.field = std::move(fault.field);
  r.reason = std::move(fault.reason);
  batch_->rejects.push_back(std::move(r));
  if (fail_fast_) batch_->stopped = true;
  return !fail_fast_;
}

}  // namespace weir
