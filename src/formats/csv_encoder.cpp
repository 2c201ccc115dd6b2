#include <array>

#include "data/text.h"
#include "formats/csv.h"

namespace weir {
namespace {

// Which bytes make a field need quotes or escapes.
using ByteSet = std::array<bool, 256>;

bool contains_any(std::string_view text, const ByteSet& set) {
  bool any = false;
  size_t i = 0;
  // Four at a time without a branch each: most texts need nothing and are looked at to their end.
  for (; i + 4 <= text.size() && !any; i += 4) {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data() + i);
    any = set[p[0]] | set[p[1]] | set[p[2]] | set[p[3]];
  }
  for (; i < text.size() && !any; ++i) any = set[static_cast<unsigned char>(text[i])];
  return any;
}

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
    const auto add = [this](char c) { special_[static_cast<unsigned char>(c)] = true; };
    add('\n');
    add('\r');
    add(dialect.delimiter);
    if (dialect.special() != 0) add(dialect.special());
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
      if (dialect_.comment != 0 && out.size() > line && out[line] == dialect_.comment) quote_first(out, line);
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
    if (contains_any(text, special_)) return true;
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
    if (!contains_any(text, special_)) {
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
  ByteSet special_{};
  std::vector<Kind> kinds_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(const CsvDialect& dialect, const Schema& schema,
                                          const EncodeOptions& options) {
  return std::make_unique<CsvEncoder>(dialect, schema, options);
}

}  // namespace weir
