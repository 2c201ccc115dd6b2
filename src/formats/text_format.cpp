// Lines of text as one STRING column.
//
// With a pushed predicate that names a text the line must hold, the block is searched for that text and
// only the lines around the hits are looked at; newlines are counted for Batch::records. Otherwise each
// line becomes a value. Records of several lines are cut as io cuts them.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "data/text.h"
#include "formats/column_predicate.h"
#include "formats/format.h"
#include "formats/format_list.h"
#include "formats/simd.h"

namespace weir {
namespace {

constexpr std::string_view kTextByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kSliceBytes = size_t{16} << 10;

struct TextOptions {
  std::string column = "line";
  std::string record_start;
};

const OptionTable<TextOptions>& text_options() {
  static const OptionTable<TextOptions> table = {
      {"column", &TextOptions::column, "the name of the one column"},
      {"record_start", &TextOptions::record_start,
       "a regular expression: a record begins at a line that matches, and the lines up to the next "
       "one belong to it"},
  };
  return table;
}

class TextDecoder final : public Decoder {
 public:
  // `cutter`: how records of several lines are cut; null for lines.
  TextDecoder(const DecodeRequest& request, std::shared_ptr<const RecordCutter> cutter)
      : needed_(!request.needed.empty() && request.needed[0]),
        want_raw_(request.want_raw),
        cutter_(std::move(cutter)) {
    for (const auto& pushed : request.predicates) {
      if (pushed.column != 0) continue;
      auto predicate = ColumnPredicate::make(pushed, Type::string());
      if (predicate) predicates_.push_back(std::move(*predicate));
    }
    // The longest text that a line must hold is the one to search for.
    for (const auto& p : predicates_) {
      using Op = ColumnPredicate::Op;
      const bool holds = p.op() == Op::kContains || p.op() == Op::kEq ||
                         p.op() == Op::kStartsWith || p.op() == Op::kEndsWith;
      if (!holds || p.text().empty() || p.text().find_first_of("\r\n") != std::string::npos)
        continue;
      if (!needle_ || p.text().size() > needle_->bytes.size()) needle_.emplace(p.text());
    }
    hit_is_enough_ =
        predicates_.size() == 1 && needle_ && predicates_[0].op() == ColumnPredicate::Op::kContains;
  }

  void decode(const Block& block, Batch& batch) override {
    WEIR_CHECK(block.bytes.size() < UINT32_MAX);
    batch.rows = 0;
    batch.records = 0;
    batch.rejects.clear();
    batch.stopped = false;
    batch.raw.clear();
    batch.block_begin = block.bytes.data();
    batch.columns.assign(1, nullptr);
    std::string_view bytes = block.bytes;
    if (block.starts_partition && bytes.starts_with(kTextByteOrderMark))
      bytes.remove_prefix(kTextByteOrderMark.size());

    lines_.clear();
    if (rows_per_byte_ > 0)
      lines_.reserve(
          static_cast<size_t>(rows_per_byte_ * 1.05 * static_cast<double>(bytes.size())) +
          kSliceBytes);
    if (cutter_) {
      batch.records = take_records(bytes);
    } else if (needle_) {
      search(bytes);
      batch.records =
          scanners().count(bytes.data(), bytes.size(), '\n') + (ends_open(bytes) ? 1 : 0);
    } else if (!needed_ && !want_raw_ && predicates_.empty()) {
      batch.records =
          scanners().count(bytes.data(), bytes.size(), '\n') + (ends_open(bytes) ? 1 : 0);
      batch.rows = batch.records;
      return;
    } else {
      batch.records = take_lines(bytes);
    }

    batch.rows = lines_.size();
    if (!bytes.empty())
      rows_per_byte_ = static_cast<double>(lines_.size()) / static_cast<double>(bytes.size());
    if (want_raw_) batch.raw = lines_;
    if (needed_) {
      auto column = make_column(Type::string(), lines_.size());
      if (!lines_.empty())
        std::memcpy(static_cast<void*>(column->values<StringRef>()), lines_.data(),
                    lines_.size() * sizeof(StringRef));
      batch.columns[0] = std::move(column);
    }
  }

 private:
  static bool ends_open(std::string_view bytes) { return !bytes.empty() && bytes.back() != '\n'; }

  void add(const char* begin, const char* end) {
    if (end > begin && end[-1] == '\r') --end;
    const std::string_view line(begin, static_cast<size_t>(end - begin));
    for (const auto& p : predicates_)
      if (!p.may_hold(line)) return;
    lines_.push_back(StringRef(line));
  }

  // Every line; gives how many there were.
  size_t take_lines(std::string_view bytes) {
    size_t records = 0;
    const char* begin = bytes.data();
    const char* end = begin + bytes.size();
    newlines_.resize(kSliceBytes + kScanSlack);
    for (size_t from = 0; from < bytes.size(); from += kSliceBytes) {
      const char* slice = bytes.data() + from;
      const size_t size = std::min(kSliceBytes, bytes.size() - from);
      const size_t found = scanners().find_all(slice, size, '\n', newlines_.data());
      records += found;
      if (!predicates_.empty()) {
        for (size_t i = 0; i < found; ++i) {
          add(begin, slice + newlines_[i]);
          begin = slice + newlines_[i] + 1;
        }
        continue;
      }
      StringRef* out = lines_.extend(found);
      for (size_t i = 0; i < found; ++i) {
        const char* newline = slice + newlines_[i];
        const char* line_end =
            newline - static_cast<size_t>(newline > begin && newline[-1] == '\r');
        out[i] = StringRef(begin, static_cast<size_t>(line_end - begin));
        begin = newline + 1;
      }
    }
    if (begin == end) return records;
    add(begin, end);
    return records + 1;
  }

  // The lines that hold the needle.
  void search(std::string_view bytes) {
    const char* at = bytes.data();
    const char* end = at + bytes.size();
    const auto find = scanners().find;
    while (const char* hit = find(at, end, *needle_)) {
      const void* before = memrchr(at, '\n', static_cast<size_t>(hit - at));
      const char* begin = before == nullptr ? at : static_cast<const char*>(before) + 1;
      const void* after = std::memchr(hit, '\n', static_cast<size_t>(end - hit));
      const char* line_end = after == nullptr ? end : static_cast<const char*>(after);
      if (hit_is_enough_) {
        const char* text_end =
            line_end - static_cast<size_t>(line_end > begin && line_end[-1] == '\r');
        lines_.push_back(StringRef(begin, static_cast<size_t>(text_end - begin)));
      } else {
        add(begin, line_end);
      }
      if (after == nullptr) return;
      at = line_end + 1;
    }
  }

  size_t take_records(std::string_view bytes) {
    size_t records = 0;
    for (size_t from = 0; from < bytes.size(); ++records) {
      const size_t to = std::min(cutter_->first_end(bytes, from, 0, true), bytes.size());
      const char* end = bytes.data() + to;
      if (end[-1] == '\n') --end;
      add(bytes.data() + from, end);
      from = to;
    }
    return records;
  }

  bool needed_;
  bool want_raw_;
  std::shared_ptr<const RecordCutter> cutter_;
  std::vector<ColumnPredicate> predicates_;
  std::optional<Needle> needle_;
  bool hit_is_enough_ = false;

  Vec<StringRef> lines_;
  Vec<uint32_t> newlines_;
  double rows_per_byte_ = 0;
};

// One line per row: the values as they are, several columns with tabs between them.
class TextEncoder final : public Encoder {
 public:
  explicit TextEncoder(const EncodeOptions& options) : timezone_(options.timezone) {
    style_.timezone = timezone_;
  }

  void encode(const Batch& batch, std::string& out) override {
    if (batch.columns.size() == 1 && batch.columns[0]->type().is_string_like()) {
      encode_strings(*batch.columns[0], batch.rows, out);
      return;
    }
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t c = 0; c < batch.columns.size(); ++c) {
        if (c > 0) out += '\t';
        if (!batch.columns[c]->is_null(row)) append_text(out, *batch.columns[c], row, style_);
      }
      out += '\n';
    }
  }

 private:
  static void encode_strings(const Column& column, size_t rows, std::string& out) {
    size_t size = rows;
    for (size_t i = 0; i < rows; ++i) size += column.is_null(i) ? 0 : column.at<StringRef>(i).len;
    if (out.capacity() - out.size() < size)
      out.reserve(std::max(out.size() + size, 2 * out.capacity()));
    for (size_t i = 0; i < rows; ++i) {
      if (!column.is_null(i)) out += column.at<StringRef>(i).view();
      out += '\n';
    }
  }

  std::string timezone_;
  TextStyle style_;
};

class TextFormat final : public Format {
 public:
  TextFormat(Schema schema, std::shared_ptr<const RecordCutter> record_cutter)
      : schema_(std::move(schema)), record_cutter_(std::move(record_cutter)) {}

  std::shared_ptr<const RecordCutter> cutter() const override {
    if (record_cutter_) return record_cutter_;
    return make_line_cutter();
  }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return std::make_unique<TextDecoder>(request, record_cutter_);
  }
  std::unique_ptr<Encoder> make_encoder(const Schema&,
                                        const EncodeOptions& options) const override {
    return std::make_unique<TextEncoder>(options);
  }

 private:
  Schema schema_;
  std::shared_ptr<const RecordCutter> record_cutter_;
};

std::unique_ptr<Format> make_text(const FormatSpec& spec, const FormatContext& context,
                                  Errors& errors) {
  const size_t before = errors.size();
  TextOptions options;
  read_options(text_options(), spec.options, options, errors, "the text format", {"name"});
  const auto position = [&spec](std::string_view key) {
    const Node* node = spec.options.find(key);
    return node != nullptr ? node->position : spec.position;
  };
  std::shared_ptr<const RecordCutter> cutter;
  if (!options.record_start.empty()) {
    auto made = make_record_start_cutter(options.record_start);
    if (made) {
      cutter = std::move(*made);
    } else {
      Error error = made.error();
      error.position = position("record_start");
      errors.push_back(std::move(error));
    }
  }
  if (options.column.empty())
    errors.push_back(
        {ErrorKind::kConfig, "`column` must not be empty", position("column"), {}, {}});

  // A declared schema may give the one column its name.
  const auto declared = declared_columns(context, errors);
  for (size_t i = 0; i < declared.size(); ++i) {
    if (i == 0 && declared[i].type.is_text()) {
      options.column = declared[i].name;
      continue;
    }
    errors.push_back(
        {ErrorKind::kConfig,
         i == 0 ? "the text format's column is a STRING, not " + declared[i].type.to_string()
                : "the text format has one column only",
         i < context.columns.size() ? context.columns[i].position : spec.position,
         "[[transform]] op = \"parse\" takes a text column apart",
         {}});
  }
  if (errors.size() > before) return nullptr;
  Schema schema;
  schema.add(options.column, Type::string());
  return std::make_unique<TextFormat>(std::move(schema), std::move(cutter));
}

std::vector<OptionDoc> text_docs() { return option_docs(text_options()); }

}  // namespace

const FormatDescriptor kTextFormat = {
    "text", "lines of text, or records of several lines", true, true, text_docs, make_text};

}  // namespace weir
