// The format "logfmt": key=value pairs with blanks between them, values in quotes where they need
// it.
//
//   ts=2024-01-31T12:00:00Z level=info msg="it \"works\"" retry
//
// A key without = has the text "true". Of equal keys the first counts; a missing one is NULL.
// Inside quotes
// \" \\ \/ \n \r \t \b \f and \uXXXX stand for what they do in JSON. Refused: a line without any =,
// a quote that is not closed, text behind a closing quote, a value without a key.
#include <algorithm>

#include "data/text.h"
#include "formats/field_decoder.h"
#include "formats/format_list.h"
#include "formats/json_string.h"
#include "formats/record_walk.h"

namespace weir {
namespace {

constexpr size_t kSampleRecords = 1000;
constexpr size_t kMaxSampledKeys = 1000;
// What a bare key has for a value; FieldDecoder reads a few bytes past a field's end.
constexpr char kTrue[4 + kFieldPadding] = "true";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

struct Pair {
  std::string_view key;
  std::string_view value;  // between the quotes, as written
  bool quoted = false;
  bool escaped = false;
};

// Takes pairs out of a record.
class PairReader {
 public:
  explicit PairReader(std::string_view record) : p_(record.data()), end_(p_ + record.size()) {}

  // The next pair; false at the end or when something is wrong, see fault().
  bool next(Pair& pair) {
    while (p_ < end_ && is_blank(*p_)) ++p_;
    if (p_ == end_) return false;
    const char* key = p_;
    while (p_ < end_ && *p_ != '=' && !is_blank(*p_)) ++p_;
    pair.key = {key, static_cast<size_t>(p_ - key)};
    pair.quoted = pair.escaped = false;
    if (p_ == end_ || *p_ != '=') {
      pair.value = {kTrue, 4};
      return true;
    }
    if (pair.key.empty()) return set_fault("a value without a key");
    has_equals_ = true;
    ++p_;
    if (p_ < end_ && *p_ == '"') return read_quoted(pair);
    const char* value = p_;
    while (p_ < end_ && !is_blank(*p_)) ++p_;
    pair.value = {value, static_cast<size_t>(p_ - value)};
    return true;
  }
  const char* fault() const { return fault_; }
  bool has_equals() const { return has_equals_; }

 private:
  bool set_fault(const char* text) {
    fault_ = text;
    return false;
  }

  bool read_quoted(Pair& pair) {
    const char* value = ++p_;
    while (p_ < end_ && *p_ != '"') {
      if (*p_ == '\\') {
        pair.escaped = true;
        ++p_;
        if (p_ == end_) break;
      }
      ++p_;
    }
    if (p_ >= end_) return set_fault("a quote is not closed");
    pair.quoted = true;
    pair.value = {value, static_cast<size_t>(p_ - value)};
    ++p_;
    if (p_ < end_ && !is_blank(*p_)) return set_fault("text behind a closing quote");
    return true;
  }

  const char* p_;
  const char* end_;
  const char* fault_ = nullptr;
  bool has_equals_ = false;
};

class LogfmtDecoder final : public Decoder, private RecordSplitter {
 public:
  // `keys`: of each column, the key that fills it.
  LogfmtDecoder(const std::vector<FieldColumn>& columns, const std::vector<std::string>& keys,
                const DecodeRequest& request, const TimeZone* zone, int64_t reference_us)
      : fields_(columns, request, NullRule{false, {}, true}, zone, reference_us) {
    for (const uint32_t column : fields_.wanted()) {
      const auto same = std::find(keys_.begin(), keys_.end(), keys[column]);
      if (same != keys_.end()) copies_.push_back({same - keys_.begin(), keys_.size()});
      keys_.push_back(keys[column]);
    }
    one_.resize(std::max<size_t>(1, keys_.size()));
  }

  void decode(const Block& block, Batch& batch) override {
    fields_.begin(block, batch);
    RecordWalk walk(block, nullptr);
    std::string_view record;
    size_t rows = 0;
    bool good = true;
    RecordFault fault;
    while (walk.next(record)) {
      if (record.find_first_not_of(" \t") == std::string_view::npos) continue;
      if (split(record, batch.arena(), one_.data(), fault)) {
        for (size_t k = 0; k < keys_.size(); ++k) fields_.fields()[k][rows] = one_[k];
      } else {
        good = false;
      }
      fields_.records()[rows++] = {record.data(), static_cast<uint32_t>(record.size()),
                                   FieldSpan::kPlain};
      if (rows < fields_.run_rows()) continue;
      if (!fields_.take(rows, good, *this)) return fields_.end();
      rows = 0;
      good = true;
    }
    fields_.take(rows, good, *this);
    fields_.end();
  }

 private:
  // The wanted column of a key, or npos. The key at the same position of the record before is tried
  // first.
  size_t find(size_t position, std::string_view key) {
    if (position < guesses_.size() && guesses_[position].first == key)
      return guesses_[position].second;
    const auto place = std::find(keys_.begin(), keys_.end(), key);
    const auto column =
        place == keys_.end() ? std::string_view::npos : static_cast<size_t>(place - keys_.begin());
    if (position < 256 && key.size() < 256) {
      if (position >= guesses_.size()) guesses_.resize(position + 1);
      guesses_[position] = {std::string(key), column};
    }
    return column;
  }

  bool split(std::string_view record, Arena& arena, FieldSpan* fields,
             RecordFault& fault) override {
    std::fill_n(fields, keys_.size(), absent_field());
    PairReader pairs(record);
    Pair pair;
    for (size_t position = 0; pairs.next(pair); ++position) {
      const size_t column = find(position, pair.key);
      if (column == std::string_view::npos || fields[column].kind != FieldSpan::kAbsent) continue;
      std::string_view value = pair.value;
      if (pair.escaped) {
        char* bytes = arena.allocate(value.size() + kFieldPadding);
        const size_t size = json::unescape(value, bytes);
        if (size == json::kBadEscape) {
          fault = {std::string(pair.key), "a wrong escape in " + quote_for_message(value)};
          return false;
        }
        arena.give_back(value.size() - size);
        value = {bytes, size};
      }
      fields[column] = {value.data(), static_cast<uint32_t>(value.size()),
                        pair.quoted ? FieldSpan::kQuoted : FieldSpan::kPlain};
    }
    if (pairs.fault() != nullptr) {
      fault.field = pair.key;
      fault.reason = pairs.fault();
      return false;
    }
    if (!pairs.has_equals()) {
      fault.reason = "no key=value pair in the line";
      return false;
    }
    for (const auto& [from, to] : copies_) fields[to] = fields[from];
    return true;
  }

  FieldDecoder fields_;
  std::vector<std::string> keys_;                  // of the wanted columns
  std::vector<std::pair<size_t, size_t>> copies_;  // columns with the key of one before
  std::vector<std::pair<std::string, size_t>> guesses_;
  std::vector<FieldSpan> one_;
};

class LogfmtEncoder final : public Encoder {
 public:
  LogfmtEncoder(const Schema& schema, const EncodeOptions& options) {
    style_.timezone = zone_ = options.timezone;
    for (const auto& column : schema) keys_.push_back(key_text(column.name));
  }

  void encode(const Batch& batch, std::string& out) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      bool first = true;
      for (size_t c = 0; c < keys_.size() && c < batch.columns.size(); ++c) {
        const Column* column = batch.columns[c].get();
        if (column == nullptr || column->is_null(row)) continue;
        if (!first) out += ' ';
        first = false;
        out += keys_[c];
        append_value(out, *column, row);
      }
      out += '\n';
    }
  }

 private:
  // A key must read back as one: no blanks, quotes, = or control characters.
  static std::string key_text(std::string_view name) {
    std::string key;
    for (const char c : name)
      key += static_cast<unsigned char>(c) <= ' ' || c == '=' || c == '"' || c == 0x7F ? '_' : c;
    return (key.empty() ? "_" : key) + "=";
  }

  static bool needs_quotes(std::string_view text) {
    return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
             return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' ||
                    c == 0x7F;
           });
  }

  void append_value(std::string& out, const Column& column, size_t row) {
    std::string_view text;
    if (column.type().is_string_like()) {
      text = column.at<StringRef>(row).view();
    } else if (column.type().id == TypeId::kBoolean) {
      text = column.at<uint8_t>(row) != 0 ? "true" : "false";
    } else {
      scratch_.clear();
      append_text(scratch_, column, row, style_);
      text = scratch_;
    }
    if (!needs_quotes(text)) {
      out += text;
      return;
    }
    quoted_.clear();
    json::append_quoted(quoted_, text);
    out.append(quoted_.data(), quoted_.size());
  }

  std::string zone_;
  TextStyle style_;
  std::vector<std::string> keys_;  // `name=`
  std::string scratch_;
  Vec<char> quoted_;
};

struct LogfmtOptions {};

const OptionTable<LogfmtOptions>& logfmt_options() {
  static const OptionTable<LogfmtOptions> table = {};
  return table;
}

class LogfmtFormat final : public Format {
 public:
  LogfmtFormat(std::vector<FieldColumn> columns, std::vector<std::string> keys,
               const FormatContext& context)
      : columns_(std::move(columns)),
        keys_(std::move(keys)),
        declared_(!columns_.empty()),
        zone_(context.zone),
        reference_us_(context.reference_us) {
    make_schema();
  }

  std::shared_ptr<const RecordCutter> cutter() const override { return make_line_cutter(); }
  bool needs_sample() const override { return !declared_; }
  const Schema& schema() const override { return schema_; }

  Result<void> infer(std::string_view sample, bool whole) override {
    (void)whole;
    if (declared_) return {};
    std::vector<std::vector<std::string>> texts;
    keys_.clear();
    if (sample.starts_with("\xEF\xBB\xBF")) sample.remove_prefix(3);
    RecordWalk walk(sample, nullptr);
    std::string_view record;
    for (size_t n = 0; n < kSampleRecords && walk.next(record); ++n) {
      std::vector<Pair> pairs;
      PairReader reader(record);
      Pair pair;
      while (reader.next(pair)) pairs.push_back(pair);
      if (reader.fault() != nullptr || !reader.has_equals()) continue;
      for (const Pair& p : pairs) {
        auto place = std::find(keys_.begin(), keys_.end(), p.key);
        if (place == keys_.end()) {
          if (keys_.size() >= kMaxSampledKeys) continue;
          place = keys_.insert(keys_.end(), std::string(p.key));
          texts.emplace_back();
        }
        // Escapes make no difference to what a text may be but STRING.
        texts[static_cast<size_t>(place - keys_.begin())].emplace_back(p.value);
      }
    }
    columns_.clear();
    for (size_t i = 0; i < keys_.size(); ++i) {
      auto [type, format] = guess_type(texts[i]);
      columns_.push_back({keys_[i], std::move(type), std::move(format)});
    }
    make_schema();
    return {};
  }

  std::unique_ptr<Decoder> make_decoder(const DecodeRequest& request) const override {
    return std::make_unique<LogfmtDecoder>(columns_, keys_, request, zone_, reference_us_);
  }
  std::unique_ptr<Encoder> make_encoder(const Schema& schema,
                                        const EncodeOptions& options) const override {
    return std::make_unique<LogfmtEncoder>(schema, options);
  }

 private:
  void make_schema() {
    schema_ = Schema();
    for (const auto& column : columns_) schema_.add(column.name, column.type);
  }

  std::vector<FieldColumn> columns_;
  std::vector<std::string> keys_;
  bool declared_;
  const TimeZone* zone_;
  int64_t reference_us_;
  Schema schema_;
};

std::unique_ptr<Format> make_logfmt(const FormatSpec& spec, const FormatContext& context,
                                    Errors& errors) {
  const size_t before = errors.size();
  LogfmtOptions options;
  read_options(logfmt_options(), spec.options, options, errors, "the logfmt format", {"name"});
  std::vector<FieldColumn> columns;
  std::vector<std::string> keys;
  for (const auto& declared : declared_columns(context, errors)) {
    auto parser =
        FieldParser::make(declared.type, declared.format, context.zone, context.reference_us);
    if (!parser) {
      for (const auto& spec_column : context.columns)
        if (spec_column.name == declared.name) parser.error().position = spec_column.type.position;
      errors.push_back(parser.error());
    }
    columns.push_back({declared.name, declared.type, declared.format});
    keys.push_back(declared.path.empty() ? declared.name : declared.path);
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<LogfmtFormat>(std::move(columns), std::move(keys), context);
}

}  // namespace

const FormatDescriptor kLogfmtFormat = {
    .name = "logfmt",
    .doc = "key=value pairs, values in quotes where they hold blanks",
    .reads = true,
    .writes = true,
    .options = [] { return option_docs(logfmt_options()); },
    .make = make_logfmt,
};

}  // namespace weir
