#include <array>
#include <cstring>

#include "data/text.h"
#include "formats/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir {
namespace {

// The bytes that make a field need quotes or escapes: at most four of them.
class ByteSet {
 public:
  void add(char c) {
    bytes_[count_++] = c;
    for (size_t i = count_; i < bytes_.size(); ++i) bytes_[i] = c;
  }
  bool in(std::string_view text) const {
#ifdef __SSE2__
    // 16 bytes at once; short texts as two overlapping halves. Reads nothing outside the text.
    const char* p = text.data();
    const size_t n = text.size();
    if (n >= 16) {
      for (size_t i = 0; i + 16 < n; i += 16)
        if (in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i)))) return true;
      return in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + n - 16)));
    }
    if (n >= 4) {
      const size_t half = n >= 8 ? 8 : 4;
      uint64_t low = 0;
      uint64_t high = 0;
      if (half == 8) {
        std::memcpy(&low, p, 8);
        std::memcpy(&high, p + n - 8, 8);
      } else {
        uint32_t a;
        uint32_t b;
        std::memcpy(&a, p, 4);
        std::memcpy(&b, p + n - 4, 4);
        low = high = a | static_cast<uint64_t>(b) << 32;
      }
      return in(_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low)));
    }
#endif
    for (const char c : text)
      if (c == bytes_[0] || c == bytes_[1] || c == bytes_[2] || c == bytes_[3]) return true;
    return false;
  }

 private:
#ifdef __SSE2__
  bool in(__m128i text) const {
    __m128i any = _mm_cmpeq_epi8(text, _mm_set1_epi8(bytes_[0]));
    for (size_t i = 1; i < bytes_.size(); ++i)
      any = _mm_or_si128(any, _mm_cmpeq_epi8(text, _mm_set1_epi8(bytes_[i])));
    return _mm_movemask_epi8(any) != 0;
  }
#endif
  std::array<char, 4> bytes_{};
  size_t count_ = 0;
};

// Characters that numbers, booleans, dates and times consist of.
bool is_plain_value_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
         c == '-' || c == '.' || c == ':' || c == ' ';
}

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(const CsvDialect& dialect, const Schema& schema, const EncodeOptions& options)
      : dialect_(dialect), schema_(schema), timezone_(options.timezone) {
    style_.timezone = timezone_;
    special_.add('\n');
    special_.add('\r');
    special_.add(dialect.delimiter);
    if (dialect.special() != 0) special_.add(dialect.special());
    const bool usual = !is_plain_value_character(dialect.delimiter) &&
                       !(dialect.quote != 0 && is_plain_value_character(dialect.quote));
    for (const auto& column : schema) {
      const Type& type = column.type;
      if (type.id == TypeId::kString) {
        kinds_.push_back(Kind::kString);
      } else if (!usual || type.is_nested() || type.is_string_like() || dialect.nulls.has_text) {
        kinds_.push_back(Kind::kText);
      } else if (type.id == TypeId::kInt) {
        kinds_.push_back(Kind::kInt);
      } else if (type.id == TypeId::kBigInt) {
        kinds_.push_back(Kind::kBigInt);
      } else {
        kinds_.push_back(Kind::kPlain);
      }
    }
  }

  void begin(std::string& out) override {
    if (!dialect_.header) return;
    for (size_t c = 0; c < schema_.size(); ++c) {
      if (c > 0) out += dialect_.delimiter;
      append_field(out, schema_[c].name);
    }
    out += '\n';
  }

  void encode(const Batch& batch, std::string& out) override {
    const size_t width = schema_.size();
    for (size_t row = 0; row < batch.rows; ++row) {
      const size_t line = out.size();
      for (size_t c = 0; c < width; ++c) {
        if (c > 0) out += dialect_.delimiter;
        append_value(out, *batch.columns[c], row, kinds_[c]);
      }
      // An empty line is no record: one empty field must be seen.
      if (out.size() == line && dialect_.quote != 0) out.append(2, dialect_.quote);
      if (dialect_.comment != 0 && out.size() > line && out[line] == dialect_.comment)
        quote_first(out, line);
      out += '\n';
    }
  }

 private:
  enum class Kind : uint8_t { kString, kInt, kBigInt, kPlain, kText };

  void append_value(std::string& out, const Column& column, size_t row, Kind kind) {
    if (column.is_null(row)) {
      out += dialect_.nulls.text;
      return;
    }
    switch (kind) {
      case Kind::kString: append_field(out, column.at<StringRef>(row).view()); break;
      case Kind::kInt: append_integer(out, column.at<int32_t>(row)); break;
      case Kind::kBigInt: append_integer(out, column.at<int64_t>(row)); break;
      case Kind::kPlain: append_text(out, column, row, style_); break;
      case Kind::kText:
        scratch_.clear();
        append_text(scratch_, column, row, style_);
        append_field(out, scratch_);
        break;
    }
  }

  void append_field(std::string& out, std::string_view text) {
    if (dialect_.escapes) {
      append_escaped(out, text);
    } else if (dialect_.quote != 0 && needs_quotes(text)) {
      append_quoted(out, text);
    } else {
      out += text;
    }
  }

  bool needs_quotes(std::string_view text) const {
    if (special_.in(text)) return true;
    if (dialect_.nulls.has_text && text == dialect_.nulls.text) return true;
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    return dialect_.trim && !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
  }

  void append_quoted(std::string& out, std::string_view text) const {
    out += dialect_.quote;
    for (size_t at = 0;;) {
      const size_t quote = text.find(dialect_.quote, at);
      if (quote == std::string_view::npos) {
        out += text.substr(at);
        break;
      }
      out += text.substr(at, quote + 1 - at);
      out += dialect_.quote;
      at = quote + 1;
    }
    out += dialect_.quote;
  }

  void append_escaped(std::string& out, std::string_view text) const {
    if (!special_.in(text)) {
      out += text;
      return;
    }
    for (const char c : text) {
      switch (c) {
        case '\t': out += "\\t"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\\': out += "\\\\"; break;
        default: out += c;
      }
    }
  }

  // Puts the line's first field into quotes, so that the line is not taken for a comment.
  void quote_first(std::string& out, size_t line) const {
    if (dialect_.quote == 0) return;
    const std::string rest = out.substr(line);
    const size_t end = std::min(rest.find(dialect_.delimiter), rest.size());
    out.resize(line);
    append_quoted(out, std::string_view(rest).substr(0, end));
    out += rest.substr(end);
  }

  CsvDialect dialect_;
  Schema schema_;
  std::string timezone_;
  TextStyle style_;
  ByteSet special_;
  std::vector<Kind> kinds_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(const CsvDialect& dialect, const Schema& schema,
                                          const EncodeOptions& options) {
  return std::make_unique<CsvEncoder>(dialect, schema, options);
}

}  // namespace weir
